"""Numbers read off the summaries: lines of sight (figures 6 to 8) and profiles (figure 9)."""

from __future__ import annotations

import numpy as np

from icefire.files.columns import SOUND
from icefire.numbers.estimates import number, rounded

_SOUND = {f"sound{end}": f"{SOUND}{end}" for end in ("", "_lo68", "_hi68")}


def lines_of_sight(sky) -> dict:
    """Find the extremes of the lines of sight (figures 6 to 8).

    Of the method's values; where another stands beside it, what that has for the same line of
    sight is in the entry, too.
    """
    found = {"n_measured": number(np.count_nonzero(np.isfinite(sky["sigma_r"])))}
    for name, unit in (("sigma_r", "km/s"), ("beta", "")):
        values = np.asarray(sky[name], float)
        for extreme, pick in (("min", np.nanargmin), ("max", np.nanargmax)):
            entry, i = number(None, unit), None
            if np.isfinite(values).any():
                i = pick(values)
                entry = number(values[i], unit, sky[f"{name}_lo68"][i], sky[f"{name}_hi68"][i])
            for key, ending in _SOUND.items():
                if name + ending in sky.colnames:
                    entry[key] = None if i is None else rounded(sky[name + ending][i])
            found[f"{name}_{extreme}"] = entry
    return found


def profiles(accreted, insitu) -> dict:
    """Compare the two profiles of figure 9."""
    a, b = (table[table["quadrant"] == 0] for table in (accreted, insitu))
    sigma_a, sigma_b = np.asarray(a["sigma_r"], float), np.asarray(b["sigma_r"], float)
    both = np.isfinite(sigma_a) & np.isfinite(sigma_b)
    n_both = int(np.count_nonzero(both))
    colder = int(np.count_nonzero(sigma_b[both] < sigma_a[both]))
    return {
        "shells_with_both": number(n_both),
        "insitu_colder_fraction": number(colder / n_both if n_both else None),
    }
