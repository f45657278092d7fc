# What each other choice does to the profiles: one job for a variation, from the first step that it
# changes on, with the scripts of these steps and the run's own files before it.
#
# In:  config/variations/*.yaml, survey table, stars, samples, radial summaries
# Out: <results>/sensitivity.ecsv, <results>/sensitivity.rst, <figures>/figS3_sensitivity, its
#      caption .txt among them

from icefire.snake.variations import Variations

try:
    VARIATIONS = Variations(config, schema, MODULE)
    SYSTEMATIC = VARIATIONS.systematic(config["figures"]["systematic"])
except UserError as error:
    raise WorkflowError(str(error)) from None


rule run_variation:
    """Radial profiles with one other choice, and what it shifts."""
    input:
        code=code("run_variation"),
        catalogue=VARIATIONS.reads(
            "catalogue",
            lambda varied: varied["catalog"]["path"] or rules.simulate_survey.output.catalogue,
        ),
        survey=VARIATIONS.reads(
            "survey", lambda varied: find(f"config/surveys/{varied['catalog']['survey']}.yaml")
        ),
        satellites=VARIATIONS.reads("satellites", lambda varied: varied["satellites"]["catalogue"]),
        clean=VARIATIONS.reads("clean", rules.clean_catalog.output.clean),
        kinematics=VARIATIONS.reads("kinematics", rules.compute_kinematics.output.kinematics),
        stars=VARIATIONS.reads("stars", rules.flag_substructure.output.stars),
        samples=expand("<results>/samples/{sample}.fits", sample=SAMPLES),
        summaries=expand("<results>/summaries/radial/{sample}.ecsv", sample=SAMPLES),
    output:
        shifts="<results>/sensitivity/{variation}.ecsv",
    log:
        "<logs>/run_variation/{variation}.log",
    benchmark:
        "<benchmarks>/run_variation/{variation}.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(500 + 1.2 * config["montecarlo"]["max_memory_mb"], 0.3),
        runtime=minutes(20 + config["montecarlo"]["realisations"] / 500, 1 / 20),
    params:
        steps=VARIATIONS.words,
    shell:
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --survey {input.survey:q}"
        " --clean {input.clean:q} --kinematics {input.kinematics:q}"
        " --satellites {input.satellites:q} --stars {input.stars:q} --samples {input.samples:q}"
        " --summaries {input.summaries:q} --shifts {output.shifts:q} {params.steps:q}"
        " > {log:q} 2>&1"


rule summarise_sensitivity:
    """All variations, sorted by size, and which of them exceed the error bars."""
    input:
        code=code("summarise_sensitivity"),
        shifts=expand("<results>/sensitivity/{variation}.ecsv", variation=VARIATIONS),
        template=find("report/figS3_sensitivity.txt"),
    output:
        table="<results>/sensitivity.ecsv",
        words="<results>/sensitivity.rst",
        caption="<figures>/figS3_sensitivity.txt",
    log:
        "<logs>/summarise_sensitivity.log",
    benchmark:
        "<benchmarks>/summarise_sensitivity.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("sensitivity.max_radius_kpc"),
        labels=[f"--label={VARIATIONS.label(name)}" for name in VARIATIONS],
    shell:
        "python {input.code[0]:q} --shifts {input.shifts:q}"
        " {params.sensitivity_max_radius_kpc:q} {params.labels:q} --template {input.template:q}"
        " --table {output.table:q} --words {output.words:q} --caption {output.caption:q}"
        " > {log:q} 2>&1"


# Where figures.systematic chooses some of them
SENSITIVITY = rules.summarise_sensitivity.output.table if SYSTEMATIC else []


rule plot_sensitivity:
    """Shift of every shell by every variation, in half-widths of its interval (figure S3)."""
    input:
        code=code("plot_sensitivity"),
        style=find("config/paper.mplstyle"),
        table=rules.summarise_sensitivity.output.table,
    output:
        pdf="<figures>/figS3_sensitivity.pdf",
        png=report(
            "<figures>/figS3_sensitivity.png",
            caption="../report/figure.rst",
            category="8. Sensitivity",
            labels={"figure": "S3 what each choice shifts"},
        ),
    log:
        "<logs>/plot_sensitivity.log",
    benchmark:
        "<benchmarks>/plot_sensitivity.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "sensitivity.cmap"),
    shell:
        "python {input.code[0]:q} --table {input.table:q} --style {input.style:q} {params:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule sensitivity:
    """What each choice of config/variations does to the profiles: table, words and figure S3."""
    input:
        rules.summarise_sensitivity.output,
        rules.plot_sensitivity.output,
