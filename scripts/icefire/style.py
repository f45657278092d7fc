"""What the figures share: flags, page and catalogue mark, sky maps, profiles, literature points.

Figures are made without pyplot and without a user's matplotlibrc, so that a figure depends on its
inputs, its flags and the style sheet alone, and equal inputs give equal bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import textwrap

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import is_color_like, to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from icefire import cli, tables
from icefire.errors import UserError

ONE_COLUMN_IN = 3.35
TWO_COLUMNS_IN = 7.0
SMALL_PT = 7.5
POINTS_PER_INCH = 72.0

# Samples in the order of the paper's panels, and what a reader calls them.
SAMPLES = {"halo": "Halo", "accreted": "Accreted", "insitu": "In situ"}

# Points drawn at most in a scatter plot: more would only blacken it and swell the file.
MAX_POINTS = 20_000

NO_VALUE = "0.82"
NO_VALUE_DARK = "0.40"

_SYNTHETIC = "synthetic catalogue"
_MARKERS = "os^Dvp<>hdPX"


# --- flags -----------------------------------------------------------------------------------


def add_page_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that every figure has: its style sheet and its two files."""
    parser.add_argument("--style", required=True, metavar="PATH", help="matplotlib style sheet")
    parser.add_argument("--pdf", required=True, metavar="PATH", help="figure to write, PDF")
    parser.add_argument("--png", required=True, metavar="PATH", help="figure to write, PNG")


def add_sigma_flags(parser: argparse.ArgumentParser) -> None:
    """Add the colour scale of the maps of sigma_r and the fewest stars of a bin with a value."""
    parser.add_argument("--cmap", required=True, type=cmap, help="matplotlib colour map")
    parser.add_argument("--sigma-min-km-s", required=True, type=cli.finite, help="its lower end")
    parser.add_argument("--sigma-max-km-s", required=True, type=cli.finite, help="its upper end")
    add_min_stars_flag(parser)


def add_min_stars_flag(parser: argparse.ArgumentParser) -> None:
    """Add the number of stars below which a bin has no value; only named in the figure."""
    parser.add_argument(
        "--min-stars", required=True, type=cli.count, help="fewest stars of a bin that has a value"
    )


