"""Numbers measured from the samples' own stars: dispersions, structures, errors, directions."""

from __future__ import annotations

import numpy as np

from icefire.files.star_tables import StarReader
from icefire.measure.recipes import COMPONENTS
from icefire.numbers import estimates
from icefire.numbers.estimates import difference, number
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC

_ERRORS = tuple(f"{name}_error" for name in COMPONENTS)
# Columns of a sample that the functions below read
COLUMNS = (*COMPONENTS, *_ERRORS, "feh", "x", "y", "z", "l", "b", "r")
# Of figure 3: the proper motion error whose tangential velocity error the paper draws
_DRAWN_PM_ERROR_MAS_YR = 0.1


def whole_samples(readers: dict[str, StarReader], slices: list) -> dict:
    """Measure the plain dispersions of each sample, and of the halo's [Fe/H] slices."""
    found = {}
    for sample, reader in readers.items():
        measured = estimates.dispersions(reader.blocks(COMPONENTS), {sample: lambda s: slice(None)})
        found[sample] = measured[sample].numbers()

    def within(low, high):
        return lambda s: (s["feh"] >= low) & (s["feh"] < high)

    masks = {f"slice_{i}": within(*ends) for i, ends in enumerate(slices, 1)}
    measured = estimates.dispersions(readers["halo"].blocks((*COMPONENTS, "feh")), masks)
    for (name, dispersion), (low, high) in zip(measured.items(), slices, strict=True):
        ends = {"feh_from": number(low, "dex"), "feh_to": number(high, "dex")}
        found[f"halo_feh_{name}"] = ends | dispersion.numbers()
    return found


def velocity_errors(halo: StarReader) -> dict:
    """Measure the velocity errors of figure 3."""
    stars = halo.all(("r", *_ERRORS))
    far = stars["r"] > 30
    drawn = KM_S_PER_MAS_YR_KPC * _DRAWN_PM_ERROR_MAS_YR * stars["r"][far]
    tangential = np.concatenate(
        [stars[name][far] / drawn for name in ("v_phi_error", "v_theta_error")]
    )

    def median(values):
        return number(np.median(values) if len(values) else None, "km/s")

    return {
        "median_v_r": median(stars["v_r_error"]),
        "median_v_r_beyond_30_kpc": median(stars["v_r_error"][far]),
        "median_tangential_over_line_beyond_30_kpc": number(
            np.median(tangential) if len(tangential) else None
        ),
    }


def elongation(accreted: StarReader) -> dict:
    """Measure in which direction the accreted halo is hot, at fixed radius (figures 4 and 5)."""
    stars = accreted.all(("x", "y", "z", "v_r"))
    place = np.array([stars["x"], stars["y"], stars["z"]])
    found = estimates.quadrupole(place, stars["v_r"])
    if found is None:
        names = ("xy_direction_deg", "azimuth_deg", "pitch_deg")
        nothing = {name: number(None, "deg") for name in names}
        return nothing | {"contrast": number(None), "chi_square_of_5": number(None)}
    angle, error = found.xy_direction_deg()
    azimuth, pitch, contrast = found.axis()
    return {
        "xy_direction_deg": number(angle, "deg", angle - error, angle + error),
        "azimuth_deg": number(azimuth, "deg"),
        "pitch_deg": number(pitch, "deg"),
        "contrast": number(contrast),
        "chi_square_of_5": number(found.significance),
    }


def structures(insitu: StarReader) -> dict:
    """Measure the in-situ halo's two structures where the paper has them (figure 5)."""
    masks = {
        "cold_insitu": lambda s: (s["x"] < -15) & (np.abs(s["z"]) < 10),
        "hot_insitu": lambda s: (s["x"] > -8) & (s["z"] > 10),
        "hot_insitu_mirrored": lambda s: (s["x"] > -8) & (s["z"] < -10),
    }
    measured = estimates.dispersions(insitu.blocks((*COMPONENTS, "x", "z")), masks)
    found = {name: dispersion.numbers() for name, dispersion in measured.items()}
    cold, hot = found["cold_insitu"]["sigma_r"], found["hot_insitu"]["sigma_r"]
    return found | {"hot_minus_cold_sigma_r": difference(hot, cold, "km/s")}


def quadrants(halo: StarReader) -> dict:
    """Measure beta in the first and fourth quadrant, where HALO7D has fields (figure 10)."""
    # With a star on a border where the summary's quadrants have it
    masks = {
        "first": lambda s: (s["l"] >= 180) & (s["b"] > 0),
        "fourth": lambda s: (s["l"] >= 180) & (s["b"] <= 0),
    }
    measured = estimates.dispersions(halo.blocks((*COMPONENTS, "l", "b")), masks)
    found = {name: dispersion.numbers()["beta"] for name, dispersion in measured.items()}
    gap = difference(found["first"], found["fourth"])
    significance = None
    if gap["value"] is not None and gap["hi68"] > gap["lo68"]:
        significance = abs(gap["value"]) / (0.5 * (gap["hi68"] - gap["lo68"]))
    return {
        "first_beta": found["first"],
        "fourth_beta": found["fourth"],
        "beta_difference": gap,
        "beta_difference_in_errors": number(significance),
    }
