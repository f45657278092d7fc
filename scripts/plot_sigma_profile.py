"""Draw sigma_r over radius of the accreted and in-situ halo (Han et al. 2024, figure 9).

Bands are the 68 and 95 % intervals; open markers are published values, grey where their source
calls them approximate, placed mid-range where it gives only a range.

    python scripts/plot_sigma_profile.py --accreted results/summaries/radial/accreted.ecsv \\
        --insitu results/summaries/radial/insitu.ecsv \\
        --literature resources/literature_sigma_r.ecsv --accreted-color '#c1272d' \\
        --insitu-color '#2166ac' --min-stars 10 \\
        --style config/paper.mplstyle --pdf fig09.pdf --png fig09.png
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from icefire import cli, second, style, tables

COLUMNS = ("quadrant", "r_lo", "r_mid", "r_hi", "n_stars")
MARKERS = {"accreted": "o", "insitu": "s"}


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    for sample in MARKERS:
        name = style.SAMPLES[sample].lower()
        text = f"radial summary of the {name} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
        parser.add_argument(
            f"--{sample}-color", required=True, type=style.color, help=f"colour of the {name} halo"
        )
    second.add_flag(parser, "accreted and in situ")
    parser.add_argument("--literature", metavar="PATH", help="published values, drawn if given")
    style.add_min_stars_flag(parser)
    style.add_page_flags(parser)
    return parser


def draw(profiles: dict, colors: dict, literature: str | None, min_stars: int, meta: dict):
    """Draw the two profiles and the published values."""
    figure = style.page(style.ONE_COLUMN_IN, 3.75, meta)
    axes = figure.subplots()
    axes.set(xlabel="Galactocentric radius $r$ (kpc)", ylabel=r"$\sigma_r$ (km s$^{-1}$)")
    n_bins = 0
    for sample, profile in profiles.items():
        n_stars = int(style.values(profile, "n_stars").sum())
        label = f"{style.SAMPLES[sample]}, {style.stars_text(n_stars)}"
        look = {"color": colors[sample], "marker": MARKERS[sample], "label": label}
        drawn = style.draw_profile(axes, profile, "sigma_r", **look)
        cli.report(f"{sample}: radial bins drawn", drawn, len(profile))
        n_bins += drawn
    if n_bins == 0:
        style.say_nothing_to_draw(axes, "sigma_r", style.no_bin(min_stars), y=0.93)
    handles, _ = axes.get_legend_handles_labels()
    r_limits = style.radial_limits(profiles.values())
    if literature:
        published = style.read_literature(literature, ("sigma_r", "sigma_los"), r_limits)
        handles += style.draw_literature(axes, published)
    axes.set(xlim=style.widened(r_limits), ylim=sigma_limits(axes))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=style.SMALL_PT)
    return figure


def sigma_limits(axes) -> tuple[float, float]:
    """Give the vertical axis whole steps of 20 km/s and never below zero."""
    low, high = axes.get_ylim()
    return max(0.0, 20 * np.floor(low / 20)), 20 * np.ceil(high / 20)


def work(arguments: argparse.Namespace) -> None:
    style.use(arguments.style)
    columns = (*COLUMNS, *style.quantity_columns("sigma_r", (68, 95)))
    whole = {sample: tables.read_ecsv(getattr(arguments, sample), columns) for sample in MARKERS}
    meta = style.common_meta(**{sample: table.meta for sample, table in whole.items()})
    profiles = {sample: style.quadrant(table, 0) for sample, table in whole.items()}
    colors = {sample: getattr(arguments, f"{sample}_color") for sample in MARKERS}
    others = second.read(arguments.second, columns, len(MARKERS))
    figure = draw(profiles, colors, arguments.literature, arguments.min_stars, meta)
    pairs = [(style.quadrant(t, 0), colors[s]) for t, s in zip(others, MARKERS, strict=False)]
    second.overlay(figure.axes[0], "sigma_r", pairs, whole["accreted"])
    style.save(figure, arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
