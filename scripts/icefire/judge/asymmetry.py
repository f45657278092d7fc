"""Every test of `significance` on a run's samples: as a table, and as a map."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from icefire import cli
from icefire.files.star_tables import StarReader
from icefire.judge import significance
from icefire.judge.significance import NULLS, Null, Score
from icefire.measure.recipes import MONTECARLO
from icefire.stars import sky

SIGNIFICANCE = cli.Section(
    "significance", {"permutations": cli.count, "seed": cli.seed, "stratum_stars": cli.count}
)

# What is read of stars for tests, and to tell their composition
COLUMNS = ("x", "y", "z", "r", "v_r")
COMPOSITION = ("ra", "v_r", "feh")
# Sample, and what is held fixed beside the place: nothing, the population, or [Fe/H] as well.
CASES = (
    *(("halo", "none"), ("halo", "population"), ("halo", "population_feh")),
    *(("accreted", "none"), ("insitu", "none")),
)
EFFECTS = tuple(name for null in NULLS.values() for name in null.effects)
# Of the waves in azimuth, the root mean square over it: the stars', and what permuted ones give
AMPLITUDE = {"": None, "_null": 0.5, "_null_lo95": 0.025, "_null_hi95": 0.975}
# Directions are given only where p is below.
LEVEL = 0.01
_NSIDE = 4
# Of the map in R and azimuth
_RINGS, _SECTORS = 5, 12
# Without a line of sight at most so many permutations: enough to say p < LEVEL.
_PERMUTATIONS_WITHOUT = 2000
_N_PIXELS = 12 * _NSIDE**2
_DIRECTIONS = tuple(
    f"{pattern}{part}"
    for pattern in ("dipole", "quadrupole")
    for part in ("", "_azimuth_deg", "_pitch_deg")
)


@dataclass(frozen=True)
class Settings:
    """What tests depend on beside the stars."""

    permutations: int
    seed: int
    stratum_stars: int
    min_stars: int

    @classmethod
    def of(cls, parameters) -> "Settings":
        """Take them from arguments, or from the parameters that tables carry."""
        min_stars = MONTECARLO.values(parameters)["min_stars"]
        return cls(min_stars=min_stars, **SIGNIFICANCE.values(parameters))


# --- stars -----------------------------------------------------------------------------------


def read(table: StarReader, columns: Sequence[str] = COLUMNS) -> dict[str, np.ndarray]:
    """Read columns of a sample, and of each star its line of sight, `pixel`."""
    blocks = []
    for block in table.blocks((*columns, "l", "b")):
        pixel = sky.pixels(_NSIDE, block.pop("l"), block.pop("b"))
        blocks.append(block | {"pixel": pixel.astype(np.int16)})
    return {name: np.concatenate([block.pop(name) for block in blocks]) for name in list(blocks[0])}


def compositions(
    halo: dict[str, np.ndarray], accreted: dict[str, np.ndarray], insitu: dict[str, np.ndarray]
) -> dict[str, np.ndarray | None]:
    """Label the halo's stars by what is held fixed: for `CASES`' names, N labels or None.

    Populations are accreted, in situ and neither; fifths are of the whole halo's [Fe/H]. Stars
    without [Fe/H] are a group of their own in both. Takes `COMPOSITION` of the three samples.
    """
    population = np.where(np.isfinite(halo["feh"]), 2, 3).astype(np.int8)
    for label, sample in enumerate((accreted, insitu)):
        population[_among(halo, sample)] = label
    known = halo["feh"][np.isfinite(halo["feh"])]
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8]) if len(known) else np.zeros(4)
    fifth = np.where(np.isfinite(halo["feh"]), np.digitize(halo["feh"], edges), 5).astype(np.int8)
    return {"none": None, "population": population, "population_feh": 6 * population + fifth}


def _among(stars: dict[str, np.ndarray], sample: dict[str, np.ndarray]) -> np.ndarray:
    """Tell which stars are in a sample, whose rows are the same; not all surveys identify stars."""
    own, known = (each["ra"] + 1j * each["v_r"] for each in (stars, sample))
    if len(known) == 0:
        return np.zeros(len(own), bool)
    known.sort()
    return known[np.minimum(np.searchsorted(known, own), len(known) - 1)] == own


# --- tests -----------------------------------------------------------------------------------


def run_sample(
    sample: str,
    stars: dict[str, np.ndarray],
    groups: dict[str, np.ndarray | None],
    settings: Settings,
) -> Iterator[dict]:
    """Make a row of every test of a sample and fixed composition; NaN from too few stars."""
    for test in NULLS:
        for of, fixed in CASES:
            if of == sample:
                row = _empty_row(test, sample, fixed, len(stars["r"]))
                if len(stars["r"]) >= settings.min_stars:
                    row |= _tested(test, sample, fixed, stars, groups[fixed], settings)
                yield row


def in_order(rows: Iterable[dict]) -> list[dict]:
    """Sort rows of all samples by test, and then as `CASES` has them."""
    tests = list(NULLS)
    place = lambda row: (tests.index(row["test"]), CASES.index((row["sample"], row["fixed"])))  # noqa: E731
    return sorted(rows, key=place)


def _empty_row(test: str, sample: str, fixed: str, n: int) -> dict:
    row = {"test": test, "sample": sample, "fixed": fixed, "n": n, "statistic": np.nan, "dof": 0}
    row |= {"p": np.nan, "p_worst": np.nan, "worst_pixel": -1}
    row |= {f"{effect}{part}": np.nan for effect in EFFECTS for part in ("", "_error", "_null95")}
    row |= {f"amplitude{part}": np.nan for part in AMPLITUDE}
    return row | dict.fromkeys(_DIRECTIONS, np.nan)


def _tested(test: str, sample: str, fixed: str, stars, groups, settings: Settings) -> dict:
    """Make the columns of one test; 95 % of permuted halos are within `_null95` of zero."""
    null, key = NULLS[test], (f"{test} {fixed}", sample)
    labels = null.strata(stars, groups, settings.stratum_stars)
    score = Score(stars["v_r"], null.design(stars), labels)
    scores, covariances = score.without_each(stars["pixel"], _N_PIXELS)
    pixel = significance.worst_part(scores, covariances, np.unique(stars["pixel"]))
    observed, covariance, information = score.observed, score.covariance, score.information
    permuted = score.permuted(settings.seed, *key, range(settings.permutations))
    del score
    row = {"worst_pixel": pixel}
    row["p_worst"] = _without(null, pixel, stars, labels, settings, key)
    t, row["dof"] = significance.statistic(observed, covariance)
    if row["dof"] == 0:
        return {}
    row["statistic"] = t
    row["p"] = significance.p_value(t, significance.statistic(permuted, covariance)[0])
    values, errors = significance.effects(observed, covariance, information)
    null_values, _ = significance.effects(permuted, covariance, information)
    reach = np.quantile(np.abs(null_values), 0.95, axis=0)
    for i, effect in enumerate(null.effects):
        row |= {effect: values[i], f"{effect}_error": errors[i], f"{effect}_null95": reach[i]}
    if test == "axisymmetric":
        own, drawn = (np.sqrt(0.5 * (part**2).sum(axis=-1)) for part in (values, null_values))
        for part, level in AMPLITUDE.items():
            row[f"amplitude{part}"] = own if level is None else np.quantile(drawn, level)
    return row | (directions(test, values) if row["p"] < LEVEL else {})


def _without(null: Null, pixel: int, stars, labels, settings: Settings, key) -> float:
    """Test again without one line of sight, by permutations of what is left: its p."""
    left = stars["pixel"] != pixel
    n_left = np.count_nonzero(left)
    if n_left < 2:
        return 1.0
    design = null.design(stars)
    for row in design:
        row[:n_left] = row[left]  # in place: the design is what is largest
    score = Score(stars["v_r"][left], design[:, :n_left], labels[left])
    numbers = range(min(settings.permutations, _PERMUTATIONS_WITHOUT))
    permuted = score.permuted(settings.seed, f"{key[0]} without {pixel}", key[1], numbers)
    t, _ = significance.statistic(score.observed, score.covariance)
    return significance.p_value(t, significance.statistic(permuted, score.covariance)[0])


def directions(test: str, values: np.ndarray) -> dict:
    """Turn effects into amplitudes (of ln sigma_r, from the mean to the hottest) and directions.

    Azimuth runs from +X toward +Y, pitch above the plane. The hot axis of a quadrupole, which has
    two ends, is given by its upper end, and in the plane by an azimuth below 180 deg.
    """
    if test == "axisymmetric":
        found = {}
        for m, pattern, cosine, sine in ((1, "dipole", 0, 1), (2, "quadrupole", 2, 3)):
            azimuth = np.degrees(np.arctan2(values[sine], values[cosine])) / m
            found[pattern] = np.hypot(values[cosine], values[sine])
            found[f"{pattern}_azimuth_deg"] = azimuth % (360 / m)
        return found
    if test != "sphere":
        return {}
    half = np.sqrt(3) / 2 * values[4:]
    xz, yz, xxyy, xy = half
    zz = values[3]
    tensor = np.array([[xxyy - zz / 2, xy, xz], [xy, -xxyy - zz / 2, yz], [xz, yz, zz]])
    if not (np.isfinite(values[:3]).all() and np.isfinite(tensor).all()):
        return {}
    sizes, axes = np.linalg.eigh(tensor)
    axis = axes[:, -1] * (1 if axes[2, -1] >= 0 else -1)
    length = np.linalg.norm(values[:3])
    found = {"dipole": length, "quadrupole": sizes[-1]}
    for pattern, (x, y, z) in (("dipole", values[:3] / length), ("quadrupole", axis)):
        found[f"{pattern}_azimuth_deg"] = np.degrees(np.arctan2(y, x)) % 360
        found[f"{pattern}_pitch_deg"] = np.degrees(np.arcsin(np.clip(z, -1, 1)))
    return found


def band_edges(stars: dict[str, np.ndarray]) -> list[float]:
    """Give the radii (kpc) between the bands of the mirror test; none without stars."""
    return [round(float(r), 6) for r in significance.bands(stars["r"])] if len(stars["r"]) else []


def azimuth_map(halo: dict[str, np.ndarray], settings: Settings) -> dict[str, np.ndarray]:
    """Map ln sigma_r less its axisymmetric mean over R and azimuth, rings of equal number.

    Gives for each bin `R_lo R_hi` (kpc), `phi_lo phi_hi` (deg), `n`, and, from as many stars as a
    stratum has, `ln_sigma_r` and its error, what permutation gives.
    """
    null = NULLS["axisymmetric"]
    edges, radius = np.linspace(0, 360, _SECTORS + 1), np.hypot(halo["x"], halo["y"])
    shares = np.linspace(0, 1, _RINGS + 1)
    limits = np.quantile(radius, shares) if len(radius) else np.zeros(_RINGS + 1)
    ring = np.clip(np.searchsorted(limits, radius, side="right") - 1, 0, _RINGS - 1)
    phi = np.degrees(np.arctan2(halo["y"], halo["x"])) % 360
    sector = np.clip(np.searchsorted(edges, phi, side="right") - 1, 0, _SECTORS - 1)
    bins = (ring * _SECTORS + sector).astype(np.int16)
    n = np.bincount(bins, minlength=_RINGS * _SECTORS)
    table = {
        "R_lo": np.repeat(limits[:-1], _SECTORS),
        "R_hi": np.repeat(limits[1:], _SECTORS),
        "phi_lo": np.tile(edges[:-1], _RINGS),
        "phi_hi": np.tile(edges[1:], _RINGS),
        "n": n,
        "ln_sigma_r": np.full(len(n), np.nan),
        "ln_sigma_r_error": np.full(len(n), np.nan),
    }
    if len(bins) >= settings.min_stars:
        labels = null.strata(halo, None, settings.stratum_stars)
        for number in np.flatnonzero(n >= settings.stratum_stars):
            inside = (bins == number).astype(float)[None]
            score = Score(halo["v_r"], inside, labels)
            relative = 1 + score.observed[0] / n[number]
            table["ln_sigma_r"][number] = np.log(max(relative, np.finfo(float).tiny)) / 2
            error = np.sqrt(score.covariance[0, 0]) / n[number] / 2
            table["ln_sigma_r_error"][number] = error
    return table
