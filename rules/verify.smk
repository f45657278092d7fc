# What must hold in every run, counted and computed again: a run in which it does not, fails.
#
# In:  survey table, stars, ledger, samples, summaries, numbers, comparison with the paper
# Out: <results>/verified.txt


rule verify:
    """Ledger, samples, summaries and numbers against each other, counted and computed again."""
    input:
        code=code("verify_run"),
        catalogue=rules.clean_catalog.input.catalogue,
        stars=rules.flag_substructure.output.stars,
        ledger=rules.select_samples.output.ledger,
        halo=rules.select_samples.output.halo,
        accreted=rules.select_samples.output.accreted,
        insitu=rules.select_samples.output.insitu,
        xy=expand("<results>/summaries/xy/{sample}.ecsv", sample=SAMPLES),
        xz=expand("<results>/summaries/xz/{sample}.ecsv", sample=SAMPLES),
        sky=expand("<results>/summaries/sky/{sample}.ecsv", sample=SAMPLES),
        radial=expand("<results>/summaries/radial/{sample}.ecsv", sample=SAMPLES),
        numbers=rules.collect_numbers.output,
        claims=rules.compare_with_paper.input.claims,
        comparison=rules.compare_with_paper.output.comparison,
        second_sky=second("summaries/sky/halo.ecsv"),
        second_radial=second(*(f"summaries/radial/{sample}.ecsv" for sample in SAMPLES)),
        second_numbers=second("numbers.yaml", "numbers.tex", "numbers.rst"),
    output:
        verified="<results>/verified.txt",
    log:
        "<logs>/verify.log",
    benchmark:
        "<benchmarks>/verify.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        # It reads as much as its first step did, and the samples.
        mem_mb=catalogue_mb(config["catalog"]["path"]),
        runtime=minutes(10, 1 / 100),
    shell:
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --stars {input.stars:q}"
        " --ledger {input.ledger:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --xy {input.xy:q} --xz {input.xz:q} --sky {input.sky:q}"
        " --radial {input.radial:q} --numbers {input.numbers:q} --claims {input.claims:q}"
        " --comparison {input.comparison:q} --second-sky {input.second_sky:q}"
        " --second-radial {input.second_radial:q} --second-numbers {input.second_numbers:q}"
        " --verified {output.verified:q} > {log:q} 2>&1"
