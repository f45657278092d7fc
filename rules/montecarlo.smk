# Realisations of each sample, in shards; all geometries are measured from the same draws.
#
# In:  <results>/samples/{sample}.fits
# Out: <results>/montecarlo/{geometry}/{sample}/{shard}-of-{shards}.npz

from icefire.workflow import uncertainty_flags


rule run_realisations:
    """Dispersions of every bin in a shard's share of the realisations (paper, section 2)."""
    input:
        code=code("run_realisations"),
        stars="<results>/samples/{sample}.fits",
    output:
        xy="<results>/montecarlo/xy/{sample}/{shard}-of-{shards}.npz",
        xz="<results>/montecarlo/xz/{sample}/{shard}-of-{shards}.npz",
        sky="<results>/montecarlo/sky/{sample}/{shard}-of-{shards}.npz",
        radial="<results>/montecarlo/radial/{sample}/{shard}-of-{shards}.npz",
    log:
        "<logs>/run_realisations/{sample}_{shard}-of-{shards}.log",
    benchmark:
        "<benchmarks>/run_realisations/{sample}_{shard}-of-{shards}.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        recipe=uncertainty_flags(config["uncertainty"], config["montecarlo"]),
        realisations=lookup("montecarlo/realisations", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
        seed=lookup("montecarlo/seed", within=config),
        xy_half_width=lookup("geometry/xy/half_width_kpc", within=config),
        xy_step=lookup("geometry/xy/step_kpc", within=config),
        xy_radius=lookup("geometry/xy/radius_kpc", within=config),
        xz_half_width=lookup("geometry/xz/half_width_kpc", within=config),
        xz_step=lookup("geometry/xz/step_kpc", within=config),
        xz_radius=lookup("geometry/xz/radius_kpc", within=config),
        nside=lookup("geometry/sky/nside", within=config),
        radial_min=lookup("geometry/radial/min_kpc", within=config),
        radial_max=lookup("geometry/radial/max_kpc", within=config),
        radial_bins=lookup("geometry/radial/bins", within=config),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --sample {wildcards.sample:q}"
        " --shard {wildcards.shard} --shards {wildcards.shards} {params.recipe:q}"
        " --realisations {params.realisations} --min-stars {params.min_stars}"
        " --seed {params.seed} --xy-half-width-kpc={params.xy_half_width}"
        " --xy-step-kpc={params.xy_step} --xy-radius-kpc={params.xy_radius}"
        " --xz-half-width-kpc={params.xz_half_width} --xz-step-kpc={params.xz_step}"
        " --xz-radius-kpc={params.xz_radius} --sky-nside {params.nside}"
        " --radial-min-kpc={params.radial_min} --radial-max-kpc={params.radial_max}"
        " --radial-bins {params.radial_bins} --xy {output.xy:q} --xz {output.xz:q}"
        " --sky {output.sky:q} --radial {output.radial:q} > {log:q} 2>&1"
