# From the survey table to one table with everything known about each star.
#
# In:  catalog.path, or the synthetic table
# Out: <results>/catalog/{clean,kinematics,stars}.fits, <results>/catalog/fields.ecsv


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
    resources:
        mem_mb=catalogue_mb(config["catalog"]["path"]),
        runtime=minutes(10, 1 / 200),
    params:
        min_snr=flag("--min-snr", "quality/min_snr"),
    shell:
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --survey {input.survey:q}"
        " {params:q} --clean {output.clean:q} --fields {output.fields:q} > {log:q} 2>&1"


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
    resources:
        mem_mb=memory_mb(400),
        runtime=minutes(10, 1 / 100),
    params:
        galcen_distance=flag("--galcen-distance-kpc", "frame/galcen_distance_kpc"),
        sun_height=flag("--sun-height-pc", "frame/sun_height_pc"),
        sun_velocity=flag("--sun-velocity-km-s", "frame/sun_velocity_km_s"),
        potential=flag("--potential", "potential/name"),
    shell:
        "python {input.code[0]:q} --clean {input.clean:q} {params:q}"
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
    resources:
        mem_mb=memory_mb(500, 0.1),
        runtime=minutes(10, 1 / 50),
    params:
        max_logg=flag("--max-logg", "giants/max_logg"),
        ly_intercept=flag("--ly-intercept-kpc-km-s", "sagittarius/ly_intercept_kpc_km_s"),
        ly_slope=flag("--ly-slope", "sagittarius/ly_slope"),
        max_lx_ratio=flag("--max-lx-ratio", "sagittarius/max_lx_ratio"),
        spared_slope=flag("--spared-afe-slope", "sagittarius/afe_slope"),
        spared_intercept=flag("--spared-afe-intercept", "sagittarius/afe_intercept"),
        min_radius=flag("--min-radius-deg", "satellites/min_radius_deg"),
        max_sigma=flag("--max-sigma", "satellites/max_sigma"),
        low_alpha_slope=flag("--low-alpha-slope", "aleph/afe_slope"),
        low_alpha_intercept=flag("--low-alpha-intercept", "aleph/afe_intercept"),
        max_eccentricity=flag("--max-eccentricity", "aleph/max_eccentricity"),
        orbit_time=flag("--orbit-time-gyr", "aleph/orbit_time_gyr"),
        orbit_step=flag("--orbit-step-myr", "aleph/orbit_step_myr"),
        potential=flag("--potential", "potential/name"),
        polygon=flag("--insitu-polygon", "chemistry/insitu_polygon"),
    shell:
        "python {input.code[0]:q} --clean {input.clean:q} --kinematics {input.kinematics:q}"
        " --satellites {input.satellites:q} {params:q} --stars {output.stars:q} > {log:q} 2>&1"
