# Numbers for a manuscript, how they compare with the paper's, and the texts that quote them.
#
# In:  ledger, samples, summaries, the tests of asymmetry and masses; templates of captions
# Out: <results>/judged.yaml, <results>/numbers.{yaml,tex,rst}, <results>/paper_comparison.ecsv,
#      <figures>/*.txt, <results>/captions.rst, <results>/tables/*.tex, <results>/article.json,
#      <results>/paper.pdf

from icefire.snake.rules import comparison


rule judge_claims:
    """What the stars answer to each claim about velocities, and what permuted stars would."""
    input:
        code=code("judge_claims"),
        halo=rules.select_samples.output.halo,
        accreted=rules.select_samples.output.accreted,
        insitu=rules.select_samples.output.insitu,
        asymmetry=rules.test_asymmetry.output.table,
        literature_sigma_r=lookup("figures/literature_sigma_r", within=config),
        literature_beta=lookup("figures/literature_beta", within=config),
    output:
        judged="<results>/judged.yaml",
    log:
        "<logs>/judge_claims.log",
    benchmark:
        "<benchmarks>/judge_claims.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(800, 2.0),
        runtime=minutes(20 + config["significance"]["permutations"] / 1000, 1 / 20),
    params:
        **flags("geometry.sky", "geometry.radial"),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --asymmetry {input.asymmetry:q}"
        " --literature-sigma-r {input.literature_sigma_r:q}"
        " --literature-beta {input.literature_beta:q} {params:q}"
        " --judged {output.judged:q} > {log:q} 2>&1"


rule collect_numbers:
    """Every number a manuscript or a caption quotes: YAML, LaTeX macros, reST substitutions."""
    input:
        code=code("collect_numbers"),
        ledger=rules.select_samples.output.ledger,
        clean=rules.clean_catalog.output.clean,
        halo=rules.select_samples.output.halo,
        accreted=rules.select_samples.output.accreted,
        insitu=rules.select_samples.output.insitu,
        sky="<results>/summaries/sky/halo.ecsv",
        halo_radial="<results>/summaries/radial/halo.ecsv",
        accreted_radial="<results>/summaries/radial/accreted.ecsv",
        insitu_radial="<results>/summaries/radial/insitu.ecsv",
        asymmetry=rules.test_asymmetry.output.table,
        judged=rules.judge_claims.output.judged,
        masses=rules.compute_jeans.output.masses,
        spread=rules.compute_jeans.output.spread,
        sensitivity=SENSITIVITY,
    output:
        yaml="<results>/numbers.yaml",
        tex="<results>/numbers.tex",
        rst="<results>/numbers.rst",
    log:
        "<logs>/collect_numbers.log",
    benchmark:
        "<benchmarks>/collect_numbers.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(300, 1.0),
        runtime=minutes(10, 1 / 200),
    params:
        **flags("numbers.feh_slices", "jeans.quoted_kpc"),
        **SYSTEMATIC,
    shell:
        "python {input.code[0]:q} --ledger {input.ledger:q} --clean {input.clean:q}"
        " --halo {input.halo:q} --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --sky {input.sky:q} --halo-radial {input.halo_radial:q}"
        " --accreted-radial {input.accreted_radial:q} --insitu-radial {input.insitu_radial:q}"
        " --asymmetry {input.asymmetry:q} --judged {input.judged:q}"
        " --masses {input.masses:q} --spread {input.spread:q} --sensitivity {input.sensitivity:q}"
        " {params:q} --yaml {output.yaml:q}"
        " --tex {output.tex:q} --rst {output.rst:q} > {log:q} 2>&1"


rule compare_with_paper:
    """The paper's claims beside this run's numbers, as a table and as text in the log."""
    input:
        code=code("compare_with_paper"),
        numbers=rules.collect_numbers.output.yaml,
        claims=ours("resources/paper_claims.yaml"),
        beside=beside("numbers.yaml"),
    output:
        comparison="<results>/paper_comparison.ecsv",
    log:
        "<logs>/compare_with_paper.log",
    benchmark:
        "<benchmarks>/compare_with_paper.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("figures.beside"),
    shell:
        "python {input.code[0]:q} --numbers {input.numbers:q} --claims {input.claims:q} {params:q}"
        " --comparison {output.comparison:q} > {log:q} 2>&1"


