"""Draw what a calibration found: coverage and bias of every method (figure S1).

Above, how many intervals hold the truth over the number of stars; in the middle, bias of the
dispersions and coverage over the relative error; below, bias of beta over radius. Error bars are
standard errors from halo to halo.

    python scripts/plot_calibration.py --table results/calibration.ecsv \\
        --calibration-method-colors '#d7301f,#3b6fb6,#009e73' \\
        --style config/paper.mplstyle --pdf figS1.pdf --png figS1.png
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise

import numpy as np
from matplotlib.lines import Line2D

from icefire import cli
from icefire.calibrate import coverage
from icefire.calibrate.coverage import ERRORS, FILLED, METHODS, RADII_KPC, STARS
from icefire.draw import page
from icefire.files import metadata, text_tables

TEXTS = ("scenario", "method", "quantity")
LIMITS = ("n_lo", "n_hi", "error_lo", "error_hi", "r_lo", "r_hi")
NUMBERS = (
    *("bias", "bias_error", "coverage68", "coverage68_error", "coverage95", "coverage95_error"),
    *("halos", "bins"),
)
MARKERS = {"han2024": "o", "bootstrap": "s", "likelihood": "^"}


def method_colors(text: str) -> list[str]:
    """Read one colour per method."""
    colors = [page.color(part) for part in text.split(",")]
    if len(colors) != len(METHODS):
        names = ", ".join(METHODS)
        raise argparse.ArgumentTypeError(f"{len(colors)} colours for the methods {names}")
    return colors


CALIBRATION = cli.Section("calibration", {"method_colors": method_colors})


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--table", required=True, metavar="PATH", help="of summarise_calibration")
    CALIBRATION.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def series(table, scenario: str, method: str, quantity: str, column: str, groups):
    """Give a column and its error for one group after the other, NaN where a group has no bin."""
    mine = np.ones(len(table), bool)
    for name, wanted in zip(TEXTS, (scenario, method, quantity), strict=True):
        mine &= np.asarray(table[name], dtype=str) == wanted
    rows = table[mine]
    found = np.full((2, len(groups)), np.nan)
    for i, group in enumerate(groups):
        same = np.all([page.values(rows, name) == getattr(group, name) for name in LIMITS], axis=0)
        if same.any():
            found[:, i] = [page.values(rows[same], name)[0] for name in (column, f"{column}_error")]
    return found


def draw_series(axes, x, table, colors, scenario, quantity, column, groups, scale=1.0, empty=False):
    """Draw one column of all methods side by side; give the number of points drawn."""
    n_drawn = 0
    for i, method in enumerate(METHODS):
        value, error = scale * series(table, scenario, method, quantity, column, groups)
        look = {"color": colors[i], "mfc": "white" if empty else colors[i], "ms": 4, "capsize": 0}
        at = np.asarray(x) + 0.12 * (i - 1)
        axes.errorbar(at, value, np.nan_to_num(error), fmt=MARKERS[method], elinewidth=0.7, **look)
        n_drawn += int(np.isfinite(value).sum())
    return n_drawn


def stars_labels(min_stars: int) -> list[str]:
    labels = []
    for low, high in pairwise(STARS):
        low = max(low, min_stars)
        labels.append(f"≥ {low:.0f}" if np.isinf(high) else f"{low:.0f}–{high - 1:.0f}")
    return labels


def interval_labels(limits, first: str) -> list[str]:
    labels = [f"{low:g}–{high:g}" for low, high in pairwise(limits)]
    return [first, *labels[1:-1], f"≥ {limits[-2]:g}"]


def coverage_panel(axes, table, colors, scenario: str, groups, title: str) -> int:
    """Draw how many of the 68 % (filled) and 95 % (open) intervals of dispersions hold."""
    x, drawn = range(len(groups)), 0
    for percent, empty in ((68, False), (95, True)):
        axes.axhline(percent, color="0.5", lw=0.7, ls="--", zorder=1)
        where = (scenario, "sigma", f"coverage{percent}", groups)
        drawn += draw_series(axes, x, table, colors, *where, 100, empty)
    axes.set(ylim=(-4, 105), ylabel=r"coverage of $\sigma$ (%)", title=title)
    return drawn


def beta_panel(axes, table, colors, scenario: str, title: str) -> int:
    """Draw the bias of beta over radius, of bins with many stars (filled) and few (open)."""
    drawn = 0
    for n_lo, n_hi in ((FILLED, np.inf), (0, FILLED)):
        groups = [
            coverage.Group(n_lo=n_lo, n_hi=n_hi, r_lo=low, r_hi=high)
            for low, high in pairwise(RADII_KPC)
        ]
        where = (scenario, "beta", "bias", groups)
        drawn += draw_series(axes, range(len(groups)), table, colors, *where, 1.0, n_lo == 0)
    axes.axhline(0, color="0.5", lw=0.7, ls="--", zorder=1)
    labels = interval_labels(RADII_KPC, f"< {RADII_KPC[1]:g}")
    axes.set(ylabel=r"bias of $\beta$", xlabel="Galactocentric radius (kpc)", title=title)
    axes.set_xticks(range(len(labels)), labels)
    return drawn


def draw(table, colors: list[str], min_stars: int):
    """Draw the six panels."""
    halos = table.meta.get("parameters", {}).get("run_calibration", {}).get("calibration_halos")
    note = f"N = {halos:,} halos in each panel" if halos else ""
    figure = page.page(page.TWO_COLUMNS_IN, 7.6, page.common_meta(table=table.meta), note)
    (many, odd), (off, held), (far, own) = figure.subplots(3, 2)
    by_stars = [coverage.Group(n_lo=low, n_hi=high) for low, high in pairwise(STARS)]
    by_error = [
        coverage.Group(n_lo=FILLED, error_lo=low, error_hi=high) for low, high in pairwise(ERRORS)
    ]
    panels = {}
    panels[many] = coverage_panel(
        many, table, colors, "assumptions", by_stars, "Gaussian velocities and errors"
    )
    panels[odd] = coverage_panel(
        odd, table, colors, "two populations", by_stars, "Two populations (not Gaussian)"
    )
    where = ("assumptions", "sigma", "bias", by_error)
    panels[off] = draw_series(off, range(len(by_error)), table, colors, *where, 100)
    off.axhline(0, color="0.5", lw=0.7, ls="--", zorder=1)
    off.set(ylabel=r"bias of $\sigma$ (%)", title=f"Gaussian, bins with ≥ {FILLED} stars")
    panels[held] = coverage_panel(
        held, table, colors, "assumptions", by_error, f"Gaussian, bins with ≥ {FILLED} stars"
    )
    panels[far] = beta_panel(far, table, colors, "distances", "Distances to 10 %, Gaia's motions")
    panels[own] = beta_panel(own, table, colors, "catalogue", "This catalogue's stars and errors")
    for axes in (many, odd):
        axes.set_xlabel("stars per bin")
        axes.set_xticks(range(len(by_stars)), stars_labels(min_stars))
    for axes in (off, held):
        axes.set_xlabel("error / dispersion")
        axes.set_xticks(range(len(by_error)), interval_labels(ERRORS, f"< {ERRORS[1]:g}"))
    for axes, drawn in panels.items():
        axes.margins(x=0.08)
        axes.minorticks_off()
        cli.report(f"{axes.get_title()}: points drawn", drawn)
        if drawn == 0:
            page.say_nothing_to_draw(axes, axes.get_title(), page.no_bin(min_stars))
    low, high = (f([axes.get_ylim() for axes in (far, own)]) for f in (np.min, np.max))
    for axes in (far, own):
        axes.set_ylim(low, high)
    handles = [
        Line2D([], [], ls="", marker=MARKERS[method], color=color, ms=4, label=method)
        for method, color in zip(METHODS, colors, strict=True)
    ]
    texts = (
        ("0.3", f"68 % intervals; bottom row: ≥ {FILLED} stars"),
        ("white", f"95 % intervals; bottom row: < {FILLED} stars"),
    )
    for fill, label in texts:
        handles.append(Line2D([], [], ls="", marker="o", mec="0.3", mfc=fill, ms=4, label=label))
    figure.legend(handles=handles, loc="outside upper center", ncols=5, fontsize=page.SMALL_PT)
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style)
    table = text_tables.read_ecsv(arguments.table, (*LIMITS, *NUMBERS), TEXTS)
    step = metadata.parameters_of(table.meta, "run_calibration", arguments.table)
    min_stars = step["montecarlo_min_stars"]
    page.save(draw(table, arguments.calibration_method_colors, min_stars), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
