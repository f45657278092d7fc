"""Draw sigma_r over radius of the accreted and in-situ halo (Han et al. 2024, figure 9).

Bands are the 68 and 95 % intervals; open markers are published values, grey where their source
calls them approximate, placed mid-range where it gives only a range, at the frame with an arrow
where they lie beyond it.

    python scripts/plot_sigma_profile.py --accreted results/summaries/radial/accreted.ecsv \\
        --insitu results/summaries/radial/insitu.ecsv \\
        --literature resources/literature_sigma_r.ecsv \\
        --figures-accreted-color '#c1272d' --figures-insitu-color '#2166ac' \\
        --style config/paper.mplstyle --pdf fig09.pdf --png fig09.png
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from icefire import cli
from icefire.draw import literature, page, profiles, second
from icefire.files import text_tables
from icefire.files.columns import SAMPLES

COLUMNS = ("quadrant", "r_lo", "r_mid", "r_hi", "n_stars")
MARKERS = {"accreted": "o", "insitu": "s"}
FIGURES = cli.Section("figures", {f"{sample}_color": page.color for sample in MARKERS})


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    for sample in MARKERS:
        name = SAMPLES[sample].lower()
        text = f"radial summary of the {name} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
    second.add_flag(parser, "accreted and in situ")
    FIGURES.add_flags(parser)
    literature.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def draw(summaries: dict, others: list, arguments: argparse.Namespace):
    """Draw the two profiles, those by a second method (`others`), and the published values."""
    meta = page.common_meta(**{sample: table.meta for sample, table in summaries.items()})
    note = page.split_note(summaries["accreted"].meta)
    figure = page.page(page.ONE_COLUMN_IN, 3.9, meta, note)
    axes = figure.subplots()
    axes.set(xlabel="Galactocentric radius $r$ (kpc)", ylabel=r"$\sigma_r$ (km s$^{-1}$)")
    whole = {sample: profiles.quadrant(table, 0) for sample, table in summaries.items()}
    n_bins = 0
    for sample, profile in whole.items():
        n_stars = int(page.values(profile, "n_stars").sum())
        label = f"{SAMPLES[sample]}, {page.stars_text(n_stars)}"
        color = getattr(arguments, f"figures_{sample}_color")
        look = {"color": color, "marker": MARKERS[sample], "label": label}
        drawn = profiles.draw_profile(axes, profile, "sigma_r", **look)
        cli.report(f"{sample}: radial bins drawn", drawn, len(profile))
        n_bins += drawn
    if n_bins == 0:
        min_stars = page.min_stars(summaries["accreted"], arguments.accreted)
        page.say_nothing_to_draw(axes, "sigma_r", page.no_bin(min_stars), y=0.93)
    handles, _ = axes.get_legend_handles_labels()
    handles += profiles.band_handles()
    r_limits = profiles.radial_limits(whole.values())
    limits = profiles.extremes(whole.values(), page.quantity_columns("sigma_r", (68, 95)))
    axes.set(xlim=profiles.widened(r_limits), ylim=rounded(limits or (0, 200)))
    # Before the published values, whose arrows need to know where the axis ends
    pairs = [
        (profiles.quadrant(table, 0), getattr(arguments, f"figures_{sample}_color"))
        for table, sample in zip(others, MARKERS, strict=False)
    ]
    second.overlay(axes, "sigma_r", pairs, summaries["accreted"])
    marks = [
        profiles.mark_cut(axes, table, color=getattr(arguments, f"figures_{sample}_color"))
        for sample, table in whole.items()
    ]
    handles += next(filter(None, marks), [])
    if arguments.literature:
        sources, quantities = arguments.figures_literature, ("sigma_r", "sigma_los")
        published = literature.read(arguments.literature, quantities, sources, r_limits)
        handles += literature.draw(axes, published)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=page.SMALL_PT)
    return figure


def rounded(limits: tuple[float, float]) -> tuple[float, float]:
    """Give an axis whole steps of 20 km/s around what it shows, and never below zero."""
    low, high = limits
    return max(0.0, 20 * np.floor(low / 20 - 0.1)), 20 * np.ceil(high / 20 + 0.1)


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style)
    columns = (*COLUMNS, *page.quantity_columns("sigma_r", (68, 95)))
    summaries = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in MARKERS}
    others = second.read(arguments.second, columns, len(MARKERS))
    page.save(draw(summaries, others, arguments), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
