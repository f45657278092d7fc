# Medians and intervals of every bin: of a sample, all geometries by one job.
#
# In:  <results>/montecarlo/{geometry}/{sample}/{shard}-of-{shards}.npz
# Out: <results>/summaries/{geometry}/{sample}.ecsv

from icefire.snake.rules import fraction_shards

QUICK_SUMMARIES = config["montecarlo"]["realisations"] <= 2000


rule summarise:
    """Medians, 68 % and 95 % intervals over all realisations (paper, section 2)."""
    input:
        code=code("summarise"),
        shards=expand(
            "<results>/montecarlo/{geometry}/{{sample}}/{shard}-of-{shards}.npz",
            geometry=GEOMETRIES,
            shard=range(config["montecarlo"]["shards"]),
            shards=config["montecarlo"]["shards"],
        ),
        # Of each geometry; the others lie beside it.
        first=expand(
            "<results>/montecarlo/{geometry}/{{sample}}/0-of-{shards}.npz",
            geometry=GEOMETRIES,
            shards=config["montecarlo"]["shards"],
        ),
        # The accreted fraction of each line of sight, of the halo only (paper, figure 7)
        fraction=fraction_shards(config["montecarlo"]["shards"]),
        # What the cut of unbound stars took of each shell
        unbound=rules.count_unbound.output.unbound,
    output:
        expand("<results>/summaries/{geometry}/{{sample}}.ecsv", geometry=GEOMETRIES),
    log:
        "<logs>/summarise/{sample}.log",
    benchmark:
        "<benchmarks>/summarise/{sample}.tsv"
    localrule: QUICK_SUMMARIES
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(1000),
        runtime=minutes(10, 1 / 100),
        here=int(QUICK_SUMMARIES),
    shell:
        "python {input.code[0]:q} --shards {input.first:q} --fraction-of {input.fraction:q}"
        " --unbound {input.unbound:q} --summary {output:q} > {log:q} 2>&1"
