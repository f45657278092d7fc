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
    velocities = {sample: _velocities(reader.all(COMPONENTS)) for sample, reader in readers.items()}
    found = {name: estimates.dispersions(v, min_stars) for name, v in velocities.items()}
    feh = readers["halo"].all(("feh",))["feh"]
    for i, (low, high) in enumerate(slices, 1):
        ends = {"feh_from": number(low, "dex"), "feh_to": number(high, "dex")}
        inside = velocities["halo"][:, (feh >= low) & (feh < high)]
        found[f"halo_feh_slice_{i}"] = ends | estimates.dispersions(inside, min_stars)
    return found


def _velocities(stars: dict[str, np.ndarray]) -> np.ndarray:
    return np.array([stars[name] for name in COMPONENTS])


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
    stars = insitu.all((*COMPONENTS, "x", "z"))
    velocity, x, z = _velocities(stars), stars["x"], stars["z"]
    masks = {
        "cold_insitu": (x < -15) & (np.abs(z) < 10),
        "hot_insitu": (x > -8) & (z > 10),
        "hot_insitu_mirrored": (x > -8) & (z < -10),
    }
    found = {n: estimates.dispersions(velocity[:, m], min_stars) for n, m in masks.items()}
    hot, mirrored = (found[name]["sigma_r"] for name in ("hot_insitu", "hot_insitu_mirrored"))
    difference = number(None, "km/s")
    if hot["value"] is not None and mirrored["value"] is not None:
        value = hot["value"] - mirrored["value"]
        error = np.hypot(*(part["hi68"] - part["value"] for part in (hot, mirrored)))
        difference = number(value, "km/s", value - error, value + error)
    return found | {"hot_minus_mirrored_sigma_r": difference}


def quadrants(readers: dict[str, StarReader], min_stars: int) -> dict:
    """Measure the plain dispersions in the quadrants of figure 10, of each sample."""
    found = {}
    for sample, reader in readers.items():
        stars = reader.all((*COMPONENTS, "l", "b"))
        # With a star on a border where the summary's quadrants have it
        beyond, north = stars["l"] >= 180, stars["b"] > 0
        masks = {
            "first": beyond & north,
            "second": ~beyond & north,
            "third": ~beyond & ~north,
            "fourth": beyond & ~north,
        }
        v = _velocities(stars)
        found[sample] = {n: estimates.dispersions(v[:, m], min_stars) for n, m in masks.items()}
    return found
