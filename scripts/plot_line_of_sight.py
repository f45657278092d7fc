"""Draw sigma_r or beta of every line of sight and its share of accreted stars.

Figures 7 (sigma_r) and 8 (beta) of Han et al. 2024, whose vertical axis is the accreted fraction
too. Each open circle is one HEALPix line of sight, its area proportional to the number of stars;
bars are the 68 % interval, a thick one of the paper's recipe where a thin one is of a sound method.

    python scripts/plot_line_of_sight.py --quantity sigma_r --sky results/summaries/sky/halo.ecsv \\
        --figures-line-of-sight-color '#444444' --figures-circle-area-per-star 0.5 \\
        --style config/paper.mplstyle --pdf fig07.pdf --png fig07.png
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from icefire import cli
from icefire.draw import page, profiles
from icefire.files import text_tables

LABELS = {
    "sigma_r": r"line-of-sight $\sigma_r$ (km s$^{-1}$)",
    "beta": r"line-of-sight anisotropy $\beta$",
}


FIGURES = cli.Section(
    "figures", {"line_of_sight_color": page.color, "circle_area_per_star": cli.positive}
)


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--quantity", required=True, choices=tuple(LABELS))
    parser.add_argument("--sky", required=True, metavar="PATH", help="sky summary of the halo")
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def marker_size(n_stars, area_per_star: float):
    """Give matplotlib's marker size (square of the diameter in points) for circles of that area."""
    return 4 / np.pi * area_per_star * np.asarray(n_stars, dtype=float)


def legend_counts(n_stars: np.ndarray) -> list[int]:
    """Give up to three round numbers of stars that span those drawn."""
    if len(n_stars) == 0:
        return []
    steps = [digit * 10**power for power in range(8) for digit in (1, 2, 5)]
    low, high = np.min(n_stars), np.max(n_stars)
    inside = [step for step in steps if low <= step <= high] or [int(high)]
    return sorted({inside[0], inside[len(inside) // 2], inside[-1]})


def draw(sky, quantity: str, color: str, area_per_star: float, min_stars: int):
    """Draw the circles with their intervals and the legend of their sizes."""
    value, fraction = page.values(sky, quantity), page.values(sky, "accreted_fraction")
    n_stars = page.values(sky, "n_stars")
    has = np.isfinite(value) & np.isfinite(fraction)
    cli.report("lines of sight drawn", int(has.sum()), len(sky))

    meta, note = page.common_meta(sky=sky.meta), page.split_note(sky.meta)
    figure = page.page(page.ONE_COLUMN_IN, 3.1, meta, note)
    axes = figure.subplots()
    axes.set(xlabel=LABELS[quantity], ylabel="accreted fraction")
    sound = page.sound_of(sky, quantity)
    for name, width, label in zip(
        (quantity, sound), (1.6 if sound else 0.5, 0.5), page.recipe_labels(sky), strict=True
    ):
        if name:
            low, high = (page.values(sky, column)[has] for column in page.interval(name, 68))
            bars = {"color": color, "lw": width, "alpha": 0.5, "label": label, "zorder": 2}
            axes.hlines(fraction[has], low, high, **bars)
    if sound:
        figure.legend(loc="outside lower center", ncols=2, fontsize=page.SMALL_PT)
        # A bar of few stars may reach anywhere below.
        axes.set_xlim(profiles.limits([sky[has]], quantity))
    look = {"facecolors": "none", "edgecolors": color, "linewidths": 0.8}
    sizes = marker_size(n_stars[has], area_per_star)
    axes.scatter(value[has], fraction[has], s=sizes, zorder=3, **look)
    if has.any():
        text = f"{page.stars_text(int(n_stars[has].sum()))}, {has.sum()} lines of sight"
        axes.set_title(text, fontsize=page.SMALL_PT, loc="right")
        counts = legend_counts(n_stars[has])
        handles = [axes.scatter([], [], s=marker_size(n, area_per_star), **look) for n in counts]
        widest = float(np.sqrt(marker_size(counts[-1], area_per_star)))
        figure.legend(
            handles,
            [f"{n:,} stars" for n in counts],
            loc="outside upper center",
            ncols=len(counts),
            handlelength=widest / page.SMALL_PT,
            handleheight=widest / page.SMALL_PT,
            fontsize=page.SMALL_PT,
        )
    else:
        page.say_nothing_to_draw(axes, quantity, page.no_bin(min_stars))
        axes.set(xticks=[], ylim=(0, 1))
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    quantity = arguments.quantity
    columns = ("n_stars", "accreted_fraction", *page.quantity_columns(quantity, (68,)))
    sky = text_tables.read_ecsv(arguments.sky, columns)
    color, area = FIGURES.values(arguments).values()
    min_stars = page.min_stars(sky, arguments.sky)
    page.save(draw(sky, quantity, color, area, min_stars), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
