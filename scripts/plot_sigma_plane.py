"""Draw maps of sigma_r in a Galactocentric plane (Han et al. 2024, figures 4 and 5).

Above contour maps of the halo, accreted and in-situ samples on one scale, below their stars. The
Gaia-Sausage-Enceladus ellipse is drawn on the accreted map.

    python scripts/plot_sigma_plane.py --plane xz --halo results/summaries/xz/halo.ecsv \\
        --accreted results/summaries/xz/accreted.ecsv --insitu results/summaries/xz/insitu.ecsv \\
        --halo-stars results/samples/halo.fits --accreted-stars results/samples/accreted.fits \\
        --insitu-stars results/samples/insitu.fits --figures-sigma-cmap viridis \\
        --figures-sigma-min-km-s 60 --figures-sigma-max-km-s 180 --figures-contour-levels 11 \\
        --figures-gse-axes 10,8.1,7.3 --figures-gse-pitch-deg=25 --figures-gse-azimuth-deg=70 \\
        --figures-gse-semi-major-kpc 20 \\
        --style config/paper.mplstyle --pdf fig05.pdf --png fig05.png

With --plane xy the ellipse takes --figures-gse-xy-axis-ratio and --figures-gse-xy-angle-deg instead
of the axes, the pitch and the azimuth.
"""

from __future__ import annotations

import argparse
import sys

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch
from matplotlib.patheffects import withStroke

from icefire import cli
from icefire.draw import page
from icefire.errors import UserError
from icefire.files import metadata, text_tables
from icefire.files.columns import SAMPLES
from icefire.files.star_tables import StarReader

SUN = {"marker": "*", "ms": 8, "mfc": "black", "mec": "white", "mew": 0.6, "ls": "", "zorder": 6}
# Dashed purple as in the paper: one that every eye tells from the colours of viridis and the grey.
GSE = {"ls": (0, (4, 1.6)), "lw": 1.6, "ec": "#c000ff", "fill": False, "zorder": 5}
# White around the dashes, so that they show on any colour map.
CASING = [withStroke(linewidth=2.7, foreground="white", alpha=0.8)]
# Points drawn at most in a panel: more would only blacken it and swell the file.
MAX_POINTS = 20_000
# What the ellipse of each plane needs
GSE_KEYS = {"xy": ("xy_axis_ratio", "xy_angle_deg"), "xz": ("axes", "pitch_deg", "azimuth_deg")}


def axes(text: str) -> tuple[float, ...]:
    """Read the three axes of an ellipsoid."""
    found = cli.triple(text)
    if min(found) <= 0:
        raise argparse.ArgumentTypeError(f"{text} holds an axis that is not positive")
    return found


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--plane", required=True, choices=("xy", "xz"))
    for sample, name in SAMPLES.items():
        text = f"summary of the {name.lower()} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
    for sample, name in SAMPLES.items():
        text = f"stars of the {name.lower()} sample"
        parser.add_argument(f"--{sample}-stars", required=True, metavar="PATH", help=text)
    page.SIGMA.add_flags(parser)
    FIGURES.add_flags(parser)
    ELLIPSE.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def contour_levels(text: str) -> int:
    """Read a flag's value as a number of contour levels."""
    value = int(text)
    if not 2 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 2 to 100")
    return value


FIGURES = cli.Section("figures", {"contour_levels": contour_levels})
ELLIPSE = cli.Section(
    "figures.gse",
    {
        "xy_axis_ratio": cli.positive,
        "xy_angle_deg": cli.finite,
        "axes": axes,
        "pitch_deg": cli.finite,
        "azimuth_deg": cli.finite,
        "semi_major_kpc": cli.positive,
    },
    optional=GSE_KEYS["xy"] + GSE_KEYS["xz"],
)


# --- the ellipse of Gaia-Sausage-Enceladus ---------------------------------------------------


