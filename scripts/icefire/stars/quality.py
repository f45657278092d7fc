"""Good stars: which rows of a table can be used, why others go, and whose errors are large."""

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
_POSSIBLE = {
    "ra": (0.0, 360.0, "are they in arcsec?"),
    "dec": (-90.0, 90.0, "are they in arcsec?"),
    "distance": (0.0, LIMITS["distance"], "are they in pc?"),
    "rv": (-LIMITS["rv"], LIMITS["rv"], "are they in m/s?"),
    "pmra": (-LIMITS["pmra"], LIMITS["pmra"], "are they in uas/yr?"),
    "pmdec": (-LIMITS["pmdec"], LIMITS["pmdec"], "are they in uas/yr?"),
}
_POSSIBLE |= {f"{name}_error": (0.0, _POSSIBLE[name][1], _POSSIBLE[name][2]) for name in LIMITS}
# The same for logarithms, dex. They fill gaps with -9.99, too.
LOGARITHM_LIMIT = 9.0
# An error is large from so many dispersions of the sample on; so many stars tell a block's.
_LARGE, _ENOUGH = 3.0, 5000


class Quality:
    """The quality cuts of one survey (paper, section 2), counting what each removes.

    Parameters:
        ledger: Gets one entry per cut, in the order the cuts are applied.
        min_snr: Signal-to-noise ratio per pixel that a star must exceed.
        cuts_off: Cuts that the survey cannot have, with the reason.
        where: The survey's own cuts, in words.
    """

    def __init__(
        self, ledger: Ledger, min_snr: float, cuts_off: dict[str, str], where: tuple[str, ...] = ()
    ):
        def entry(reason: str, cut: str | None = None) -> Entry:
            off = f": off, {cuts_off[cut]}" if cut in cuts_off else ""
            return ledger.add("clean", reason + off)

        far, fast, moving = (LIMITS[name] for name in ("distance", "rv", "pmra"))
        # Why a star goes, the survey's cut that this is, and who passes: not one with a gap
        cuts = [(f"the survey's map: not {text}", None, _passes(n)) for n, text in enumerate(where)]
        cuts += [
            ("the survey's flag is not 0", "flag", lambda s: s["flag"] == 0),
            (f"signal-to-noise ratio not above {min_snr:g}", "snr", lambda s: s["snr"] > min_snr),
            ("position missing or outside the sphere", None, on_sphere),
            (
                f"distance missing, not positive or above {far:g} kpc",
                *(None, lambda s: (s["distance"] > 0) & (s["distance"] <= far)),
            ),
            (
                f"radial velocity missing or above {fast:g} km/s",
                *(None, lambda s: np.abs(s["rv"]) <= fast),
            ),
            (
                f"proper motion missing or above {moving:g} mas/yr",
                *(None, lambda s: np.maximum(np.abs(s["pmra"]), np.abs(s["pmdec"])) <= moving),
            ),
            (
                "an error missing, negative or above such a limit, or |correlation| above 1",
                *(None, _with_errors),
            ),
        ]
        self._cuts = [(entry(reason, cut), cut, passes) for reason, cut, passes in cuts]
        self._duplicates = entry("another row of the same star is kept", "duplicates")
        self._seen = {name: [0, 0, np.inf, -np.inf] for name in (*_POSSIBLE, *LOGARITHMS)}
        self._off = cuts_off

    def good(self, stars: dict[str, np.ndarray]) -> np.ndarray:
        """Give a boolean array, true for the good rows of a block.

        Logarithms that no star has, such as -9999, become NaN in `stars`: left as they are they
        would make giants of dwarfs and accreted stars of unmeasured ones.
        """
        self._look_at(stars)
        left = np.ones(len(stars["ra"]), bool)
        for entry, cut, passes in self._cuts:
            if cut not in self._off:
                left = remove(left, ~passes(stars), entry)
        return left

    def _look_at(self, stars: dict[str, np.ndarray]) -> None:
        """Count each column's values and those that no star has; these differ, or fill gaps."""
        for name, seen in self._seen.items():
            values = stars[name][~np.isnan(stars[name])]
            low, high, _ = _POSSIBLE.get(name, (-LOGARITHM_LIMIT, LOGARITHM_LIMIT, ""))
            wrong = values[(values < low) | (values > high)]
            seen[0] += len(values)
            seen[1] += len(wrong)
            if len(wrong):
                seen[2:] = min(seen[2], wrong.min()), max(seen[3], wrong.max())
            if name in LOGARITHMS:
                stars[name] = np.where(np.abs(stars[name]) > LOGARITHM_LIMIT, np.nan, stars[name])

    def impossible(self) -> tuple[str, str] | None:
        """Name a column of which most values are impossible, and say so; None where all are fine.

        Its unit is not what it is said to be. One value in all those rows fills gaps instead.
        """
        for name, (known, wrong, low, high) in self._seen.items():
            if 2 * wrong > known and low < high:
                _, limit, question = _POSSIBLE.get(name, (0, LOGARITHM_LIMIT, ""))
                text = f"{wrong} of {known} values are beyond {limit:g}; {question}".rstrip("; ")
                return name, text
        return None

    def lines(self) -> list[str]:
        """Say for the log which logarithms were taken as missing."""
        return [
            f"{name}: {seen[1]:,} values beyond {LOGARITHM_LIMIT:g} dex taken as missing"
            for name, seen in self._seen.items()
            if name in LOGARITHMS and seen[1]
        ]

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
        if "duplicates" in self._off:
            keep[:] = True
        self._duplicates.n_removed += int(np.count_nonzero(~keep))
        return keep


def _passes(number: int):
    return lambda stars: stars["where"] != number


def _with_errors(stars: dict) -> np.ndarray:
    fine = np.abs(stars["pm_corr"]) <= 1
    for name, limit in LIMITS.items():
        fine &= (stars[f"{name}_error"] >= 0) & (stars[f"{name}_error"] <= limit)
    return fine


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
