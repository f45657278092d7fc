# Tables as pages of the report. The report itself is Snakemake's: `make report`, after the run.
# What is wrapped in report(...) is shown in it; its captions are report/*.rst, which include
# <results>/numbers.rst for the run's numbers.
#
# In:  ledger, unbound stars, comparison with the paper, numbers, parameters, what was verified; of a
#      synthetic table what it is like; runs beside this one
# Out: <results>/report/*.html; of runs beside <results>/runs_beside.{ecsv,txt}, <figures>/runs_beside

from icefire.snake.rules import page_flags

# Each page's table, and what the report calls it
PAGES = {
    "ledger": (rules.select_samples.output.ledger, "4. Tables", "ledger"),
    "unbound": (rules.count_unbound.output.unbound, "4. Tables", "unbound stars by shell"),
    "paper_comparison": (
        rules.compare_with_paper.output.comparison,
        "4. Tables",
        "comparison with the paper",
    ),
    "numbers": (rules.collect_numbers.output.yaml, "4. Tables", "numbers"),
    "configuration": (rules.compute_jeans.output.masses, "4. Tables", "configuration"),
    "verified": (rules.verify.output.verified, "4. Tables", "what was verified"),
}
if config["catalog"]["path"] is None:
    PAGES["synthetic_check"] = (
        rules.check_synthetic.output.check,
        "5. Synthetic catalogue",
        "numbers beside the survey's",
    )
    PAGES["synthetic_cuts"] = (
        rules.check_synthetic.output.cuts,
        "5. Synthetic catalogue",
        "purity and completeness of the cuts",
    )
if config["figures"]["beside"]:
    PAGES["runs_beside"] = (
        "<results>/runs_beside.txt",
        "4. Tables",
        "this run and those beside it",
    )


rule compare_runs:
    """This run and those of figures.beside: what differs, and whether it is chance."""
    input:
        code=code("compare_runs"),
        style=find("config/paper.mplstyle"),
        verified=rules.verify.output.verified,
        summaries=rules.verify.input.summaries,
        beside=beside("verified.txt", "catalog/ledger.ecsv", "judged.yaml"),
    output:
        table="<results>/runs_beside.ecsv",
        text="<results>/runs_beside.txt",
        pdf="<figures>/runs_beside.pdf",
        png=report(
            "<figures>/runs_beside.png",
            caption="../report/runs_beside.rst",
            category="3. Profiles",
            labels={"figure": "this run and those beside it"},
        ),
    log:
        "<logs>/compare_runs.log",
    benchmark:
        "<benchmarks>/compare_runs.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(800, 1.0),
        runtime=minutes(10, 1 / 100),
    params:
        folder=lambda wildcards, input: Path(input.verified).parent,
        beside=config["figures"]["beside"],
        figure=lambda wildcards, output: output.pdf.removesuffix(".pdf"),
    shell:
        "python {input.code[0]:q} {params.folder:q} {params.beside:q} --style {input.style:q}"
        " --table {output.table:q} --figure {params.figure:q} --text {output.text:q} > {log:q} 2>&1"


rule write_pages:
    """Every small table of the report as a page."""
    input:
        **{name: table for name, (table, _, _) in PAGES.items()},
        code=code("write_pages"),
    output:
        **{
            name: report(
                f"<results>/report/{name}.html",
                caption=f"../report/{name}.rst",
                category=category,
                labels={"table": label},
            )
            for name, (_, category, label) in PAGES.items()
        },
    log:
        "<logs>/write_pages.log",
    benchmark:
        "<benchmarks>/write_pages.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    shell:
        " ".join(["python {input.code[0]:q}", page_flags(PAGES), "> {log:q} 2>&1"])
