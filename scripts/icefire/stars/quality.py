"""Good stars: which rows of a table can be used, why others go, and whose errors are large."""

from __future__ import annotations

import numpy as np

from icefire import cli
from icefire.files.columns import LOGARITHMS
from icefire.stars.kinematics import COMPONENTS
from icefire.stars.ledger import Entry, Ledger, remove
from icefire.stars.sky import on_sphere

QUALITY = cli.Section("quality", {"min_snr": cli.finite})

# No star of the Galaxy goes beyond these (kpc, km/s, mas/yr; only Barnard's star, 1.8 pc away,
# moves faster across the sky): such a value is in another unit than stated, or fills a gap, as
# -9999 does. Constants and not choices: they touch no measurement.
LIMITS = {"distance": 1000.0, "rv": 9000.0, "pmra": 9000.0, "pmdec": 9000.0}
# The same for logarithms, dex. They fill gaps with -9.99, too.
LOGARITHM_LIMIT = 9.0
# An error is large from so many dispersions of the sample on; so many stars tell a block's.
_LARGE, _ENOUGH = 3.0, 5000


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


class LargeErrors:
    """The stars whose velocity errors are several times the sample's dispersion.

    Blocks of stars are added one after the other; a block's dispersion is half of what 68 % of its
    stars span, so that a few stars with senseless velocities do not count.
    """

    def __init__(self):
        self._n_stars, self._sum = 0, np.zeros(len(COMPONENTS))
        self._found: list[tuple] = []

    def add(self, star_id: np.ndarray, stars: dict[str, np.ndarray]) -> None:
        """Look at a block of stars: their identifiers, and the columns of `galactocentric`."""
        if not len(star_id):
            return
        some = slice(None, None, max(len(star_id) // _ENOUGH, 1))
        spans = [np.quantile(stars[name][some], (0.16, 0.84)) for name in COMPONENTS]
        self._sum += len(star_id) * 0.5 * np.diff(spans, axis=1)[:, 0]
        self._n_stars += len(star_id)
        errors = np.array([stars[f"{name}_error"] for name in COMPONENTS])
        # The dispersion of all blocks is not known yet, and will hardly be a third of this.
        large = np.any(errors > (self._sum / self._n_stars)[:, None], axis=0)
        self._found.extend(zip(star_id[large].tolist(), errors[:, large].T, strict=True))

    def lines(self) -> list[str]:
        """Say for the log how many there are of each component, and which are the first ten."""
        dispersion = self._sum / max(self._n_stars, 1)
        said = []
        for k, name in enumerate(COMPONENTS):
            limit = _LARGE * dispersion[k]
            names = [star_id for star_id, errors in self._found if errors[k] > limit]
            names = [n.decode("ascii", "replace") if isinstance(n, bytes) else n for n in names]
            if names:
                listed = ", ".join(map(str, names[:10])) + (", ..." if len(names) > 10 else "")
                said.append(
                    f"{name}_error above {_LARGE:g} times the sample's dispersion of"
                    f" {dispersion[k]:.0f} km/s: {len(names):,} stars ({listed})"
                )
        return said
