"""Draw maps of sigma_r in a Galactocentric plane (Han et al. 2024, figures 4 and 5).

Above contour maps of the halo, accreted and in-situ samples on one scale, below their stars. The
Gaia-Sausage-Enceladus ellipse is drawn on the accreted map, and the axis along which its stars are
hottest where --judged knows one. White hatching: bins closer to their sample's mean than half their
68 % interval is wide. --figures-maps draws maps of further quantities, each into two of --maps.

With --plane xy the ellipse takes --figures-gse-xy-axis-ratio and --figures-gse-xy-angle-deg instead
of the axes, the pitch and the azimuth.
"""

import argparse

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse
from matplotlib.patheffects import withStroke

from icefire import cli
from icefire.draw import maps, page
from icefire.errors import UserError
from icefire.files import metadata, text_tables
from icefire.files.columns import SAMPLES
from icefire.files.star_tables import StarReader

SUN = {"marker": "*", "ms": 8, "mfc": "black", "mec": "white", "mew": 0.6, "ls": "", "zorder": 6}
# Dashed purple as in the paper: one that every eye tells from the colours of viridis and the grey.
GSE = {"ls": (0, (4, 1.6)), "lw": 1.6, "ec": "#c000ff", "fill": False, "zorder": 5}
# White around lines, so that they show on any colour map.
CASING = [withStroke(linewidth=2.7, foreground="white", alpha=0.8)]
HOT = {"color": "black", "lw": 1.4, "zorder": 4.9, "path_effects": CASING}
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


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--plane", required=True, choices=("xy", "xz"))
    maps.add_flags(parser)
    for sample, name in SAMPLES.items():
        text = f"stars of the {name.lower()} sample"
        parser.add_argument(f"--{sample}-stars", required=True, metavar="PATH", help=text)
    parser.add_argument("--judged", metavar="PATH", help="of judge_claims.py, for the hot axis")
    ELLIPSE.add_flags(parser)
    page.add_page_flags(parser)
    return parser


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
    major, azimuth = maps.axis(azimuth_deg, pitch_deg), np.radians(azimuth_deg)
    middle = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    rotation = np.column_stack([major, middle, np.cross(major, middle)])
    q = rotation @ np.diag(np.square(axes)) @ rotation.T
    squares, directions = np.linalg.eigh(q[np.ix_([0, 2], [0, 2])])
    x, z = directions[:, 1]
    return np.sqrt(squares[1]), np.sqrt(squares[0]), float(np.degrees(np.arctan2(z, x)) % 180)


def gse_ellipse(arguments: argparse.Namespace) -> tuple[float, float, np.ndarray]:
    """Give axis ratio and angle of the ellipse in the plane of the figure, and the major axis.

    Raises UserError naming the flag that the plane needs and that is not there.
    """
    gse = ELLIPSE.values(arguments)
    for key in GSE_KEYS[arguments.plane]:
        if key not in gse:
            flag = ELLIPSE.parameter(key).replace("_", "-")
            raise UserError(f"--plane {arguments.plane} needs --{flag}")
    if arguments.plane == "xy":
        return gse["xy_axis_ratio"], gse["xy_angle_deg"], maps.axis(gse["xy_angle_deg"], 0)
    longer, shorter, angle_deg = projected_ellipse(
        gse["axes"], gse["azimuth_deg"], gse["pitch_deg"]
    )
    return shorter / longer, angle_deg, maps.axis(gse["azimuth_deg"], gse["pitch_deg"])


# --- panels ----------------------------------------------------------------------------------


