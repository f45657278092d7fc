# Permutation tests: is sigma_r the same among stars that a null hypothesis calls alike?
#
# In:  <results>/samples/{halo,accreted,insitu}.fits
# Out: <results>/asymmetry.ecsv, <results>/asymmetry_map.ecsv, <figures>/figS2_asymmetry


rule test_asymmetry:
    """The p-value and the effects of every test, and a map of sigma_r over R and azimuth."""
    input:
        code=code("test_asymmetry"),
        halo="<results>/samples/halo.fits",
        accreted="<results>/samples/accreted.fits",
        insitu="<results>/samples/insitu.fits",
    output:
        table="<results>/asymmetry.ecsv",
        map="<results>/asymmetry_map.ecsv",
    log:
        "<logs>/test_asymmetry.log",
    benchmark:
        "<benchmarks>/test_asymmetry.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(200, 0.7),
        runtime=minutes(10, config["significance"]["permutations"] / 5000),
    params:
        **flags("significance.permutations", "significance.seed", "significance.stratum_stars"),
        **flags("montecarlo.min_stars"),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} {params:q} --table {output.table:q} --map {output.map:q}"
        " > {log:q} 2>&1"


rule plot_asymmetry:
    """Effects beside what permuted halos give, and the map (figure S2)."""
    input:
        code=code("plot_asymmetry"),
        style=find("config/paper.mplstyle"),
        table=rules.test_asymmetry.output.table,
        map=rules.test_asymmetry.output.map,
    output:
        pdf="<figures>/figS2_asymmetry.pdf",
        png=report(
            "<figures>/figS2_asymmetry.png",
            caption="../report/figure.rst",
            category="7. Significance",
            labels={"figure": "S2 asymmetry"},
        ),
    log:
        "<logs>/plot_asymmetry.log",
    benchmark:
        "<benchmarks>/plot_asymmetry.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "figures.accreted_color", "figures.insitu_color", "significance.cmap"),
    shell:
        "python {input.code[0]:q} --table {input.table:q} --map {input.map:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q}"
        " > {log:q} 2>&1"
