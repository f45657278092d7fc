"""Draw what a calibration found: coverage and bias of every method (figure S1).

Above, how many intervals hold the truth over the number of stars and over the shape of the velocity
distribution; in the middle, bias of the dispersions and coverage over the relative error; below,
bias of beta over radius. Error bars are standard errors from halo to halo.
"""

from itertools import pairwise

import numpy as np
from matplotlib.lines import Line2D

from icefire import cli
from icefire.calibrate import coverage
from icefire.calibrate.coverage import ERRORS, FILLED, METHODS, RADII_KPC, STARS
from icefire.calibrate.halos import DISTANCES, SHAPES
from icefire.draw import page
from icefire.files import metadata, text_tables

TEXTS = ("scenario", "method", "quantity")
LIMITS = ("n_lo", "n_hi", "error_lo", "error_hi", "r_lo", "r_hi")
NUMBERS = (
    *("bias", "bias_error", "coverage68", "coverage68_error", "coverage95", "coverage95_error"),
    *("halos", "bins"),
)
MARKERS = {"han2024": "o", "bootstrap": "s", "likelihood": "^"}

CALIBRATION = cli.Section("calibration", {"method_colors": page.colors_of(METHODS)})


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--table", required=True, metavar="PATH", help="of summarise_calibration")
    CALIBRATION.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def series(table, method: str, quantity: str, column: str, places):
    """Give a column and its error at each (scenario, group), NaN where there is no bin."""
    texts = {name: np.asarray(table[name], dtype=str) for name in TEXTS}
    mine = (texts["method"] == method) & (texts["quantity"] == quantity)
    found = np.full((2, len(places)), np.nan)
    for i, (scenario, group) in enumerate(places):
        same = mine & (texts["scenario"] == scenario)
        for name in LIMITS:
            same &= page.values(table, name) == getattr(group, name)
        if same.any():
            found[:, i] = [
                page.values(table[same], name)[0] for name in (column, f"{column}_error")
            ]
    return found


def draw_series(axes, table, colors, quantity, columns, places, scale=1.0) -> int:
    """Draw columns of all methods, a method's joined by lines; give the number of points."""
    n_drawn = 0
    for i, method in enumerate(METHODS):
        at = np.arange(len(places)) + 0.12 * (i - 1)
        look = {"color": colors[i], "ms": 3.5, "capsize": 0, "elinewidth": 0.7}
        values = []
        for column in columns:
            value, error = scale * series(table, method, quantity, column, places)
            axes.errorbar(at, value, np.nan_to_num(error), fmt=MARKERS[method], **look)
            values.append(value)
        axes.vlines(at, np.min(values, axis=0), np.max(values, axis=0), colors[i], lw=0.7)
        n_drawn += int(np.isfinite(values).sum())
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


def coverage_panel(axes, table, colors, places, title: str) -> int:
    """Draw how many of the 68 % (lower points) and 95 % (upper) intervals of dispersions hold."""
    for percent in (68, 95):
        axes.axhline(percent, color="0.5", lw=0.7, ls="--", zorder=1)
    axes.set(ylim=(-4, 105), ylabel=r"coverage of $\sigma$ (%)", title=title)
    return draw_series(axes, table, colors, "sigma", ("coverage68", "coverage95"), places, 100)


def beta_panel(axes, table, colors, scenario: str, title: str) -> int:
    """Draw the bias of beta over radius."""
    places = [
        (scenario, coverage.Group(n_lo=FILLED, r_lo=low, r_hi=high))
        for low, high in pairwise(RADII_KPC)
    ]
    axes.axhline(0, color="0.5", lw=0.7, ls="--", zorder=1)
    axes.set(ylabel=r"bias of $\beta$", xlabel="Galactocentric radius (kpc)", title=title)
    axes.set_xticks(range(len(places)), interval_labels(RADII_KPC, f"< {RADII_KPC[1]:g}"))
    return draw_series(axes, table, colors, "beta", ("bias",), places)


def draw(table, colors: list[str], min_stars: int):
    """Draw the six panels."""
    halos = table.meta.get("parameters", {}).get("run_calibration", {}).get("calibration_halos")
    note = f"N = {halos:,} halos of each scenario" if halos else ""
    figure = page.page(page.TWO_COLUMNS_IN, 7.6, page.common_meta(table=table.meta), note)
    (many, shape), (off, held), (far, own) = figure.subplots(3, 2)
    by_stars = [("gaussian", coverage.Group(n_lo=low, n_hi=high)) for low, high in pairwise(STARS)]
    by_shape = [(scenario, coverage.Group(n_lo=30, n_hi=FILLED)) for scenario in SHAPES]
    by_error = [
        ("gaussian", coverage.Group(n_lo=FILLED, error_lo=low, error_hi=high))
        for low, high in pairwise(ERRORS)
    ]
    filled = f"bins with ≥ {FILLED} stars"
    panels = {}
    panels[many] = coverage_panel(many, table, colors, by_stars, "Gaussian velocities and errors")
    panels[shape] = coverage_panel(
        shape, table, colors, by_shape, f"Shapes of the velocities, 30–{FILLED - 1} stars"
    )
    panels[off] = draw_series(off, table, colors, "sigma", ("bias",), by_error, 100)
    off.axhline(0, color="0.5", lw=0.7, ls="--", zorder=1)
    off.set(ylabel=r"bias of $\sigma$ (%)", title=f"Gaussian, {filled}")
    panels[held] = coverage_panel(held, table, colors, by_error, f"Gaussian, {filled}")
    farthest, error = max(DISTANCES.items(), key=lambda item: item[1])
    panels[far] = beta_panel(
        far, table, colors, farthest, f"Distances to {100 * error:.0f} %, Gaia's motions, {filled}"
    )
    panels[own] = beta_panel(own, table, colors, "catalogue", f"This catalogue's stars, {filled}")
    many.set_xlabel("stars per bin")
    many.set_xticks(range(len(by_stars)), stars_labels(min_stars))
    names = [f"{name.capitalize()} ".replace(" ", "\n", 1) for name in SHAPES]
    shape.set_xticks(range(len(by_shape)), names)
    for axes in (off, held):
        axes.set_xlabel("error / dispersion")
        axes.set_xticks(range(len(by_error)), interval_labels(ERRORS, f"< {ERRORS[1]:g}"))
    finish(panels, (far, own), min_stars)
    handles = [
        Line2D([], [], ls="", marker=MARKERS[method], color=color, ms=4, label=method)
        for method, color in zip(METHODS, colors, strict=True)
    ]
    handles.append(
        Line2D([], [], ls="", label="coverage: lower point 68 %, upper point 95 % intervals")
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=page.SMALL_PT)
    return figure


def finish(panels: dict, alike: tuple, min_stars: int) -> None:
    """Count each panel's points, say where there are none, and give two panels the same height."""
    for axes, drawn in panels.items():
        axes.set_xlim(-0.5, len(axes.get_xticks()) - 0.5)
        axes.minorticks_off()
        cli.report(f"{axes.get_title()}: points drawn", drawn)
        if drawn == 0:
            page.say_nothing_to_draw(axes, axes.get_title(), page.no_bin(min_stars))
    low, high = (f([axes.get_ylim() for axes in alike]) for f in (np.min, np.max))
    for axes in alike:
        axes.set_ylim(low, high)


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    table = text_tables.read_ecsv(arguments.table, (*LIMITS, *NUMBERS), TEXTS)
    step = metadata.parameters_of(table.meta, "run_calibration", arguments.table)
    min_stars = step["montecarlo_min_stars"]
    page.save(draw(table, arguments.calibration_method_colors, min_stars), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