def grid(summary, plane: str, path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the grid's two axes (kpc) and the row of the summary at each of its points.

    Raises UserError when the rows are not a whole grid.
    """
    first, second = (page.values(summary, name) for name in plane)
    x, column = np.unique(first, return_inverse=True)
    y, row = np.unique(second, return_inverse=True)
    if len(summary) != len(x) * len(y) or min(len(x), len(y)) < 2:
        raise UserError(f"{path}: its {len(summary)} rows are not a grid in {plane[0]}, {plane[1]}")
    at = np.empty((len(y), len(x)), dtype=int)
    at[row, column] = np.arange(len(summary))
    return x, y, at


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


def draw_map(axes, x, y, shown: np.ndarray, unsure: np.ndarray, scale: dict) -> None:
    """Fill contours; `scale` holds the colour map and its norm, whose steps they are."""
    axes.set_facecolor(page.NO_VALUE)
    shown = np.ma.masked_invalid(shown)
    # Contours need neighbours; the cells below them show every bin that has a value.
    axes.pcolormesh(x, y, shown, shading="nearest", rasterized=True, **scale)
    if shown.count() > 2:
        levels = scale["norm"].boundaries
        filled = axes.contourf(x, y, shown, levels, extend="both", **scale)
        # Without an edge of their own, viewers show hairlines between the bands.
        filled.set(edgecolor="face", linewidth=0.2)
    if unsure.any():
        cells = axes.contourf(x, y, unsure, (0.5, 1.5), colors="none")
        cells.set(**maps.HATCH)


def draw_points(axes, sample: str, x: np.ndarray, y: np.ndarray, n_stars: int) -> None:
    """Draw the stars as points, finer the more there are."""
    size = float(np.clip(3000 / max(len(x), 1), 0.25, 3.0))
    axes.scatter(x, y, s=size, color="0.15", alpha=0.5, linewidths=0, rasterized=True)
    if n_stars == 0:
        page.say_nothing_to_draw(axes, sample, "no stars")
    elif n_stars > len(x):
        page.corner_text(axes, f"{len(x):,} of them drawn", y=0.05, va="bottom")


def draw_marks(axes, arguments: argparse.Namespace, hot: np.ndarray | None) -> list[Line2D]:
    """Draw the ellipse, and the axis on which stars are hot; give their legend's handles."""
    ratio, angle_deg, major = gse_ellipse(arguments)
    half = arguments.figures_gse_semi_major_kpc
    look = {"path_effects": CASING, **GSE}
    axes.add_patch(Ellipse((0, 0), 2 * half, 2 * ratio * half, angle=angle_deg, **look))
    dashes = {"color": GSE["ec"], "ls": GSE["ls"], "lw": GSE["lw"], "zorder": GSE["zorder"]}
    lines = [(major, dashes | {"label": "GSE and its axis, size free"})]
    if hot is not None:
        lines.append((hot, HOT | {"label": "hottest axis"}))
    found = []
    for direction, look in lines:
        ends = np.outer([-half, half], direction[["xyz".index(name) for name in arguments.plane]])
        found += axes.plot(*ends.T, **look)
    return found


def draw_scale(axes, corner: float, radius_kpc: float) -> None:
    """Draw a bin in its true size near the lower left corner."""
    at = corner + radius_kpc + 1.5
    axes.add_patch(Circle((at, at), radius_kpc, fc="white", ec="black", lw=0.6, zorder=6))
    text = f"one bin, {radius_kpc:g} kpc"
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
    small = {"va": "center", "size": page.SMALL_PT, "zorder": 6, "bbox": box}
    axes.annotate(text, (at + radius_kpc, at), (4, 0), textcoords="offset points", **small)


def draw(name: str, summaries: dict, points: dict, judged: dict, arguments: argparse.Namespace):
    """Draw the maps of a quantity, and below those of sigma_r the stars."""
    meta = page.common_meta(
        **{sample: table.meta for sample, table in summaries.items()},
        **{f"{sample}_stars": reader.meta for sample, (_, _, reader) in points.items()},
    )
    note = page.split_note(summaries["accreted"].meta)
    min_stars = page.min_stars(summaries["halo"], arguments.halo)
    frame = metadata.parameters_of(summaries["halo"].meta, "compute_kinematics", arguments.halo)
    engine = metadata.parameters_of(summaries["halo"].meta, "run_realisations", arguments.halo)
    samples = page.samples_of(summaries["halo"].meta)
    shown = {s: maps.values(summaries[s], name, min_stars) for s in samples}
    scale = maps.scale(name, shown, arguments)
    width_in = page.TWO_COLUMNS_IN if len(samples) > 1 else page.ONE_COLUMN_IN
    n_rows = 2 if name == "sigma_r" else 1
    figure = page.page(width_in, 0.8 + 2.1 * n_rows, meta, note)
    panels = figure.subplots(n_rows, len(samples), sharex=True, sharey=True, squeeze=False)
    any_unsure = False
    for column, sample in zip(panels.T, samples, strict=True):
        x, y, at = grid(summaries[sample], arguments.plane, getattr(arguments, sample))
        px, py, reader = points[sample]
        unsure = maps.unsure(summaries[sample], name)[at]
        any_unsure |= bool(unsure.any())
        draw_map(column[0], x, y, shown[sample][at], unsure, scale)
        if not np.isfinite(shown[sample]).any():
            page.say_nothing_to_draw(column[0], sample, page.no_bin(min_stars))
        if n_rows > 1:
            draw_points(column[1], sample, px, py, reader.n_rows)
        column[0].set_title(f"{samples[sample]}, {page.stars_text(reader.n_rows)}")
        for axes in column:
            (sun,) = axes.plot(-frame["frame_galcen_distance_kpc"], 0, label="Sun", **SUN)
        column[-1].set_xlabel(f"${arguments.plane[0].upper()}$ (kpc)")
    marked = min(1, len(samples) - 1)
    hot = maps.hot_axis(judged, list(samples)[marked])
    marks = draw_marks(panels[0, marked], arguments, hot)
    for axes in panels[:, 0]:
        axes.set_ylabel(f"${arguments.plane[1].upper()}$ (kpc)")
    for axes in panels.flat:
        axes.set(aspect="equal", xlim=x[[0, -1]], ylim=y[[0, -1]])
        axes.minorticks_off()
    draw_scale(panels[0, 0], x[0], engine[f"geometry_{arguments.plane}_radius_kpc"])
    label = maps.label(name)
    bar = figure.colorbar(ScalarMappable(**scale), ax=panels[0], label=label, pad=0.02)
    maps.finish_bar(bar, scale)
    figure.legend(
        handles=[sun, *marks, *maps.handles(min_stars, any_unsure)],
        loc="outside lower center",
        ncols=5 if len(samples) > 1 else 2,
        fontsize=page.SMALL_PT,
    )
    if len(samples) == 1:
        # One below the other, though only the upper one has a colour bar beside it
        for axes in panels.flat:
            axes.set_anchor("W")
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    columns = (*arguments.plane, *maps.columns(arguments))
    summaries = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in SAMPLES}
    points = {
        sample: read_points(getattr(arguments, f"{sample}_stars"), arguments.plane, sample)
        for sample in SAMPLES
    }
    judged = page.judged(arguments.judged, summaries["halo"].meta)
    for name, files in maps.pages(arguments):
        page.save(draw(name, summaries, points, judged, arguments), files)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
