"""Draw sigma_r or beta of every line of sight and its share of accreted stars.

Figures 7 (sigma_r) and 8 (beta) of Han et al. 2024, whose vertical axis is the accreted fraction
too, on a scale that is logarithmic in the in-situ fraction plus a hundredth, as most lines of sight
are all but accreted. Each open circle is one HEALPix line of sight, its area proportional to the
number of stars; bars are 68 % intervals, a thick one of the paper's recipe where a thin one is of a
sound method, those of the fraction binomial (Wilson 1927). The line is the running median of a
fifth of the lines of sight. Of --judged are the rank correlation with its p and, for sigma_r, where
95 % of permuted halos have their coldest and their hottest line of sight.
"""

import numpy as np
from matplotlib.patches import Patch

from icefire import cli
from icefire.draw import page
from icefire.files import text_tables

LABELS = {
    "sigma_r": r"$\sigma_r$ per line of sight (km s$^{-1}$)",
    "beta": r"anisotropy $\beta$ per line of sight",
}
# In-situ fraction added to all, so that the logarithm has one where no star is in situ
LEAST = 0.01
FRACTIONS = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1)
SPHERE = "0.9"
MEDIAN = {"color": "#d55e00", "lw": 1.3, "zorder": 4}
# Lines of sight from which on a running median is drawn
ENOUGH = 15

FIGURES = cli.Section(
    "figures", {"line_of_sight_color": page.color, "circle_area_per_star": cli.positive}
)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--quantity", required=True, choices=tuple(LABELS))
    parser.add_argument("--sky", required=True, metavar="PATH", help="sky summary of the halo")
    parser.add_argument("--judged", metavar="PATH", help="of judge_claims.py")
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


def wilson(fraction: np.ndarray, n_stars: np.ndarray) -> np.ndarray:
    """Give how far the 68 % interval of a binomial fraction reaches down and up (Wilson 1927)."""
    scale = 1 + 1 / n_stars
    middle = (fraction + 0.5 / n_stars) / scale
    half = np.sqrt(fraction * (1 - fraction) / n_stars + 0.25 / n_stars**2) / scale
    return np.maximum([fraction - middle + half, middle + half - fraction], 0)


