# Realisations of each sample, in shards; all geometries are measured from the same draws.
#
# In:  <results>/samples/{sample}.fits
# Out: <results>/montecarlo/{geometry}/{sample}/{shard}-of-{shards}.npz


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
    resources:
        mem_mb=memory_mb(200 + 1.2 * config["montecarlo"]["max_memory_mb"]),
        runtime=realisation_minutes(
            config["montecarlo"]["realisations"], config["montecarlo"]["shards"]
        ),
    params:
        **flag.uncertainty(),
        realisations=flag("--realisations", "montecarlo/realisations"),
        min_stars=flag("--min-stars", "montecarlo/min_stars"),
        seed=flag("--seed", "montecarlo/seed"),
        max_memory=flag("--max-memory-mb", "montecarlo/max_memory_mb"),
        xy_half_width=flag("--xy-half-width-kpc", "geometry/xy/half_width_kpc"),
        xy_step=flag("--xy-step-kpc", "geometry/xy/step_kpc"),
        xy_radius=flag("--xy-radius-kpc", "geometry/xy/radius_kpc"),
        xz_half_width=flag("--xz-half-width-kpc", "geometry/xz/half_width_kpc"),
        xz_step=flag("--xz-step-kpc", "geometry/xz/step_kpc"),
        xz_radius=flag("--xz-radius-kpc", "geometry/xz/radius_kpc"),
        nside=flag("--sky-nside", "geometry/sky/nside"),
        radial_min=flag("--radial-min-kpc", "geometry/radial/min_kpc"),
        radial_max=flag("--radial-max-kpc", "geometry/radial/max_kpc"),
        radial_bins=flag("--radial-bins", "geometry/radial/bins"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --sample {wildcards.sample:q}"
        " --shard {wildcards.shard} --shards {wildcards.shards} {params:q} --xy {output.xy:q}"
        " --xz {output.xz:q} --sky {output.sky:q} --radial {output.radial:q} > {log:q} 2>&1"
