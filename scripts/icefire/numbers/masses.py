"""Masses within quoted radii, and how much they vary over the sky, of compute_jeans.py's tables."""

import numpy as np

from icefire.numbers.estimates import number, rounded

_ENDS = ("lo68", "hi68", "lo95", "hi95")
MASSES = ("quadrant", "r", "potential", *(f"mass{end}" for end in ("", "_lo68", "_hi68")))
MASSES += ("v_circ", "v_circ_lo68", "v_circ_hi68", "not_positive")
SPREAD = ("n", "tau", *(f"tau_{end}" for end in _ENDS), "null", "null_lo95", "null_hi95", "p")
MASS_TEXTS, SPREAD_TEXTS = ("sample", "slope"), ("over", "fixed", "quantity")
# Fifth to 95th percentile of a Gaussian, in standard deviations
_REACH = 2 * 1.6448536
_UNIT = "10^11 Msun"


def masses(table, radii_kpc) -> dict:
    """Interpolate the halo's mass and circular speed at radii, for every slope and the potential.

    No value beyond the shells that have one.
    """
    halo = table[(table["sample"] == "halo") & (table["quadrant"] == 0)]
    found = {}
    for radius in radii_kpc:
        place = f"{radius:g}_kpc".replace(".", "_")
        mass, speed = {}, {}
        for slope in dict.fromkeys(halo["slope"].tolist()):
            part = halo[halo["slope"] == slope]
            for entries, name, unit in ((mass, "mass", _UNIT), (speed, "v_circ", "km/s")):
                ends = [_at(part, f"{name}{end}", radius) for end in ("", "_lo68", "_hi68")]
                entries[slope] = number(ends[0], unit, *ends[1:])
            mass["potential"] = number(_at(part, "potential", radius), _UNIT)
        found |= {f"within_{place}": mass, f"circular_speed_at_{place}": speed}
    return found


def _at(table, name: str, radius: float) -> float:
    r, values = (np.ma.filled(np.ma.asarray(table[n], float), np.nan) for n in ("r", name))
    has = np.isfinite(values)
    if not has.any():
        return np.nan
    return float(np.interp(radius, r[has], values[has], left=np.nan, right=np.nan))


def factor(tau):
    """Give the factor between the 5th and the 95th percentile of what scatters by tau in ln."""
    return np.exp(_REACH * np.asarray(tau, float))


def spreads(table) -> dict:
    """Quote the scatter over lines of sight and quadrants, of masses with the first slope."""
    slopes = [row["slope"] for row in table if row["quantity"] == "ln_mass"]
    rows = {
        (row["over"], row["quantity"], row["fixed"]): row
        for row in table
        if row["quantity"] != "ln_mass" or row["slope"] == slopes[0]
    }
    found: dict = {}
    for over in dict.fromkeys(table["over"].tolist()):
        group = found.setdefault(over.replace(" ", "_"), {})
        for quantity in ("ln_mass", "ln_sigma_r2", "beta"):
            by_r, alike = (rows.get((over, quantity, f)) for f in ("r", "r and population"))
            group[f"{quantity}_scatter"] = _entry(by_r, lambda tau: tau)
            group[f"{quantity}_scatter_at_fixed_population"] = _entry(alike, lambda tau: tau)
            group[f"{quantity}_explained_by_composition"] = number(_explained(by_r, alike))
        # Of what scatters in its logarithm; the number of bins does not matter to it.
        group["mass_factor"] = _entry(rows.get((over, "ln_mass", "r")), factor)
        group["n"] = number(rows[over, "ln_sigma_r2", "r"]["n"])
    return found


def _entry(row, value) -> dict:
    """Make an entry with p of a row of the spread; of nothing where there is none."""
    if row is None:
        return number(None) | {"p": None}
    lo68, hi68, lo95, hi95 = (value(float(row[f"tau_{end}"])) for end in _ENDS)
    entry = number(value(float(row["tau"])), "", lo68, hi68)
    entry |= {"lo95": rounded(lo95), "hi95": rounded(hi95)}
    nulls = ("null", "null_lo95", "null_hi95")
    entry |= {name: rounded(value(float(row[name]))) for name in nulls}
    return entry | {"p": rounded(float(row["p"]))}


def _explained(by_r, alike) -> float | None:
    """Give the share of the variance that falls away at fixed population; noise makes none less."""
    if by_r is None or alike is None or not float(by_r["tau_lo68"]) > 0:
        return None
    return max(0.0, 1 - (float(alike["tau"]) / float(by_r["tau"])) ** 2)
