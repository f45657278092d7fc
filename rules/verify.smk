# What must hold in every run: its files belong together, and counted anew they are the same.
#
# In:  survey table, stars, ledger, samples, summaries, numbers, comparison with the paper
# Out: <results>/verified.txt


rule verify:
    """Ledger, samples, summaries and numbers against each other; a run that is mixed fails."""
    input:
        code=code("verify_run"),
        catalogue=rules.clean_catalog.input.catalogue,
        survey=rules.clean_catalog.input.survey,
        stars=rules.flag_substructure.output.stars,
        ledger=rules.select_samples.output.ledger,
        halo=rules.select_samples.output.halo,
        accreted=rules.select_samples.output.accreted,
        insitu=rules.select_samples.output.insitu,
        summaries=expand(
            "<results>/summaries/{geometry}/{sample}.ecsv",
            geometry=GEOMETRIES,
            sample=SAMPLES,
        ),
        numbers=rules.collect_numbers.output,
        comparison=rules.compare_with_paper.output.comparison,
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
        "python {input.code[0]:q} --catalogue {input.catalogue:q} --survey {input.survey:q}"
        " --stars {input.stars:q} --ledger {input.ledger:q} --halo {input.halo:q}"
        " --accreted {input.accreted:q} --insitu {input.insitu:q} --summaries {input.summaries:q}"
        " --numbers {input.numbers:q} --comparison {input.comparison:q}"
        " --verified {output.verified:q} > {log:q} 2>&1"
