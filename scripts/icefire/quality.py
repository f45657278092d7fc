"""Good stars: which rows of a survey table can be used, and under which reason the others go."""

from __future__ import annotations

import numpy as np

from icefire.ledger import Entry, Ledger, remove

_ERRORS = ("distance_error", "rv_error", "pmra_error", "pmdec_error")


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
            (entry("position missing or outside the sphere"), None, _misplaced),
            (entry("distance missing or not positive"), None, _distanceless),
            (entry("radial velocity missing"), None, lambda s: ~np.isfinite(s["rv"])),
            (entry("proper motion missing"), None, _motionless),
            (entry("an error missing or negative, or |correlation| above 1"), None, _errorless),
        ]
        self._duplicates = entry("another row of the same star is kept")
        self._off = cuts_off

    def good(self, stars: dict[str, np.ndarray]) -> np.ndarray:
        """Give a boolean array, true for the good rows of a block."""
        left = np.ones(len(stars["ra"]), bool)
        for entry, cut, bad in self._cuts:
            if cut not in self._off:
                left = remove(left, bad(stars), entry)
        return left

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


def _misplaced(stars: dict) -> np.ndarray:
    return ~((stars["ra"] >= 0) & (stars["ra"] <= 360) & (np.abs(stars["dec"]) <= 90))


def _distanceless(stars: dict) -> np.ndarray:
    return ~(np.isfinite(stars["distance"]) & (stars["distance"] > 0))


def _motionless(stars: dict) -> np.ndarray:
    return ~(np.isfinite(stars["pmra"]) & np.isfinite(stars["pmdec"]))


def _errorless(stars: dict) -> np.ndarray:
    fine = np.abs(stars["pm_corr"]) <= 1
    for name in _ERRORS:
        fine &= np.isfinite(stars[name]) & (stars[name] >= 0)
    return ~fine
