# Tables as pages of the report. The report itself is Snakemake's: `make report`, after the run.
# What is wrapped in report(...) is shown in it; its captions are report/*.rst, which include
# <results>/numbers.rst for the run's numbers.
#
# In:  ledger, unbound stars, comparison with the paper; of a synthetic table what it is like
# Out: <results>/report/{ledger,unbound,paper_comparison,synthetic_check,synthetic_cuts}.html

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
