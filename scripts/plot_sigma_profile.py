"""Draw sigma_r over radius of the accreted and in-situ halo (Han et al. 2024, figure 9).

Bands are the 68 and 95 % intervals, bars the 68 % interval of a sound method beside them, what is
hatched the 68 % interval with the systematic errors of chosen variations in quadrature. Open
markers are published values, each source in a colour, with a dashed range where it calls them
approximate, mid-range where it gives only a range, side by side where they share a radius, at the
frame with an arrow where they lie beyond it. Below, of each sample, the same beside other finished
runs, if given.
"""

import argparse

from icefire import cli
from icefire.draw import beside, literature, names, page, profiles
from icefire.files.columns import SAMPLES

MARKERS = {"accreted": "o", "insitu": "s"}
FIGURES = cli.Section("figures", {f"{sample}_color": page.color for sample in MARKERS})


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    beside.add_flags(parser)
    FIGURES.add_flags(parser)
    literature.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def draw(runs: dict, arguments: argparse.Namespace):
    """Draw the two profiles and the published values, and below them the runs beside this one."""
    summaries, *_ = runs.values()
    figure = beside.page_of(3.7, runs, "sigma_r", page.split_note(summaries["accreted"].meta))
    axes = figure.subplots()
    axes.set(xlabel="Galactocentric radius $r$ (kpc)", ylabel=beside.LABELS["sigma_r"])
    shown = MARKERS.keys() & page.samples_of(summaries["halo"].meta).keys() or {"halo"}
    whole = {s: profiles.quadrant(summaries[s], 0) for s in sorted(shown)}
    colors = {s: getattr(arguments, f"figures_{s}_color", "black") for s in whole}
    n_bins, named, drawn_at = 0, [], []
    for sample, profile in whole.items():
        n_stars = int(page.values(profile, "n_stars").sum())
        label = f"{SAMPLES[sample]}, {page.stars_text(n_stars)}"
        look = {"color": colors[sample], "marker": MARKERS.get(sample, "o")}
        line = page.values(profile, "r_mid"), page.values(profile, "sigma_r")
        named.append(names.Name(label, colors[sample], names.along(*line)[:12]))
        bars = names.ends(profile, profiles.sound_columns(profile, "sigma_r"))
        drawn_at += [names.along(*line), bars]
        drawn = profiles.draw_profile(axes, profile, "sigma_r", **look)
        profiles.draw_sound(axes, profile, "sigma_r", colors[sample])
        profiles.draw_systematic(axes, profile, "sigma_r", colors[sample])
        cli.report(f"{sample}: radial bins drawn", drawn, len(profile))
        n_bins += drawn
    if n_bins == 0:
        min_stars = page.min_stars(summaries["accreted"], arguments.accreted)
        page.say_nothing_to_draw(axes, "sigma_r", page.no_bin(min_stars), y=0.93)
    handles = profiles.band_handles(summaries["halo"])
    r_limits = profiles.radial_limits(whole.values())
    # Before the published values, whose arrows need to know where the axis ends
    limits = profiles.limits(whole.values(), "sigma_r", (68, 95))
    axes.set(xlim=profiles.widened(r_limits), ylim=limits)
    marks = [
        profiles.mark_cut(axes, table, color=colors[sample]) for sample, table in whole.items()
    ]
    handles += next(filter(None, marks), [])
    if arguments.literature:
        sources, quantities = arguments.figures_literature, ("sigma_r", "sigma_los")
        published = literature.read(arguments.literature, quantities, sources, r_limits)
        explained, sources, points = literature.draw(axes, published)
        handles, named, drawn_at = handles + explained, named + sources, drawn_at + points
    names.place(axes, named, drawn_at)
    columns = 2 if len(runs) == 1 else 4
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, fontsize=page.SMALL_PT
    )
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    page.save(draw(beside.read(arguments, "sigma_r"), arguments), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
