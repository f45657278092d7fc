"""Draw the chemical selection of the accreted and in-situ stars (Han et al. 2024, figure 2).

Left all giants (or what the survey has) outside cold substructure, right the halo sample, in the
plane of [Fe/H] and [alpha/Fe]; the dotted line is that below which in-situ stars on circular orbits
are of Aleph, which the halo sample leaves out. Without [alpha/Fe] there are histograms of [Fe/H].

The boundary is the one by which the halo sample's metadata say that it was split.
"""

from dataclasses import dataclass, field

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import Polygon
from matplotlib.path import Path

from icefire import cli
from icefire.draw import page
from icefire.files import metadata
from icefire.files.star_tables import StarReader
from icefire.stars.cuts import OneSample, chemical_split

# Bins of 0.05 and 0.02 dex. The frame ends below the polygon's upper edge, which bounds nothing.
FEH_EDGES = np.linspace(-3.0, 0.5, 71)
AFE_EDGES = np.linspace(-0.28, 0.58, 44)

# Where the three sequences of the paper's figure 2 are named, in [Fe/H] and [alpha/Fe].
SEQUENCES = (
    ("accreted", -2.2, -0.05, "center"),
    ("in situ, high α", 0.36, 0.50, "right"),
    ("low α", 0.36, -0.18, "right"),
)
BOUNDARY = {"color": "#1b9e9e", "linewidth": 1.4}
NO_SPLIT = OneSample()
ALEPH = {"color": "0.1", "linewidth": 1.1, "ls": ":", "zorder": 4}


@dataclass
class Panel:
    """Stars of one panel, counted block by block."""

    name: str
    n_stars: int = 0
    n_plane: int = 0
    n_feh: int = 0
    n_accreted: int = 0
    n_insitu: int = 0
    plane: np.ndarray = field(default_factory=lambda: _zeros(FEH_EDGES, AFE_EDGES))
    feh: np.ndarray = field(default_factory=lambda: _zeros(FEH_EDGES))

    def add(self, feh: np.ndarray, afe: np.ndarray, split) -> None:
        """Count one block of stars, and those of either population by a chemical split."""
        self.n_stars += len(feh)
        self.n_accreted += int(np.count_nonzero(split.accreted(feh, afe)))
        self.n_insitu += int(np.count_nonzero(split.insitu(feh, afe)))
        self.n_feh += int(np.count_nonzero(np.isfinite(feh)))
        both = np.isfinite(feh) & np.isfinite(afe)
        self.n_plane += int(np.count_nonzero(both))
        self.feh += np.histogram(feh[np.isfinite(feh)], FEH_EDGES)[0]
        counts, _, _ = np.histogram2d(feh[both], afe[both], (FEH_EDGES, AFE_EDGES))
        self.plane += counts.astype(np.int64)

    def count_text(self, n_drawn: int) -> str:
        """Say how many stars are drawn, and how many of all are accreted and in situ."""
        parts = f"{self.n_accreted:,} accreted, {self.n_insitu:,} in situ"
        return f"{page.stars_text(n_drawn)}\n{parts}"


def _zeros(*edges: np.ndarray) -> np.ndarray:
    return np.zeros([len(edge) - 1 for edge in edges], dtype=np.int64)


FIGURES = cli.Section("figures", {"density_cmap": page.cmap})


def build_parser():
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


def count_tracers(reader: StarReader, split=NO_SPLIT) -> Panel:
    """Count the survey's giants, or other tracers, outside Sagittarius and satellites."""
    tracer = page.plain(str(reader.meta.get("tracer", "stars")))
    panel = Panel(f"{tracer[:1].upper()}{tracer[1:]} outside cold substructure")
    flags = ("is_giant", "is_sagittarius", "is_satellite")
    for block in reader.blocks(("feh", "afe", *flags)):
        kept = block["is_giant"] & ~block["is_sagittarius"] & ~block["is_satellite"]
        panel.add(block["feh"][kept], block["afe"][kept], split)
    return panel


def count_halo(reader: StarReader, split=NO_SPLIT) -> Panel:
    """Count the halo sample."""
    panel = Panel("Halo sample")
    for block in reader.blocks(("feh", "afe")):
        panel.add(block["feh"], block["afe"], split)
    return panel


def aleph_line(flags: dict, polygon: list) -> tuple[np.ndarray, np.ndarray] | None:
    """Give the line of Aleph within the in-situ polygon, by the parameters of flag_substructure."""
    if not polygon or "aleph_afe_slope" not in flags:
        return None
    feh = np.linspace(FEH_EDGES[0], FEH_EDGES[-1], 701)
    afe = flags["aleph_afe_slope"] * feh + flags["aleph_afe_intercept"]
    return feh, np.where(Path(polygon).contains_points(np.column_stack([feh, afe])), afe, np.nan)


def draw_plane(figure, panels: list[Panel], polygon, feh_limits, aleph, cmap: str) -> None:
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
        if aleph is not None:
            axes.plot(*aleph, **ALEPH)
        axes.set_title(panel.name)
        lower_left = {"x": 0.04, "y": 0.05, "ha": "left", "va": "bottom"}
        page.corner_text(axes, panel.count_text(panel.n_plane), **lower_left)
        if panel.n_plane == 0:
            page.say_nothing_to_draw(axes, panel.name, "no stars")
        axes.set_xlabel("[Fe/H] (dex)")
    all_axes[0].set_ylabel(r"[$\alpha$/Fe] (dex)")
    if aleph is not None:
        all_axes[1].text(0.36, 0.03, "Aleph", ha="right", va="center", style="italic")
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
        text = panel.count_text(panel.n_feh) + ("\nno [α/Fe]: a proxy" if feh_limits else "")
        page.corner_text(axes, text, x=0.04, ha="left")
        if panel.n_feh == 0:
            page.say_nothing_to_draw(axes, panel.name, "no stars")
        axes.set(ylim=(0, top), xlim=FEH_EDGES[[0, -1]], xlabel="[Fe/H] (dex)")
    all_axes[0].set_ylabel(f"stars per {FEH_EDGES[1] - FEH_EDGES[0]:.2f} dex")


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    flags = ("is_giant", "is_sagittarius", "is_satellite")
    stars = StarReader(arguments.stars, ("feh", "afe", *flags))
    halo = StarReader(arguments.halo, ("feh", "afe"))
    split = metadata.parameters_of(halo.meta, "select_samples", arguments.halo)
    polygon, feh_limits = boundary(split)

    section = ("chemistry_", "")
    split = chemical_split({key.replace(*section): value for key, value in split.items()})
    panels = [count_tracers(stars, split), count_halo(halo, split)]
    with_afe = any(panel.n_plane for panel in panels)
    for panel in panels:
        drawn = panel.plane.sum() if with_afe else panel.feh.sum()
        cli.report(f"{panel.name}, in the frame", int(drawn), panel.n_stars)
    if not with_afe:
        print("note: no star has [alpha/Fe]; histograms of [Fe/H] are drawn")

    meta = page.common_meta(stars=stars.meta, halo=halo.meta)
    figure = page.page(page.TWO_COLUMNS_IN, 3.0, meta, page.split_note(halo.meta))
    if with_afe:
        flags = metadata.parameters_of(halo.meta, "flag_substructure", arguments.halo)
        aleph, cmap = aleph_line(flags, polygon), arguments.figures_density_cmap
        draw_plane(figure, panels, polygon, feh_limits, aleph, cmap)
    else:
        draw_feh(figure, panels, feh_limits)
    page.save(figure, arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
