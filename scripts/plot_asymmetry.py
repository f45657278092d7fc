"""Draw effects in ln sigma_r beside what permuted halos give, p-values, and the map (figure S2)."""

import numpy as np
from matplotlib import colormaps
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from icefire import cli
from icefire.draw import page
from icefire.files import text_tables
from icefire.judge.asymmetry import CASES, EFFECTS, LEVEL
from icefire.judge.significance import NULLS

TEXTS = ("test", "sample", "fixed")
MAP = ("R_lo", "R_hi", "phi_lo", "phi_hi", "n", "ln_sigma_r")
LABELS = {
    ("halo", "none"): "halo",
    ("halo", "population"): "halo, fixed population",
    ("halo", "population_feh"): "halo, fixed population and [Fe/H]",
    ("accreted", "none"): "accreted",
    ("insitu", "none"): "in situ",
}
MARKERS = ("o", "s", "D", "^", "v")
TITLES = {
    "sphere": "Is it a sphere?",
    "axisymmetric": "Is it axisymmetric?",
    "mirror": "Is north like south?",
}
PANELS = {
    "sphere": ("sphere",),
    "axisymmetric": ("axisymmetric",),
    "mirror": ("mirror", "mirror_bands"),
}
EFFECT_LABELS = {
    **{"l1_x": "x", "l1_y": "y", "l1_z": "z", "l2_zz": "zz", "l2_xz": "xz", "l2_yz": "yz"},
    **{"l2_xxyy": "xx–yy", "l2_xy": "xy"},
    **{"cos_phi": "cos φ", "sin_phi": "sin φ", "cos_2phi": "cos 2φ", "sin_2phi": "sin 2φ"},
    **{"north_south": "all r", "north_south_inner": "inner", "north_south_middle": "middle"},
    "north_south_outer": "outer",
}
TEST_LABELS = {
    "sphere": "sphere",
    "axisymmetric": "axisymmetric",
    "mirror": "mirror",
    "mirror_bands": "mirror, bands",
}
NULL_COLOR = "0.85"
# Effects beyond are of samples too small to show any; their bars leave the panel.
MOST = 0.6
SUN_DEG = 180.0

FIGURES = cli.Section("figures", {"accreted_color": page.color, "insitu_color": page.color})
SIGNIFICANCE = cli.Section("significance", {"cmap": page.cmap})


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--table", required=True, metavar="PATH", help="of test_asymmetry")
    parser.add_argument("--map", required=True, metavar="PATH", help="of test_asymmetry")
    FIGURES.add_flags(parser)
    SIGNIFICANCE.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def value(table, case: tuple[str, str], test: str, column: str) -> float:
    """Give one column of one test, NaN where it was not made."""
    mine = np.ones(len(table), bool)
    for name, wanted in zip(TEXTS, (test, *case), strict=True):
        mine &= np.asarray(table[name], dtype=str) == wanted
    return float(page.values(table[mine], column)[0]) if mine.any() else np.nan


def limit(table) -> float:
    """Give the reach of the effects' axis, the same in every panel."""
    reach = [np.abs(page.values(table, e)) + page.values(table, f"{e}_error") for e in EFFECTS]
    reach += [page.values(table, f"{e}_null95") for e in EFFECTS]
    reach = np.concatenate(reach)
    return min(1.1 * np.max(reach[np.isfinite(reach)], initial=0.1), MOST)


def effects_panel(axes, table, name: str, colors: list, reach: float) -> None:
    """Draw every effect of one null: a grey bar for the null, a point with its error on it."""
    drawn, labels = 0, []
    for test in PANELS[name]:
        for effect in NULLS[test].effects:
            for i, case in enumerate(CASES):
                at = len(labels) + 0.16 * (i - 2)
                middle, error, null = (
                    value(table, case, test, effect + part) for part in ("", "_error", "_null95")
                )
                if np.isfinite(null):
                    axes.bar(at, 2 * null, 0.14, -null, color=NULL_COLOR, lw=0, zorder=1)
                look = {"color": colors[i], "ms": 2.8, "elinewidth": 0.8, "capsize": 0}
                axes.errorbar(at, middle, np.nan_to_num(error), fmt=MARKERS[i], zorder=3, **look)
                drawn += np.isfinite(middle)
            labels.append(EFFECT_LABELS[effect])
    axes.axhline(0, color="0.4", lw=0.6, zorder=2)
    for at in range(1, len(labels)):
        axes.axvline(at - 0.5, color="0.9", lw=0.5, zorder=0)
    axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(-reach, reach), title=TITLES[name])
    axes.set_xticks(range(len(labels)), labels, size=page.SMALL_PT)
    axes.tick_params(axis="x", which="both", length=0)
    axes.xaxis.minorticks_off()
    cli.report(f"{name}: effects drawn", int(drawn))
    if not drawn:
        page.say_nothing_to_draw(axes, TITLES[name], "too few stars")


