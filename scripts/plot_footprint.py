"""Draw the fields of the survey on the sky (Han et al. 2024, figure 1).

Every field is a circle of its true size on the sphere. Of the paper's survey also its bounds are
drawn: the declination of -20 deg and the Galactic latitudes of 20 deg.
"""

import numpy as np
from matplotlib.lines import Line2D

from icefire import cli
from icefire.draw import page, sky
from icefire.files import text_tables

# Where the celestial north pole (ICRS) is in Galactic l and b, deg: Hipparcos catalogue, vol. 1,
# section 1.5.3, which defines the Galactic system in the ICRS.
CELESTIAL_POLE_DEG = (122.93192, 27.12825)

FIGURES = cli.Section(
    "figures", {"footprint_color": page.color, "field_diameter_deg": cli.positive}
)

FIELD_VERTICES = 36
# Beyond so many circles the PDF holds them as one picture.
MAX_VECTOR_CIRCLES = 5_000


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--fields", required=True, metavar="PATH", help="fields of the survey")
    FIGURES.add_flags(parser)
    page.add_page_flags(parser)
    return parser


def small_circles(
    l_deg: np.ndarray, b_deg: np.ndarray, radius_deg: float, n_vertices: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the vertices (centres × n_vertices) of circles on the sphere, in degrees."""
    angle = np.linspace(0, 2 * np.pi, n_vertices, endpoint=False)[None, :]
    radius, b = np.radians(radius_deg), np.radians(b_deg)[:, None]
    sin_b = np.sin(b) * np.cos(radius) + np.cos(b) * np.sin(radius) * np.cos(angle)
    # Not by way of sin_b, which says nothing of the direction around a pole
    across = np.sin(angle) * np.sin(radius)
    along = np.cos(b) * np.cos(radius) - np.sin(b) * np.sin(radius) * np.cos(angle)
    l_offset = np.arctan2(across, along)
    vertices_b = np.degrees(np.arcsin(np.clip(sin_b, -1, 1)))
    return np.degrees(l_offset) + np.asarray(l_deg)[:, None], vertices_b


def declination_circle(dec_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Give Galactic l and b (degrees) along a circle of constant declination (ICRS)."""
    l_pole_deg, b_pole_deg = (np.array([angle]) for angle in CELESTIAL_POLE_DEG)
    l_deg, b_deg = small_circles(l_pole_deg, b_pole_deg, 90 - dec_deg, 720)
    return tuple(np.append(angle, angle[0, 0]) for angle in (l_deg, b_deg))


def draw_bounds(axes, min_dec_deg: float | None = None, min_abs_b_deg: float | None = None) -> None:
    """Draw what bounds the survey, as its map has it."""
    if min_dec_deg is not None:
        label = rf"$\delta$ = {min_dec_deg:g}°".replace("-", "−")
        line = {"color": "#c1272d", "lw": 1.2, "zorder": 2.2, "label": label}
        sky.sky_line(axes, *declination_circle(min_dec_deg), **line)
    if min_abs_b_deg is None:
        return
    dashes = {"color": "0.1", "lw": 0.9, "ls": (0, (4, 2)), "zorder": 2.2}
    edge_deg = np.linspace(-180, 180, 361)
    for sign, label in ((1, rf"$|b|$ = {min_abs_b_deg:g}°"), (-1, None)):
        b_line_deg = np.full_like(edge_deg, sign * min_abs_b_deg)
        axes.plot(np.radians(edge_deg), np.radians(b_line_deg), label=label, **dashes)


def draw(fields, footprint_color: str, field_diameter_deg: float):
    """Draw the map."""
    color = footprint_color
    meta = page.common_meta(fields=fields.meta)
    figure = page.page(page.TWO_COLUMNS_IN, 4.0, meta)
    axes = sky.sky_axes(figure, (1, 1, 1))
    axes.set(xlabel="Galactic longitude $l$ (deg)", ylabel="Galactic latitude $b$ (deg)")

    l_deg, b_deg = page.values(fields, "l"), page.values(fields, "b")
    circles = small_circles(l_deg, b_deg, field_diameter_deg / 2, FIELD_VERTICES)
    polygons, _ = sky.sky_polygons(*circles, l_deg)
    sky.draw_sky_polygons(
        axes,
        polygons,
        facecolor=(color, 0.75),
        edgecolor=color,
        linewidth=0.6,
        zorder=2.1,
        rasterized=len(polygons) > MAX_VECTOR_CIRCLES,
    )
    if len(fields) == 0:
        page.say_nothing_to_draw(axes, "footprint", "no fields")

    draw_bounds(axes, **fields.meta.get("bounds", {}))
    kind = page.plain(str(fields.meta.get("fields_are", "fields")))
    n_stars = int(page.values(fields, "n_stars").sum())
    name = f"{len(fields):,} {kind} ({n_stars:,} stars), drawn {field_diameter_deg:g}° across"
    circle = Line2D([], [], ls="none", marker="o", ms=6, mfc=(color, 0.75), mec=color, label=name)
    lines, _ = axes.get_legend_handles_labels()
    size = axes.title.get_size()
    figure.legend(handles=[circle, *lines], loc="outside upper center", ncols=3, fontsize=size)
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    fields = text_tables.read_ecsv(arguments.fields, ("l", "b", "n_stars"))
    cli.report("fields", len(fields))
    page.save(draw(fields, **FIGURES.values(arguments)), arguments)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
