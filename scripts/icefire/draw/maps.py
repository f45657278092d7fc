"""What maps show: any quantity of the summaries on one scale, hatched where it tells nothing."""

import argparse
from collections.abc import Iterator, Mapping

import matplotlib
import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from icefire import cli
from icefire.draw import page
from icefire.errors import UserError
from icefire.files.columns import SAMPLES

_KM_S = " (km s$^{-1}$)"
_MEASURED = {
    "sigma_r": rf"$\sigma_r${_KM_S}",
    "sigma_phi": rf"$\sigma_\phi${_KM_S}",
    "sigma_theta": rf"$\sigma_\theta${_KM_S}",
    "beta": r"anisotropy $\beta$",
}
_HALF_WIDTH = "_half_width"
QUANTITIES = (*_MEASURED, *(name + _HALF_WIDTH for name in _MEASURED), "n_stars")
UNSURE = "not told from the sample's mean"
# White lines over a colour: it pales to every eye, and stays what it is.
HATCH = {"hatch": "////////", "edgecolor": "white", "facecolor": "none", "linewidth": 0}


def quantities(text: str) -> tuple[str, ...]:
    """Read a flag's value as quantities of the summaries with commas between them."""
    names = cli.names(text)
    if unknown := [name for name in names if name not in QUANTITIES]:
        known = ", ".join(QUANTITIES)
        raise argparse.ArgumentTypeError(f"no map of {', '.join(unknown)}; there are {known}")
    return names


def contour_levels(text: str) -> int:
    """Read a flag's value as a number of contour levels."""
    value = int(text)
    if not 2 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 2 to 100")
    return value


