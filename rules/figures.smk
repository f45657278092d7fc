# The ten figures of the paper, each as PDF and PNG. No measurement is made here: a colour or a
# label never reruns one.
#
# In:  catalogue (fields and stars), samples, summaries, literature values
# Out: <figures>/fig01_footprint ... <figures>/fig10_beta_profile, .pdf and .png

from icefire.workflow import chemistry_flags


rule plot_footprint:
    """Fields of the survey on the sky (paper, figure 1)."""
    input:
        code=code("plot_footprint"),
        style="config/paper.mplstyle",
        fields="<results>/catalog/fields.ecsv",
    output:
        pdf="<figures>/fig01_footprint.pdf",
        png="<figures>/fig01_footprint.png",
    log:
        "<logs>/plot_footprint.log",
    benchmark:
        "<benchmarks>/plot_footprint.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        color=lookup("figures/footprint_color", within=config),
        field_diameter=lookup("figures/field_diameter_deg", within=config),
    shell:
        "python {input.code[0]:q} --fields {input.fields:q} --color {params.color:q}"
        " --field-diameter-deg {params.field_diameter:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_chemistry:
    """Chemical selection of accreted and in-situ stars (paper, figure 2)."""
    input:
        code=code("plot_chemistry"),
        style="config/paper.mplstyle",
        stars="<results>/catalog/stars.fits",
        halo="<results>/samples/halo.fits",
    output:
        pdf="<figures>/fig02_chemistry.pdf",
        png="<figures>/fig02_chemistry.png",
    log:
        "<logs>/plot_chemistry.log",
    benchmark:
        "<benchmarks>/plot_chemistry.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        chemistry=chemistry_flags(config["chemistry"]),
        cmap=lookup("figures/density_cmap", within=config),
    shell:
        "python {input.code[0]:q} --stars {input.stars:q} --halo {input.halo:q}"
        " {params.chemistry:q} --cmap {params.cmap:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_velocity_errors:
    """Velocity errors of the halo sample over radius (paper, figure 3)."""
    input:
        code=code("plot_velocity_errors"),
        style="config/paper.mplstyle",
        halo="<results>/samples/halo.fits",
    output:
        pdf="<figures>/fig03_velocity_errors.pdf",
        png="<figures>/fig03_velocity_errors.png",
    log:
        "<logs>/plot_velocity_errors.log",
    benchmark:
        "<benchmarks>/plot_velocity_errors.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        bins=lookup("figures/error_bins", within=config),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --bins {params.bins:q}"
        " --style {input.style:q} --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_xy:
    """Maps of sigma_r in the Galactocentric X-Y plane (paper, figure 4)."""
    input:
        code=code("plot_sigma_plane"),
        style="config/paper.mplstyle",
        halo="<results>/summaries/xy/halo.ecsv",
        accreted="<results>/summaries/xy/accreted.ecsv",
        insitu="<results>/summaries/xy/insitu.ecsv",
        halo_stars="<results>/samples/halo.fits",
        accreted_stars="<results>/samples/accreted.fits",
        insitu_stars="<results>/samples/insitu.fits",
    output:
        pdf="<figures>/fig04_sigma_xy.pdf",
        png="<figures>/fig04_sigma_xy.png",
    log:
        "<logs>/plot_sigma_xy.log",
    benchmark:
        "<benchmarks>/plot_sigma_xy.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        cmap=lookup("figures/sigma_cmap", within=config),
        sigma_min=lookup("figures/sigma_min_km_s", within=config),
        sigma_max=lookup("figures/sigma_max_km_s", within=config),
        levels=lookup("figures/contour_levels", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
        galcen_distance=lookup("frame/galcen_distance_kpc", within=config),
        gse_axis_ratio=lookup("figures/gse/xy_axis_ratio", within=config),
        gse_angle=lookup("figures/gse/xy_angle_deg", within=config),
        gse_semi_major=lookup("figures/gse/semi_major_kpc", within=config),
    shell:
        "python {input.code[0]:q} --plane xy"
        " --halo {input.halo:q} --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --halo-stars {input.halo_stars:q} --accreted-stars {input.accreted_stars:q}"
        " --insitu-stars {input.insitu_stars:q} --cmap {params.cmap:q}"
        " --sigma-min-km-s={params.sigma_min:q} --sigma-max-km-s={params.sigma_max:q}"
        " --levels {params.levels:q} --min-stars {params.min_stars:q}"
        " --galcen-distance-kpc {params.galcen_distance:q}"
        " --gse-axis-ratio {params.gse_axis_ratio:q} --gse-angle-deg={params.gse_angle:q}"
        " --gse-semi-major-kpc {params.gse_semi_major:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_xz:
    """Maps of sigma_r in the Galactocentric X-Z plane (paper, figure 5)."""
    input:
        code=code("plot_sigma_plane"),
        style="config/paper.mplstyle",
        halo="<results>/summaries/xz/halo.ecsv",
        accreted="<results>/summaries/xz/accreted.ecsv",
        insitu="<results>/summaries/xz/insitu.ecsv",
        halo_stars="<results>/samples/halo.fits",
        accreted_stars="<results>/samples/accreted.fits",
        insitu_stars="<results>/samples/insitu.fits",
    output:
        pdf="<figures>/fig05_sigma_xz.pdf",
        png="<figures>/fig05_sigma_xz.png",
    log:
        "<logs>/plot_sigma_xz.log",
    benchmark:
        "<benchmarks>/plot_sigma_xz.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        cmap=lookup("figures/sigma_cmap", within=config),
        sigma_min=lookup("figures/sigma_min_km_s", within=config),
        sigma_max=lookup("figures/sigma_max_km_s", within=config),
        levels=lookup("figures/contour_levels", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
        galcen_distance=lookup("frame/galcen_distance_kpc", within=config),
        gse_axes=lookup("figures/gse/axes", within=config),
        gse_pitch=lookup("figures/gse/pitch_deg", within=config),
        gse_azimuth=lookup("figures/gse/azimuth_deg", within=config),
        gse_semi_major=lookup("figures/gse/semi_major_kpc", within=config),
    shell:
        "python {input.code[0]:q} --plane xz"
        " --halo {input.halo:q} --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --halo-stars {input.halo_stars:q} --accreted-stars {input.accreted_stars:q}"
        " --insitu-stars {input.insitu_stars:q} --cmap {params.cmap:q}"
        " --sigma-min-km-s={params.sigma_min:q} --sigma-max-km-s={params.sigma_max:q}"
        " --levels {params.levels:q} --min-stars {params.min_stars:q}"
        " --galcen-distance-kpc {params.galcen_distance:q} --gse-axes {params.gse_axes:q}"
        " --gse-pitch-deg={params.gse_pitch:q} --gse-azimuth-deg={params.gse_azimuth:q}"
        " --gse-semi-major-kpc {params.gse_semi_major:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_sky:
    """Maps of sigma_r over the sky (paper, figure 6)."""
    input:
        code=code("plot_sigma_sky"),
        style="config/paper.mplstyle",
        halo="<results>/summaries/sky/halo.ecsv",
        accreted="<results>/summaries/sky/accreted.ecsv",
        insitu="<results>/summaries/sky/insitu.ecsv",
    output:
        pdf="<figures>/fig06_sigma_sky.pdf",
        png="<figures>/fig06_sigma_sky.png",
    log:
        "<logs>/plot_sigma_sky.log",
    benchmark:
        "<benchmarks>/plot_sigma_sky.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        cmap=lookup("figures/sigma_cmap", within=config),
        sigma_min=lookup("figures/sigma_min_km_s", within=config),
        sigma_max=lookup("figures/sigma_max_km_s", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --accreted {input.accreted:q}"
        " --insitu {input.insitu:q} --cmap {params.cmap:q}"
        " --sigma-min-km-s={params.sigma_min:q} --sigma-max-km-s={params.sigma_max:q}"
        " --min-stars {params.min_stars:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_vs_accreted:
    """Lines of sight: sigma_r and accreted fraction (paper, figure 7)."""
    input:
        code=code("plot_line_of_sight"),
        style="config/paper.mplstyle",
        sky="<results>/summaries/sky/halo.ecsv",
    output:
        pdf="<figures>/fig07_sigma_vs_accreted.pdf",
        png="<figures>/fig07_sigma_vs_accreted.png",
    log:
        "<logs>/plot_sigma_vs_accreted.log",
    benchmark:
        "<benchmarks>/plot_sigma_vs_accreted.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        color=lookup("figures/line_of_sight_color", within=config),
        circle_area=lookup("figures/circle_area_per_star", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
    shell:
        "python {input.code[0]:q} --quantity sigma_r --sky {input.sky:q}"
        " --color {params.color:q} --circle-area-per-star {params.circle_area:q}"
        " --min-stars {params.min_stars:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_beta_vs_accreted:
    """Lines of sight: anisotropy and accreted fraction (paper, figure 8)."""
    input:
        code=code("plot_line_of_sight"),
        style="config/paper.mplstyle",
        sky="<results>/summaries/sky/halo.ecsv",
    output:
        pdf="<figures>/fig08_beta_vs_accreted.pdf",
        png="<figures>/fig08_beta_vs_accreted.png",
    log:
        "<logs>/plot_beta_vs_accreted.log",
    benchmark:
        "<benchmarks>/plot_beta_vs_accreted.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        color=lookup("figures/line_of_sight_color", within=config),
        circle_area=lookup("figures/circle_area_per_star", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
    shell:
        "python {input.code[0]:q} --quantity beta --sky {input.sky:q}"
        " --color {params.color:q} --circle-area-per-star {params.circle_area:q}"
        " --min-stars {params.min_stars:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_sigma_profile:
    """sigma_r over radius, with published values (paper, figure 9)."""
    input:
        code=code("plot_sigma_profile"),
        style="config/paper.mplstyle",
        accreted="<results>/summaries/radial/accreted.ecsv",
        insitu="<results>/summaries/radial/insitu.ecsv",
        literature=lookup("figures/literature_sigma_r", within=config),
    output:
        pdf="<figures>/fig09_sigma_profile.pdf",
        png="<figures>/fig09_sigma_profile.png",
    log:
        "<logs>/plot_sigma_profile.log",
    benchmark:
        "<benchmarks>/plot_sigma_profile.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        accreted_color=lookup("figures/accreted_color", within=config),
        insitu_color=lookup("figures/insitu_color", within=config),
        min_stars=lookup("montecarlo/min_stars", within=config),
    shell:
        "python {input.code[0]:q} --accreted {input.accreted:q} --insitu {input.insitu:q}"
        " --literature {input.literature:q} --accreted-color {params.accreted_color:q}"
        " --insitu-color {params.insitu_color:q} --min-stars {params.min_stars:q}"
        " --style {input.style:q} --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule plot_beta_profile:
    """Anisotropy over radius, with published values (paper, figure 10)."""
    input:
        code=code("plot_beta_profile"),
        style="config/paper.mplstyle",
        halo="<results>/summaries/radial/halo.ecsv",
        literature=lookup("figures/literature_beta", within=config),
    output:
        pdf="<figures>/fig10_beta_profile.pdf",
        png="<figures>/fig10_beta_profile.png",
    log:
        "<logs>/plot_beta_profile.log",
    benchmark:
        "<benchmarks>/plot_beta_profile.tsv"
    conda:
        "../envs/paper.yaml"
    params:
        quadrant_colors=[
            f"--quadrant-color={color}"
            for color in lookup("figures/quadrant_colors", within=config)
        ],
        min_stars=lookup("montecarlo/min_stars", within=config),
    shell:
        "python {input.code[0]:q} --halo {input.halo:q} --literature {input.literature:q}"
        " {params.quadrant_colors:q} --min-stars {params.min_stars:q} --style {input.style:q}"
        " --pdf {output.pdf:q} --png {output.png:q} > {log:q} 2>&1"


rule figures:
    """All ten figures."""
    input:
        rules.plot_footprint.output,
        rules.plot_chemistry.output,
        rules.plot_velocity_errors.output,
        rules.plot_sigma_xy.output,
        rules.plot_sigma_xz.output,
        rules.plot_sigma_sky.output,
        rules.plot_sigma_vs_accreted.output,
        rules.plot_beta_vs_accreted.output,
        rules.plot_sigma_profile.output,
        rules.plot_beta_profile.output,
