"""Numbers measured from the samples' own stars: dispersions, structures, errors, directions."""

import numpy as np

from icefire.files.star_tables import StarReader
from icefire.measure.recipes import COMPONENTS
from icefire.numbers import estimates
from icefire.numbers.estimates import number
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC

_ERRORS = tuple(f"{name}_error" for name in COMPONENTS)
# Columns of a sample that the functions below read
COLUMNS = (*COMPONENTS, *_ERRORS, "feh", "x", "y", "z", "l", "b", "r")
# Of figure 3: the proper motion error whose tangential velocity error the paper draws
_DRAWN_PM_ERROR_MAS_YR = 0.1


def whole_samples(readers: dict[str, StarReader], slices: list, min_stars: int) -> dict:
    """Measure the plain dispersions of each sample, and of the halo's [Fe/H] slices."""
    found = {}
    for sample, reader in readers.items():
        measured = estimates.dispersions(reader.blocks(COMPONENTS), {sample: lambda s: slice(None)})
        found[sample] = measured[sample].numbers(min_stars)

    def within(low, high):
        return lambda s: (s["feh"] >= low) & (s["feh"] < high)

    masks = {f"slice_{i}": within(*ends) for i, ends in enumerate(slices, 1)}
    measured = estimates.dispersions(readers["halo"].blocks((*COMPONENTS, "feh")), masks)
    for (name, dispersion), (low, high) in zip(measured.items(), slices, strict=True):
        ends = {"feh_from": number(low, "dex"), "feh_to": number(high, "dex")}
        found[f"halo_feh_{name}"] = ends | dispersion.numbers(min_stars)
    return found


def velocity_errors(halo: StarReader, edges_kpc: np.ndarray, min_stars: int) -> dict:
    """Measure the velocity errors of figure 3; `edges_kpc` are those of the shells."""
    stars = halo.all(("r", *_ERRORS))
    far = stars["r"] > 30
    drawn = KM_S_PER_MAS_YR_KPC * _DRAWN_PM_ERROR_MAS_YR * stars["r"][far]
    tangential = np.concatenate(
        [stars[name][far] / drawn for name in ("v_phi_error", "v_theta_error")]
    )
    shell = np.searchsorted(edges_kpc, stars["r"], side="right")
    shells = [stars["v_r_error"][shell == i] for i in range(1, len(edges_kpc))]
    medians = [np.median(errors) for errors in shells if len(errors) >= min_stars]

    def median(values, unit="km/s"):
        return number(np.median(values) if len(values) >= min_stars else None, unit)

    return {
        "median_v_r": median(stars["v_r_error"]),
        "median_v_r_beyond_30_kpc": median(stars["v_r_error"][far]),
        "smallest_median_v_r": number(min(medians, default=None), "km/s"),
        "largest_median_v_r": number(max(medians, default=None), "km/s"),
        "median_tangential_over_line_beyond_30_kpc": median(tangential, ""),
    }


def structures(insitu: StarReader, min_stars: int) -> dict:
    """Measure the in-situ halo's two structures where the paper has them (figure 5)."""
    masks = {
        "cold_insitu": lambda s: (s["x"] < -15) & (np.abs(s["z"]) < 10),
        "hot_insitu": lambda s: (s["x"] > -8) & (s["z"] > 10),
        "hot_insitu_mirrored": lambda s: (s["x"] > -8) & (s["z"] < -10),
    }
    measured = estimates.dispersions(insitu.blocks((*COMPONENTS, "x", "z")), masks)
    found = {name: dispersion.numbers(min_stars) for name, dispersion in measured.items()}
    hot, mirrored = (found[name]["sigma_r"] for name in ("hot_insitu", "hot_insitu_mirrored"))
    difference = number(None, "km/s")
    if hot["value"] is not None and mirrored["value"] is not None:
        value = hot["value"] - mirrored["value"]
        error = np.hypot(*(part["hi68"] - part["value"] for part in (hot, mirrored)))
        difference = number(value, "km/s", value - error, value + error)
    return found | {"hot_minus_mirrored_sigma_r": difference}


def quadrants(readers: dict[str, StarReader], min_stars: int) -> dict:
    """Measure the plain dispersions in the quadrants of figure 10, of each sample."""

    # With a star on a border where the summary's quadrants have it
    def inside(beyond: bool, north: bool):
        return lambda s: ((s["l"] >= 180) == beyond) & ((s["b"] > 0) == north)

    masks = {
        "first": inside(True, True),
        "second": inside(False, True),
        "third": inside(False, False),
        "fourth": inside(True, False),
    }
    found = {}
    for sample, reader in readers.items():
        measured = estimates.dispersions(reader.blocks((*COMPONENTS, "l", "b")), masks)
        found[sample] = {name: part.numbers(min_stars) for name, part in measured.items()}
    return found