_LIMITS = ("sigma_min_km_s", "sigma_max_km_s", "beta_min", "beta_max")
MAPS = cli.Section(
    "figures",
    {
        "sigma_cmap": page.cmap,
        **dict.fromkeys(_LIMITS, cli.finite),
        "contour_levels": contour_levels,
        "maps": quantities,
    },
    optional=("maps",),
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the three summaries, of the maps' scales, and of further maps."""
    for sample, name in SAMPLES.items():
        text = f"summary of the {name.lower()} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
    MAPS.add_flags(parser)
    text = "PDF and PNG of a map of each further quantity, in the order of --figures-maps"
    parser.add_argument("--maps", nargs="*", default=[], metavar="PATH", help=text)


def pages(arguments: argparse.Namespace) -> Iterator[tuple[str, argparse.Namespace]]:
    """Give sigma_r and each further quantity, each with its `pdf` and `png`.

    Raises UserError when there are not two files for each, and when the ends of a scale are in the
    wrong order.
    """
    for flags in (_LIMITS[:2], _LIMITS[2:]):
        low, high = (getattr(arguments, f"figures_{flag}") for flag in flags)
        if low >= high:
            low_flag, high_flag = (f"--figures-{flag.replace('_', '-')}" for flag in flags)
            raise UserError(f"{high_flag} {high:g} must exceed {low_flag} {low:g}")
    names, files = arguments.figures_maps or (), arguments.maps
    if len(files) != 2 * len(names):
        raise UserError(f"--maps has {len(files)} files for the {len(names)} of --figures-maps")
    yield "sigma_r", arguments
    for name, pdf, png in zip(names, files[::2], files[1::2], strict=True):
        yield name, argparse.Namespace(pdf=pdf, png=png)


def columns(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Name what is read of a summary to draw all maps."""
    drawn = ("sigma_r", *(arguments.figures_maps or ()))
    measured = [name.removesuffix(_HALF_WIDTH) for name in drawn]
    names = [page.quantity_columns(name, (68,)) for name in measured if name in _MEASURED]
    return tuple(dict.fromkeys(("n_stars", *(column for group in names for column in group))))


def label(name: str) -> str:
    """Name a quantity and its unit on an axis."""
    if name == "n_stars":
        return "number of stars"
    half = "68 % half-width of " if name.endswith(_HALF_WIDTH) else ""
    return half + _MEASURED[name.removesuffix(_HALF_WIDTH)]


def values(table, name: str, min_stars: int) -> np.ndarray:
    """Give a quantity of every bin, NaN where it has too few stars."""
    measured = name.removesuffix(_HALF_WIDTH)
    if measured != name:
        sound = page.sound_of(table, measured) or measured
        low, high = (page.values(table, column) for column in page.interval(sound, 68))
        return (high - low) / 2
    found = page.values(table, name)
    return np.where(found >= min_stars, found, np.nan) if name == "n_stars" else found


def unsure(table, name: str) -> np.ndarray:
    """Tell the bins that lie closer to their sample's mean than half their 68 % interval is wide.

    The mean is that of the bins, each counted with its stars; the interval is a sound method's, if
    the summary has any. Counts and widths have no interval.
    """
    if name not in _MEASURED:
        return np.zeros(len(table), dtype=bool)
    value, n_stars = page.values(table, name), page.values(table, "n_stars")
    half = values(table, name + _HALF_WIDTH, 0)
    has = np.isfinite(value)
    mean = np.average(value[has], weights=n_stars[has]) if has.any() else np.nan
    return half > np.abs(value - mean)


def scale(name: str, shown: Mapping[str, np.ndarray], arguments: argparse.Namespace) -> dict:
    """Give the colour map and the norm of a quantity, in steps, the same for all samples shown."""
    cmap = matplotlib.colormaps[arguments.figures_sigma_cmap]
    n_levels = arguments.figures_contour_levels
    found = np.concatenate(list(shown.values()))
    found = found[np.isfinite(found)]
    if name in _MEASURED:
        flags = _LIMITS[2:] if name == "beta" else _LIMITS[:2]
        levels = np.linspace(*(getattr(arguments, f"figures_{flag}") for flag in flags), n_levels)
    elif name == "n_stars" and len(found):
        levels = np.unique(np.round(np.geomspace(found.min(), found.max() + 1, n_levels)))
    else:
        top = np.quantile(found, 0.98) if len(found) else 1.0
        levels = MaxNLocator(n_levels).tick_values(0, top)
    # At least as many colours as there are steps, whatever the colour map.
    cmap = cmap.resampled(256)
    return {"cmap": cmap, "norm": BoundaryNorm(levels, cmap.N, extend="both")}


def finish_bar(bar, scale: Mapping) -> None:
    """Write every step of a colour bar, or every n-th."""
    levels = scale["norm"].boundaries
    bar.set_ticks(levels[:: max(1, len(levels) // 10)])
    bar.ax.minorticks_off()


def handles(min_stars: int, any_unsure: bool) -> list[Patch]:
    """Give a legend's handles of the bins without a value, and of those that tell nothing."""
    found = [Patch(color=page.NO_VALUE, label=f"< {min_stars} stars")]
    if any_unsure:
        look = HATCH | {"facecolor": "0.45", "label": UNSURE}
        found.append(Patch(**look))
    return found


def axis(azimuth_deg: float, pitch_deg: float) -> np.ndarray:
    """Give a unit vector along an azimuth, from +X toward +Y, its end at X < 0 pitched upward."""
    azimuth, pitch = np.radians([azimuth_deg, pitch_deg])
    # Either end may be the one at X < 0.
    up = -np.copysign(np.sin(pitch), np.cos(azimuth) * pitch)
    return np.array([np.cos(pitch) * np.cos(azimuth), np.cos(pitch) * np.sin(azimuth), up])


def hot_axis(judged: Mapping, sample: str) -> np.ndarray | None:
    """Give the axis along which a sample's stars are hottest at fixed radius.

    `judged` is of `page.judged`; None without an answer, as where chance gives as much.
    """
    found = judged.get(sample, {})
    angles = [found.get(name, {}).get("value") for name in ("azimuth_deg", "pitch_deg")]
    return None if None in angles else axis(*angles)
