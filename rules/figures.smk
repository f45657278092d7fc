# The ten figures of the paper, each as PDF and PNG. No measurement is made here: a colour or a
# label never reruns one.
#
# In:  catalogue (fields and stars), samples, summaries, literature values
# Out: <figures>/fig01_footprint ... <figures>/fig10_beta_profile, .pdf and .png


rule plot_footprint:
    """Fields of the survey on the sky (paper, figure 1)."""
    input:
        code=code("plot_footprint"),
        style=find("config/paper.mplstyle"),
        fields="<results>/catalog/fields.ecsv",
    output:
        pdf="<figures>/fig01_footprint.pdf",
        png=report(
            "<figures>/fig01_footprint.png",
            caption="../report/figure.rst",
            category="1. The survey",
            labels={"figure": "01 fields on the sky"},
        ),
    log:
        "<logs>/plot_footprint.log",
    benchmark:
        "<benchmarks>/plot_footprint.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "figures.footprint_color", "figures.field_diameter_deg"),
    shell:
        "python {input.code[0]:q} --fields {input.fields:q} --style {input.style:q} {params:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_chemistry:
    """Chemical selection of accreted and in-situ stars (paper, figure 2)."""
    input:
        code=code("plot_chemistry"),
        style=find("config/paper.mplstyle"),
        stars="<results>/catalog/stars.fits",
        halo="<results>/samples/halo.fits",
    output:
        pdf="<figures>/fig02_chemistry.pdf",
        png=report(
            "<figures>/fig02_chemistry.png",
            caption="../report/figure.rst",
            category="1. The survey",
            labels={"figure": "02 chemical selection"},
        ),
    log:
        "<logs>/plot_chemistry.log",
    benchmark:
        "<benchmarks>/plot_chemistry.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(400, 0.2),
        runtime=minutes(10, 1 / 200),
    params:
        **flags("run", "figures.density_cmap"),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --halo {input.halo:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q}"
        " > {log:q} 2>&1"


