"""Draw maps of sigma_r over the sky (Han et al. 2024, figure 6).

HEALPix lines of sight of the halo, accreted and in-situ samples in Galactic coordinates, on one
colour scale; grey where there are too few stars, white hatching where a line of sight is closer to
its sample's mean than half its 68 % interval is wide. --figures-maps draws maps of further
quantities, each into two of --maps.
"""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgba

from icefire import cli
from icefire.draw import maps, page, sky
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.stars.sky import angles_deg

# Points along each of a pixel's four edges, which are curved on the map.
EDGE_POINTS = 16


def build_parser():
    parser = cli.parser(__doc__)
    maps.add_flags(parser)
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


def rows_of_pixels(summary, path: str) -> np.ndarray:
    """Give the row of every pixel in RING order.

    Raises UserError when the rows are not the pixels of a whole sky.
    """
    pixel = page.values(summary, "pixel").astype(int)
    side = round(np.sqrt(len(pixel) / 12))
    whole = len(pixel) > 0 and len(pixel) == 12 * side**2
    if not whole or not np.array_equal(np.sort(pixel), np.arange(len(pixel))):
        raise UserError(f"{path}: column pixel is not a whole HEALPix sky ({len(pixel)} rows)")
    return np.argsort(pixel)


def draw_map(axes, shown: np.ndarray, unsure: np.ndarray, scale: dict) -> None:
    """Fill the pixels, given in RING order."""
    polygons, owners = sky.sky_polygons(*pixel_outlines(len(shown)))
    colors = scale["cmap"](scale["norm"](np.ma.masked_invalid(shown)))
    colors[~np.isfinite(shown)] = to_rgba(page.NO_VALUE)
    colors = colors[owners]
    # The thin edge closes the hairlines that viewers show between neighbours.
    look = {"facecolors": colors, "edgecolors": colors, "linewidths": 0.2, "zorder": 2}
    sky.draw_sky_polygons(axes, polygons, **look)
    hatched = [polygon for polygon, owner in zip(polygons, owners, strict=True) if unsure[owner]]
    if hatched:
        sky.draw_sky_polygons(axes, hatched, zorder=2.1, **maps.HATCH)


def draw(name: str, summaries: dict, arguments):
    """Draw the three maps of a quantity."""
    meta = page.common_meta(**{sample: table.meta for sample, table in summaries.items()})
    note = page.split_note(summaries["accreted"].meta)
    min_stars = page.min_stars(summaries["halo"], arguments.halo)
    samples = page.samples_of(summaries["halo"].meta)
    shown = {s: maps.values(summaries[s], name, min_stars) for s in samples}
    scale = maps.scale(name, shown, arguments)
    width_in = page.TWO_COLUMNS_IN if len(samples) > 1 else page.ONE_COLUMN_IN
    figure = page.page(width_in, 2.3 if len(samples) > 1 else 2.75, meta, note)
    panels, any_unsure = [], False
    for number, (sample, title) in enumerate(samples.items()):
        table, values = summaries[sample], shown[sample]
        rows = rows_of_pixels(table, getattr(arguments, sample))
        unsure = maps.unsure(table, name)
        any_unsure |= bool(unsure.any())
        axes = sky.sky_axes(figure, (1, len(samples), number + 1), page.NO_VALUE)
        axes.set_xlabel("$l$ (deg)")
        draw_map(axes, values[rows], unsure[rows], scale)
        n_stars = int(page.values(table, "n_stars").sum())
        axes.set_title(f"{title}, {page.stars_text(n_stars)}")
        count = int(np.isfinite(values).sum())
        cli.report(f"{sample}: pixels with a value of {name}", count, len(values))
        if not count:
            page.say_nothing_to_draw(axes, sample, page.no_bin(min_stars), y=0.3)
        panels.append(axes)
    panels[0].set_ylabel("$b$ (deg)")
    bar = figure.colorbar(
        ScalarMappable(**scale),
        ax=panels,
        orientation="horizontal",
        label=maps.label(name),
        aspect=50 if len(samples) > 1 else 25,
        shrink=0.6,
        pad=0.03,
    )
    maps.finish_bar(bar, scale)
    handles = maps.handles(min_stars, any_unsure)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=page.SMALL_PT)
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    columns = ("pixel", *maps.columns(arguments))
    summaries = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in SAMPLES}
    for name, files in maps.pages(arguments):
        page.save(draw(name, summaries, arguments), files)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