# The figures of a run that have a caption of their own, report/NAME.txt
FIGURES = [
    Path(file).stem
    for file in (
        *rules.figures.input,
        *rules.plot_asymmetry.output,
        *rules.plot_jeans.output,
        *([] if config["catalog"]["path"] else rules.plot_synthetic_check.output),
    )
    if str(file).endswith(".pdf") and Path(ours(f"report/{Path(file).stem}.txt")).is_file()
]
# Further maps, which have one template for all their captions
MAPS = [
    f"maps/{map}_{geometry}"
    for geometry in ("xy", "xz", "sky")
    for map in config["figures"]["maps"]
]
MAP = ["map"] if MAPS else []
TABLES = ["claims", "sigma_r", "beta", "masses", "spread", "ledger", "significance"]


rule write_texts:
    """Captions beside the figures, tables for LaTeX, and all that the article prints."""
    input:
        code=code("write_texts"),
        numbers=rules.collect_numbers.output.yaml,
        comparison=rules.compare_with_paper.output.comparison,
        ledger=rules.select_samples.output.ledger,
        asymmetry=rules.test_asymmetry.output.table,
        masses=rules.compute_jeans.output.masses,
        spread=rules.compute_jeans.output.spread,
        halo_radial="<results>/summaries/radial/halo.ecsv",
        accreted_radial="<results>/summaries/radial/accreted.ecsv",
        insitu_radial="<results>/summaries/radial/insitu.ecsv",
        claims=ours("resources/paper_claims.yaml"),
        templates=[find(f"report/{name}.txt") for name in ("abstract", *FIGURES, *MAP)],
    output:
        captions=[f"<figures>/{name}.txt" for name in (*FIGURES, *MAPS)],
        substitutions="<results>/captions.rst",
        tables=[f"<results>/tables/{name}{kind}.tex" for name in TABLES for kind in ("", "_aastex")],
        article="<results>/article.json",
    log:
        "<logs>/write_texts.log",
    benchmark:
        "<benchmarks>/write_texts.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("figures.field_diameter_deg", "figures.error_bins", "figures.gse.xy_angle_deg"),
        **flags("figures.beside"),
        **({} if config["catalog"]["path"] else flags("synthetic.changes")),
    shell:
        "python {input.code[0]:q} --numbers {input.numbers:q} --comparison {input.comparison:q}"
        " --claims {input.claims:q} --ledger {input.ledger:q} --asymmetry {input.asymmetry:q}"
        " --masses {input.masses:q} --spread {input.spread:q}"
        " --halo-radial {input.halo_radial:q} --accreted-radial {input.accreted_radial:q}"
        " --insitu-radial {input.insitu_radial:q} --templates {input.templates:q} {params:q}"
        " --captions {output.captions:q} --substitutions {output.substitutions:q}"
        " --tables {output.tables:q} --article {output.article:q} > {log:q} 2>&1"


rule write_paper:
    """The article of the run, typeset: numbers, figures and tables, in words that follow verdicts."""
    input:
        code=code("write_paper"),
        source=lookup("paper/source", within=config),
        library=ours("paper/icefire.typ"),
        references=ours("paper/references.bib"),
        article=rules.write_texts.output.article,
        figures=[f"<figures>/{name}.pdf" for name in FIGURES],
    output:
        pdf="<results>/paper.pdf",
    log:
        "<logs>/write_paper.log",
    benchmark:
        "<benchmarks>/write_paper.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run"),
    shell:
        "python {input.code[0]:q} --source {input.source:q} --library {input.library:q}"
        " --article {input.article:q} --figures {input.figures:q} {params:q} --pdf {output.pdf:q}"
        " > {log:q} 2>&1"


# After a run that had the comparison in it; not in dry runs, nor in the jobs of a cluster.
onsuccess:
    print(comparison(workflow.dag.jobs), end="", flush=True)
    for job in [job for job in workflow.dag.jobs if job.rule.name == "write_paper"]:
        paper, figures = Path(job.output.pdf), Path(job.input.figures[0]).parent
        print(f"Read {paper} first; figures are in {figures}, all else in {paper.parent}.")
    if config["chemistry"]["method"] == "none":
        print(
            "figures 2, 7 and 8 are not made: the survey has no abundances (chemistry.method)"
        )
