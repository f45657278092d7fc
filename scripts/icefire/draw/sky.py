"""Maps of the sky: a Mollweide projection of Galactic l and b, and how to fill and draw on it."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import SubFigure

from icefire.draw.page import SMALL_PT


def sky_axes(figure: SubFigure, position: tuple[int, int, int], ground: str = "white"):
    """Add a Mollweide map of Galactic l and b, l increasing to the left from its middle at 0.

    `position` is the panel: rows, columns, number; `ground` the colour behind the longitudes,
    which are written inside the map. Draw on it with `draw_sky_polygons` and `sky_line`, which
    turn l around, below zorder 2.5, where the axes write their degrees.
    """
    axes = figure.add_subplot(*position, projection="mollweide")
    # Not the multiples of 60: the declination of -20 deg meets the equator at two of them.
    shown = np.array([150, 90, 30, -30, -90, -150])
    axes.set_xticks(np.radians(-shown), [f"{l_deg % 360}°" for l_deg in shown])
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]), ["−60°", "−30°", "0°", "30°", "60°"])
    axes.tick_params(which="both", length=0)
    axes.set_longitude_grid_ends(90)
    axes.grid(True)
    ink = "black" if np.mean(to_rgb(ground)) > 0.5 else "white"
    box = {"facecolor": ground, "edgecolor": "none", "alpha": 0.7, "pad": 0.3}
    for text in axes.get_xticklabels():
        text.set(size=SMALL_PT, color=ink, bbox=box)
    return axes


def sky_line(axes, l_deg: np.ndarray, b_deg: np.ndarray, **options) -> None:
    """Draw a line over the sky, lifting the pen where it leaves the map's edge."""
    x = np.radians((180 - np.asarray(l_deg)) % 360 - 180)
    leaves = np.flatnonzero(np.abs(np.diff(x)) > np.pi) + 1
    axes.plot(np.insert(x, leaves, np.nan), np.insert(np.radians(b_deg), leaves, np.nan), **options)


def sky_polygons(
    l_deg: np.ndarray, b_deg: np.ndarray, centre_l_deg: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Unroll convex patches of the sky into the map's plane.

    Takes vertices (patches × vertices) and the longitudes of the patches' centres, in degrees.
    Gives polygons of (-l, b) in radians, and the patch each belongs to: a patch across the map's
    edge has two polygons, each hanging over its side, to be clipped by the map's outline; one
    around a pole is closed along the pole.
    """
    centre = -np.radians(centre_l_deg)[:, None]
    centre = (centre + np.pi) % (2 * np.pi) - np.pi
    b = np.radians(b_deg)
    # A pole has no longitude of its own: give it the centre's.
    offset = np.where(np.abs(b_deg) < 90 - 1e-6, -np.radians(l_deg) - centre, 0)
    x = centre + (offset + np.pi) % (2 * np.pi) - np.pi
    polygons, owners = [], []
    for patch, vertices in enumerate(np.stack([x, b], axis=-1)):
        jumps = np.abs(np.diff(vertices[:, 0], append=vertices[0, 0]))
        if jumps.max() > np.pi:
            vertices = _close_along_pole(np.roll(vertices, -1 - jumps.argmax(), axis=0))
        for shift in (0, 2 * np.pi, -2 * np.pi):
            shifted = vertices + np.array([shift, 0])
            if shifted[:, 0].min() < np.pi and shifted[:, 0].max() > -np.pi:
                polygons.append(shifted)
                owners.append(patch)
    return polygons, np.array(owners, dtype=int)


def _close_along_pole(ring: np.ndarray) -> np.ndarray:
    """Close a ring around a pole, whose vertices go once around in longitude, along that pole."""
    first, turn = ring[0], np.sign(ring[-1, 0] - ring[0, 0]) * 2 * np.pi
    # Many steps, because a meridian is curved on the map.
    up = np.linspace(first[1], np.copysign(np.pi / 2, first[1]), 24)
    there = np.column_stack([np.full_like(up, first[0] + turn), up])
    back = np.column_stack([np.full_like(up, first[0]), up])[::-1]
    return np.vstack([ring, there, back[:-1]])


def draw_sky_polygons(axes, polygons: list[np.ndarray], **options) -> PolyCollection:
    """Fill polygons of `sky_polygons` on a map of `sky_axes`; options as PolyCollection's."""
    # The vertices are projected here because matplotlib would cut every edge into 75 pieces.
    ends = np.cumsum([len(polygon) for polygon in polygons])[:-1]
    flat = np.vstack(polygons) if polygons else np.empty((0, 2))
    projected = np.split(axes.transProjection.transform(flat), ends) if polygons else []
    transform = axes.transAffine + axes.transAxes
    collection = PolyCollection(projected, transform=transform, **options)
    axes.add_collection(collection, autolim=False)
    collection.set_clip_path(axes.patch)
    return collection