def p_panel(axes, table, colors: list) -> None:
    """Draw p of every test, and without the line of sight on which it rests most."""
    least = 1.0
    for row, test in enumerate(TEST_LABELS):
        for i, case in enumerate(CASES):
            p, worst = (value(table, case, test, name) for name in ("p", "p_worst"))
            at = row + 0.16 * (i - 2)
            axes.plot([p, worst], [at, at], color=colors[i], lw=0.8, zorder=2)
            axes.plot(worst, at, MARKERS[i], mfc="white", mec=colors[i], ms=3.2, mew=0.7, zorder=3)
            axes.plot(p, at, MARKERS[i], color=colors[i], ms=3.2, mec=colors[i], zorder=4)
            least = np.nanmin([least, p])
        axes.axhline(row + 0.5, color="0.9", lw=0.5, zorder=0)
    axes.axvline(LEVEL, color="0.4", lw=0.7, ls="--", zorder=1)
    axes.set(xscale="log", xlim=(min(least, 0.005) / 1.6, 1.25), ylim=(3.5, -0.5))
    axes.set_yticks(range(len(TEST_LABELS)), TEST_LABELS.values())
    axes.tick_params(axis="y", which="both", length=0)
    axes.yaxis.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.set(xlabel="p (open: without one line of sight)", title="How often the null gives as much")


def map_panel(axes, bins, cmap: str):
    """Draw ln sigma_r less its axisymmetric mean over azimuth and R; gives what to key."""
    low, high, left, right, _, values = (page.values(bins, name) for name in MAP)
    phi, radii = np.unique([left, right]), np.unique([low, high])
    title = "Halo less its axisymmetric mean"
    axes.set(title=title, xlabel="azimuth φ (deg)", ylabel="R (kpc)", facecolor=page.NO_VALUE)
    cli.report("bins of the map drawn", int(np.isfinite(values).sum()), len(values))
    if not np.isfinite(values).any():
        page.say_nothing_to_draw(axes, "map", "too few stars")
        return None
    reach = np.max(np.abs(values[np.isfinite(values)]))
    grid = np.full((len(radii) - 1, len(phi) - 1), np.nan)
    grid[np.searchsorted(radii, low), np.searchsorted(phi, left)] = values
    # Rings hold the same number of stars, and are drawn as wide.
    rings = np.arange(len(radii))
    mesh = axes.pcolormesh(phi, rings, grid, cmap=colormaps[cmap], vmin=-reach, vmax=reach)
    axes.axvline(SUN_DEG, color="black", lw=0.8, ls="--")
    axes.text(SUN_DEG, rings[-1] - 0.12, " Sun", size=page.SMALL_PT, va="top")
    axes.set(xlim=(phi[0], phi[-1]), ylim=(rings[0], rings[-1]))
    axes.set_yticks(rings, [f"{radius:.3g}" for radius in radii])
    axes.yaxis.minorticks_off()
    axes.set_xticks([0, 90, 180, 270, 360])
    return mesh


def draw(table, bins, arguments):
    """Draw three panels of effects, the p-values and the map."""
    colors = ["black", "#009e73", "#e69f00"]
    colors += [arguments.figures_accreted_color, arguments.figures_insitu_color]
    given = table.meta.get("parameters", {}).get("test_asymmetry", {})
    permutations = given.get("significance_permutations")
    note = f"N = {permutations:,} permutations" if permutations else ""
    meta = page.common_meta(table=table.meta, map=bins.meta)
    figure = page.page(page.TWO_COLUMNS_IN, 5.6, meta, note)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.1, 1), hspace=0)
    panels = upper.subplots(1, 3, sharey=True, width_ratios=(8, 4.4, 4.4))
    reach = limit(table)
    for axes, name in zip(panels, PANELS, strict=True):
        effects_panel(axes, table, name, colors, reach)
    panels[0].set(ylabel=r"effect in ln $\sigma_r$")
    handles = [
        Line2D([], [], ls="", marker=marker, color=color, ms=4, label=LABELS[case])
        for marker, color, case in zip(MARKERS, colors, CASES, strict=True)
        if any(np.isfinite(value(table, case, test, "p")) for test in TEST_LABELS)
    ]
    handles.append(Patch(color=NULL_COLOR, label="95 % of permuted halos"))
    upper.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=page.SMALL_PT)
    left, right = lower.subplots(1, 2, width_ratios=(1, 1.15))
    p_panel(left, table, colors)
    mesh = map_panel(right, bins, arguments.significance_cmap)
    if mesh is not None:
        lower.colorbar(mesh, ax=right, label=r"ln $\sigma_r$ – mean")
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    numbers = [f"{effect}{part}" for effect in EFFECTS for part in ("", "_error", "_null95")]
    table = text_tables.read_ecsv(arguments.table, ("p", "p_worst", *numbers), TEXTS)
    bins = text_tables.read_ecsv(arguments.map, MAP)
    page.save(draw(table, bins, arguments), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
