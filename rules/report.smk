# Tables as pages of the report. The report itself is Snakemake's: `make report`, after the run.
# What is wrapped in report(...) is shown in it; its captions are report/*.rst, which include
# <results>/numbers.rst for the run's numbers.
#
# In:  ledger, comparison with the paper
# Out: <results>/report/ledger.html, <results>/report/paper_comparison.html


rule write_ledger_page:
    """The ledger as a page."""
    input:
        code=code("write_page"),
        table=rules.select_samples.output.ledger,
    output:
        html=report(
            "<results>/report/ledger.html",
            caption="../report/ledger.rst",
            category="4. Tables",
            labels={"table": "ledger"},
        ),
    log:
        "<logs>/write_ledger_page.log",
    benchmark:
        "<benchmarks>/write_ledger_page.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        title="--title=Every removed star under one reason",
        texts="--texts=step,reason",
        numbers="--numbers=n_in,n_removed,n_out",
    shell:
        "python {input.code[0]:q} --table {input.table:q} {params:q} --html {output.html:q}"
        " > {log:q} 2>&1"


rule write_unbound_page:
    """Stars that the cut of unbound stars took, or nearly took, as a page."""
    input:
        code=code("write_page"),
        table=rules.count_unbound.output.unbound,
    output:
        html=report(
            "<results>/report/unbound.html",
            caption="../report/unbound.rst",
            category="4. Tables",
            labels={"table": "unbound stars by shell"},
        ),
    log:
        "<logs>/write_unbound_page.log",
    benchmark:
        "<benchmarks>/write_unbound_page.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        title="--title=Stars that the cut of unbound stars took, or nearly took",
        texts="--texts=sample",
        numbers="--numbers=quadrant,r_lo,r_hi,n_stars,n_taken,n_near,cut_fraction",
    shell:
        "python {input.code[0]:q} --table {input.table:q} {params:q} --html {output.html:q}"
        " > {log:q} 2>&1"


rule write_comparison_page:
    """The comparison with the paper as a page."""
    input:
        code=code("write_page"),
        table=rules.compare_with_paper.output.comparison,
    output:
        html=report(
            "<results>/report/paper_comparison.html",
            caption="../report/paper_comparison.rst",
            category="4. Tables",
            labels={"table": "comparison with the paper"},
        ),
    log:
        "<logs>/write_comparison_page.log",
    benchmark:
        "<benchmarks>/write_comparison_page.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        title="--title=The paper and this run",
        texts="--texts=claim,where,paper,verdict,because",
        numbers="--numbers=value,lo68,hi68,null,null_lo95,null_hi95,p"
        + "".join(f",beside_{name}" for name in names_beside(config)),
    shell:
        "python {input.code[0]:q} --table {input.table:q} {params:q} --html {output.html:q}"
        " > {log:q} 2>&1"


rule write_synthetic_check_page:
    """What the synthetic table is like beside the survey, as a page."""
    input:
        code=code("write_page"),
        table=rules.check_synthetic.output.check,
    output:
        html=report(
            "<results>/report/synthetic_check.html",
            caption="../report/synthetic_check.rst",
            category="5. Synthetic catalogue",
            labels={"table": "numbers beside the survey's"},
        ),
    log:
        "<logs>/write_synthetic_check_page.log",
    benchmark:
        "<benchmarks>/write_synthetic_check_page.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        title="--title=The synthetic table beside what is published of the survey",
        texts="--texts=quantity,at_unit,unit,agrees,because,where",
        numbers="--numbers=at,target,made,from,to",
    shell:
        "python {input.code[0]:q} --table {input.table:q} {params:q} --html {output.html:q}"
        " > {log:q} 2>&1"


rule write_synthetic_cuts_page:
    """Purity and completeness of the cuts, as a page."""
    input:
        code=code("write_page"),
        table=rules.check_synthetic.output.cuts,
    output:
        html=report(
            "<results>/report/synthetic_cuts.html",
            caption="../report/synthetic_cuts.rst",
            category="5. Synthetic catalogue",
            labels={"table": "purity and completeness of the cuts"},
        ),
    log:
        "<logs>/write_synthetic_cuts_page.log",
    benchmark:
        "<benchmarks>/write_synthetic_cuts_page.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        title="--title=Purity and completeness of the cuts",
        texts="--texts=cut",
        numbers="--numbers=n_members,n_flagged,n_both,purity,completeness",
    shell:
        "python {input.code[0]:q} --table {input.table:q} {params:q} --html {output.html:q}"
        " > {log:q} 2>&1"


# Only where the table is synthetic
SYNTHETIC_PAGES = (
    rules.plot_synthetic_check.output,
    rules.write_synthetic_check_page.output,
    rules.write_synthetic_cuts_page.output,
)