def color(text: str) -> str:
    """Read a flag's value as a colour matplotlib knows."""
    if not is_color_like(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no colour: write a name or #rrggbb")
    return text


def cmap(text: str) -> str:
    """Read a flag's value as the name of a matplotlib colour map."""
    if text not in matplotlib.colormaps:
        raise argparse.ArgumentTypeError(f"{text!r} is no matplotlib colour map, such as cividis")
    return text


def sigma_limits(arguments: argparse.Namespace) -> tuple[float, float]:
    """Give the two ends of the colour scale. Raises UserError when they are in the wrong order."""
    low, high = arguments.sigma_min_km_s, arguments.sigma_max_km_s
    if low >= high:
        raise UserError(
            f"--sigma-max-km-s {high:g} must exceed --sigma-min-km-s {low:g}"
            " (figures.sigma_max_km_s and sigma_min_km_s in the configuration)"
        )
    return low, high


# --- page ------------------------------------------------------------------------------------


def use(path: str) -> None:
    """Set matplotlib to its own defaults and the style sheet at `path`, and nothing else.

    Raises OSError when the sheet cannot be read and UserError when it is no style sheet.
    """
    with open(path, encoding="utf-8"):
        pass  # matplotlib's own error for a missing sheet does not name the file as one
    matplotlib.rcdefaults()
    complaints: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: complaints.append(record.getMessage())
    # matplotlib only logs what it cannot read in a sheet; here that is a mistake to report.
    logger = logging.getLogger("matplotlib")
    logger.addHandler(listener)
    logger.propagate = False
    try:
        matplotlib.style.use(path)
    except (OSError, ValueError, SyntaxError) as error:
        complaints.append(str(error))
    finally:
        logger.removeHandler(listener)
        logger.propagate = True
    if complaints:
        raise UserError(f"{path}: not a matplotlib style sheet ({complaints[0]})")


def common_meta(**metas: dict) -> dict:
    """Give the catalogue's name and whether any table of it is synthetic.

    Takes one metadata mapping per input, named as its flag. Raises UserError when the inputs come
    from different catalogues, because the figure can carry only one name.
    """
    named = {flag: str(meta.get("catalogue", "unnamed catalogue")) for flag, meta in metas.items()}
    if len(set(named.values())) > 1:
        listed = ", ".join(f"--{flag.replace('_', '-')} {name!r}" for flag, name in named.items())
        raise UserError(f"inputs come from different catalogues: {listed}")
    return {
        "catalogue": next(iter(named.values())),
        "synthetic": any(bool(meta.get("synthetic", False)) for meta in metas.values()),
    }


def page(width_in: float, height_in: float, meta: dict) -> SubFigure:
    """Make an empty figure with the catalogue's name in its lower left corner.

    A synthetic catalogue is called so in the lower right one. Gives the part of the figure above
    them, to draw on: whatever the length of the name, nothing there can run into it.
    """
    margin_in = 0.05
    room_in = width_in - 2 * margin_in
    if meta["synthetic"]:
        room_in -= _text_width_in(_SYNTHETIC, weight="bold") + 2 * margin_in
    name = " ".join(meta["catalogue"].split())
    fits = int(0.97 * len(name) * room_in / max(_text_width_in(name), 1e-3))
    lines = textwrap.wrap(name, max(fits, 1)) or [""]
    strip_in = len(lines) * SMALL_PT * 1.2 / POINTS_PER_INCH + margin_in

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    heights = (height_in - strip_in, strip_in)
    body, strip = figure.subfigures(2, 1, height_ratios=heights, hspace=0)
    x, y = margin_in / width_in, margin_in / strip_in
    small = {"va": "bottom", "size": SMALL_PT, "linespacing": 1.2, "parse_math": False}
    strip.text(x, y, "\n".join(lines), color="0.35", **small)
    if meta["synthetic"]:
        strip.text(1 - x, y, _SYNTHETIC, ha="right", weight="bold", color="#a50f15", **small)
    return body


def _text_width_in(text: str, **font) -> float:
    """Measure a text in small print as it will be set, in inches."""
    from matplotlib.font_manager import FontProperties

    properties = FontProperties(size=SMALL_PT, **font)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return width / POINTS_PER_INCH


def save(body: SubFigure, arguments: argparse.Namespace) -> None:
    """Write the figure of a page as PDF and PNG, both or neither, without a date in them."""
    figure = body.figure
    # Laid out once, at the PNG's resolution: half the time, and the two files agree.
    dpi = matplotlib.rcParams["savefig.dpi"]
    figure.set_dpi(matplotlib.rcParams["figure.dpi"] if dpi == "figure" else dpi)
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    with contextlib.ExitStack() as stack:
        # Both are drawn before either takes its name.
        pdf = stack.enter_context(tables.replacing(arguments.pdf))
        png = stack.enter_context(tables.replacing(arguments.png))
        figure.savefig(pdf, format="pdf", metadata={"CreationDate": None})
        figure.savefig(png, format="png")


def corner_text(axes, text: str, x: float = 0.96, y: float = 0.95, **options) -> None:
    """Write small print in a panel's corner (upper right by default), readable over points."""
    options = {"ha": "right", "va": "top", "size": SMALL_PT, **options}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.2}
    axes.text(x, y, text, transform=axes.transAxes, bbox=box, zorder=10, **options)


def say_nothing_to_draw(axes, panel: str, text: str, y: float = 0.5) -> None:
    """Write in an empty panel (in its middle, or at height `y`) why it is empty, and in the log."""
    print(f"note: {panel}: {text}".replace("≥", ">="))
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
    middle = {"ha": "center", "va": "center", "transform": axes.transAxes}
    axes.text(0.5, y, text, size=SMALL_PT, bbox=box, zorder=10, **middle)


