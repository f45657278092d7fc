"""Draw mass and circular speed over radius, and how masses differ over the sky (figure S4)."""

import argparse

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from icefire import cli
from icefire.draw import page
from icefire.draw.profiles import BANDS
from icefire.files import text_tables
from icefire.numbers.masses import factor

MASSES = ("quadrant", "r", "n_stars", "potential", *page.quantity_columns("mass", (68, 95)))
MASSES += page.quantity_columns("v_circ", (68, 95))
SPREAD = ("n", *page.quantity_columns("tau", (68, 95)), "null_hi95")
# The circular speed of Eilers et al. (2019, ApJ 871, 120), abstract: at the Sun's 8.122 kpc 229.0
# km/s, falling by 1.7 km/s per kpc, from 5 to 25 kpc
EILERS = {"r_kpc": (5.0, 25.0), "at_kpc": 8.122, "v_km_s": 229.0, "slope": -1.7, "share": 0.05}
# Factor between masses that is in the literature (paper, section 4)
CLAIMED = 2.0
MARKERS = ("s", "^", "D", "v")
ORDINALS = ("first", "second", "third", "fourth")
QUANTITIES = {"ln_mass": "mass", "ln_sigma_r2": "dispersion\nsquared"}

JEANS = cli.Section("jeans", {"slope_colors": lambda text: [*map(page.color, text.split(","))]})
FIGURES = cli.Section(
    "figures",
    {
        "accreted_color": page.color,
        "insitu_color": page.color,
        "quadrant_colors": page.colors_of(ORDINALS),
    },
)


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    text = "of compute_jeans.py (ECSV)"
    parser.add_argument("--masses", required=True, metavar="PATH", help=text)
    parser.add_argument("--spread", required=True, metavar="PATH", help=text)
    JEANS.add_flags(parser)
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def rows(table, **wanted):
    """Give the rows whose columns have these values."""
    mine = np.ones(len(table), bool)
    for name, value in wanted.items():
        mine &= np.asarray(np.ma.filled(table[name], "")) == value
    return table[mine]


def profile(axes, table, quantity: str, percents: tuple, label: str, **look) -> int:
    """Draw one profile over radius with bands; give the number of shells drawn."""
    r, middle = page.values(table, "r"), page.values(table, quantity)
    for percent in percents:
        ends = (page.values(table, name) for name in page.interval(quantity, percent))
        axes.fill_between(r, *ends, color=look["color"], alpha=BANDS[percent][0], lw=0, zorder=2)
    axes.plot(r, middle, label=label, zorder=4, **look)
    drawn = int(np.isfinite(middle).sum())
    cli.report(f"{label}: shells drawn ({quantity})", drawn, len(table))
    return drawn


def known(axes, table, quantity: str, name: str) -> None:
    """Draw what the potential has, of energies and orbits: no measurement."""
    r, mass = page.values(table, "r"), page.values(table, "potential")
    order = np.argsort(r)
    values = mass if quantity == "mass" else np.sqrt(430091.727 * mass / r)
    axes.plot(r[order], values[order], "--", color="0.45", lw=1.2, zorder=5, label=name)


def by_slope(axes, halo, quantity: str, colors: list, name: str) -> None:
    """Draw the whole halo's profile with each slope, bands on the first."""
    drawn = 0
    for i, slope in enumerate(dict.fromkeys(halo["slope"])):
        percents, color = (() if i else (95, 68)), colors[i % len(colors)]
        look = {"color": color, "marker": "osD^v"[i % 5], "ms": 3}
        text = f"slope: {slope}"
        drawn += profile(axes, rows(halo, slope=slope), quantity, percents, text, **look)
    known(axes, halo, quantity, name)
    if not drawn:
        page.say_nothing_to_draw(axes, quantity, "no shell with a mass")


def by_sample(axes, table, arguments) -> None:
    """Draw samples and quadrants with the first slope."""
    first = rows(table, slope=table["slope"][0]) if len(table) else table
    look = {"lw": 1.2, "ms": 3, "marker": "o"}
    looks = {("halo", 0): ("halo", (68,), look | {"color": "black"})}
    for sample, label in (("accreted", "accreted"), ("insitu", "in situ")):
        color = getattr(arguments, f"figures_{sample}_color")
        looks[sample, 0] = label, (68,), look | {"color": color}
    for i, color in enumerate(arguments.figures_quadrant_colors):
        thin = {
            "color": color,
            "lw": 0.7,
            "ls": ":",
            "marker": MARKERS[i],
            "ms": 2.5,
            "mfc": "white",
        }
        looks["halo", i + 1] = f"{ORDINALS[i]} quadrant", (), thin
    for (sample, quadrant), (label, percents, drawn_as) in looks.items():
        part = rows(first, sample=sample, quadrant=quadrant)
        if np.isfinite(page.values(part, "mass")).any():
            profile(axes, part, "mass", percents, label, **drawn_as)