rule plot_velocity_errors:
    """Velocity errors of the halo sample over radius (paper, figure 3)."""
    input:
        code=code("plot_velocity_errors"),
        style=find("config/paper.mplstyle"),
        halo="<results>/samples/halo.fits",
    output:
        pdf="<figures>/fig03_velocity_errors.pdf",
        png=report(
            "<figures>/fig03_velocity_errors.png",
            caption="../report/figure.rst",
            category="1. The survey",
            labels={"figure": "03 velocity errors"},
        ),
    log:
        "<logs>/plot_velocity_errors.log",
    benchmark:
        "<benchmarks>/plot_velocity_errors.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(400, 1.0),
        runtime=minutes(10, 1 / 200),
    params:
        **flags("run", "figures.error_bins"),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --style {input.style:q} {params:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_xy:
    """Maps of sigma_r in the Galactocentric X-Y plane (paper, figure 4)."""
    input:
        code=code("plot_sigma_plane"),
        style=find("config/paper.mplstyle"),
        halo="<results>/summaries/xy/halo.ecsv",
        accreted="<results>/summaries/xy/accreted.ecsv",
        insitu="<results>/summaries/xy/insitu.ecsv",
        halo_stars="<results>/samples/halo.fits",
        accreted_stars="<results>/samples/accreted.fits",
        insitu_stars="<results>/samples/insitu.fits",
        judged="<results>/judged.yaml",
    output:
        pdf="<figures>/fig04_sigma_xy.pdf",
        png=report(
            "<figures>/fig04_sigma_xy.png",
            caption="../report/figure.rst",
            category="2. Maps",
            labels={"figure": "04 σ_r in X and Y"},
        ),
        maps=map_files("xy"),
    log:
        "<logs>/plot_sigma_xy.log",
    benchmark:
        "<benchmarks>/plot_sigma_xy.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(400, 1.0),
        runtime=minutes(10, 1 / 200),
    params:
        **flags(
            "run",
            "figures.sigma_cmap",
            "figures.sigma_min_km_s",
            "figures.sigma_max_km_s",
            "figures.beta_min",
            "figures.beta_max",
            "figures.contour_levels",
            "figures.maps",
            "figures.gse.xy_axis_ratio",
            "figures.gse.xy_angle_deg",
            "figures.gse.semi_major_kpc",
        ),
    shell:
        "python {input.code[0]:q} --plane xy --halo {input.halo:q}"
        " --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --halo-stars {input.halo_stars:q} --accreted-stars {input.accreted_stars:q}"
        " --insitu-stars {input.insitu_stars:q} --judged {input.judged:q} --style {input.style:q}"
        " {params:q} --pdf {output.pdf:q} --png {output.png:q} --maps {output.maps:q}"
        " > {log:q} 2>&1"


rule plot_sigma_xz:
    """Maps of sigma_r in the Galactocentric X-Z plane (paper, figure 5)."""
    input:
        code=code("plot_sigma_plane"),
        style=find("config/paper.mplstyle"),
        halo="<results>/summaries/xz/halo.ecsv",
        accreted="<results>/summaries/xz/accreted.ecsv",
        insitu="<results>/summaries/xz/insitu.ecsv",
        halo_stars="<results>/samples/halo.fits",
        accreted_stars="<results>/samples/accreted.fits",
        insitu_stars="<results>/samples/insitu.fits",
        judged="<results>/judged.yaml",
    output:
        pdf="<figures>/fig05_sigma_xz.pdf",
        png=report(
            "<figures>/fig05_sigma_xz.png",
            caption="../report/figure.rst",
            category="2. Maps",
            labels={"figure": "05 σ_r in X and Z"},
        ),
        maps=map_files("xz"),
    log:
        "<logs>/plot_sigma_xz.log",
    benchmark:
        "<benchmarks>/plot_sigma_xz.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        mem_mb=memory_mb(400, 1.0),
        runtime=minutes(10, 1 / 200),
    params:
        **flags(
            "run",
            "figures.sigma_cmap",
            "figures.sigma_min_km_s",
            "figures.sigma_max_km_s",
            "figures.beta_min",
            "figures.beta_max",
            "figures.contour_levels",
            "figures.maps",
            "figures.gse.axes",
            "figures.gse.pitch_deg",
            "figures.gse.azimuth_deg",
            "figures.gse.semi_major_kpc",
        ),
    shell:
        "python {input.code[0]:q} --plane xz --halo {input.halo:q}"
        " --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --halo-stars {input.halo_stars:q} --accreted-stars {input.accreted_stars:q}"
        " --insitu-stars {input.insitu_stars:q} --judged {input.judged:q} --style {input.style:q}"
        " {params:q} --pdf {output.pdf:q} --png {output.png:q} --maps {output.maps:q}"
        " > {log:q} 2>&1"


rule plot_sigma_sky:
    """Maps of sigma_r over the sky (paper, figure 6)."""
    input:
        code=code("plot_sigma_sky"),
        style=find("config/paper.mplstyle"),
        halo="<results>/summaries/sky/halo.ecsv",
        accreted="<results>/summaries/sky/accreted.ecsv",
        insitu="<results>/summaries/sky/insitu.ecsv",
    output:
        pdf="<figures>/fig06_sigma_sky.pdf",
        png=report(
            "<figures>/fig06_sigma_sky.png",
            caption="../report/figure.rst",
            category="2. Maps",
            labels={"figure": "06 σ_r on the sky"},
        ),
        maps=map_files("sky"),
    log:
        "<logs>/plot_sigma_sky.log",
    benchmark:
        "<benchmarks>/plot_sigma_sky.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "figures.sigma_cmap", "figures.sigma_min_km_s", "figures.sigma_max_km_s"),
        **flags("figures.beta_min", "figures.beta_max", "figures.contour_levels", "figures.maps"),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --style {input.style:q} {params:q} --pdf {output.pdf:q}"
        " --png {output.png:q} --maps {output.maps:q} > {log:q} 2>&1"


rule plot_sigma_vs_accreted:
    """Lines of sight: sigma_r and accreted fraction (paper, figure 7)."""
    input:
        code=code("plot_line_of_sight"),
        style=find("config/paper.mplstyle"),
        sky="<results>/summaries/sky/halo.ecsv",
        judged="<results>/judged.yaml",
    output:
        pdf="<figures>/fig07_sigma_vs_accreted.pdf",
        png=report(
            "<figures>/fig07_sigma_vs_accreted.png",
            caption="../report/figure.rst",
            category="2. Maps",
            labels={"figure": "07 σ_r against accreted fraction"},
        ),
    log:
        "<logs>/plot_sigma_vs_accreted.log",
    benchmark:
        "<benchmarks>/plot_sigma_vs_accreted.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "figures.line_of_sight_color", "figures.circle_area_per_star"),
    shell:
        "python {input.code[0]:q} --quantity sigma_r --sky {input.sky:q} --judged {input.judged:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q}"
        " > {log:q} 2>&1"


rule plot_beta_vs_accreted:
    """Lines of sight: anisotropy and accreted fraction (paper, figure 8)."""
    input:
        code=code("plot_line_of_sight"),
        style=find("config/paper.mplstyle"),
        sky="<results>/summaries/sky/halo.ecsv",
        judged="<results>/judged.yaml",
    output:
        pdf="<figures>/fig08_beta_vs_accreted.pdf",
        png=report(
            "<figures>/fig08_beta_vs_accreted.png",
            caption="../report/figure.rst",
            category="2. Maps",
            labels={"figure": "08 β against accreted fraction"},
        ),
    log:
        "<logs>/plot_beta_vs_accreted.log",
    benchmark:
        "<benchmarks>/plot_beta_vs_accreted.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags("run", "figures.line_of_sight_color", "figures.circle_area_per_star"),
    shell:
        "python {input.code[0]:q} --quantity beta --sky {input.sky:q} --judged {input.judged:q}"
        " --style {input.style:q} {params:q} --pdf {output.pdf:q} --png {output.png:q}"
        " > {log:q} 2>&1"


RADIAL = {sample: f"summaries/radial/{sample}.ecsv" for sample in SAMPLES}


rule plot_sigma_profile:
    """sigma_r over radius, with published values (paper, figure 9)."""
    input:
        **{sample: f"<results>/{file}" for sample, file in RADIAL.items()},
        code=code("plot_sigma_profile"),
        style=find("config/paper.mplstyle"),
        beside=beside(*RADIAL.values()),
        sensitivity=SENSITIVITY,
        literature=lookup("figures/literature_sigma_r", within=config),
    output:
        pdf="<figures>/fig09_sigma_profile.pdf",
        png=report(
            "<figures>/fig09_sigma_profile.png",
            caption="../report/figure.rst",
            category="3. Profiles",
            labels={"figure": "09 σ_r against radius"},
        ),
    log:
        "<logs>/plot_sigma_profile.log",
    benchmark:
        "<benchmarks>/plot_sigma_profile.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags.literature("sigma_r"),
        **flags("run", "figures.accreted_color", "figures.insitu_color", "figures.beside"),
        **SYSTEMATIC,
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --literature {input.literature:q} --style {input.style:q}"
        " --sensitivity {input.sensitivity:q} {params:q} --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_beta_profile:
    """Anisotropy over radius, with published values (paper, figure 10)."""
    input:
        **{sample: f"<results>/{file}" for sample, file in RADIAL.items()},
        code=code("plot_beta_profile"),
        style=find("config/paper.mplstyle"),
        beside=beside(*RADIAL.values()),
        sensitivity=SENSITIVITY,
        literature=lookup("figures/literature_beta", within=config),
    output:
        pdf="<figures>/fig10_beta_profile.pdf",
        png=report(
            "<figures>/fig10_beta_profile.png",
            caption="../report/figure.rst",
            category="3. Profiles",
            labels={"figure": "10 β against radius"},
        ),
    log:
        "<logs>/plot_beta_profile.log",
    benchmark:
        "<benchmarks>/plot_beta_profile.tsv"
    conda:
        "../envs/paper.yaml"
    resources:
        here=1,
    params:
        **flags.literature("beta"),
        **flags("run", "figures.quadrant_colors", "figures.beside"),
        **SYSTEMATIC,
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --literature {input.literature:q} --style {input.style:q}"
        " --sensitivity {input.sensitivity:q} {params:q} --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule figures:
    """All ten figures; without abundances those that need none."""
    input:
        rules.plot_footprint.output,
        rules.plot_velocity_errors.output,
        rules.plot_sigma_xy.output,
        rules.plot_sigma_xz.output,
        rules.plot_sigma_sky.output,
        []
        if config["chemistry"]["method"] == "none"
        else rules.plot_chemistry.output
        + rules.plot_sigma_vs_accreted.output
        + rules.plot_beta_vs_accreted.output,
        rules.plot_sigma_profile.output,
        rules.plot_beta_profile.output,