def no_bin(min_stars: int) -> str:
    """Say that no bin of a panel has a value."""
    return f"no bin with ≥ {min_stars} stars"


def stars_text(n_stars: int) -> str:
    """Say how many stars a panel shows."""
    return f"N = {n_stars:,}"


# --- tables ----------------------------------------------------------------------------------


def values(table, name: str) -> np.ndarray:
    """Give a numeric column as plain floats, NaN where it has no value."""
    return np.ma.filled(np.ma.asarray(table[name], dtype=float), np.nan)


def interval(quantity: str, percent: int) -> tuple[str, str]:
    """Name the two columns that bound a quantity's interval of `percent`."""
    return f"{quantity}_lo{percent}", f"{quantity}_hi{percent}"


def quantity_columns(quantity: str, percents: tuple[int, ...] = ()) -> tuple[str, ...]:
    """Name a quantity's column and those of its intervals."""
    return (quantity, *(name for percent in percents for name in interval(quantity, percent)))


# --- maps of the sky -------------------------------------------------------------------------


def sky_axes(figure: SubFigure, position: tuple[int, int, int], ground: str = "white"):
    """Add a Mollweide map of Galactic l and b, l increasing to the left from its middle at 0.

    `position` is the panel: rows, columns, number; `ground` the colour behind the longitudes,
    which are written inside the map. Draw on it with `draw_sky_polygons` and `sky_line`, which
    turn l around, below zorder 2.5, where the axes write their degrees.
    """
    axes = figure.add_subplot(*position, projection="mollweide")
    shown = np.array([120, 60, 0, -60, -120])
    axes.set_xticks(np.radians(-shown), [f"{l_deg % 360}°" for l_deg in shown])
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]), ["−60°", "−30°", "0°", "30°", "60°"])
    axes.tick_params(which="both", length=0)
    axes.set_longitude_grid_ends(90)
    axes.grid(True)
    ink = "black" if np.mean(to_rgb(ground)) > 0.5 else "white"
    box = {"facecolor": ground, "edgecolor": "none", "alpha": 0.7, "pad": 0.3}
    for text in axes.get_xticklabels():
        text.set(size=SMALL_PT, color=ink, bbox=box)
    return axes


def sky_line(axes, l_deg: np.ndarray, b_deg: np.ndarray, **options) -> None:
    """Draw a line over the sky, lifting the pen where it leaves the map's edge."""
    x = np.radians((180 - np.asarray(l_deg)) % 360 - 180)
    leaves = np.flatnonzero(np.abs(np.diff(x)) > np.pi) + 1
    axes.plot(np.insert(x, leaves, np.nan), np.insert(np.radians(b_deg), leaves, np.nan), **options)