def factors(axes, spread) -> None:
    """Draw factors between the 5th and the 95th percentile, noise off, beside the claimed two."""
    first, labels = spread["slope"][np.asarray(spread["quantity"]) == "ln_mass"], []
    slope = first[0] if len(first) else ""
    for over in ("lines of sight", "quadrants"):
        for quantity, name in QUANTITIES.items():
            wanted = {"over": over, "quantity": quantity}
            wanted |= {"slope": slope if quantity == "ln_mass" else ""}
            for fixed, color, shift in (
                ("r", "black", -0.14),
                ("r and population", "#009e73", 0.14),
            ):
                part = rows(spread, fixed=fixed, **wanted)
                if not len(part) or not np.isfinite(part["tau"][0]):
                    continue
                at = len(labels) + shift
                value = {k: factor(float(part[k][0])) for k in SPREAD[1:]}
                axes.barh(at, value["null_hi95"] - 1, 0.24, 1, color="0.88", lw=0, zorder=1)
                for percent, width in ((95, 0.6), (68, 1.6)):
                    ends = [value[end] for end in page.interval("tau", percent)]
                    axes.plot(ends, [at, at], color=color, lw=width, zorder=2)
                axes.plot(value["tau"], at, "o", color=color, ms=3.5, zorder=3)
            labels.append(f"{name},\n{over}")
    axes.axvline(CLAIMED, ymax=0.83, color="0.4", lw=0.8, ls="--", zorder=1)
    axes.set_yticks(range(len(labels)), labels, size=page.SMALL_PT)
    axes.tick_params(axis="y", which="both", length=0)
    axes.yaxis.minorticks_off()
    axes.set(xlim=(0.97, 2.15), ylim=(len(labels) - 0.5, -1.25))
    axes.set(xlabel="factor, 5th to 95th percentile, noise taken off")
    looks = {"black": "at fixed $r$", "#009e73": "at fixed $r$ and population"}
    handles = [Line2D([], [], color=c, marker="o", ms=3.5, label=t) for c, t in looks.items()]
    handles.append(Patch(color="0.88", label="95 % of featureless halos"))
    handles.append(Line2D([], [], color="0.4", lw=0.8, ls="--", label="factor in the literature"))
    small = {"fontsize": page.SMALL_PT, "handlelength": 1.3, "columnspacing": 0.9}
    axes.legend(handles=handles, loc="upper center", ncols=2, **small)


def draw(masses, spread, arguments: argparse.Namespace):
    """Draw the four panels."""
    meta = page.common_meta(masses=masses.meta, spread=spread.meta)
    note = "assumes equilibrium, a sphere, no streaming, and the slope of the tracers' density"
    if "intervals" in masses.meta:
        note += f"; intervals: {masses.meta['intervals']}"
    figure = page.page(page.TWO_COLUMNS_IN, 6.4, meta, note)
    (upper, samples), (lower, sky) = figure.subplots(2, 2)
    name = masses.meta.get("parameters", {}).get("compute_kinematics", {}).get("potential_name")
    label = f"{name or 'the potential'} itself"
    halo = rows(masses, sample="halo", quadrant=0)
    by_slope(upper, halo, "mass", arguments.jeans_slope_colors, label)
    by_slope(lower, halo, "v_circ", arguments.jeans_slope_colors, label)
    ends = np.array(EILERS["r_kpc"])
    speed = EILERS["v_km_s"] + EILERS["slope"] * (ends - EILERS["at_kpc"])
    low, high = (speed * (1 + sign * EILERS["share"]) for sign in (-1, 1))
    band = {"color": "#cc79a7", "alpha": 0.35, "lw": 0, "zorder": 1, "label": "Eilers+19, ±5 %"}
    lower.fill_between(ends, low, high, **band)
    by_sample(samples, masses, arguments)
    known(samples, halo, "mass", label)
    factors(sky, spread)
    first = halo[halo["slope"] == halo["slope"][0]] if len(halo) else halo
    n_stars = page.stars_text(int(page.values(first, "n_stars").sum()))
    upper.set(title=f"Mass of the halo, {n_stars}")
    lower.set(title="Circular speed of the halo", ylabel=r"$\sqrt{GM/r}$ (km/s)")
    slope = str(masses["slope"][0]) if len(masses) else ""
    samples.set(title=f"Mass by sample, slope: {slope}")
    sky.set(title="How much the sky's parts differ")
    r = page.values(halo, "r")
    for axes in (upper, samples, lower):
        axes.set_xlabel("Galactocentric radius $r$ (kpc)")
        axes.set_xlim((r.min() - 1.5, r.max() + 1.5) if len(r) else (0, 1))
    top = page.values(halo, "mass_hi68")
    top = 1.25 * np.max([*top[np.isfinite(top)], *page.values(halo, "potential")], initial=0.1)
    for axes in (upper, samples):
        axes.set_ylabel(r"$M(<r)$ ($10^{11}\,M_\odot$)")
        axes.set_ylim(0, top)
    lower.set_ylim(75, 320)
    legend = {"fontsize": page.SMALL_PT, "handlelength": 1.6}
    bands = [
        Patch(color="black", alpha=a, lw=0, label=f"{n} %") for n, a in ((68, 0.41), (95, 0.16))
    ]
    upper.legend(handles=[*upper.get_legend_handles_labels()[0], *bands], **legend)
    text = "populations and quadrants have slopes\nof their own: no disagreement on the mass"
    page.corner_text(samples, text, y=0.05, va="bottom")
    samples.legend(ncols=2, columnspacing=0.9, **legend)
    lower.legend(loc="upper right", **legend)
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    masses = text_tables.read_ecsv(arguments.masses, MASSES, ("sample", "slope"))
    spread = text_tables.read_ecsv(arguments.spread, SPREAD, ("over", "fixed", "quantity"))
    page.save(draw(masses, spread, arguments), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
