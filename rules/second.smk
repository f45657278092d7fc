# A second uncertainty method beside the first, where figures.second_method names one: the same
# steps with the same flags but the method's, for figures 9 and 10.
#
# In:  <results>/samples/{sample}.fits
# Out: <results>/second/{montecarlo,summaries}


if config["figures"]["second_method"]:

    use rule run_realisations as run_realisations_second with:
        output:
            expand(
                "<results>/second/montecarlo/{geometry}/{sample}/{{shard}}-of-{{shards}}.npz",
                sample=SAMPLES,
                geometry=GEOMETRIES,
            ),
        log:
            "<logs>/run_realisations_second/{shard}-of-{shards}.log",
        benchmark:
            "<benchmarks>/run_realisations_second/{shard}-of-{shards}.tsv"
        params:
            **flags.uncertainty("figures.second_method"),

    use rule summarise as summarise_second with:
        input:
            code=code("summarise"),
            shards=expand(
                "<results>/second/montecarlo/{geometry}/{{sample}}/{shard}-of-{shards}.npz",
                geometry=GEOMETRIES,
                shard=range(config["montecarlo"]["shards"]),
                shards=config["montecarlo"]["shards"],
            ),
            first=expand(
                "<results>/second/montecarlo/{geometry}/{{sample}}/0-of-{shards}.npz",
                geometry=GEOMETRIES,
                shards=config["montecarlo"]["shards"],
            ),
            fraction=fraction_shards(config["montecarlo"]["shards"], "<results>/second"),
            unbound=rules.count_unbound.output.unbound,
        output:
            expand("<results>/second/summaries/{geometry}/{{sample}}.ecsv", geometry=GEOMETRIES),
        log:
            "<logs>/summarise_second/{sample}.log",
        benchmark:
            "<benchmarks>/summarise_second/{sample}.tsv"
