"""Draw the velocity errors of the halo sample over radius (Han et al. 2024, figure 3).

Medians of the errors of v_r, v_phi and v_theta in bins of equal numbers of stars, and bands from 16
to 84 % of the stars. The dashed line is what a proper motion error of 0.1 mas/yr is worth at each
radius.
"""

import itertools

import numpy as np

from icefire import cli
from icefire.draw import page
from icefire.files.star_tables import StarReader
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC

# Column, name, colour (safe for colour-blind eyes), marker. The paper: red, green, blue.
COMPONENTS = (
    ("v_r_error", r"$v_r$", "#d55e00", "o"),
    ("v_phi_error", r"$v_\phi$", "#009e73", "s"),
    ("v_theta_error", r"$v_\theta$", "#0072b2", "^"),
)
PROPER_MOTION_MAS_YR = 0.1
# Of the stars of a bin: the band's ends and its middle
QUANTILES = (0.16, 0.5, 0.84)

FIGURES = cli.Section("figures", {"error_bins": cli.count})


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--halo", required=True, metavar="PATH", help="the halo sample")
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def percentile_bins(r: np.ndarray, n_bins: int) -> np.ndarray:
    """Give each star's bin in radius, from 1 to `n_bins`; 0 for the stars inside the first.

    All bins hold equally many stars. With 99 bins, bin n holds the stars from the n-th to the
    (n + 1)-th percentile (Han et al. 2024, figure 3), which leaves out the innermost hundredth.
    """
    rank = np.empty(len(r), dtype=np.int64)
    rank[np.argsort(r, kind="stable")] = np.arange(len(r))
    return rank * (n_bins + 1) // max(len(r), 1)


def binned_quantiles(bins: np.ndarray, columns: list[np.ndarray], n_bins: int) -> np.ndarray:
    """Give QUANTILES (first axis) of every column in the bins 1 to `n_bins` that hold a star."""
    order = np.argsort(bins, kind="stable")
    edges = np.searchsorted(bins[order], np.arange(1, n_bins + 2))
    pairs = [(low, high) for low, high in itertools.pairwise(edges) if high > low]
    found = [[np.quantile(c[order[low:high]], QUANTILES) for low, high in pairs] for c in columns]
    return np.moveaxis(np.reshape(found, (len(columns), len(pairs), len(QUANTILES))), -1, 0)


def read_halo(reader: StarReader) -> dict[str, np.ndarray]:
    """Read radii and errors of the stars that have all of them."""
    names = ("r", *(component[0] for component in COMPONENTS))
    parts = list(reader.blocks(names))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    finite = np.all([np.isfinite(values) for values in columns.values()], axis=0)
    return {name: values[finite] for name, values in columns.items()}


def draw(halo: dict[str, np.ndarray], n_bins: int, meta: dict):
    """Draw the three errors over radius."""
    figure = page.page(page.ONE_COLUMN_IN, 3.2, meta)
    axes = figure.subplots()
    axes.set(xscale="log", yscale="log", xlabel="Galactocentric radius $r$ (kpc)")
    axes.set_ylabel("velocity error (km s$^{-1}$)")
    n_stars = len(halo["r"])
    page.corner_text(
        axes, f"{page.stars_text(n_stars)}; bands: 16–84 % of stars", y=0.05, va="bottom"
    )
    columns = [halo["r"], *(halo[name] for name, *_ in COMPONENTS)]
    bins = percentile_bins(halo["r"], n_bins)
    low, medians, high = binned_quantiles(bins, columns, n_bins)
    cli.report("bins drawn", medians.shape[1], n_bins)
    if medians.shape[1] == 0:
        page.say_nothing_to_draw(axes, "halo", "too few stars for a bin")
        axes.set(xlim=(10, 100), ylim=(1, 100))
    for i, (_, name, hue, marker) in enumerate(COMPONENTS, 1):
        look = {"ls": "none", "marker": marker, "ms": 2.6, "mew": 0.5, "mfc": "none", "mec": hue}
        axes.fill_between(medians[0], low[i], high[i], color=hue, alpha=0.2, linewidth=0)
        axes.plot(medians[0], medians[i], label=f"error of {name}", **look)
    r_line = np.array(axes.get_xlim())
    axes.plot(
        r_line,
        PROPER_MOTION_MAS_YR * KM_S_PER_MAS_YR_KPC * r_line,
        color="0.45",
        ls="--",
        label=f"{PROPER_MOTION_MAS_YR:g} mas/yr × $r$",
    )
    # Room below the points for the number of stars.
    axes.set(xlim=r_line, ylim=(axes.get_ylim()[0] / 1.4, None))
    page.plain_log_ticks(axes.xaxis)
    page.plain_log_ticks(axes.yaxis)
    # As large as the axes' labels, for the subscripts.
    small = {"fontsize": axes.xaxis.label.get_size(), "columnspacing": 0.8, "handlelength": 1.2}
    figure.legend(loc="outside upper center", ncols=2, **small)
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    reader = StarReader(arguments.halo, ("r", *(component[0] for component in COMPONENTS)))
    halo = read_halo(reader)
    cli.report("stars with radius and errors", len(halo["r"]), reader.n_rows)
    page.save(
        draw(halo, arguments.figures_error_bins, page.common_meta(halo=reader.meta)), arguments
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
