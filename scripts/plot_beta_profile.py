"""Draw the velocity anisotropy over radius (Han et al. 2024, figure 10).

Above each quadrant of (l, b) beside the whole sky (grey), below the whole sky and published values,
each with 68 and 95 % intervals, bars of the 68 % interval of a sound method, and hatched the 68 %
interval with the systematic errors of chosen variations in quadrature. Published values
are open markers, each source in a colour, with a dashed range where it calls them approximate,
mid-range where it gives only a range, side by side where they share a radius, at the frame with an
arrow where they lie beyond it. The vertical axis is that of our own medians down to -3, below
which a shell is marked at the frame, and of their 68 % intervals down to -2. Below all, of each
sample, the same beside other finished runs, if given.
"""

import argparse

from matplotlib.lines import Line2D

from icefire import cli
from icefire.draw import beside, literature, names, page, profiles

# The paper's numbering of the quadrants, section 3
NAMES = {
    1: r"first: $l > 180°$, $b > 0°$",
    2: r"second: $l < 180°$, $b > 0°$",
    3: r"third: $l < 180°$, $b < 0°$",
    4: r"fourth: $l > 180°$, $b < 0°$",
}
WHOLE = {"color": "0.6", "lw": 0.9, "zorder": 1.5}
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


def draw_quadrant(axes, halo, number: int, color: str, min_stars: int) -> None:
    """Draw the profile of a quadrant (0: the whole sky) with its intervals."""
    profile = profiles.quadrant(halo, number)
    drawn = profiles.draw_profile(axes, profile, "beta", color=color, marker=MARKERS[number])
    profiles.draw_sound(axes, profile, "beta", color)
    profiles.draw_systematic(axes, profile, "beta", color)
    cli.report(f"quadrant {number}: radial bins drawn", drawn, len(profile))
    if not drawn:
        page.say_nothing_to_draw(axes, f"quadrant {number}", page.no_bin(min_stars), y=0.45)
    axes.axhline(0, color="0.6", lw=0.5, zorder=1)


def draw_quadrants(figure, halo, colors, min_stars: int):
    """Draw the four quadrants, each in a panel of its own; gives the panels."""
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    whole = profiles.quadrant(halo, 0)
    r, beta = page.values(whole, "r_mid"), page.values(whole, "beta")
    # As they lie on the sky: north above, and l growing to the left
    for axes, number in zip(panels.flat, (2, 1, 3, 4), strict=True):
        axes.plot(r, beta, **WHOLE)
        draw_quadrant(axes, halo, number, colors[number - 1], min_stars)
        n_stars = int(page.values(profiles.quadrant(halo, number), "n_stars").sum())
        axes.set_title(f"{NAMES[number]}\n{page.stars_text(n_stars)}", fontsize=page.SMALL_PT)
    return panels


def draw(runs: dict, arguments: argparse.Namespace):
    """Draw all panels, and below them the runs beside this one; then they are side by side."""
    (halo, *_), *others = (list(tables.values()) for tables in runs.values())
    min_stars = page.min_stars(halo, arguments.halo)
    figure = beside.page_of(4.0 if others else 6.6, runs, "beta")
    grid = (1, 2) if others else (2, 1)
    ratios = {} if others else {"height_ratios": (1, 1.12)}
    upper, lower = figure.subfigures(*grid, hspace=0, wspace=0, **ratios)
    panels = draw_quadrants(upper, halo, arguments.figures_quadrant_colors, min_stars)
    whole = lower.subplots()
    draw_quadrant(whole, halo, 0, "black", min_stars)
    profile = profiles.quadrant(halo, 0)
    n_stars = page.stars_text(int(page.values(profile, "n_stars").sum()))
    r_limits = profiles.radial_limits([halo])
    limits = {"xlim": profiles.widened(r_limits), "ylim": profiles.limits([halo], "beta")}
    for axes in (*panels.flat, whole):
        axes.set(**limits)
    for axes in (*panels[1], whole):
        axes.set_xlabel("$r$ (kpc)" if axes is not whole else "Galactocentric radius $r$ (kpc)")
    for axes in (*panels[:, 0], whole):
        axes.set_ylabel(beside.LABELS["beta"])
    line = names.along(page.values(profile, "r_mid"), page.values(profile, "beta"))
    named, drawn_at = [names.Name(f"whole sky, {n_stars}", "black", line)], [line]
    drawn_at.append(names.ends(profile, profiles.sound_columns(profile, "beta")))
    handles = [
        Line2D([], [], label="whole sky, in quadrants", **WHOLE),
        *profiles.band_handles(halo),
    ]
    handles += profiles.mark_cut(whole, profile)
    if arguments.literature:
        chosen = arguments.figures_literature
        published = literature.read(arguments.literature, ("beta",), chosen, r_limits)
        explained, sources, points = literature.draw(whole, published)
        handles, named, drawn_at = handles + explained, named + sources, drawn_at + points
    names.place(whole, named, drawn_at)
    small = {"ncols": 2, "fontsize": page.SMALL_PT, "columnspacing": 0.9}
    lower.legend(handles=handles, loc="outside lower center", **small)
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    page.save(draw(beside.read(arguments, "beta"), arguments), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
