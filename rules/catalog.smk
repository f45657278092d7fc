# From the survey table to one table with everything known about each star.
#
# In:  catalog.path, or a synthetic table made here
# Out: <results>/catalog/{clean,kinematics,stars}.fits, <results>/catalog/fields.ecsv

from icefire.workflow import polygon_flags


rule simulate_survey:
    """Made-up H3 table, and its truth in a file that no other rule reads."""
    input:
        code=code("simulate_survey"),
        model=lookup("synthetic/model", within=config),
        satellites=lookup("satellites/catalogue", within=config),
    output:
        catalogue="<results>/synthetic/catalogue.fits",
        truth="<results>/synthetic/truth.fits",
    log:
        "<logs>/simulate_survey.log",
    benchmark:
        "<benchmarks>/simulate_survey.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        rows=lookup("synthetic/rows", within=config),
        seed=lookup("synthetic/seed", within=config),
    shell:
        "python {input.code[0]:q} --rows {params.rows} --seed {params.seed} --model {input.model:q}"
        " --satellites {input.satellites:q} --catalogue {output.catalogue:q}"
        " --truth {output.truth:q} > {log:q} 2>&1"


rule clean_catalog:
    """Good stars under canonical names and units (paper, section 2)."""
    input:
        code=code("clean_catalog"),
        catalogue=config["catalog"]["path"] or rules.simulate_survey.output.catalogue,
        survey=f"config/surveys/{config['catalog']['survey']}.yaml",
    output:
        clean="<results>/catalog/clean.fits",
        fields="<results>/catalog/fields.ecsv",
    log:
        "<logs>/clean_catalog.log",
    benchmark:
        "<benchmarks>/clean_catalog.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        min_snr=lookup("quality/min_snr", within=config),
    shell:
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --survey {input.survey:q}"
        " --min-snr={params.min_snr} --clean {output.clean:q} --fields {output.fields:q}"
        " > {log:q} 2>&1"


rule compute_kinematics:
    """Galactocentric positions, velocities with errors, angular momenta, energies (section 2)."""
    input:
        code=code("compute_kinematics"),
        clean=rules.clean_catalog.output.clean,
    output:
        kinematics="<results>/catalog/kinematics.fits",
    log:
        "<logs>/compute_kinematics.log",
    benchmark:
        "<benchmarks>/compute_kinematics.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        galcen_distance=lookup("frame/galcen_distance_kpc", within=config),
        sun_height=lookup("frame/sun_height_pc", within=config),
        sun_velocity=lookup("frame/sun_velocity_km_s", within=config),
        potential=lookup("potential/name", within=config),
    shell:
        "python {input.code[0]:q} --clean {input.clean:q}"
        " --galcen-distance-kpc={params.galcen_distance} --sun-height-pc={params.sun_height}"
        " --sun-velocity-km-s {params.sun_velocity} --potential {params.potential:q}"
        " --kinematics {output.kinematics:q} > {log:q} 2>&1"


rule flag_substructure:
    """Giants, Sagittarius, satellites, Aleph and unbound stars, flagged (section 2)."""
    input:
        code=code("flag_substructure"),
        clean=rules.clean_catalog.output.clean,
        kinematics=rules.compute_kinematics.output.kinematics,
        satellites=lookup("satellites/catalogue", within=config),
    output:
        stars="<results>/catalog/stars.fits",
    log:
        "<logs>/flag_substructure.log",
    benchmark:
        "<benchmarks>/flag_substructure.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        max_logg=lookup("giants/max_logg", within=config),
        ly_intercept=lookup("sagittarius/ly_intercept_kpc_km_s", within=config),
        ly_slope=lookup("sagittarius/ly_slope", within=config),
        max_lx_ratio=lookup("sagittarius/max_lx_ratio", within=config),
        spared_slope=lookup("sagittarius/afe_slope", within=config),
        spared_intercept=lookup("sagittarius/afe_intercept", within=config),
        min_radius=lookup("satellites/min_radius_deg", within=config),
        max_sigma=lookup("satellites/max_sigma", within=config),
        polygon=polygon_flags(config["chemistry"]["insitu_polygon"]),
        low_alpha_slope=lookup("aleph/afe_slope", within=config),
        low_alpha_intercept=lookup("aleph/afe_intercept", within=config),
        max_eccentricity=lookup("aleph/max_eccentricity", within=config),
        orbit_time=lookup("aleph/orbit_time_gyr", within=config),
        orbit_step=lookup("aleph/orbit_step_myr", within=config),
        potential=lookup("potential/name", within=config),
    shell:
        "python {input.code[0]:q} --clean {input.clean:q} --kinematics {input.kinematics:q}"
        " --max-logg={params.max_logg}"
        " --ly-intercept-kpc-km-s={params.ly_intercept} --ly-slope={params.ly_slope}"
        " --max-lx-ratio={params.max_lx_ratio} --spared-afe-slope={params.spared_slope}"
        " --spared-afe-intercept={params.spared_intercept}"
        " --satellites {input.satellites:q} --min-radius-deg={params.min_radius}"
        " --max-sigma={params.max_sigma} {params.polygon:q}"
        " --low-alpha-slope={params.low_alpha_slope}"
        " --low-alpha-intercept={params.low_alpha_intercept}"
        " --max-eccentricity={params.max_eccentricity} --orbit-time-gyr={params.orbit_time}"
        " --orbit-step-myr={params.orbit_step} --potential {params.potential:q}"
        " --stars {output.stars:q} > {log:q} 2>&1"