def running_medians(fraction: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give medians of both in windows of a fifth of the lines of sight, by accreted fraction.

    Windows of the same fraction, such as 1, share one median.
    """
    order = np.argsort(fraction, kind="stable")
    windows = np.lib.stride_tricks.sliding_window_view(order, max(len(order) // 5, 1))
    at, same = np.unique(np.median(fraction[windows], axis=1), return_inverse=True)
    middle = np.median(value[windows], axis=1)
    return at, np.array([np.median(middle[same == i]) for i in range(len(at))])


def open_the_top(axes, fraction: np.ndarray) -> None:
    """Scale the vertical axis by the logarithm of the in-situ fraction plus LEAST."""

    def forward(shown):
        return -np.log10(np.maximum(1 + LEAST - np.asarray(shown), LEAST / 2))

    axes.set_yscale("function", functions=(forward, lambda y: 1 + LEAST - 10.0 ** -np.asarray(y)))
    low = max(0.0, np.floor(10 * np.min(fraction, initial=0.9) - 0.5) / 10)
    axes.set_ylim(low, 1 + 0.35 * LEAST)
    shown = [tick for tick in FRACTIONS if tick >= low]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.yaxis.minorticks_off()


def correlation_text(judged: dict, quantity: str) -> str:
    """Write the rank correlation with the accreted fraction, its 68 % interval and p."""
    found = judged.get(f"{quantity}_rank_correlation", {})
    if found.get("value") is None:
        return ""
    ends = " to ".join(f"{found[name]:.2f}" for name in ("lo68", "hi68"))
    text = f"rank correlation {found['value']:.2f} ({ends}), p = {found['p']:.2g}\n"
    return text.replace("-", "−")


def draw_sphere(axes, judged: dict) -> list[Patch]:
    """Shade where permuted halos have their extreme lines of sight; give the legend's handle."""
    ends = [judged.get(f"{name}_line_of_sight", {}) for name in ("coldest", "hottest")]
    spans = [(end.get("null_lo95"), end.get("null_hi95")) for end in ends]
    if any(None in span for span in spans):
        return []
    limits = axes.get_xlim()
    for span in spans:
        axes.axvspan(*span, color=SPHERE, lw=0, zorder=0)
    axes.set_xlim(limits)
    return [Patch(color=SPHERE, label="extremes of a sphere, 95 %")]


def draw_bars(axes, sky, quantity: str, color: str) -> list:
    """Draw the intervals of both axes; give handles where two methods are to be told apart."""
    fraction, n_stars = page.values(sky, "accreted_fraction"), page.values(sky, "n_stars")
    look = {"color": color, "alpha": 0.45, "zorder": 2}
    down, up = wilson(fraction, n_stars)
    axes.vlines(page.values(sky, quantity), fraction - down, fraction + up, lw=0.5, **look)
    sound = page.sound_of(sky, quantity)
    widths, labels = (1.6 if sound else 0.5, 0.5), page.recipe_labels(sky)
    found = []
    for name, width, label in zip((quantity, sound), widths, labels, strict=True):
        if name:
            ends = (page.values(sky, column) for column in page.interval(name, 68))
            found.append(axes.hlines(fraction, *ends, lw=width, label=label, **look))
    low, high = (page.values(sky, column) for column in page.interval(quantity, 68))
    room = 0.06 * (np.max(high) - np.min(low))
    # A sound method's bars may be much longer.
    axes.set_xlim(np.min(low) - room, np.max(high) + room)
    return found if sound else []


def draw(sky, judged: dict, quantity: str, color: str, area_per_star: float, min_stars: int):
    """Draw the circles with their intervals and the legend of their sizes."""
    value, fraction = page.values(sky, quantity), page.values(sky, "accreted_fraction")
    n_stars = page.values(sky, "n_stars")
    has = np.isfinite(value) & np.isfinite(fraction)
    cli.report("lines of sight drawn", int(has.sum()), len(sky))

    meta, note = page.common_meta(sky=sky.meta), page.split_note(sky.meta)
    figure = page.page(page.ONE_COLUMN_IN, 3.5, meta, note)
    axes = figure.subplots()
    axes.set(xlabel=LABELS[quantity], ylabel="accreted fraction")
    if not has.any():
        page.say_nothing_to_draw(axes, quantity, page.no_bin(min_stars))
        axes.set(xticks=[], ylim=(0, 1))
        return figure
    value, fraction, n_stars = (x[has] for x in (value, fraction, n_stars))
    others = draw_bars(axes, sky[has], quantity, color)
    look = {"facecolors": "none", "edgecolors": color, "linewidths": 0.8}
    axes.scatter(value, fraction, s=marker_size(n_stars, area_per_star), zorder=3, **look)
    if len(value) >= ENOUGH:
        at, middle = running_medians(fraction, value)
        others += axes.plot(middle, at, label="running median", **MEDIAN)
    if quantity == "sigma_r":
        others += draw_sphere(axes, judged)
    open_the_top(axes, fraction)
    text = f"{page.stars_text(int(n_stars.sum()))}, {has.sum()} lines of sight"
    text = correlation_text(judged, quantity) + text
    axes.set_title(text, fontsize=page.SMALL_PT, loc="right")
    counts = legend_counts(n_stars)
    handles = [axes.scatter([], [], s=marker_size(n, area_per_star), **look) for n in counts]
    widest = float(np.sqrt(marker_size(counts[-1], area_per_star)))
    small = {"loc": "outside upper center", "ncols": len(counts), "fontsize": page.SMALL_PT}
    round_ones = {"handlelength": widest / page.SMALL_PT, "handleheight": widest / page.SMALL_PT}
    figure.legend(handles, [f"{n:,} stars" for n in counts], **small, **round_ones)
    if others:
        figure.legend(handles=others, **small | {"loc": "outside lower center", "ncols": 2})
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    quantity = arguments.quantity
    columns = ("n_stars", "accreted_fraction", *page.quantity_columns(quantity, (68,)))
    sky = text_tables.read_ecsv(arguments.sky, columns)
    color, area = FIGURES.values(arguments).values()
    min_stars = page.min_stars(sky, arguments.sky)
    judged = page.judged(arguments.judged, sky.meta)
    page.save(draw(sky, judged, quantity, color, area, min_stars), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