def projected_ellipse(
    axes: tuple[float, float, float], azimuth_deg: float, pitch_deg: float
) -> tuple[float, float, float]:
    """Give the outline of a tilted triaxial ellipsoid as seen along Y, in the X-Z plane.

    The major axis lies along `azimuth_deg` from +X toward +Y and is pitched so that its end at
    X < 0, the Sun's side, stands `pitch_deg` above the plane (Han et al. 2022a: axes 10 : 8.1 :
    7.3, 25 deg). The middle axis stays parallel to the plane.

    Returns the semi-axes of the outline, longer first, in the unit of `axes`, and the angle of
    the longer one from +X toward +Z in degrees, 0 to 180.

    The outline of {x : x' Q^-1 x = 1} under projection is the ellipse of the projected Q, here
    its (X, Z) block: a cross section would be too small.
    """
    azimuth, pitch = np.radians(azimuth_deg), np.radians(pitch_deg)
    # Either end may be the one at X < 0.
    up = -np.copysign(np.sin(pitch), np.cos(azimuth) * pitch)
    major = np.array([np.cos(pitch) * np.cos(azimuth), np.cos(pitch) * np.sin(azimuth), up])
    middle = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    rotation = np.column_stack([major, middle, np.cross(major, middle)])
    q = rotation @ np.diag(np.square(axes)) @ rotation.T
    squares, directions = np.linalg.eigh(q[np.ix_([0, 2], [0, 2])])
    x, z = directions[:, 1]
    return np.sqrt(squares[1]), np.sqrt(squares[0]), float(np.degrees(np.arctan2(z, x)) % 180)


def gse_ellipse(arguments: argparse.Namespace) -> tuple[float, float]:
    """Give axis ratio and angle of the ellipse in the plane of the figure.

    Raises UserError naming the flag that the plane needs and that is not there.
    """
    gse = ELLIPSE.values(arguments)
    for key in GSE_KEYS[arguments.plane]:
        if key not in gse:
            flag = ELLIPSE.parameter(key).replace("_", "-")
            raise UserError(f"--plane {arguments.plane} needs --{flag}")
    if arguments.plane == "xy":
        return gse["xy_axis_ratio"], gse["xy_angle_deg"]
    longer, shorter, angle_deg = projected_ellipse(
        gse["axes"], gse["azimuth_deg"], gse["pitch_deg"]
    )
    return shorter / longer, angle_deg


# --- panels ----------------------------------------------------------------------------------


