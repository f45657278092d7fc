"""Numbers read off the summaries: lines of sight (figures 6 to 8) and profiles (figure 9)."""

from __future__ import annotations

import numpy as np

from icefire.numbers.estimates import number, rank_correlation


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
        found[f"{name}_rank_correlation"] = rank_correlation(
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
