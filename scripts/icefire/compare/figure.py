"""The figure of runs side by side: a row for each quantity, the first run beside the others."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import SubFigure

from icefire.compare.differences import catalogues
from icefire.compare.runs import Run
from icefire.draw import beside, page
from icefire.draw.profiles import limits as vertical_limits
from icefire.draw.profiles import quadrant, radial_limits
from icefire.files.columns import SAMPLES

_SAMPLES = ("accreted", "insitu")
# Those of whose stars the axis on which they are hot is measured
_AXES = ("halo", "accreted")
# Errors that the panels of differences show at least, to either side
_ERRORS_SHOWN = 3.0
_HEIGHTS = (1.3, 1.3, 0.9, 0.9, 0.8, 0.8)


def draw(runs: Mapping[str, Run], compared: Mapping) -> SubFigure:
    """Draw sigma_r, beta, their differences in errors, counts, and directions of the hot axis.

    `runs` are by their letters; `compared` holds the comparison of each but the first with it, by
    capital letter, geometry and sample, as `differences.bins` gives it. Left is accreted, right in
    situ; of the axis left the halo, right accreted. Where no run has such stars there is the halo
    alone.
    """
    split = any(
        page.values(run.summaries["radial", sample], "n_stars").any()
        for run in runs.values()
        for sample in _SAMPLES
    )
    shown, axes_shown = (_SAMPLES, _AXES) if split else (("halo",), ("halo",))
    width_in = page.TWO_COLUMNS_IN if split else page.ONE_COLUMN_IN
    figure = page.page(width_in, 9.0, catalogues(runs))
    panels = figure.subplots(
        len(_HEIGHTS), len(shown), sharey="row", height_ratios=_HEIGHTS, squeeze=False
    )
    names = [f"{letter.upper()}: {run.name}" for letter, run in runs.items()]
    drawn = []
    for column, sample in zip(panels.T, shown, strict=True):
        profiles = [quadrant(run.summaries["radial", sample], 0) for run in runs.values()]
        drawn += profiles
        column[0].set_title(SAMPLES[sample])
        limits = _radii(profiles)
        for axes, quantity in zip(column, beside.LABELS, strict=False):
            if not beside.draw(axes, profiles, names, quantity):
                page.say_nothing_to_draw(axes, f"{sample} {quantity}", "no bin with a value")
        tables = [quadrant(compared[x.upper(), "radial", sample], 0) for x in [*runs][1:]]
        for axes, quantity in zip(column[2:], beside.LABELS, strict=False):
            _draw_differences(axes, sample, quantity, tables)
        _draw_counts(column[4], profiles)
        for axes in column[:5]:
            axes.set_xlim(limits)
            axes.tick_params(labelbottom=axes is column[4])
        column[4].set_xlabel("Galactocentric radius $r$ (kpc)")
    labels = [*beside.LABELS.values(), r"$\Delta\sigma_r$ / error", r"$\Delta\beta$ / error"]
    for axes, quantity in zip(panels[:2, 0], beside.LABELS, strict=True):
        axes.set_ylim(vertical_limits(drawn, quantity))
    for axes, label in zip(panels[:, 0], [*labels, "stars per shell", ""], strict=True):
        axes.set_ylabel(label)
    for axes, sample in zip(panels[5], axes_shown, strict=True):
        _draw_axis(axes, sample, runs)
    beside.add_legend(figure, panels[0, 0], drawn)
    return figure


def _radii(profiles) -> tuple[float, float]:
    """Give the radii (kpc) between which any run has values, or all of them where none has."""
    measured = [table[np.isfinite(page.values(table, "sigma_r"))] for table in profiles]
    return radial_limits(measured if any(map(len, measured)) else profiles)


def _draw_differences(axes, sample: str, quantity: str, tables: list) -> None:
    """Draw the differences from the first run in errors, on bands of one and two errors."""
    for errors, gray in ((2, "0.93"), (1, "0.84")):
        axes.axhspan(-errors, errors, color=gray, lw=0, zorder=0)
    axes.axhline(0, color="0.5", lw=0.5, zorder=1)
    # The panels of a row share their limits: the wider ones stay.
    reach = max(_ERRORS_SHOWN, axes.get_ylim()[1])
    places = beside.slots(len(tables) + 1)
    for place, look, table in zip(places, beside.LOOKS[1:], tables, strict=False):
        in_errors = page.values(table, f"{quantity}_difference_in_errors")
        width = page.values(table, "r_hi") - page.values(table, "r_lo")
        axes.plot(page.values(table, "r_mid") + place * width, in_errors, ls="none", **look)
        reach = max(reach, 1.15 * np.abs(in_errors[np.isfinite(in_errors)]).max(initial=0))
    axes.set_ylim(-reach, reach)
    if not any(np.isfinite(page.values(t, f"{quantity}_difference")).any() for t in tables):
        text = "no shell with a value in two runs"
        page.say_nothing_to_draw(axes, f"{sample} difference of {quantity}", text)


def _draw_counts(axes, profiles) -> None:
    """Draw the stars of each shell as steps, on a logarithmic scale."""
    for profile, look in zip(profiles, beside.LOOKS, strict=False):
        n_stars = page.values(profile, "n_stars")
        if n_stars.any():
            edges = np.append(page.values(profile, "r_lo"), page.values(profile, "r_hi")[-1])
            steps = np.where(n_stars > 0, n_stars, np.nan)
            axes.stairs(steps, edges, baseline=None, color=look["color"], lw=1.1)
    axes.set_yscale("log")


def _draw_axis(axes, sample: str, runs: Mapping[str, Run]) -> None:
    """Draw the direction in X and Y in which a sample is hot, with its 68 % interval and its p."""
    for row, (run, look) in enumerate(zip(runs.values(), beside.LOOKS, strict=False)):
        found = run.judged[sample]["xy_direction_deg"]
        text = "too few stars" if found["p"] is None else f"p = {found['p']:.2g}"
        if found["value"] is not None:
            low, value, high = (found[key] for key in ("lo68", "value", "hi68"))
            axes.errorbar(value, row, xerr=[[value - low], [high - value]], **look)
        elif found["p"] is not None:
            text = f"no direction, {text}"
        axes.text(176, row, text, ha="right", va="center", size=page.SMALL_PT, color=look["color"])
    name = "whole halo" if sample == "halo" else SAMPLES[sample].lower()
    axes.set(xlabel=f"hot axis of the {name} from +X toward +Y (deg)", xlim=(0, 180))
    axes.set(
        ylim=(len(runs) - 0.4, -0.6), yticks=range(len(runs)), yticklabels=map(str.upper, runs)
    )
    axes.tick_params(axis="y", which="both", length=0)
