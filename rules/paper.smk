# Numbers for a manuscript, and how they compare with the paper's.
#
# In:  ledger, samples, summaries, the tests of asymmetry and masses
# Out: <results>/judged.yaml, <results>/numbers.{yaml,tex,rst}, <results>/paper_comparison.ecsv

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
        accreted_radial="<results>/summaries/radial/accreted.ecsv",
        insitu_radial="<results>/summaries/radial/insitu.ecsv",
        judged=rules.judge_claims.output.judged,
        masses=rules.compute_jeans.output.masses,
        spread=rules.compute_jeans.output.spread,
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
    shell:
        "python {input.code[0]:q} --ledger {input.ledger:q} --clean {input.clean:q}"
        " --halo {input.halo:q} --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --sky {input.sky:q}"
        " --accreted-radial {input.accreted_radial:q}"
        " --insitu-radial {input.insitu_radial:q} --judged {input.judged:q}"
        " --masses {input.masses:q} --spread {input.spread:q} {params:q} --yaml {output.yaml:q}"
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


# After a run that had the comparison in it; not in dry runs, nor in the jobs of a cluster.
onsuccess:
    print(comparison(workflow.dag.jobs), end="", flush=True)
    if config["chemistry"]["method"] == "none":
        print(
            "figures 2, 7 and 8 are not made: the survey has no abundances (chemistry.method)"
        )
