#!/usr/bin/env python
"""Collect every number a manuscript quotes, as YAML, LaTeX macros and reStructuredText.

Usage:
    python scripts/collect_numbers.py --ledger ledger.ecsv --clean clean.fits --halo halo.fits \\
        --accreted accreted.fits --insitu insitu.fits --sky sky_halo.ecsv \\
        --accreted-radial radial_accreted.ecsv --insitu-radial radial_insitu.ecsv \\
        --numbers-feh-slices=-1.6,-1.3:-0.7,1 --yaml numbers.yaml --tex numbers.tex \\
        --rst numbers.rst
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import star_tables, text_tables, writing
from icefire.numbers import estimates, texts
from icefire.numbers.estimates import number
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC

NUMBERS = cli.Section("numbers", {"feh_slices": cli.ranges})
_VELOCITIES = ("v_r", "v_phi", "v_theta")
_SUBSTRUCTURE = ("sagittarius", "satellites", "aleph", "unbound")
_ERRORS = ("v_r_error", "v_phi_error", "v_theta_error")
# Of figure 3: the proper motion error whose tangential velocity error the paper draws
_DRAWN_PM_ERROR_MAS_YR = 0.1
_SUMMARIES = {
    "sky": (
        *("n_stars", "accreted_fraction", "sigma_r", "sigma_r_lo68", "sigma_r_hi68"),
        *("beta", "beta_lo68", "beta_hi68"),
    ),
    "accreted_radial": ("quadrant", "r_mid", "n_stars", "sigma_r"),
    "insitu_radial": ("quadrant", "r_mid", "n_stars", "sigma_r"),
}


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--ledger", required=True, help="of select_samples.py")
    parser.add_argument("--clean", required=True, help="good stars, of clean_catalog.py")
    for sample in ("halo", "accreted", "insitu"):
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    for name in _SUMMARIES:
        parser.add_argument(f"--{name.replace('_', '-')}", required=True, help="summary (ECSV)")
    NUMBERS.add_flags(parser)
    parser.add_argument("--yaml", required=True, help="numbers (YAML), written")
    parser.add_argument("--tex", required=True, help="the same as LaTeX macros, written")
    parser.add_argument("--rst", required=True, help="the same as reST substitutions, written")
    return parser


def counts(ledger, clean: star_tables.StarReader) -> dict:
    """Count the stars of every station, from the raw table to the samples."""
    beyond = {5: 0, 10: 0}
    for stars in clean.blocks(("distance",)):
        for limit in beyond:
            beyond[limit] += int(np.count_nonzero(stars["distance"] > limit))
    rows = {row["step"]: row for row in ledger}  # of each step, its last row
    samples = ledger.meta["samples"]
    return {
        "rows": number(ledger["n_in"][0]),
        "good": number(clean.n_rows),
        **{f"good_beyond_{limit}_kpc": number(n) for limit, n in beyond.items()},
        "giants": number(rows["giants"]["n_out"]),
        **{f"removed_as_{step}": number(rows[step]["n_removed"]) for step in _SUBSTRUCTURE},
        **{sample: number(n) for sample, n in samples.items()},
        "neither_accreted_nor_insitu": number(rows["chemistry"]["n_removed"]),
    }


def whole_samples(readers: dict[str, star_tables.StarReader], slices: list) -> dict:
    """Measure the plain dispersions of each sample, and of the halo's [Fe/H] slices."""
    found = {}
    for sample, reader in readers.items():
        measured = estimates.dispersions(
            reader.blocks(_VELOCITIES), {sample: lambda s: slice(None)}
        )
        found[sample] = measured[sample].numbers()

    def within(low, high):
        return lambda s: (s["feh"] >= low) & (s["feh"] < high)

    masks = {f"slice_{i}": within(*ends) for i, ends in enumerate(slices, 1)}
    measured = estimates.dispersions(readers["halo"].blocks((*_VELOCITIES, "feh")), masks)
    for (name, dispersion), (low, high) in zip(measured.items(), slices, strict=True):
        ends = {"feh_from": number(low, "dex"), "feh_to": number(high, "dex")}
        found[f"halo_feh_{name}"] = ends | dispersion.numbers()
    return found


def elongation(accreted: star_tables.StarReader) -> dict:
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


def structures(insitu: star_tables.StarReader) -> dict:
    """Measure the in-situ halo's two structures where the paper has them (figure 5)."""
    masks = {
        "cold_insitu": lambda s: (s["x"] < -15) & (np.abs(s["z"]) < 10),
        "hot_insitu": lambda s: (s["x"] > -8) & (s["z"] > 10),
        "hot_insitu_mirrored": lambda s: (s["x"] > -8) & (s["z"] < -10),
    }
    measured = estimates.dispersions(insitu.blocks((*_VELOCITIES, "x", "z")), masks)
    found = {name: dispersion.numbers() for name, dispersion in measured.items()}
    cold, hot = found["cold_insitu"]["sigma_r"], found["hot_insitu"]["sigma_r"]
    return found | {"hot_minus_cold_sigma_r": difference(hot, cold, "km/s")}


def difference(one: dict, other: dict, unit: str = "") -> dict:
    """Subtract two numbers and add their errors in quadrature."""
    if any(entry["value"] is None or entry["lo68"] is None for entry in (one, other)):
        return number(None, unit)
    error = 0.5 * np.hypot(one["hi68"] - one["lo68"], other["hi68"] - other["lo68"])
    value = one["value"] - other["value"]
    return number(value, unit, value - error, value + error)


