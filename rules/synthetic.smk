# The synthetic H3 table, and whether it is like the survey.
#
# Out: <results>/synthetic/{catalogue,truth}.fits
#      <results>/synthetic_check.ecsv, <results>/synthetic_cuts.ecsv, <figures>/synthetic_check.*
#
# Only check_synthetic reads the truth, and no measurement depends on what it writes.


rule simulate_survey:
    """Made-up H3 table, and its truth in a file that no measurement reads."""
    input:
        code=code("simulate_survey"),
        model=lookup("synthetic/model", within=config),
        changes=config["synthetic"]["changes"],
        schema=ours("config/synthetic.schema.yaml"),
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
    resources:
        mem_mb=memory_mb(300 + config["synthetic"]["rows"] / 10_000),
        runtime=minutes(10 + config["synthetic"]["rows"] / 1_000_000),
    params:
        **flags("synthetic.rows", "synthetic.seed"),
    shell:
        "python {input.code[0]:q} --model {input.model:q} --changes {input.changes:q}"
        " --satellites {input.satellites:q} {params:q} --catalogue {output.catalogue:q}"
        " --truth {output.truth:q} > {log:q} 2>&1"


rule check_synthetic:
    """What the synthetic table is like beside the survey, and how well the cuts do on it."""
    input:
        code=code("check_synthetic"),
        catalogue=rules.simulate_survey.output.catalogue,
        truth=rules.simulate_survey.output.truth,
        stars="<results>/catalog/stars.fits",
        ledger="<results>/catalog/ledger.ecsv",
        targets=ours("resources/h3_targets.yaml"),
    output:
        check="<results>/synthetic_check.ecsv",
        cuts="<results>/synthetic_cuts.ecsv",
        distributions="<results>/synthetic_distributions.ecsv",
    log:
        "<logs>/check_synthetic.log",
    benchmark:
        "<benchmarks>/check_synthetic.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(300, 1.0),
        runtime=minutes(10, 1 / 200),
    shell:
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --truth {input.truth:q}"
        " --stars {input.stars:q} --ledger {input.ledger:q} --targets {input.targets:q}"
        " --check {output.check:q} --cuts {output.cuts:q}"
        " --distributions {output.distributions:q} > {log:q} 2>&1"


rule plot_synthetic_check:
    """Distributions of the synthetic table beside what is published of the survey."""
    input:
        code=code("plot_synthetic_check"),
        style=find("config/paper.mplstyle"),
        check=rules.check_synthetic.output.check,
        distributions=rules.check_synthetic.output.distributions,
    output:
        pdf="<figures>/synthetic_check.pdf",
        png=report(
            "<figures>/synthetic_check.png",
            caption="../report/figure.rst",
            category="5. Synthetic catalogue",
            labels={"figure": "distributions"},
        ),
    log:
        "<logs>/plot_synthetic_check.log",
    benchmark:
        "<benchmarks>/plot_synthetic_check.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run"),
    shell:
        "python {input.code[0]:q} --check {input.check:q} --distributions {input.distributions:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"
