"""Draw the chemical selection of the accreted and in-situ stars (Han et al. 2024, figure 2).

Left all giants outside cold substructure, right the halo sample, in the plane of [Fe/H] and
[alpha/Fe]. A survey without [alpha/Fe] gets histograms of [Fe/H] instead.

    python scripts/plot_chemistry.py --stars results/catalog/stars.fits \\
 --halo results/samples/halo.fits --figures-density-cmap magma_r --style config/paper.mplstyle \\
        --pdf fig02.pdf --png fig02.png

The boundary is the one by which the halo sample's metadata say that it was split.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import Polygon

from icefire import cli
from icefire.draw import page
from icefire.files import metadata
from icefire.files.star_tables import StarReader

# Bins of 0.05 and 0.02 dex. The frame ends below the polygon's upper edge, which bounds nothing.
FEH_EDGES = np.linspace(-3.0, 0.5, 71)
AFE_EDGES = np.linspace(-0.28, 0.58, 44)

# Where the three sequences of the paper's figure 2 are named, in [Fe/H] and [alpha/Fe].
SEQUENCES = (
    ("accreted", -2.2, -0.10, "center"),
    ("in situ, high α", 0.44, 0.50, "right"),
    ("in situ, low α", 0.44, -0.20, "right"),
)
BOUNDARY = {"color": "#1b9e9e", "linewidth": 1.4}


@dataclass
class Panel:
    """Stars of one panel, counted block by block."""

    name: str
    n_stars: int = 0
    n_plane: int = 0
    n_feh: int = 0
    plane: np.ndarray = field(default_factory=lambda: _zeros(FEH_EDGES, AFE_EDGES))
    feh: np.ndarray = field(default_factory=lambda: _zeros(FEH_EDGES))

    def add(self, feh: np.ndarray, afe: np.ndarray) -> None:
        """Count one block of stars."""
        self.n_stars += len(feh)
        self.n_feh += int(np.count_nonzero(np.isfinite(feh)))
        both = np.isfinite(feh) & np.isfinite(afe)
        self.n_plane += int(np.count_nonzero(both))
        self.feh += np.histogram(feh[np.isfinite(feh)], FEH_EDGES)[0]
        counts, _, _ = np.histogram2d(feh[both], afe[both], (FEH_EDGES, AFE_EDGES))
        self.plane += counts.astype(np.int64)


def _zeros(*edges: np.ndarray) -> np.ndarray:
    return np.zeros([len(edge) - 1 for edge in edges], dtype=np.int64)


FIGURES = cli.Section("figures", {"density_cmap": page.cmap})


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, metavar="PATH", help="all stars with flags")
    parser.add_argument("--halo", required=True, metavar="PATH", help="the halo sample")
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def boundary(split: dict) -> tuple[list, list]:
    """Give the in-situ polygon, or the limits in [Fe/H] with their line styles.

    `split` are the parameters by which the samples were selected.
    """
    if split["chemistry_method"] == "polygon":
        return list(split["chemistry_insitu_polygon"]), []
    limits = (split["chemistry_insitu_min_feh"], split["chemistry_accreted_max_feh"])
    return [], list(zip(limits, ("-", "--"), strict=True))


def count_giants(reader: StarReader) -> Panel:
    """Count the giants that belong neither to Sagittarius nor to a satellite."""
    panel = Panel("Giants outside cold substructure")
    flags = ("is_giant", "is_sagittarius", "is_satellite")
    for block in reader.blocks(("feh", "afe", *flags)):
        kept = block["is_giant"] & ~block["is_sagittarius"] & ~block["is_satellite"]
        panel.add(block["feh"][kept], block["afe"][kept])
    return panel


def count_halo(reader: StarReader) -> Panel:
    """Count the halo sample."""
    panel = Panel("Halo sample")
    for block in reader.blocks(("feh", "afe")):
        panel.add(block["feh"], block["afe"])
    return panel


def draw_plane(figure, panels: list[Panel], polygon, feh_limits, cmap: str) -> None:
    """Draw both panels as 2-D histograms with the boundary between the two populations."""
    top = max(10, *(int(panel.plane.max()) for panel in panels))
    all_axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, panel in zip(all_axes, panels, strict=True):
        mesh = axes.pcolormesh(
            FEH_EDGES,
            AFE_EDGES,
            np.ma.masked_equal(panel.plane.T, 0),
            cmap=cmap,
            norm=LogNorm(1, top),
            rasterized=True,
        )
        if polygon:
            axes.add_patch(Polygon(polygon, closed=True, fill=False, zorder=4, **BOUNDARY))
        for limit, dashes in feh_limits:
            axes.axvline(limit, ls=dashes, zorder=4, **BOUNDARY)
        axes.set_title(panel.name)
        lower_left = {"x": 0.04, "y": 0.05, "ha": "left", "va": "bottom"}
        page.corner_text(axes, page.stars_text(panel.n_plane), **lower_left)
        if panel.n_plane == 0:
            page.say_nothing_to_draw(axes, panel.name, "no stars")
        axes.set_xlabel("[Fe/H] (dex)")
    all_axes[0].set_ylabel(r"[$\alpha$/Fe] (dex)")
    all_axes[0].set(xlim=FEH_EDGES[[0, -1]], ylim=AFE_EDGES[[0, -1]])
    for name, feh, afe, align in SEQUENCES:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
        all_axes[0].text(feh, afe, name, ha=align, va="center", style="italic", bbox=box, zorder=5)
    bar = figure.colorbar(mesh, ax=all_axes, label="stars per bin", pad=0.01, aspect=25)
    page.plain_log_ticks(bar.ax.yaxis)


def draw_feh(figure, panels: list[Panel], feh_limits) -> None:
    """Draw both panels as histograms of [Fe/H] with the limits of the two populations."""
    all_axes = figure.subplots(1, 2, sharex=True, sharey=True)
    # Room above the histograms for the names of the limits' two sides.
    top = 1.2 * max(1, *(int(panel.feh.max()) for panel in panels))
    for axes, panel in zip(all_axes, panels, strict=True):
        axes.stairs(panel.feh, FEH_EDGES, fill=True, color="0.80")
        axes.stairs(panel.feh, FEH_EDGES, color="0.25", lw=0.8)
        names = (("in situ", "left", 4), ("accreted", "right", -4))
        for (limit, dashes), (name, align, shift) in zip(feh_limits, names, strict=False):
            axes.axvline(limit, ls=dashes, **BOUNDARY)
            axes.annotate(
                name,
                (limit, 0.95 * top),
                xytext=(shift, 0),
                textcoords="offset points",
                ha=align,
                va="center",
                style="italic",
            )
        axes.set_title(panel.name)
        # On the left, where no survey has its most stars.
        page.corner_text(axes, page.stars_text(panel.n_feh), x=0.04, ha="left")
        if feh_limits:
            page.corner_text(axes, "no [α/Fe]: a proxy", x=0.04, y=0.88, ha="left")
        if panel.n_feh == 0:
            page.say_nothing_to_draw(axes, panel.name, "no stars")
        axes.set(ylim=(0, top), xlim=FEH_EDGES[[0, -1]], xlabel="[Fe/H] (dex)")
    all_axes[0].set_ylabel(f"stars per {FEH_EDGES[1] - FEH_EDGES[0]:.2f} dex")


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    flags = ("is_giant", "is_sagittarius", "is_satellite")
    stars = StarReader(arguments.stars, ("feh", "afe", *flags))
    halo = StarReader(arguments.halo, ("feh", "afe"))
    split = metadata.parameters_of(halo.meta, "select_samples", arguments.halo)
    polygon, feh_limits = boundary(split)

    panels = [count_giants(stars), count_halo(halo)]
    with_afe = any(panel.n_plane for panel in panels)
    for panel in panels:
        drawn = panel.plane.sum() if with_afe else panel.feh.sum()
        cli.report(f"{panel.name}, in the frame", int(drawn), panel.n_stars)
    if not with_afe:
        print("note: no star has [alpha/Fe]; histograms of [Fe/H] are drawn")

    meta = page.common_meta(stars=stars.meta, halo=halo.meta)
    figure = page.page(page.TWO_COLUMNS_IN, 3.0, meta, page.split_note(halo.meta))
    if with_afe:
        draw_plane(figure, panels, polygon, feh_limits, arguments.figures_density_cmap)
    else:
        draw_feh(figure, panels, feh_limits)
    page.save(figure, arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
