"""Good stars: which rows of a survey table can be used, and under which reason the others go."""

from __future__ import annotations

import numpy as np

from icefire import cli
from icefire.files.columns import LOGARITHMS
from icefire.stars.ledger import Entry, Ledger, remove
from icefire.stars.sky import on_sphere

QUALITY = cli.Section("quality", {"min_snr": cli.finite})

# No star of the Galaxy goes beyond these (kpc, km/s, mas/yr; only Barnard's star, 1.8 pc away,
# moves faster across the sky): such a value is in another unit than stated, or fills a gap, as
# -9999 does. Constants and not choices: they touch no measurement.
LIMITS = {"distance": 1000.0, "rv": 9000.0, "pmra": 9000.0, "pmdec": 9000.0}
# The same for logarithms, dex. They fill gaps with -9.99, too.
LOGARITHM_LIMIT = 9.0


class Quality:
    """The quality cuts of one survey (paper, section 2), counting what each removes.

    Parameters
    ----------
    ledger
        Gets one entry per cut, in the order the cuts are applied.
    min_snr
        Signal-to-noise ratio per pixel that a star must exceed.
    cuts_off
        Cuts that the survey cannot have, with the reason.
    """

    def __init__(self, ledger: Ledger, min_snr: float, cuts_off: dict[str, str]):
        self._min_snr = min_snr

        def entry(reason: str, cut: str | None = None) -> Entry:
            if cut in cuts_off:
                reason = f"{reason}: off, {cuts_off[cut]}"
            return ledger.add("clean", reason)

        self._cuts = [
            (entry("the survey's flag is not 0", "flag"), "flag", _flagged),
            (entry(f"signal-to-noise ratio not above {min_snr:g}", "snr"), "snr", self._noisy),
            (entry("position missing or outside the sphere"), None, lambda s: ~on_sphere(s)),
            (
                entry(f"distance missing, not positive or above {LIMITS['distance']:g} kpc"),
                None,
                lambda s: ~((s["distance"] > 0) & (s["distance"] <= LIMITS["distance"])),
            ),
            (
                entry(f"radial velocity missing or above {LIMITS['rv']:g} km/s"),
                None,
                lambda s: ~(np.abs(s["rv"]) <= LIMITS["rv"]),
            ),
            (
                entry(f"proper motion missing or above {LIMITS['pmra']:g} mas/yr"),
                None,
                lambda s: ~(np.maximum(np.abs(s["pmra"]), np.abs(s["pmdec"])) <= LIMITS["pmra"]),
            ),
            (
                entry("an error missing, negative or above such a limit, or |correlation| above 1"),
                None,
                _errorless,
            ),
        ]
        # How many distances there are, and how many of them are too large
        self._distances = np.zeros(2, int)
        self._duplicates = entry("another row of the same star is kept")
        self._off = cuts_off

    def good(self, stars: dict[str, np.ndarray]) -> np.ndarray:
        """Give a boolean array, true for the good rows of a block."""
        finite = stars["distance"][np.isfinite(stars["distance"])]
        self._distances += [len(finite), np.count_nonzero(finite > LIMITS["distance"])]
        left = np.ones(len(stars["ra"]), bool)
        for entry, cut, bad in self._cuts:
            if cut not in self._off:
                left = remove(left, bad(stars), entry)
        return left

    @property
    def distances_in_pc(self) -> str:
        """Say how many distances are impossible, if most are: their unit is not what it is said."""
        known, far = self._distances
        if 2 * far <= known:
            return ""
        return f"{far} of {known} distances are above {LIMITS['distance']:g} kpc; are they in pc?"

    def unique(self, star_id: np.ndarray, snr: np.ndarray) -> np.ndarray:
        """Tell which of all good rows to keep so that each star appears once.

        The row with the highest signal-to-noise ratio stays, the first one if they are equal or
        the survey has none.
        """
        merit = np.where(np.isfinite(snr), snr, -np.inf)
        order = np.lexsort((np.arange(len(merit)), -merit, star_id))
        ordered = star_id[order]
        first = np.ones(len(order), bool)
        first[1:] = ordered[1:] != ordered[:-1]
        if ordered.dtype.kind == "S":
            # A row without an identifier is nobody's duplicate.
            first |= ordered == b""
        keep = np.zeros(len(order), bool)
        keep[order[first]] = True
        self._duplicates.n_removed += int(np.count_nonzero(~keep))
        return keep

    def _noisy(self, stars: dict) -> np.ndarray:
        return ~(stars["snr"] > self._min_snr)


def _flagged(stars: dict) -> np.ndarray:
    return ~(stars["flag"] == 0)


def without_fillers(stars: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Turn logarithms that no star has, such as -9999, into NaN; say how many of each column.

    Left as they are they would make giants of dwarfs and accreted stars of unmeasured ones.
    """
    found, counts = dict(stars), {}
    for name in LOGARITHMS:
        filler = np.abs(stars[name]) > LOGARITHM_LIMIT
        counts[name] = int(np.count_nonzero(filler))
        found[name] = np.where(filler, np.nan, stars[name])
    return found, counts


def _errorless(stars: dict) -> np.ndarray:
    fine = np.abs(stars["pm_corr"]) <= 1
    for name, limit in LIMITS.items():
        fine &= (stars[f"{name}_error"] >= 0) & (stars[f"{name}_error"] <= limit)
    return ~fine
