"""How often a method's intervals hold the truth, and how far off its values are.

Halos whose truth is known are measured by every method with the run's own engine. What is kept of
them are sums of whole numbers over groups of bins, so that no result depends on the order in which
halos come or on how they are shared among jobs. Standard errors are taken from halo to halo,
because the bins of one halo share stars.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from icefire.errors import UserError
from icefire.files.writing import replacing
from icefire.measure import dispersion, likelihood, recipes, shards
from icefire.measure.geometry import Geometry, RadialShells

METHODS = ("han2024", "bootstrap", "likelihood")
# `sigma` stands for the three dispersions together.
QUANTITIES = (*dispersion.QUANTITIES, "sigma")

# Limits of the groups: stars per bin, errors over dispersion, and radius
STARS = (0, 30, 100, 300, np.inf)
FILLED = 100
ERRORS = (0.0, 0.1, 0.2, 0.4, 0.6, np.inf)
RADII_KPC = (0.0, 20.0, 30.0, 40.0, 50.0, 60.0, np.inf)

# What is summed over the bins of a group, and which of these have a standard error
_SUMMED = ("bins", "without_value", "below", "half_width68", "bias", "coverage68", "coverage95")
_WITH_ERROR = _SUMMED[4:]
# Sums over halos of products of a halo's sums
_PRODUCTS = (
    ("bins", "bins"),
    *((name, other) for name in _WITH_ERROR for other in (name, "bins")),
)
STATISTICS = ("halos", *_SUMMED, *_PRODUCTS)
# Biases and widths are summed in these units, each cut at so many of them.
_UNIT, _MOST = 1e-5, 10**6
_MAX_MEMORY_MB = 1000.0


@dataclass(frozen=True)
class Group:
    """Bins with limited numbers of stars, relative errors and radii (kpc); upper ends excluded."""

    n_lo: float = 0.0
    n_hi: float = np.inf
    error_lo: float = 0.0
    error_hi: float = np.inf
    r_lo: float = 0.0
    r_hi: float = np.inf

    def holds(self, n_stars: np.ndarray, error: np.ndarray, r_kpc: np.ndarray) -> np.ndarray:
        """Tell which bins are in the group."""
        inside = [
            (values >= getattr(self, f"{name}_lo")) & (values < getattr(self, f"{name}_hi"))
            for name, values in (("n", n_stars), ("error", error), ("r", r_kpc))
        ]
        return np.all(inside, axis=0)


def _groups() -> tuple[Group, ...]:
    sparse, filled = {"n_hi": FILLED}, {"n_lo": FILLED}
    found = [Group(), *(Group(n_lo=low, n_hi=high) for low, high in pairwise(STARS))]
    for size in (sparse, filled):
        found += [Group(**size), Group(**size, error_hi=0.4), Group(**size, r_hi=60.0)]
        found += [Group(**size, error_lo=low, error_hi=high) for low, high in pairwise(ERRORS)]
        found += [Group(**size, r_lo=low, r_hi=high) for low, high in pairwise(RADII_KPC)]
    return tuple(found)


GROUPS = _groups()
SHAPE = (len(METHODS), len(QUANTITIES), len(GROUPS), len(STATISTICS))


@dataclass(frozen=True)
class Engine:
    """What a run's methods are given: as `montecarlo` of the configuration has them."""

    seed: int
    realisations: int
    min_stars: int
    exclude_fraction: float


def try_methods(
    stars: dict[str, np.ndarray],
    true: np.ndarray,
    shells: RadialShells,
    name: str,
    engine: Engine,
    unbound_max_sigma: float | None = None,
) -> np.ndarray:
    """Measure one halo by every method and compare with the truth.

    Parameters:
        stars, true: A halo as `halos.make` gives it. A bin's truth is the mean of `true` over its
            stars.
        shells: The bins: the radial ones of figures 9 and 10.
        name: With the seed, names the random streams of the realisations.
        unbound_max_sigma: The cut of unbound stars that the halo went through; None: none.

    Returns: Whole numbers, METHODS x QUANTITIES x GROUPS x STATISTICS.
    """
    found = np.zeros(SHAPE, np.int64)
    for i, method in enumerate(METHODS):
        measured = measured_by(method, stars, shells, name, engine, unbound_max_sigma)
        (measurement,) = measured.values()
        bins = _truth(stars, true, shells, measurement.bins)
        found[i] = _compare(dispersion.summarise(measurement.variance), bins)
    return found


def measured_by(
    method: str,
    stars: dict[str, np.ndarray],
    bins: Geometry,
    name: str,
    engine: Engine,
    unbound_max_sigma: float | None = None,
) -> dict[str, dispersion.Measurement]:
    """Measure stars that are in memory by one of METHODS, as a run does."""
    n_stars, rows = len(stars["v_r"]), dispersion.STARS_AT_ONCE
    common = {
        "blocks": lambda: (
            {column: values[start : start + rows] for column, values in stars.items()}
            for start in range(0, max(n_stars, 1), rows)
        ),
        "n_stars": n_stars,
        "geometries": [bins],
        "min_stars": engine.min_stars,
        "max_memory_mb": _MAX_MEMORY_MB,
    }
    if method == "likelihood":
        return likelihood.measure(
            deconvolve=True,
            correlated=True,
            unbound_max_sigma=unbound_max_sigma,
            realisations=engine.realisations,
            **common,
        )
    return dispersion.measure(
        recipe=recipes.recipe(method, engine.exclude_fraction, correlated=True),
        seed=engine.seed,
        sample=name,
        numbers=range(engine.realisations),
        **common,
    )


@dataclass(frozen=True)
class _Bins:
    """What is true of B bins: stars, radius (kpc), values of QUANTITIES but the last, errors."""

    n_stars: np.ndarray
    r_kpc: np.ndarray
    values: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]


