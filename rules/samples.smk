# The three samples and the ledger.
#
# In:  <results>/catalog/stars.fits
# Out: <results>/samples/{halo,accreted,insitu}.fits, <results>/catalog/{ledger,unbound}.ecsv


rule select_samples:
    """Geometric halo cut and chemical split (paper, section 2)."""
    input:
        code=code("select_samples"),
        stars=rules.flag_substructure.output.stars,
    output:
        halo="<results>/samples/halo.fits",
        accreted="<results>/samples/accreted.fits",
        insitu="<results>/samples/insitu.fits",
        ledger="<results>/catalog/ledger.ecsv",
    log:
        "<logs>/select_samples.log",
    benchmark:
        "<benchmarks>/select_samples.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(300, 0.1),
        runtime=minutes(10, 1 / 200),
    params:
        **flags.of("select_samples"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} {params:q} --halo {output.halo:q}"
        " --accreted {output.accreted:q} --insitu {output.insitu:q} --ledger {output.ledger:q}"
        " > {log:q} 2>&1"


rule count_unbound:
    """What the cut of unbound stars took, or nearly took, of each shell."""
    input:
        code=code("count_unbound"),
        stars=rules.flag_substructure.output.stars,
        halo=rules.select_samples.output.halo,
    output:
        unbound="<results>/catalog/unbound.ecsv",
    log:
        "<logs>/count_unbound.log",
    benchmark:
        "<benchmarks>/count_unbound.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(300, 0.1),
        runtime=minutes(10, 1 / 200),
    params:
        **flags("geometry.radial"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --halo {input.halo:q} {params:q}"
        " --unbound {output.unbound:q} > {log:q} 2>&1"
