"""Published values beside a measurement: which are shown, and how they are drawn."""

import argparse

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from icefire import cli
from icefire.draw.names import Name
from icefire.draw.page import POINTS_PER_INCH, SMALL_PT, plain, values
from icefire.errors import UserError
from icefire.files import literature

# One after the other, a source's colour and shape: colours are told apart by every kind of colour
# vision (Tol 2021, muted), and are none of the curves'.
_COLORS = (
    "#117733",
    "#882255",
    "#6f6a1c",
    "#aa4499",
    "#332288",
    "#2f8f83",
    "#7a4419",
    "#555555",
    "#cc5500",
)
_MARKERS = "os^Dvp<>hdPX"
# What stands at one radius is set apart by so much of the axis.
_APART = 0.012
# How far inside the frame a value beyond it is marked.
_INSIDE_PT = 13.0


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the table of published values and which of its sources are shown."""
    parser.add_argument("--literature", metavar="PATH", help="published values, drawn if given")
    FIGURES.add_flags(parser)


FIGURES = cli.Section("figures", {"literature": cli.names}, optional=("literature",))


def read(
    path: str,
    quantities: tuple[str, ...],
    sources: tuple[str, ...] | None,
    r_limits_kpc: tuple[float, float],
):
    """Read published values that were verified, measure one of `quantities` and reach the axis.

    `sources` names those to show; None shows all. Gives the table with columns `draw_at`, the
    radius of the marker, and `draw_from` and `draw_to`, the ends of its range (kpc). The marker
    stands at r_mid where the source has one; values with only a range stand side by side along the
    visible part of it, and so do values at one radius.
    Raises UserError naming file and column when the table is not one of literature values, and
    naming the source that has no verified value in it.
    """
    table = literature.read(path, quantities)
    n_rows = len(table)
    if sources is not None:
        table = table[_chosen(path, np.asarray(table["source"], dtype=str), sources)]
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
    for radius in np.unique(middle):
        same = np.flatnonzero(middle == radius)
        steps = np.arange(len(same)) - (len(same) - 1) / 2
        middle[same] = np.clip(radius + _APART * (high - low) * steps, low, high)
    table["draw_at"] = middle
    table["draw_from"] = np.where(without, spans[:, 0], start)
    table["draw_to"] = np.where(without, spans[:, 1], end)
    cli.report("literature values drawn", len(table), n_rows)
    return table


def _chosen(path: str, known: np.ndarray, wanted: tuple[str, ...]) -> np.ndarray:
    """Tell which rows, whose sources are `known`, are of the wanted sources."""
    if unknown := [name for name in wanted if name not in known]:
        raise UserError(
            f"{path}: no verified value of {', '.join(unknown)} (--figures-literature); there are"
            f" {', '.join(dict.fromkeys(known)) or 'none'}"
        )
    return np.isin(known, wanted)


def draw(axes, table) -> tuple[list[Line2D], list[Name], list[np.ndarray]]:
    """Draw published values as open markers, one shape and colour per source.

    Error bars and ranges where the source has them; ranges of approximate values are dashed. A
    value beyond the vertical limits, which must be set, stands at the frame with an arrow and its
    number. Gives what a legend has to explain, the sources' names, and where points are drawn.
    """
    names, drawn = [], []
    for number, source in enumerate(dict.fromkeys(str(source) for source in table["source"])):
        look = _MARKERS[number % len(_MARKERS)], _COLORS[number % len(_COLORS)]
        rows = table[np.asarray(table["source"], dtype=str) == source]
        exact = np.asarray(rows["kind"], dtype=str) != "approximate"
        _draw_source(axes, rows[exact], *look, "-")
        _draw_source(axes, rows[~exact], *look, "--")
        label = plain(source)
        if {"sigma_los"} == set(np.asarray(rows["quantity"], dtype=str)):
            label += "*"
        names.append(Name(label, look[1], _marked_at(axes, rows)))
        drawn.append(_written_on(axes, rows))
    handles = []
    if np.any(np.asarray(table["kind"], dtype=str) == "approximate"):
        handles.append(Line2D([], [], color="0.3", lw=0.7, ls="--", label="approximate"))
    if np.any(np.asarray(table["quantity"], dtype=str) == "sigma_los"):
        handles.append(Line2D([], [], ls="none", label="* along the line of sight"))
    return handles, names, drawn


def _marked_at(axes, rows) -> np.ndarray:
    """Give where the markers stand, those of values beyond the frame a little inside it."""
    low, high = axes.get_ylim()
    room = 0.1 * (high - low)
    value = np.clip(values(rows, "value"), low, high)
    beyond = value != values(rows, "value")
    value[beyond] = np.clip(value[beyond], low + room, high - room)
    return np.column_stack([values(rows, "draw_at"), value])


def _written_on(axes, rows) -> np.ndarray:
    """Give points on markers, their error bars and the numbers beyond the frame."""
    at = _marked_at(axes, rows)
    bars = np.nan_to_num([-values(rows, "err_lo"), values(rows, "err_hi")])
    room = 0.05 * np.ptp(axes.get_ylim())
    shifts = [
        0 * bars[0],
        *(part * bar for part in (0.3, 0.65, 1) for bar in np.sign(bars) * abs(bars)),
    ]
    shifts += [np.full(len(rows), shift) for shift in (-room / 2, room / 2)]
    found = [at + np.column_stack([np.zeros(len(rows)), shift]) for shift in shifts]
    # The marker itself counts as many points: a name on it would be worse than one on a line.
    return np.vstack([*found, *[at] * 6])


def _draw_source(axes, rows, marker: str, hue: str, dashes) -> None:
    value = values(rows, "value")
    low, high = axes.get_ylim()
    for row in rows[(value < low) | (value > high)]:
        _draw_beyond(axes, float(row["draw_at"]), float(row["value"]), marker, hue)
    rows = rows[(value >= low) & (value <= high)]
    at, value = values(rows, "draw_at"), values(rows, "value")
    start, end = values(rows, "draw_from"), values(rows, "draw_to")
    axes.hlines(value, start, end, color=hue, lw=0.5, ls=dashes, zorder=3)
    error = np.abs(np.nan_to_num(np.vstack([values(rows, "err_lo"), values(rows, "err_hi")])))
    axes.errorbar(at, value, error, fmt="none", ecolor=hue, elinewidth=0.5, zorder=5)
    axes.add_line(_open_marker(marker, hue, at, value))


def _draw_beyond(axes, at: float, value: float, marker: str, hue: str) -> None:
    """Mark a value that lies beyond the frame: its marker just inside, an arrow, the number."""
    edge, inward = (
        (axes.get_ylim()[0], 1) if value < axes.get_ylim()[0] else (axes.get_ylim()[1], -1)
    )
    shift = inward * _INSIDE_PT
    arrow = {"arrowstyle": "->", "color": hue, "lw": 0.7, "shrinkA": 2.5, "shrinkB": 0}
    axes.annotate(
        "", (at, edge), (0, shift), textcoords="offset points", arrowprops=arrow, zorder=5
    )
    text = f"{value:g}".replace("-", "−")
    small = {"textcoords": "offset points", "size": SMALL_PT, "color": hue, "zorder": 5}
    axes.annotate(text, (at, edge), (0, shift + inward * 8), ha="center", va="center", **small)
    down = ScaledTranslation(0, shift / POINTS_PER_INCH, axes.figure.dpi_scale_trans)
    axes.add_line(_open_marker(marker, hue, [at], [edge], transform=axes.transData + down))


def _open_marker(marker: str, hue: str, x=(), y=(), **options) -> Line2D:
    look = {"linestyle": "none", "marker": marker, "markersize": 4.0, "zorder": 6}
    return Line2D(x, y, mfc="white", mec=hue, mew=0.8, **look, **options)
