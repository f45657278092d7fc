# A second uncertainty method beside the first, where figures.second_method names one: the same
# steps with the same flags but the method's, for figures 9 and 10 and the comparison.
#
# In:  <results>/samples/{sample}.fits and what collect_numbers reads
# Out: <results>/second/{montecarlo,summaries,numbers.{yaml,tex,rst}}


if config["figures"]["second_method"]:

    use rule run_realisations as run_realisations_second with:
        output:
            expand(
                "<results>/second/montecarlo/{geometry}/{{sample}}/{{shard}}-of-{{shards}}.npz",
                geometry=GEOMETRIES,
            ),
        log:
            "<logs>/run_realisations_second/{sample}_{shard}-of-{shards}.log",
        benchmark:
            "<benchmarks>/run_realisations_second/{sample}_{shard}-of-{shards}.tsv"
        params:
            **flags.uncertainty("figures.second_method"),

    use rule summarise as summarise_second with:
        input:
            code=code("summarise"),
            shards=expand(
                "<results>/second/montecarlo/{{geometry}}/{{sample}}/{shard}-of-{shards}.npz",
                shard=range(config["montecarlo"]["shards"]),
                shards=config["montecarlo"]["shards"],
            ),
            fraction=fraction_shards(config["montecarlo"]["shards"], "<results>/second"),
            unbound=rules.select_samples.output.unbound,
        output:
            summary="<results>/second/summaries/{geometry}/{sample}.ecsv",
        log:
            "<logs>/summarise_second/{geometry}_{sample}.log",
        benchmark:
            "<benchmarks>/summarise_second/{geometry}_{sample}.tsv"

    use rule collect_numbers as collect_numbers_second with:
        input:
            code=code("collect_numbers"),
            ledger=rules.select_samples.output.ledger,
            clean=rules.clean_catalog.output.clean,
            halo=rules.select_samples.output.halo,
            accreted=rules.select_samples.output.accreted,
            insitu=rules.select_samples.output.insitu,
            sky="<results>/second/summaries/sky/halo.ecsv",
            accreted_radial="<results>/second/summaries/radial/accreted.ecsv",
            insitu_radial="<results>/second/summaries/radial/insitu.ecsv",
        output:
            yaml="<results>/second/numbers.yaml",
            tex="<results>/second/numbers.tex",
            rst="<results>/second/numbers.rst",
        log:
            "<logs>/collect_numbers_second.log",
        benchmark:
            "<benchmarks>/collect_numbers_second.tsv"
