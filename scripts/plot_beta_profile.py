"""Draw the velocity anisotropy over radius (Han et al. 2024, figure 10).

Above the four quadrants of (l, b) with 68 % intervals; below the whole sky, the first and the
fourth quadrant with 68 and 95 % intervals, and published values (open markers, grey where their
source calls them approximate, placed mid-range where it gives only a range, at the frame with an
arrow where they lie beyond it). The vertical axis is that of our own medians and of their 68 %
intervals down to -2. Bars are the 68 % intervals of a sound method, each a little off the middle of
its shell. Below all, of each sample, the same beside other finished runs, if given.

    python scripts/plot_beta_profile.py --halo results/summaries/radial/halo.ecsv \\
        --accreted results/summaries/radial/accreted.ecsv \\
        --insitu results/summaries/radial/insitu.ecsv \\
        --literature resources/literature_beta.ecsv \\
        --figures-quadrant-colors '#c1272d,#e69f00,#56b4a9,#2166ac' \\
        --style config/paper.mplstyle --pdf fig10.pdf --png fig10.png
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from icefire import cli
from icefire.draw import beside, literature, page, profiles

# The paper's numbering of the quadrants, section 3; the summaries call the whole sky 0.
NAMES = {
    0: "whole sky",
    1: r"first: $l > 180°$, $b > 0°$",
    2: r"second: $l < 180°$, $b > 0°$",
    3: r"third: $l < 180°$, $b < 0°$",
    4: r"fourth: $l > 180°$, $b < 0°$",
}
MARKERS = {0: "o", 1: "s", 2: "^", 3: "D", 4: "v"}


FIGURES = cli.Section(
    "figures", {"quadrant_colors": page.colors_of(("first", "second", "third", "fourth"))}
)


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    beside.add_flags(parser)
    literature.add_flags(parser)
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def draw_quadrants(axes, halo, numbers, colors: dict, percents, min_stars: int) -> None:
    """Draw the profiles of the numbered quadrants (0: whole sky) in one panel."""
    n_bins = 0
    slots = np.linspace(-0.2, 0.2, len(numbers))
    for number, slot in zip(numbers, slots, strict=True):
        profile = profiles.quadrant(halo, number)
        look = {"color": colors[number], "marker": MARKERS[number], "label": NAMES[number]}
        drawn = profiles.draw_profile(axes, profile, "beta", percents, **look)
        profiles.draw_sound(axes, profile, "beta", colors[number], slot)
        cli.report(f"quadrant {number}: radial bins drawn", drawn, len(profile))
        n_bins += drawn
    if n_bins == 0:
        page.say_nothing_to_draw(axes, f"quadrants {numbers}", page.no_bin(min_stars), y=0.25)


def draw(runs: dict, arguments: argparse.Namespace):
    """Draw both panels, and below them the runs beside this one; then the two are side by side."""
    colors = dict(enumerate(("black", *arguments.figures_quadrant_colors)))
    (halo, *_), *others = (list(tables.values()) for tables in runs.values())
    min_stars = page.min_stars(halo, arguments.halo)
    figure = beside.page_of(4.2 if others else 6.0, runs, "beta")
    upper, lower = figure.subplots(*((1, 2) if others else (2, 1)), sharex=True, sharey=True)
    n_stars = page.stars_text(int(page.values(profiles.quadrant(halo, 0), "n_stars").sum()))
    upper.set_title(f"Quadrants of the sky, {n_stars}")
    lower.set_title(f"Whole sky and two quadrants, {n_stars}")
    draw_quadrants(upper, halo, (1, 2, 3, 4), colors, (68,), min_stars)
    draw_quadrants(lower, halo, (0, 1, 4), colors, (68, 95), min_stars)
    r_limits = profiles.radial_limits([halo])
    upper.set(xlim=profiles.widened(r_limits), ylim=profiles.limits([halo], "beta"))
    for axes in (upper, lower) if others else (lower,):
        axes.set_xlabel("Galactocentric radius $r$ (kpc)")
    for axes in (upper, lower):
        axes.axhline(0, color="0.6", lw=0.5, zorder=1)
        axes.set_ylabel(beside.LABELS["beta"])
    quadrants, _ = upper.get_legend_handles_labels()
    handles = lower.get_legend_handles_labels()[0] + profiles.band_handles(halo)
    handles += profiles.mark_cut(lower, profiles.quadrant(halo, 0))
    if arguments.literature:
        sources = arguments.figures_literature
        published = literature.read(arguments.literature, ("beta",), sources, r_limits)
        handles += literature.draw(lower, published)
    small = {
        "ncols": 4 if others else 2,
        "fontsize": page.SMALL_PT,
        "handlelength": 1.3,
        "columnspacing": 0.9,
    }
    figure.legend(handles=quadrants, loc="outside upper center", **small)
    figure.legend(handles=handles, loc="outside lower center", **small)
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    page.save(draw(beside.read(arguments, "beta"), arguments), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
