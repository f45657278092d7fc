# Mass within each radius by the Jeans equation, and how much it varies over the sky.
#
# In:  <results>/samples/{sample}.fits, <results>/montecarlo/radial/{sample}/
# Out: <results>/jeans.ecsv, <results>/jeans_spread.ecsv, <figures>/figS4_jeans


rule compute_jeans:
    """M(<r) of every sample with every tracer slope, and its spread with noise taken off."""
    input:
        **{sample: f"<results>/samples/{sample}.fits" for sample in SAMPLES},
        code=code("compute_jeans"),
        shards=expand(
            "<results>/montecarlo/radial/{sample}/{shard}-of-{shards}.npz",
            sample=SAMPLES,
            shard=range(config["montecarlo"]["shards"]),
            shards=config["montecarlo"]["shards"],
        ),
        # Of each sample; the others lie beside it.
        first=expand(
            "<results>/montecarlo/radial/{sample}/0-of-{shards}.npz",
            sample=SAMPLES,
            shards=config["montecarlo"]["shards"],
        ),
        slopes=lookup("jeans/tracer_slopes", within=config),
    output:
        masses="<results>/jeans.ecsv",
        spread="<results>/jeans_spread.ecsv",
    log:
        "<logs>/compute_jeans.log",
    benchmark:
        "<benchmarks>/compute_jeans.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(500, 2.0),
        runtime=minutes(10, 1 / 20),
    params:
        **flags("jeans.slopes", "jeans.degree", "jeans.min_kpc", "jeans.max_kpc"),
        **flags("significance.permutations", "significance.seed", "significance.stratum_stars"),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --shards {input.first:q} --tracer-slopes {input.slopes:q}"
        " {params:q} --masses {output.masses:q} --spread {output.spread:q} > {log:q} 2>&1"


rule plot_jeans:
    """Mass and circular speed over radius, and the factor between lines of sight (figure S4)."""
    input:
        code=code("plot_jeans"),
        style=find("config/paper.mplstyle"),
        masses=rules.compute_jeans.output.masses,
        spread=rules.compute_jeans.output.spread,
    output:
        pdf="<figures>/figS4_jeans.pdf",
        png=report(
            "<figures>/figS4_jeans.png",
            caption="../report/figure.rst",
            category="9. Mass",
            labels={"figure": "S4 Jeans mass"},
        ),
    log:
        "<logs>/plot_jeans.log",
    benchmark:
        "<benchmarks>/plot_jeans.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "jeans.slope_colors", "figures.accreted_color", "figures.insitu_color"),
        **flags("figures.quadrant_colors"),
    shell:
        "python {input.code[0]:q} --masses {input.masses:q} --spread {input.spread:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q}"
        " > {log:q} 2>&1"
