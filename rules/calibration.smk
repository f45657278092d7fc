# How far to trust the error bars: every method on halos of known truth.
#
# In:  <results>/samples/halo.fits
# Out: <results>/calibration.ecsv, <results>/calibration_advice.rst, <figures>/figS1_calibration,
#      its caption .txt among them


rule run_calibration:
    """Coverage and bias counted in a shard's share of the halos."""
    input:
        code=code("run_calibration"),
        stars="<results>/samples/halo.fits",
    output:
        counts="<results>/calibration/{shard}-of-{shards}.npz",
    log:
        "<logs>/run_calibration/{shard}-of-{shards}.log",
    benchmark:
        "<benchmarks>/run_calibration/{shard}-of-{shards}.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(1500),
        runtime=minutes(20 + config["calibration"]["halos"] / config["calibration"]["shards"]),
    params:
        **flags("calibration.halos", "calibration.halo_stars", "calibration.realisations"),
        **flags("calibration.seed", "montecarlo.min_stars", "montecarlo.exclude_fraction"),
        **flags("geometry.radial", "halo", "frame"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --shard {wildcards.shard}"
        " --shards {wildcards.shards} {params:q} --counts {output.counts:q} > {log:q} 2>&1"


rule summarise_calibration:
    """Coverage and bias of every method as a table, and advice in words made from it."""
    input:
        code=code("summarise_calibration"),
        counts=expand(
            "<results>/calibration/{shard}-of-{shards}.npz",
            shard=range(config["calibration"]["shards"]),
            shards=config["calibration"]["shards"],
        ),
        template=find("report/figS1_calibration.txt"),
    output:
        table="<results>/calibration.ecsv",
        advice="<results>/calibration_advice.rst",
        caption="<figures>/figS1_calibration.txt",
    log:
        "<logs>/summarise_calibration.log",
    benchmark:
        "<benchmarks>/summarise_calibration.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    shell:
        "python {input.code[0]:q} --counts {input.counts:q} --template {input.template:q}"
        " --table {output.table:q} --advice {output.advice:q} --caption {output.caption:q}"
        " > {log:q} 2>&1"


rule plot_calibration:
    """Coverage and bias of every method (figure S1)."""
    input:
        code=code("plot_calibration"),
        style=find("config/paper.mplstyle"),
        table=rules.summarise_calibration.output.table,
    output:
        pdf="<figures>/figS1_calibration.pdf",
        png=report(
            "<figures>/figS1_calibration.png",
            caption="../report/figure.rst",
            category="6. Error bars",
            labels={"figure": "S1 coverage and bias"},
        ),
    log:
        "<logs>/plot_calibration.log",
    benchmark:
        "<benchmarks>/plot_calibration.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "calibration.method_colors"),
    shell:
        "python {input.code[0]:q} --table {input.table:q} --style {input.style:q} {params:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule calibration:
    """How far to trust the error bars: table, advice and figure S1."""
    input:
        rules.summarise_calibration.output,
        rules.plot_calibration.output,