def sky_polygons(
    l_deg: np.ndarray, b_deg: np.ndarray, centre_l_deg: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Unroll convex patches of the sky into the map's plane.

    Takes vertices (patches × vertices) and the longitudes of the patches' centres, in degrees.
    Gives polygons of (-l, b) in radians, and the patch each belongs to: a patch across the map's
    edge has two polygons, each hanging over its side, to be clipped by the map's outline; one
    around a pole is closed along the pole.
    """
    centre = -np.radians(centre_l_deg)[:, None]
    centre = (centre + np.pi) % (2 * np.pi) - np.pi
    b = np.radians(b_deg)
    # A pole has no longitude of its own: give it the centre's.
    offset = np.where(np.abs(b_deg) < 90 - 1e-6, -np.radians(l_deg) - centre, 0)
    x = centre + (offset + np.pi) % (2 * np.pi) - np.pi
    polygons, owners = [], []
    for patch, vertices in enumerate(np.stack([x, b], axis=-1)):
        jumps = np.abs(np.diff(vertices[:, 0], append=vertices[0, 0]))
        if jumps.max() > np.pi:
            vertices = _close_along_pole(np.roll(vertices, -1 - jumps.argmax(), axis=0))
        for shift in (0, 2 * np.pi, -2 * np.pi):
            shifted = vertices + np.array([shift, 0])
            if shifted[:, 0].min() < np.pi and shifted[:, 0].max() > -np.pi:
                polygons.append(shifted)
                owners.append(patch)
    return polygons, np.array(owners, dtype=int)


def _close_along_pole(ring: np.ndarray) -> np.ndarray:
    """Close a ring around a pole, whose vertices go once around in longitude, along that pole."""
    first, turn = ring[0], np.sign(ring[-1, 0] - ring[0, 0]) * 2 * np.pi
    # Many steps, because a meridian is curved on the map.
    up = np.linspace(first[1], np.copysign(np.pi / 2, first[1]), 24)
    there = np.column_stack([np.full_like(up, first[0] + turn), up])
    back = np.column_stack([np.full_like(up, first[0]), up])[::-1]
    return np.vstack([ring, there, back[:-1]])


def draw_sky_polygons(axes, polygons: list[np.ndarray], **options) -> PolyCollection:
    """Fill polygons of `sky_polygons` on a map of `sky_axes`; options as PolyCollection's."""
    # The vertices are projected here because matplotlib would cut every edge into 75 pieces.
    ends = np.cumsum([len(polygon) for polygon in polygons])[:-1]
    flat = np.vstack(polygons) if polygons else np.empty((0, 2))
    projected = np.split(axes.transProjection.transform(flat), ends) if polygons else []
    transform = axes.transAffine + axes.transAxes
    collection = PolyCollection(projected, transform=transform, **options)
    axes.add_collection(collection, autolim=False)
    collection.set_clip_path(axes.patch)
    return collection


# --- profiles --------------------------------------------------------------------------------


def quadrant(radial, number: int):
    """Give the rows of one quadrant (0: the whole sky) of a radial summary, in order of radius."""
    rows = radial[np.asarray(radial["quadrant"], dtype=int) == number]
    return rows[np.argsort(values(rows, "r_mid"), kind="stable")]


def radial_limits(profiles) -> tuple[float, float]:
    """Give the radii (kpc) that radial summaries span, 0 and 1 when they have no bin."""
    ends = [values(table, name) for table in profiles for name in ("r_lo", "r_hi")]
    ends = np.concatenate([[], *ends])
    return (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)


def widened(limits: tuple[float, float]) -> tuple[float, float]:
    """Give limits with room for the markers that stand on them."""
    room = 0.015 * (limits[1] - limits[0])
    return limits[0] - room, limits[1] + room


def draw_profile(axes, table, quantity: str, percents=(68, 95), **options) -> int:
    """Draw medians over radius with their intervals as bands; give the number of bins drawn.

    `table` has r_mid (kpc), the quantity and its interval columns; `options` are color, label and
    marker. A bin without neighbours, which no band reaches, gets error bars.
    """
    r, middle = values(table, "r_mid"), values(table, quantity)
    has = np.isfinite(middle)
    alone = has & ~np.append(has[1:], False) & ~np.append(False, has[:-1])
    hue = options["color"]
    for percent, alpha in zip(sorted(percents, reverse=True), (0.16, 0.30), strict=False):
        low, high = (values(table, name) for name in interval(quantity, percent))
        axes.fill_between(r, low, high, color=hue, alpha=alpha, linewidth=0, zorder=2)
        error = np.abs(np.vstack([middle - low, high - middle])[:, alone])
        axes.errorbar(r[alone], middle[alone], error, fmt="none", ecolor=hue, elinewidth=0.7)
    axes.plot(r, middle, zorder=4, **options)
    return int(np.count_nonzero(has))


# --- literature ------------------------------------------------------------------------------

_EXACT, _APPROXIMATE = "0.15", "0.55"

LITERATURE_TEXTS = ("source", "quantity", "kind", "verified")
LITERATURE_NUMBERS = ("r_lo", "r_mid", "r_hi", "value", "err_lo", "err_hi")


def read_literature(path: str, quantities: tuple[str, ...], r_limits_kpc: tuple[float, float]):
    """Read published values that were verified, measure one of `quantities` and reach the axis.

    Gives the table with columns `draw_at`, the radius of the marker, and `draw_from` and
    `draw_to`, the ends of its range (kpc). The marker stands at r_mid where the source has one;
    values with only a range stand side by side along the visible part of it.
    Raises UserError naming file and column when the table is not one of literature values.
    """
    table = tables.read_ecsv(path, LITERATURE_NUMBERS, LITERATURE_TEXTS)
    n_rows = len(table)
    verified = np.isin(np.asarray(table["verified"], dtype=str), ("yes", "derived"))
    table = table[verified & np.isin(np.asarray(table["quantity"], dtype=str), quantities)]
    low, high = r_limits_kpc
    start, end, middle = (values(table, name) for name in ("r_lo", "r_hi", "r_mid"))
    # A missing end of a range is open; comparisons with NaN are false.
    ranged = (np.isfinite(start) | np.isfinite(end)) & ~(start >= high) & ~(end <= low)
    inside = np.where(np.isfinite(middle), (middle >= low) & (middle <= high), ranged)
    inside &= np.isfinite(values(table, "value"))
    table, start, end, middle = table[inside], start[inside], end[inside], middle[inside]
    spans = np.column_stack([np.fmax(start, low), np.fmin(end, high)])
    without = np.isnan(middle)
    for span in np.unique(spans[without], axis=0):
        same = np.flatnonzero(without & np.all(spans == span, axis=1))
        middle[same] = np.linspace(*span, len(same) + 2)[1:-1]
    table["draw_at"] = middle
    table["draw_from"] = np.where(without, spans[:, 0], start)
    table["draw_to"] = np.where(without, spans[:, 1], end)
    cli.report("literature values drawn", len(table), n_rows)
    return table


def draw_literature(axes, table) -> list[Line2D]:
    """Draw published values as open markers, one shape per source; give the legend's handles.

    Error bars and ranges where the source has them. Approximate values are lighter and their
    ranges dashed.
    """
    handles = []
    sources = list(dict.fromkeys(str(source) for source in table["source"]))
    for number, source in enumerate(sources):
        marker = _MARKERS[number % len(_MARKERS)]
        rows = table[np.asarray(table["source"], dtype=str) == source]
        exact = np.asarray(rows["kind"], dtype=str) != "approximate"
        _draw_source(axes, rows[exact], marker, _EXACT, "-")
        _draw_source(axes, rows[~exact], marker, _APPROXIMATE, "--")
        label = source
        if {"sigma_los"} == set(np.asarray(rows["quantity"], dtype=str)):
            label += r" ($\sigma_{\rm los}$)"
        hue = _EXACT if exact.any() else _APPROXIMATE
        handles.append(_open_marker(marker, hue, label=label))
    if np.any(np.asarray(table["kind"], dtype=str) == "approximate"):
        handles.append(Line2D([], [], color=_APPROXIMATE, lw=0.7, ls="--", label="approximate"))
    return handles


def _draw_source(axes, rows, marker: str, hue: str, dashes) -> None:
    at, value = values(rows, "draw_at"), values(rows, "value")
    start, end = values(rows, "draw_from"), values(rows, "draw_to")
    axes.hlines(value, start, end, color=hue, lw=0.5, ls=dashes, zorder=3)
    error = np.abs(np.nan_to_num(np.vstack([values(rows, "err_lo"), values(rows, "err_hi")])))
    axes.errorbar(at, value, error, fmt="none", ecolor=hue, elinewidth=0.5, zorder=5)
    axes.add_line(_open_marker(marker, hue, at, value))


def _open_marker(marker: str, hue: str, x=(), y=(), **options) -> Line2D:
    look = {"linestyle": "none", "marker": marker, "markersize": 4.0, "zorder": 6}
    return Line2D(x, y, mfc="white", mec=hue, mew=0.8, **look, **options)
