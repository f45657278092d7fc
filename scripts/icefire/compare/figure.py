"""The figure of two runs side by side: profiles, differences and counts over radius."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import SubFigure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from icefire.compare.differences import catalogues
from icefire.compare.runs import Run
from icefire.draw import page
from icefire.draw.profiles import draw_profile, quadrant, radial_limits
from icefire.files.columns import SAMPLES

# Blue and vermilion, which every kind of colour vision tells apart (Okabe & Ito 2008), and shapes
# that do without colour. The first run is larger and open, so that it shows around the second.
_LOOKS = (
    {"color": "#0072b2", "marker": "o", "ls": "-", "ms": 5.5, "mfc": "none", "mew": 0.9},
    {"color": "#d55e00", "marker": "D", "ls": (0, (3, 1.5)), "ms": 2.4},
)
_LABELS = {"sigma_r": r"$\sigma_r$ (km s$^{-1}$)", "beta": r"anisotropy $\beta$"}
_POINTS = {
    "sigma_r": {"label": r"B − A of $\sigma_r$", "marker": "s", "color": "black", "ms": 4.0},
    "beta": {
        "label": r"B − A of $\beta$",
        "marker": "^",
        "color": "0.45",
        "mfc": "white",
        "ms": 4.5,
    },
}
_SAMPLES = ("accreted", "insitu")
# Letters of both names that fit beside each other in the legend, and of one that fits alone
_NAMES_BESIDE = 56
_NAME_LETTERS = 90
# Errors that the panel of differences shows at least, to either side
_ERRORS_SHOWN = 3.0


def draw(a: Run, b: Run, compared: dict) -> SubFigure:
    """Draw sigma_r, beta, their differences in errors, and counts; accreted left, in situ right.

    `compared` holds the radial comparison of each sample, as `comparison.bins` gives it.
    """
    figure = page.page(page.TWO_COLUMNS_IN, 7.2, catalogues(a, b))
    heights = (1.3, 1.3, 1.0, 0.8)
    panels = figure.subplots(4, 2, sharex="col", sharey="row", height_ratios=heights)
    for column, sample in zip(panels.T, _SAMPLES, strict=True):
        profiles = [quadrant(run.summaries["radial", sample], 0) for run in (a, b)]
        numbers = [f"{run.samples[sample].n_rows:,}" for run in (a, b)]
        column[0].set_title(f"{SAMPLES[sample]}: {numbers[0]} stars → {numbers[1]}")
        for axes, quantity in zip(column, _LABELS, strict=False):
            _draw_profiles(axes, sample, quantity, profiles, (a, b))
        _draw_differences(column[2], sample, quadrant(compared[sample], 0))
        limits = _radii(profiles)
        _draw_counts(column[3], profiles, limits)
        column[3].set(xlabel="Galactocentric radius $r$ (kpc)", xlim=limits)
    labels = (*_LABELS.values(), "B − A in errors", "stars per shell")
    for axes, label in zip(panels[:, 0], labels, strict=True):
        axes.set_ylabel(label)
    for axes in panels[:3, 0]:
        # The same steps whatever the panel's height: the page is laid out only once.
        axes.yaxis.set_major_locator(MaxNLocator(7, steps=(1, 2, 2.5, 5, 10)))
    _add_legend(figure, panels)
    return figure


def _add_legend(figure: SubFigure, panels) -> None:
    """Explain all panels above them, where nothing drawn can be hidden."""
    handles, texts = panels[0, 0].get_legend_handles_labels()
    # Long names stand below each other; longer ones than the page are cut.
    columns = 5 if sum(map(len, texts)) <= _NAMES_BESIDE else 1
    cut = [text if len(text) <= _NAME_LETTERS else f"{text[:_NAME_LETTERS]}…" for text in texts]
    texts = [page.plain(text) for text in cut]
    points, labels = panels[2, 0].get_legend_handles_labels()
    band = Patch(color="0.75", lw=0)
    texts = [*texts, "68 %", *labels]
    figure.legend([*handles, band, *points], texts, loc="outside upper center", ncols=columns)


def _radii(profiles) -> tuple[float, float]:
    """Give the radii (kpc) between which either run has values, or all of them where none has."""
    measured = [table[np.isfinite(page.values(table, "sigma_r"))] for table in profiles]
    some = measured if any(map(len, measured)) else profiles
    return radial_limits(some)


def _draw_profiles(axes, sample: str, quantity: str, profiles, runs) -> None:
    n_bins = 0
    for letter, run, profile, look in zip("AB", runs, profiles, _LOOKS, strict=True):
        label = f"{letter}: {run.name}"
        n_bins += draw_profile(axes, profile, quantity, (68,), label=label, **look)
    if quantity == "beta":
        axes.axhline(0, color="0.6", lw=0.5, zorder=1)
    if n_bins == 0:
        fewest = min(run.parameters["run_realisations"]["montecarlo_min_stars"] for run in runs)
        page.say_nothing_to_draw(axes, f"{sample} {quantity}", page.no_bin(fewest))


def _draw_differences(axes, sample: str, compared) -> None:
    """Draw the differences in errors, on bands of one and two errors."""
    for errors, gray in ((2, "0.93"), (1, "0.84")):
        axes.axhspan(-errors, errors, color=gray, lw=0, zorder=0)
    axes.axhline(0, color="0.5", lw=0.5, zorder=1)
    # The panels of a row share their limits: the wider ones stay.
    reach = max(_ERRORS_SHOWN, axes.get_ylim()[1])
    for quantity, look in _POINTS.items():
        in_errors = page.values(compared, f"{quantity}_difference_in_errors")
        axes.plot(page.values(compared, "r_mid"), in_errors, ls="none", zorder=3, **look)
        reach = max(reach, 1.15 * np.abs(in_errors[np.isfinite(in_errors)]).max(initial=0))
    axes.set_ylim(-reach, reach)
    if not np.isfinite(page.values(compared, "sigma_r_difference")).any():
        page.say_nothing_to_draw(axes, f"{sample} B - A", "no shell with a value in both")


def _draw_counts(axes, profiles, limits: tuple[float, float]) -> None:
    """Draw the stars of each shell within the limits (kpc) as steps, on a logarithmic scale."""
    for profile, look in zip(profiles, _LOOKS, strict=True):
        r_mid = page.values(profile, "r_mid")
        profile = profile[(r_mid > limits[0]) & (r_mid < limits[1])]
        n_stars = page.values(profile, "n_stars")
        if n_stars.any():
            edges = np.append(page.values(profile, "r_lo"), page.values(profile, "r_hi")[-1])
            steps = np.where(n_stars > 0, n_stars, np.nan)
            axes.stairs(steps, edges, baseline=None, color=look["color"], ls=look["ls"], lw=1.1)
    axes.set_yscale("log")
