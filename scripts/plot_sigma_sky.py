"""Draw maps of sigma_r over the sky (Han et al. 2024, figure 6).

HEALPix lines of sight of the halo, accreted and in-situ samples in Galactic coordinates, on one
colour scale; dark grey where there are too few stars.

    python scripts/plot_sigma_sky.py --halo results/summaries/sky/halo.ecsv \\
        --accreted results/summaries/sky/accreted.ecsv --insitu results/summaries/sky/insitu.ecsv \\
        --figures-sigma-cmap viridis --figures-sigma-min-km-s 60 --figures-sigma-max-km-s 180 \\
        --style config/paper.mplstyle --pdf fig06.pdf --png fig06.png
"""

from __future__ import annotations

import argparse
import sys

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba
from matplotlib.patches import Patch

from icefire import cli
from icefire.draw import page, sky
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.stars.sky import angles_deg

# Points along each of a pixel's four edges, which are curved on the map.
EDGE_POINTS = 16


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    for sample, name in SAMPLES.items():
        text = f"summary of the {name.lower()} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
    page.SIGMA.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def pixel_outlines(n_pixels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the outlines of all HEALPix pixels in RING order, and the longitudes of their centres.

    Longitudes and latitudes (pixels × vertices) and longitudes (pixels) are in degrees.
    """
    import healpy

    nside = healpy.npix2nside(n_pixels)
    pixels = np.arange(n_pixels)
    outlines = np.moveaxis(healpy.boundaries(nside, pixels, step=EDGE_POINTS), 1, 0)
    centre_l_deg, _ = healpy.pix2ang(nside, pixels, lonlat=True)
    return *angles_deg(outlines), centre_l_deg


def whole_sky(summary, path: str) -> np.ndarray:
    """Give sigma_r (km/s) of every pixel in RING order, NaN where it has no value.

    Raises UserError when the rows are not the pixels of a whole sky.
    """
    pixel = page.values(summary, "pixel").astype(int)
    side = round(np.sqrt(len(pixel) / 12))
    whole = len(pixel) > 0 and len(pixel) == 12 * side**2
    if not whole or not np.array_equal(np.sort(pixel), np.arange(len(pixel))):
        raise UserError(f"{path}: column pixel is not a whole HEALPix sky ({len(pixel)} rows)")
    sigma = np.empty(len(pixel))
    sigma[pixel] = page.values(summary, "sigma_r")
    return sigma


def draw(summaries: dict, arguments: argparse.Namespace):
    """Draw the three maps."""
    meta = page.common_meta(**{sample: table.meta for sample, table in summaries.items()})
    note = page.split_note(summaries["accreted"].meta)
    min_stars = page.min_stars(summaries["halo"], arguments.halo)
    norm = Normalize(*page.sigma_limits(arguments))
    cmap = matplotlib.colormaps[arguments.figures_sigma_cmap]
    shown = page.samples_of(summaries["halo"].meta)
    width_in = page.TWO_COLUMNS_IN if len(shown) > 1 else page.ONE_COLUMN_IN
    figure = page.page(width_in, 2.15 if len(shown) > 1 else 2.6, meta, note)
    panels = []
    for number, (sample, name) in enumerate(shown.items()):
        sigma = whole_sky(summaries[sample], getattr(arguments, sample))
        n_stars = int(page.values(summaries[sample], "n_stars").sum())
        polygons, owners = sky.sky_polygons(*pixel_outlines(len(sigma)))
        axes = sky.sky_axes(figure, (1, len(shown), number + 1), page.NO_VALUE_DARK)
        axes.set_xlabel("$l$ (deg)")
        colors = cmap(norm(sigma))
        colors[~np.isfinite(sigma)] = to_rgba(page.NO_VALUE_DARK)
        colors = colors[owners]
        # The thin edge closes the hairlines that viewers show between neighbours.
        sky.draw_sky_polygons(
            axes, polygons, facecolors=colors, edgecolors=colors, linewidths=0.2, zorder=2
        )
        axes.set_title(f"{name}, {page.stars_text(n_stars)}")
        cli.report(f"{sample}: pixels with a value", int(np.isfinite(sigma).sum()), len(sigma))
        if not np.isfinite(sigma).any():
            text = page.no_bin(min_stars)
            page.say_nothing_to_draw(axes, sample, text, y=0.3)
        panels.append(axes)
    panels[0].set_ylabel("$b$ (deg)")
    bar = figure.colorbar(
        ScalarMappable(norm, cmap),
        ax=panels,
        orientation="horizontal",
        extend="both",
        label=r"$\sigma_r$ (km s$^{-1}$)",
        aspect=50 if len(shown) > 1 else 25,
        shrink=0.6,
        pad=0.03,
    )
    bar.ax.minorticks_off()
    few = Patch(color=page.NO_VALUE_DARK, label=f"< {min_stars} stars")
    bar.ax.legend(handles=[few], loc="center left", bbox_to_anchor=(1.04, 0.5))
    return figure


def work(arguments: argparse.Namespace) -> None:
    page.use(arguments.style, arguments.run)
    columns = ("pixel", "n_stars", "sigma_r")
    summaries = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in SAMPLES}
    page.save(draw(summaries, arguments), arguments)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