def _truth(stars: dict, true: np.ndarray, shells: RadialShells, bins: np.ndarray) -> _Bins:
    members = shells.membership(stars)[bins]
    count = members.sum(axis=1)
    variance = [members @ one / count for one in true]
    blur = [members @ stars[f"{name}_error"] ** 2 / count for name in recipes.COMPONENTS]
    names = dispersion.QUANTITIES[:3]
    values = {name: np.sqrt(one) for name, one in zip(names, variance, strict=True)}
    values["beta"] = dispersion.anisotropy(np.array(variance))
    errors = {n: np.sqrt(e / v) for n, e, v in zip(names, blur, variance, strict=True)}
    errors["beta"] = np.max(list(errors.values()), axis=0)
    return _Bins(count, shells.coordinates()["r_mid"][0][bins], values, errors)


def _compare(summary: dict[str, np.ndarray], bins: _Bins) -> np.ndarray:
    """Sum up, for each quantity and group, what the values of one halo are worth."""
    single = dispersion.QUANTITIES
    counted = {name: _count(summary, name, bins.values[name]) for name in single}
    found = np.zeros(SHAPE[1:], np.int64)
    for i, quantity in enumerate(QUANTITIES):
        parts = single[:3] if quantity == "sigma" else (quantity,)
        counts = np.concatenate([counted[name] for name in parts], axis=1)
        error = np.concatenate([bins.errors[name] for name in parts])
        n_stars, r_kpc = (np.tile(part, len(parts)) for part in (bins.n_stars, bins.r_kpc))
        for j, group in enumerate(GROUPS):
            sums = counts[:, group.holds(n_stars, error, r_kpc)].sum(axis=1)
            named = dict(zip(_SUMMED, sums, strict=True))
            products = [named[a] * named[b] for a, b in _PRODUCTS]
            found[i, j] = [named["bins"] > 0, *sums, *products]
    return found


def _count(summary: dict[str, np.ndarray], name: str, truth: np.ndarray) -> np.ndarray:
    """Give _SUMMED x bins whole numbers: dispersions in units of the true one, beta as it is."""
    value = summary[name]
    scale = 1.0 if name == "beta" else truth
    has = np.isfinite(value)

    def units(values: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(np.where(has, values, 0) / scale / _UNIT), -_MOST, _MOST)

    def inside(percent: int) -> np.ndarray:
        low, high = summary[f"{name}_lo{percent}"], summary[f"{name}_hi{percent}"]
        return has & (low <= truth) & (truth <= high)

    width = units(0.5 * (summary[f"{name}_hi68"] - summary[f"{name}_lo68"]))
    rows = (has, ~has, has & (value < truth), width, units(value - truth), inside(68), inside(95))
    return np.array(rows).astype(np.int64)


# --- shards and results ----------------------------------------------------------------------


def write(path: str | os.PathLike, counts: np.ndarray, numbers: Sequence[int], meta: dict) -> None:
    """Write the summed counts of halos `numbers` as an npz file, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as out:
        np.savez(
            out,
            counts=counts,
            numbers=np.asarray(numbers, dtype=np.int64),
            meta=np.array(json.dumps(meta)),
        )


def join(paths: Sequence[str]) -> tuple[np.ndarray, dict]:
    """Add up all shards of a calibration; give the sums and the metadata that all have in common.

    Raises UserError when halos are missing or doubled, or shards of different runs meet.
    """
    script = "run_calibration.py"
    found = []
    for path in paths:
        counts, numbers, text = shards.load(path, ("counts", "numbers", "meta"), script)
        try:
            meta = json.loads(str(text))
            wanted = meta["parameters"]["run_calibration"]["calibration_halos"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: has no metadata of {script} ({error})") from error
        if counts.shape[1:] != SHAPE or (found and meta != found[0][2]):
            raise UserError(f"{path}: made with other settings than {paths[0]}; make both anew")
        found.append((counts, numbers, meta))
    numbers = np.sort(np.concatenate([numbers for _, numbers, _ in found]))
    if not np.array_equal(numbers, np.arange(wanted)):
        raise UserError(
            f"{paths[0]} and its fellows do not hold the halos 0 to {wanted - 1} once each; give"
            " every shard of one run"
        )
    return sum(counts for counts, _, _ in found), meta


def results(total: np.ndarray) -> dict[str, np.ndarray]:
    """Turn sums over halos (... x STATISTICS) into columns, each of the other axes' shape.

    `halos`, `bins` and `without_value` are counts. `below`, `coverage68` and `coverage95` are
    fractions of the bins; `bias` and `half_width68` are means, in units of the true dispersion, or
    of beta. Those with an `_error` have their standard error, from halo to halo. NaN where there is
    no bin, or for an error only one halo.
    """
    sums = dict(zip(STATISTICS, np.moveaxis(total, -1, 0), strict=True))
    bins, halos = sums["bins"].astype(float), sums["halos"].astype(float)
    found = {name: sums[name] for name in ("halos", "bins", "without_value")}
    with np.errstate(invalid="ignore", divide="ignore"):
        for name in _SUMMED[2:]:
            unit = _UNIT if name in ("bias", "half_width68") else 1.0
            mean = sums[name] / bins
            found[name] = mean * unit
            if name in _WITH_ERROR:
                # Variance of a ratio of two sums over halos
                squares = sums[name, name] - 2 * mean * sums[name, "bins"]
                squares = np.maximum(squares + mean**2 * sums["bins", "bins"], 0)
                error = np.sqrt(squares * halos / (halos - 1)) / bins
                found[f"{name}_error"] = np.where(halos > 1, error, np.nan) * unit
    return found
