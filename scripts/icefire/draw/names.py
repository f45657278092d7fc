"""Names beside what they name: curves and published values, where nothing drawn is in their way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icefire.draw.page import POINTS_PER_INCH, SMALL_PT, after_layout, text_width_in, values

# Where a name may stand, its middle as seen from a point: directions, and points of distance
# between the point and the nearest edge of the name. From LEADER on, a thin line leads to it.
_DIRECTIONS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_DISTANCES_PT = np.array([3.5, 7.0, 12.0, 18.0, 26.0, 36.0, 50.0])
_LEADER_PT = 10.0
_HEIGHT_PT = 1.05 * SMALL_PT
_ROOM_PT = 1.5


@dataclass(frozen=True)
class Name:
    """A text in a colour, and the points (n × 2, in units of the axes) of which it may name any."""

    text: str
    color: str
    beside: np.ndarray


def along(x, y, n_between: int = 8) -> np.ndarray:
    """Give points (n × 2) along a line, for what may not be written over."""
    has = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x)[has], np.asarray(y)[has]
    at = np.linspace(0, max(len(x) - 1, 0), n_between * max(len(x) - 1, 0) + 1) if len(x) else []
    return np.column_stack([np.interp(at, np.arange(len(x)), c) if len(x) else [] for c in (x, y)])


def ends(table, names: Sequence[str]) -> np.ndarray:
    """Give points of columns over r_mid, such as the ends of bars, for the same."""
    found = [np.column_stack([values(table, "r_mid"), values(table, name)]) for name in names]
    found = np.vstack([np.empty((0, 2)), *found])
    return found[np.isfinite(found).all(axis=1)]


def place(axes, names: Sequence[Name], drawn: Sequence[np.ndarray]) -> None:
    """Write names once the axes have their place, off the points in `drawn` as far as it goes."""
    after_layout(axes, lambda: _place(axes, names, drawn))


def _place(axes, names: Sequence[Name], drawn: Sequence[np.ndarray]) -> None:
    per_pixel = POINTS_PER_INCH / axes.get_figure(root=True).dpi
    low, high = axes.bbox.get_points() * per_pixel
    drawn = np.vstack([np.empty((0, 2)), *drawn])
    drawn = axes.transData.transform(drawn) * per_pixel
    boxes = [text.get_window_extent().extents * per_pixel for text in axes.texts if text.get_text()]
    taken = np.vstack([np.empty((0, 4)), *boxes])
    for name in names:
        points = axes.transData.transform(name.beside) * per_pixel
        inside = np.all((points >= low) & (points <= high), axis=1)
        if not inside.any():
            continue
        half = np.array([POINTS_PER_INCH * text_width_in(name.text), _HEIGHT_PT]) / 2
        shifts = _shifts(half)
        anchors = np.repeat(name.beside[inside], len(shifts), axis=0)
        offsets = np.tile(shifts, (inside.sum(), 1))
        middle = np.repeat(points[inside], len(shifts), axis=0) + offsets[:, :2]
        boxes = np.hstack([middle - half - _ROOM_PT, middle + half + _ROOM_PT])
        outside = np.any((boxes[:, :2] < low) | (boxes[:, 2:] > high), axis=1)
        hits = _overlaps(boxes, np.hstack([drawn, drawn])).sum(axis=1)
        far = np.hypot(*offsets[:, 2:].T)
        cost = hits + far / 6 + 1e3 * _overlaps(boxes, taken).any(axis=1) + 1e6 * outside
        best = int(np.argmin(cost))
        taken = np.vstack([taken, boxes[best]])
        _write(axes, name, anchors[best], offsets[best])


def _shifts(half: np.ndarray) -> np.ndarray:
    """Give candidates: the shift of a name's middle, and that of its edge; near ones first."""
    way = np.column_stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)])
    return np.vstack([np.hstack([way * (half + d), way * d]) for d in _DISTANCES_PT])


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tell which boxes (left, low, right, high) overlap which others: a matrix."""
    a, b = boxes[:, None], others[None]
    return np.all((a[..., :2] < b[..., 2:]) & (b[..., :2] < a[..., 2:]), axis=-1)


def _write(axes, name: Name, anchor: np.ndarray, offset: np.ndarray) -> None:
    x, y, *edge = offset
    if np.hypot(*edge) >= _LEADER_PT:
        line = {"arrowstyle": "-", "lw": 0.4, "color": name.color, "shrinkA": 0, "shrinkB": 2}
        look = {"textcoords": "offset points", "arrowprops": line, "zorder": 7}
        axes.annotate("", anchor, edge, **look).set_in_layout(False)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.5, "pad": 0.1}
    look = {"ha": "center", "va": "center", "size": SMALL_PT, "color": name.color, "zorder": 8}
    text = axes.annotate(name.text, anchor, (x, y), textcoords="offset points", bbox=box, **look)
    text.set_in_layout(False)
