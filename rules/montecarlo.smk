# Realisations of all samples, in shards; all geometries are measured from the same draws.
#
# In:  <results>/samples/{sample}.fits
# Out: <results>/montecarlo/{geometry}/{sample}/{shard}-of-{shards}.npz


rule run_realisations:
    """Dispersions of every bin in a shard's share of the realisations (paper, section 2)."""
    input:
        code=code("run_realisations"),
        stars=expand("<results>/samples/{sample}.fits", sample=SAMPLES),
    output:
        expand(
            "<results>/montecarlo/{geometry}/{sample}/{{shard}}-of-{{shards}}.npz",
            sample=SAMPLES,
            geometry=GEOMETRIES,
        ),
    log:
        "<logs>/run_realisations/{shard}-of-{shards}.log",
    benchmark:
        "<benchmarks>/run_realisations/{shard}-of-{shards}.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(200 + 1.2 * config["montecarlo"]["max_memory_mb"]),
        runtime=realisation_minutes(
            config["montecarlo"]["realisations"], config["montecarlo"]["shards"]
        ),
    params:
        **flags.of("run_realisations"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --sample halo,accreted,insitu"
        " --shard {wildcards.shard} --shards {wildcards.shards} {params:q}"
        " --measured {output:q} > {log:q} 2>&1"
