"""Profiles over Galactocentric radius: rows of a radial summary, medians with their bands."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from icefire.draw.page import interval, quantity_columns, recipe_labels, sound_of, values

# Where the axis of beta ends whatever a recipe gives: from here on sigma_r is next to nothing.
LOWEST_BETA = -2.95
# A shell of which the cut of unbound stars took, or nearly took, more than this is marked.
CUT_SHARE = 0.01
# Of each interval in per cent: how opaque its band is, and how thick the bar of a lone bin.
BANDS = {95: (0.16, 0.6), 68: (0.30, 1.6)}
# Of the interval with systematic errors
HATCHED = {"facecolor": "none", "hatch": "//////", "linewidth": 0, "alpha": 0.6}


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


def extremes(tables, names: tuple[str, ...]) -> tuple[float, float] | None:
    """Give the lowest and the highest number in the named columns, None when there is none."""
    found = [values(table, name) for table in tables for name in names if name in table.colnames]
    found = np.concatenate([[], *found])
    found = found[np.isfinite(found)]
    return (float(found.min()), float(found.max())) if len(found) else None


def limits(tables, quantity: str, percents=(68,)) -> tuple[float, float]:
    """Give the vertical axis of profiles, around medians and intervals, in round steps.

    That of sigma_r (km/s) never goes below zero; that of beta has medians down to -3, and the 68 %
    intervals down to -2, a sound method's down to -1.
    """
    if quantity == "beta":
        lowest, _ = extremes(tables, ("beta",)) or (0.0, 1.0)
        low68, _ = extremes(tables, ("beta_lo68",)) or (0.0, 1.0)
        sound, _ = extremes(tables, ("beta_sound_lo68",)) or (0.0, 1.0)
        lowest = min(0.0, max(lowest, LOWEST_BETA), max(low68, -1.95), max(sound, -0.95))
        for low, _ in (systematic_ends(table, "beta") for table in tables):
            lowest = np.nanmin([lowest, *np.maximum(low, -1.95)])
        return 0.25 * np.floor((lowest - 0.05) / 0.25), 1.05
    tables = list(tables)
    names = *quantity_columns(quantity, percents), *interval("sigma_r_sound", 68)
    low, high = extremes(tables, names) or (0, 200)
    for ends in (systematic_ends(table, quantity) for table in tables):
        low, high = np.nanmin([low, *ends[0]]), np.nanmax([high, *ends[1]])
    return max(0.0, 20 * np.floor(low / 20 - 0.1)), 20 * np.ceil(high / 20 + 0.1)


def draw_profile(axes, table, quantity: str, percents=(68, 95), **options) -> int:
    """Draw medians over radius with their intervals as bands; give the number of bins drawn.

    `table` has r_mid (kpc), the quantity and its interval columns; `options` are color, label and
    marker. A bin without neighbours, which no band reaches, gets error bars.
    """
    r, middle = values(table, "r_mid"), values(table, quantity)
    has = np.isfinite(middle)
    alone = has & ~np.append(has[1:], False) & ~np.append(False, has[:-1])
    hue = options["color"]
    for percent in sorted(percents, reverse=True):
        alpha, thickness = BANDS[percent]
        low, high = (values(table, name) for name in interval(quantity, percent))
        axes.fill_between(r, low, high, color=hue, alpha=alpha, linewidth=0, zorder=2)
        error = np.abs(np.vstack([middle - low, high - middle])[:, alone])
        bars = {"fmt": "none", "ecolor": hue, "elinewidth": thickness, "zorder": 2}
        axes.errorbar(r[alone], middle[alone], error, **bars)
    axes.plot(r, middle, zorder=4, **options)
    if quantity == "beta" and (beyond := middle < LOWEST_BETA).any():
        # At the frame, an arrow
        place = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 6}
        axes.plot(r[beyond], np.zeros(beyond.sum()), "v", color=hue, ms=5, **place)
    return int(np.count_nonzero(has))


def sound_columns(table, quantity: str) -> tuple[str, ...]:
    """Name the columns of a sound method beside the paper's recipe: value and 68 % interval."""
    name = sound_of(table, quantity)
    return (name, *interval(name, 68)) if name else ()


def systematic_ends(table, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the ends of the 68 % interval with the systematic error added in quadrature.

    NaN where there is no systematic error; empty where none was asked for.
    """
    if f"{quantity}_systematic" not in table.colnames:
        return np.empty(0), np.empty(0)
    names = (quantity, *interval(quantity, 68), f"{quantity}_systematic")
    middle, low, high, half = (values(table, name) for name in names)
    return middle - np.hypot(middle - low, half), middle + np.hypot(high - middle, half)


def draw_systematic(axes, table, quantity: str, color: str) -> None:
    """Hatch what the 68 % interval is with the systematic error; a lone bin gets a dashed bar."""
    low, high = systematic_ends(table, quantity)
    if not len(low):
        return
    r, has = values(table, "r_mid"), np.isfinite(low)
    axes.fill_between(r, low, high, edgecolor=color, zorder=1.8, **HATCHED)
    alone = has & ~np.append(has[1:], False) & ~np.append(False, has[:-1])
    axes.vlines(r[alone], low[alone], high[alone], color=color, ls=":", lw=1.2, zorder=1.8)


def draw_sound(axes, table, quantity: str, color: str, slot: float = 0.0) -> None:
    """Draw what a sound method gives beside the paper's recipe: a tick, and a bar of 68 %.

    `slot` shifts them from the middle of their shells, in widths of these.
    """
    if not (names := sound_columns(table, quantity)):
        return
    columns = (*names, "r_mid", "r_lo", "r_hi")
    middle, low, high, r, r_lo, r_hi = (values(table, column) for column in columns)
    look = {"fmt": "_", "ms": 3, "mew": 0.8, "elinewidth": 0.8, "zorder": 3.5}
    bars = [middle - low, high - middle]
    axes.errorbar(r + slot * (r_hi - r_lo), middle, bars, color=color, **look)


def mark_cut(axes, table, **options) -> list:
    """Mark at the lower frame the shells of which the cut of unbound stars took too much.

    `table` may have cut_fraction; gives a legend's handle, or none where no shell is marked.
    """
    if "cut_fraction" not in table.colnames:
        return []
    much = (values(table, "cut_fraction") > CUT_SHARE) & (values(table, "n_stars") > 0)
    if not much.any():
        return []
    label = f"over {100 * CUT_SHARE:g} % at or near the unbound cut"
    place = axes.get_xaxis_transform()
    look = {"color": "black", "marker": "x", "ms": 4, "ls": "none", "clip_on": False}
    look |= {"transform": place, "zorder": 6, "label": label, **options}
    return axes.plot(values(table, "r_mid")[much], np.full(np.count_nonzero(much), 0.02), **look)


def band_handles(table, percents=(68, 95)) -> list:
    """Give a legend's handles that say which band, and which bar, is which interval."""
    # A narrower interval lies on the wider ones.
    alphas = [1 - np.prod([1 - BANDS[p][0] for p in BANDS if p >= percent]) for percent in percents]
    handles = [
        Patch(color="black", alpha=float(a), linewidth=0, label=recipe_labels(table, percent)[0])
        for percent, a in zip(percents, alphas, strict=True)
    ]
    if "beta_systematic" in table.colnames:
        handles.append(Patch(edgecolor="black", label="68 % with systematic", **HATCHED))
    if label := recipe_labels(table)[1]:
        look = {"color": "black", "marker": "|", "ms": 5, "ls": "none", "mew": 0.8}
        handles.append(Line2D([], [], label=label, **look))
    return handles
