"""Draw what every variation shifts, shell by shell, in half-widths of the interval (figure S3)."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import BoundaryNorm

from icefire import cli
from icefire.compare import sensitivity
from icefire.draw import page
from icefire.files import text_tables

SENSITIVITY = cli.Section("sensitivity", {"cmap": page.cmap})
# Half-widths at which the colour changes: the error bars end at 1.
LEVELS = (-8, -4, -2, -1, -0.3, 0.3, 1, 2, 4, 8)
TITLES = {"sigma_r": r"$\sigma_r$", "beta": r"$\beta$"}
ROW_IN = 0.15
# A shift below so many of its own errors is marked as one that chance can give.
CHANCE = 2.0


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--table", required=True, metavar="PATH", help="of summarise_sensitivity")
    SENSITIVITY.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def grid(table, names: list[str], edges: np.ndarray, column: str) -> np.ndarray:
    """Put a column in a grid, variations x shells (`edges` are their lower ends); NaN: no value."""
    found = np.full((len(names), len(edges)), np.nan)
    rows = [names.index(name) for name in table["variation"]]
    found[rows, np.searchsorted(edges, table["r_lo"])] = page.values(table, column)
    return found


def draw_panel(axes, table, names: list[str], cmap: str):
    """Draw one quantity: a row for each variation, a column for each shell with a value."""
    some = table[np.isfinite(page.values(table, "half_width"))]
    edges = np.unique(np.concatenate([some["r_lo"], some["r_hi"]])) if len(some) else np.arange(2.0)
    table = table[np.isin(table["r_lo"], edges[:-1])]
    columns = ("shift", "shift_error", "shift_in_half_widths")
    shift, error, halves = (grid(table, names, edges[:-1], column) for column in columns)
    colors = colormaps[cmap].with_extremes(bad=page.NO_VALUE)
    norm = BoundaryNorm(LEVELS, colors.N, extend="both")
    mesh = axes.pcolormesh(edges, np.arange(len(names) + 1), halves, cmap=colors, norm=norm)
    chance = (np.abs(shift) < CHANCE * error) & (np.abs(halves) >= sensitivity.SLIGHT)
    row, shell = np.nonzero(chance)
    axes.plot((edges[shell] + edges[shell + 1]) / 2, row + 0.5, "k.", ms=1.5, mew=0, zorder=3)
    axes.hlines(range(1, len(names)), *edges[[0, -1]], color="white", lw=0.4)
    axes.set(xlim=edges[[0, -1]], ylim=(len(names), 0))
    axes.tick_params(axis="y", which="both", length=0)
    axes.tick_params(axis="x", which="both", direction="out", top=False)
    return mesh, int(np.isfinite(halves).sum())


def work(arguments) -> None:
    texts = ("variation", *sensitivity.TEXTS)
    numbers = (*sensitivity.COLUMNS, *sensitivity.COUNTS, *sensitivity.NUMBERS)
    table = text_tables.read_ecsv(arguments.table, numbers, texts)
    page.use(arguments.style, arguments.run)
    said = table.meta["variations"]
    names = [one["variation"] for one in said]
    method = table.meta["parameters"]["run_realisations"]["uncertainty_method"]
    height_in = 1.25 + ROW_IN * len(names)
    shells = sensitivity.halo(table, "sigma_r")
    n_stars = int(page.values(shells[shells["variation"] == names[0]], "n_stars_baseline").sum())
    note = f"halo, {page.stars_text(n_stars)}, {method}"
    figure = page.page(page.ONE_COLUMN_IN, height_in, page.common_meta(table=table.meta), note)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (quantity, title) in zip(panels, TITLES.items(), strict=True):
        mesh, n_drawn = draw_panel(
            axes, sensitivity.halo(table, quantity), names, arguments.sensitivity_cmap
        )
        cli.report(f"{quantity}: shells with a shift", n_drawn)
        if not n_drawn:
            page.say_nothing_to_draw(axes, quantity, "no shell with a shift")
        axes.axvline(table.meta["max_radius_kpc"], color="0.3", ls=":", lw=0.7)
        axes.set(xlabel="$r$ (kpc)")
        axes.set_title(title, size=10)
        for row, one in enumerate(said):
            place = {"x": 1.04, "y": row + 0.5, "transform": axes.get_yaxis_transform()}
            axes.text(s=f"{one[quantity]['total']:.1f}", va="center", size=page.SMALL_PT, **place)
        axes.text(1.04, -0.4, "sum", size=page.SMALL_PT, transform=axes.get_yaxis_transform())
        axes.minorticks_off()
    labels = [page.plain(one["label"]) for one in said]
    panels[0].set_yticks(np.arange(len(names)) + 0.5, labels, size=page.SMALL_PT)
    bar = figure.colorbar(mesh, ax=panels, location="bottom", aspect=45, ticks=LEVELS, shrink=1.25)
    bar.ax.set_xticklabels([f"{level:g}".replace("-", "−") for level in LEVELS])
    bar.ax.tick_params(labelsize=page.SMALL_PT)
    bar.ax.minorticks_off()
    bar.set_label("shift in half-widths of the 68 % interval", size=9)
    page.save(figure, arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