def grid(summary, plane: str, path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the grid's two axes (kpc) and sigma_r on it (second axis × first), NaN without value.

    Raises UserError when the rows are not a whole grid.
    """
    first, second = (page.values(summary, name) for name in plane)
    x, column = np.unique(first, return_inverse=True)
    y, row = np.unique(second, return_inverse=True)
    if len(summary) != len(x) * len(y) or min(len(x), len(y)) < 2:
        raise UserError(f"{path}: its {len(summary)} rows are not a grid in {plane[0]}, {plane[1]}")
    sigma = np.full((len(y), len(x)), np.nan)
    sigma[row, column] = page.values(summary, "sigma_r")
    return x, y, sigma


def read_points(path: str, plane: str, name: str) -> tuple[np.ndarray, np.ndarray, StarReader]:
    """Read the stars' places, every n-th star where there are too many to draw."""
    reader = StarReader(path, tuple(plane))
    step = -(-reader.n_rows // MAX_POINTS) or 1
    parts, start = [], 0
    for block in reader.blocks(tuple(plane)):
        n_rows = len(block[plane[0]])
        parts.append([block[axis][-start % step :: step] for axis in plane])
        start += n_rows
    x, y = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    cli.report(f"{name} stars drawn", len(x), reader.n_rows)
    return x, y, reader


def draw_map(axes, x: np.ndarray, y: np.ndarray, sigma: np.ndarray, scale: dict) -> None:
    """Fill contours of sigma_r; `scale` holds the colour map and its norm, whose steps they are."""
    axes.set_facecolor(page.NO_VALUE)
    sigma = np.ma.masked_invalid(sigma)
    # Contours need neighbours; the cells below them show every bin that has a value.
    axes.pcolormesh(x, y, sigma, shading="nearest", rasterized=True, **scale)
    if sigma.count() > 2:
        levels = scale["norm"].boundaries
        filled = axes.contourf(x, y, sigma, levels, extend="both", **scale)
        # Without an edge of their own, viewers show hairlines between the bands.
        filled.set(edgecolor="face", linewidth=0.2)


def draw_points(axes, sample: str, x: np.ndarray, y: np.ndarray, n_stars: int) -> None:
    """Draw the stars as points, finer the more there are."""
    size = float(np.clip(3000 / max(len(x), 1), 0.25, 3.0))
    axes.scatter(x, y, s=size, color="0.15", alpha=0.5, linewidths=0, rasterized=True)
    if n_stars == 0:
        page.say_nothing_to_draw(axes, sample, "no stars")
    elif n_stars > len(x):
        page.corner_text(axes, f"{len(x):,} of them drawn", y=0.05, va="bottom")


def add_legend(axes, min_stars: int) -> None:
    """Name the marks of all panels to the right of `axes`, below the colour bar."""
    legend = axes.legend(
        handles=[
            Line2D([], [], **SUN, label="Sun"),
            Line2D([], [], color=GSE["ec"], ls=GSE["ls"], lw=GSE["lw"], label="GSE"),
            Patch(color=page.NO_VALUE, label=f"< {min_stars}\nstars"),
        ],
        loc="upper left",
        bbox_to_anchor=(1.04, 1.02),
        borderaxespad=0,
        fontsize=page.SMALL_PT,
    )
    for text in legend.get_texts():
        text.set_linespacing(0.9)
    # It stands in the room that the colour bar takes anyway.
    legend.set_in_layout(False)


def draw(summaries: dict, points: dict, arguments: argparse.Namespace):
    """Draw the three maps and the three panels of stars."""
    meta = page.common_meta(
        **{sample: table.meta for sample, table in summaries.items()},
        **{f"{sample}_stars": reader.meta for sample, (_, _, reader) in points.items()},
    )
    note = page.split_note(summaries["accreted"].meta)
    min_stars = page.min_stars(summaries["halo"], arguments.halo)
    frame = metadata.parameters_of(summaries["halo"].meta, "compute_kinematics", arguments.halo)
    galcen_distance_kpc = frame["frame_galcen_distance_kpc"]
    low, high = page.sigma_limits(arguments)
    levels = np.linspace(low, high, arguments.figures_contour_levels)
    # At least as many colours as there are steps, whatever the colour map.
    cmap = matplotlib.colormaps[arguments.figures_sigma_cmap].resampled(256)
    scale = {"cmap": cmap, "norm": BoundaryNorm(levels, cmap.N, extend="both")}
    ratio, angle_deg = gse_ellipse(arguments)
    shown = page.samples_of(summaries["halo"].meta)
    width_in = page.TWO_COLUMNS_IN if len(shown) > 1 else page.ONE_COLUMN_IN
    figure = page.page(width_in, 4.75, meta, note)
    panels = figure.subplots(2, len(shown), sharex=True, sharey=True, squeeze=False)
    for (upper, lower), (sample, name) in zip(panels.T, shown.items(), strict=True):
        x, y, sigma = grid(summaries[sample], arguments.plane, getattr(arguments, sample))
        px, py, reader = points[sample]
        draw_map(upper, x, y, sigma, scale)
        if not np.isfinite(sigma).any():
            page.say_nothing_to_draw(upper, sample, page.no_bin(min_stars))
        draw_points(lower, sample, px, py, reader.n_rows)
        upper.set_title(f"{name}, {page.stars_text(reader.n_rows)}")
        for axes in (upper, lower):
            axes.plot(-galcen_distance_kpc, 0, **SUN)
        lower.set_xlabel(f"${arguments.plane[0].upper()}$ (kpc)")
    length = 2 * arguments.figures_gse_semi_major_kpc
    gse = Ellipse((0, 0), length, ratio * length, angle=angle_deg, path_effects=CASING, **GSE)
    panels[0, min(1, len(shown) - 1)].add_patch(gse)
    for axes in panels[:, 0]:
        axes.set_ylabel(f"${arguments.plane[1].upper()}$ (kpc)")
    for axes in panels.flat:
        axes.set(aspect="equal", xlim=x[[0, -1]], ylim=y[[0, -1]])
        axes.minorticks_off()
    add_legend(panels[1, -1], min_stars)
    label = r"$\sigma_r$ (km s$^{-1}$)"
    bar = figure.colorbar(ScalarMappable(**scale), ax=panels[0], label=label, pad=0.02)
    bar.set_ticks(levels[:: max(1, len(levels) // 10)])
    bar.ax.minorticks_off()
    if len(shown) == 1:
        # One below the other, though only the upper one has a colour bar beside it
        panels[0, 0].set_anchor("W")
        panels[1, 0].set_anchor("W")
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    columns = (*arguments.plane, "n_stars", "sigma_r")
    summaries = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in SAMPLES}
    points = {
        sample: read_points(getattr(arguments, f"{sample}_stars"), arguments.plane, sample)
        for sample in SAMPLES
    }
    page.save(draw(summaries, points, arguments), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
