# A survey's table from an archive, only when asked: snakemake fetch --config survey=galah_dr3
#
# In:  resources/queries/SURVEY.adql
# Out: data/SURVEY.fits, which no rule has for an output: no run ever asks an archive by itself


rule fetch:
    """A survey's table from an archive's TAP service, the only step that uses a network."""
    input:
        code=code("fetch_catalogue"),
        query=lambda _: places.query_of(config["survey"], MODULE),
    log:
        "<logs>/fetch.log",
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        table=f"data/{config['survey']}.fits",
    shell:
        "python {input.code[0]:q} --query {input.query:q} --table {params.table:q} > {log:q} 2>&1"
