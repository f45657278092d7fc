# From the survey table to one table with everything known about each star.
#
# In:  catalog.path, or the synthetic table
# Out: <results>/catalog/{clean,kinematics,stars}.fits, <results>/catalog/fields.ecsv


rule clean_catalog:
    """Good stars under canonical names and units (paper, section 2)."""
    input:
        code=code("clean_catalog"),
        catalogue=config["catalog"]["path"] or rules.simulate_survey.output.catalogue,
        survey=find(f"config/surveys/{config['catalog']['survey']}.yaml"),
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
        **flags.of("clean_catalog"),
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
        **flags.of("compute_kinematics"),
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
        **flags.of("flag_substructure"),
    shell:
        "python {input.code[0]:q} --clean {input.clean:q} --kinematics {input.kinematics:q}"
        " --satellites {input.satellites:q} {params:q} --stars {output.stars:q} > {log:q} 2>&1"