def velocity_errors(halo: star_tables.StarReader) -> dict:
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


def lines_of_sight(sky) -> dict:
    """Find the extremes and the trends of the lines of sight (figures 6 to 8)."""
    found = {"n_measured": number(np.count_nonzero(np.isfinite(sky["sigma_r"])))}
    for name, unit in (("sigma_r", "km/s"), ("beta", "")):
        values = np.asarray(sky[name], float)
        for extreme, pick in (("min", np.nanargmin), ("max", np.nanargmax)):
            entry = number(None, unit)
            if np.isfinite(values).any():
                i = pick(values)
                entry = number(values[i], unit, sky[f"{name}_lo68"][i], sky[f"{name}_hi68"][i])
            found[f"{name}_{extreme}"] = entry
        found[f"{name}_rank_correlation"] = estimates.rank_correlation(
            np.asarray(sky["accreted_fraction"], float), values
        )
    return found


def profiles(accreted, insitu) -> dict:
    """Compare the two profiles of figure 9."""
    a, b = (table[table["quadrant"] == 0] for table in (accreted, insitu))
    sigma_a, sigma_b = np.asarray(a["sigma_r"], float), np.asarray(b["sigma_r"], float)
    both = np.isfinite(sigma_a) & np.isfinite(sigma_b)
    n_both = int(np.count_nonzero(both))
    colder = int(np.count_nonzero(sigma_b[both] < sigma_a[both]))
    # Shells that straddle 40 kpc count where their middle is.
    far = np.asarray(a["r_mid"]) > 40
    shares = []
    for part in (~far, far):
        n_a, n_b = np.sum(a["n_stars"][part]), np.sum(b["n_stars"][part])
        shares.append(n_b / (n_a + n_b) if n_a + n_b else np.nan)
    return {
        "shells_with_both": number(n_both),
        "insitu_colder_fraction": number(colder / n_both if n_both else None),
        "insitu_share_within_40_kpc": number(shares[0]),
        "insitu_share_beyond_40_kpc": number(shares[1]),
        "insitu_share_drop": number(shares[1] / shares[0] if shares[0] else None),
    }


def quadrants(halo: star_tables.StarReader) -> dict:
    """Measure beta in the first and fourth quadrant, where HALO7D has fields (figure 10)."""
    # With a star on a border where the summary's quadrants have it
    masks = {
        "first": lambda s: (s["l"] >= 180) & (s["b"] > 0),
        "fourth": lambda s: (s["l"] >= 180) & (s["b"] <= 0),
    }
    measured = estimates.dispersions(halo.blocks((*_VELOCITIES, "l", "b")), masks)
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


def work(arguments) -> None:
    ledger = text_tables.read_ecsv(
        arguments.ledger, ("n_in", "n_removed", "n_out"), ("step", "reason")
    )
    steps = {"clean", "giants", *_SUBSTRUCTURE, "chemistry"} - set(ledger["step"])
    if "samples" not in ledger.meta or steps:
        raise UserError(f"{arguments.ledger}: is no whole ledger of select_samples.py")
    summaries = {
        name: text_tables.read_ecsv(getattr(arguments, name), columns)
        for name, columns in _SUMMARIES.items()
    }
    clean = star_tables.StarReader(arguments.clean, ("distance",))
    needed = (*_VELOCITIES, *_ERRORS, "feh", "x", "y", "z", "l", "b", "r")
    readers = {
        sample: star_tables.StarReader(getattr(arguments, sample), needed)
        for sample in ("halo", "accreted", "insitu")
    }
    shells = [summaries[name]["r_mid"] for name in ("accreted_radial", "insitu_radial")]
    if not np.array_equal(*shells):
        raise UserError(f"{arguments.insitu_radial}: has other shells than the accreted profile")
    meta = summaries["sky"].meta
    for key in ("catalogue", "synthetic", "icefire_version"):
        if key not in meta:
            raise UserError(f"{arguments.sky}: its metadata have no {key}; make it anew")
    metas = [ledger.meta, clean.meta, *(one.meta for one in readers.values())]
    for other in (*metas, *(table.meta for table in summaries.values())):
        if other.get("catalogue") != meta["catalogue"]:
            raise UserError(
                f"tables of two catalogues, {meta['catalogue']} and {other.get('catalogue')},"
                " were given; give those of one run"
            )
    numbers = {
        "catalogue": {key: meta[key] for key in ("catalogue", "synthetic", "icefire_version")},
        "counts": counts(ledger, clean),
        "plain_dispersion": whole_samples(readers, arguments.numbers_feh_slices),
        "velocity_error": velocity_errors(readers["halo"]),
        "line_of_sight": lines_of_sight(summaries["sky"]),
        "profile": profiles(summaries["accreted_radial"], summaries["insitu_radial"]),
        "map": {
            "accreted": elongation(readers["accreted"]),
            **structures(readers["insitu"]),
        },
        "quadrant": quadrants(readers["halo"]),
    }
    text_tables.write_yaml(arguments.yaml, numbers)
    writing.write_text(arguments.tex, texts.macros(numbers))
    writing.write_text(arguments.rst, texts.substitutions(numbers))
    cli.report("stars of the halo sample", readers["halo"].n_rows)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
