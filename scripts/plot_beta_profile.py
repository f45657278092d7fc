"""Draw the velocity anisotropy over radius (Han et al. 2024, figure 10).

Above the four quadrants of (l, b) with 68 % intervals; below the whole sky, the first and the
fourth quadrant with 68 and 95 % intervals, and published values (open markers, grey where their
source calls them approximate, placed mid-range where it gives only a range).

    python scripts/plot_beta_profile.py --halo results/summaries/radial/halo.ecsv \\
        --literature resources/literature_beta.ecsv \\
        --quadrant-colors '#d7301f,#e69f00,#009e73,#3b6fb6' \\
        --min-stars 10 --style config/paper.mplstyle --pdf fig10.pdf --png fig10.png
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from icefire import cli, second, style, tables

COLUMNS = ("quadrant", "r_lo", "r_mid", "r_hi", "n_stars")
# The paper's numbering of the quadrants, section 3; the summaries call the whole sky 0.
NAMES = {
    0: "whole sky",
    1: r"first: $l > 180°$, $b > 0°$",
    2: r"second: $l < 180°$, $b > 0°$",
    3: r"third: $l < 180°$, $b < 0°$",
    4: r"fourth: $l > 180°$, $b < 0°$",
}
MARKERS = {0: "o", 1: "s", 2: "^", 3: "D", 4: "v"}


def quadrant_colors(text: str) -> list[str]:
    """Read four colours."""
    colors = [style.color(part) for part in text.split(",")]
    if len(colors) != 4:
        raise argparse.ArgumentTypeError(f"there are four quadrants but {len(colors)} colours")
    return colors


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--halo", required=True, metavar="PATH", help="radial summary of the halo")
    second.add_flag(parser, "halo")
    parser.add_argument("--literature", metavar="PATH", help="published values, drawn if given")
    parser.add_argument(
        "--quadrant-colors",
        required=True,
        type=quadrant_colors,
        help="of the first to the fourth quadrant, with commas between them",
    )
    style.add_min_stars_flag(parser)
    style.add_page_flags(parser)
    return parser


def draw_quadrants(axes, halo, numbers, colors: dict, percents, min_stars: int) -> None:
    """Draw the profiles of the numbered quadrants (0: whole sky) in one panel."""
    n_bins = 0
    for number in numbers:
        profile = style.quadrant(halo, number)
        look = {"color": colors[number], "marker": MARKERS[number], "label": NAMES[number]}
        drawn = style.draw_profile(axes, profile, "beta", percents, **look)
        cli.report(f"quadrant {number}: radial bins drawn", drawn, len(profile))
        n_bins += drawn
    if n_bins == 0:
        style.say_nothing_to_draw(axes, f"quadrants {numbers}", style.no_bin(min_stars), y=0.25)


def beta_limits(halo, published) -> tuple[float, float]:
    """Give the vertical axis every median and 68 % interval, between -2 and just above 1."""
    drawn = [style.values(halo, name) for name in ("beta", "beta_lo68")]
    if published is not None:
        drawn.append(style.values(published, "value"))
    lowest = np.nanmin(np.concatenate([[0.0], *drawn]))
    return max(-2.0, 0.25 * np.floor((lowest - 0.05) / 0.25)), 1.05


def draw(halo, literature: str | None, quadrant_colors: list[str], min_stars: int):
    """Draw both panels."""
    colors = dict(enumerate(("black", *quadrant_colors)))
    figure = style.page(style.ONE_COLUMN_IN, 6.0, style.common_meta(halo=halo.meta))
    upper, lower = figure.subplots(2, 1, sharex=True, sharey=True)
    n_stars = style.stars_text(int(style.values(style.quadrant(halo, 0), "n_stars").sum()))
    upper.set_title(f"Quadrants of the sky, {n_stars}")
    lower.set_title(f"Whole sky and two quadrants, {n_stars}")
    draw_quadrants(upper, halo, (1, 2, 3, 4), colors, (68,), min_stars)
    draw_quadrants(lower, halo, (0, 1, 4), colors, (68, 95), min_stars)
    handles, _ = lower.get_legend_handles_labels()
    r_limits = style.radial_limits([halo])
    published = None
    if literature:
        published = style.read_literature(literature, ("beta",), r_limits)
        handles += style.draw_literature(lower, published)
    for axes in (upper, lower):
        axes.axhline(0, color="0.6", lw=0.5, zorder=1)
        axes.set_ylabel(r"anisotropy $\beta$")
    upper.set(xlim=style.widened(r_limits), ylim=beta_limits(halo, published))
    lower.set_xlabel("Galactocentric radius $r$ (kpc)")
    small = {"ncols": 2, "fontsize": style.SMALL_PT, "handlelength": 1.3, "columnspacing": 0.9}
    quadrants, _ = upper.get_legend_handles_labels()
    figure.legend(handles=quadrants, loc="outside upper center", **small)
    figure.legend(handles=handles, loc="outside lower center", **small)
    return figure


def work(arguments: argparse.Namespace) -> None:
    style.use(arguments.style)
    columns = (*COLUMNS, *style.quantity_columns("beta", (68, 95)))
    halo = tables.read_ecsv(arguments.halo, columns)
    colors, min_stars = arguments.quadrant_colors, arguments.min_stars
    figure = draw(halo, arguments.literature, colors, min_stars)
    others = second.read(arguments.second, columns, 1)
    hues = dict(enumerate(("black", *colors)))
    pairs = [(style.quadrant(table, n), hues[n]) for table in others for n in (0, 1, 4)]
    second.overlay(figure.axes[1], "beta", pairs, halo)
    style.save(figure, arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
