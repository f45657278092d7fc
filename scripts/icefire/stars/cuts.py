"""The cuts of the paper's section 2, from giants to the halo, and the halo split by chemistry.

CUTS is the table of all cuts, in the order in which they are applied and stand in the ledger. Every
comparison is written so that a star with a missing value fails it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.stars.ledger import Entry, Ledger

HALO = cli.Section("halo", {"min_abs_z_kpc": cli.finite, "min_radius_kpc": cli.finite})
CHEMISTRY = cli.Section(
    "chemistry",
    {
        "method": ("polygon", "feh_ranges", "none"),
        "insitu_polygon": cli.polygon,
        "insitu_min_feh": cli.finite,
        "accreted_max_feh": cli.finite,
    },
    optional=("insitu_polygon", "insitu_min_feh", "accreted_max_feh"),
)

# A star this near to a border of the chemical polygon is on it (dex): abundances have few digits,
# and sums of them rounding errors.
_ON_BORDER = 1e-9


@dataclass(frozen=True)
class Cut:
    """One cut between all good stars and the halo.

    Attributes:
        step: Its step in the ledger.
        reason: Why a star goes; values of the section `halo` may stand in it, as in
            `{min_radius_kpc:g}`, and `{energy}`.
        removes: Tells which stars of a block go, from their columns and the values of the section
            `halo`.
        off: The entry of a survey's `cuts_off` that concerns a part of it; its step's concerns all.
        when_off: What the ledger says then, of the reason and of why the survey cannot have that
            part.
    """

    step: str
    reason: str
    removes: Callable[[Mapping[str, np.ndarray], Mapping], np.ndarray]
    off: str = ""
    when_off: str = ""


CUTS = (
    Cut("giants", "not a giant", lambda stars, halo: ~stars["is_giant"]),
    Cut(
        "sagittarius",
        "Sagittarius stream",
        lambda stars, halo: stars["is_sagittarius"],
        *("sagittarius_chemistry", "{reason}, all chemistries: {why}"),
    ),
    Cut(
        "satellites", "dwarf galaxy or globular cluster", lambda stars, halo: stars["is_satellite"]
    ),
    Cut("aleph", "Aleph", lambda stars, halo: stars["is_aleph"]),
    Cut("unbound", "energy of {energy} or more", lambda stars, halo: stars["is_unbound"]),
    Cut(
        "halo",
        "|Z| not above {min_abs_z_kpc:g} kpc",
        lambda stars, halo: ~(np.abs(stars["z"]) > halo["min_abs_z_kpc"]),
    ),
    Cut(
        "halo",
        "r not above {min_radius_kpc:g} kpc",
        lambda stars, halo: ~(stars["r"] > halo["min_radius_kpc"]),
    ),
)


def open_entries(
    ledger: Ledger, cuts_off: Mapping[str, str], halo: Mapping, unbound_max_sigma: float = 0
) -> list[Entry]:
    """Append an entry for each of CUTS to a ledger; `halo` are the values of that section."""
    entries = []
    energy = f"{unbound_max_sigma:g} of its errors" if unbound_max_sigma else "zero"
    for cut in CUTS:
        reason = cut.reason.format(energy=energy, **halo)
        for off, how in ((cut.step, "{reason}: off, {why}"), (cut.off, cut.when_off)):
            if off in cuts_off:
                reason = how.format(reason=reason, why=cuts_off[off])
                break
        entries.append(ledger.add(cut.step, reason))
    return entries


# --- in situ or accreted ---------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A straight line in the ([Fe/H], [alpha/Fe]) plane: slope, and intercept in dex."""

    slope: float
    intercept: float

    def above(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars have more [alpha/Fe] than the line; false where either is NaN."""
        return afe > self.slope * feh + self.intercept

    def below(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars have less [alpha/Fe] than the line; false where either is NaN."""
        return afe < self.slope * feh + self.intercept


class _Split:
    """What any split of the halo by chemistry gives.

    Each tells of N stars which are `known`, having the abundances that tell, `insitu`, `accreted`.
    """

    def samples(self, feh: np.ndarray, afe: np.ndarray) -> dict[str, np.ndarray]:
        """Tell which halo stars are in each sample."""
        accreted, insitu = self.accreted(feh, afe), self.insitu(feh, afe)
        return {"halo": np.ones(len(feh), bool), "accreted": accreted, "insitu": insitu}


@dataclass(frozen=True)
class Polygon(_Split):
    """In situ inside a polygon of the ([Fe/H], [alpha/Fe]) plane, accreted outside (figure 2).

    A star on the border is not inside: the polygon stands for "more than" a line.
    """

    vertices: tuple[tuple[float, float], ...]

    def known(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return np.isfinite(feh) & np.isfinite(afe)

    def insitu(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars are in situ; false where either value is NaN."""
        inside, on_border = np.zeros((2, len(feh)), bool)
        starts = np.roll(self.vertices, 1, axis=0)
        for (x1, y1), (x2, y2) in zip(starts, np.asarray(self.vertices, float), strict=True):
            dx, dy = x2 - x1, y2 - y1
            # A ray toward higher [Fe/H] crosses the border an odd number of times from inside.
            crosses = (y1 > afe) != (y2 > afe)
            if dy:
                inside ^= crosses & (feh < x1 + (afe - y1) / dy * dx)
            along = np.clip(((feh - x1) * dx + (afe - y1) * dy) / (dx**2 + dy**2), 0, 1)
            on_border |= np.hypot(x1 + along * dx - feh, y1 + along * dy - afe) <= _ON_BORDER
        return inside & ~on_border & np.isfinite(feh)

    def accreted(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return self.known(feh, afe) & ~self.insitu(feh, afe)


@dataclass(frozen=True)
class FehRanges(_Split):
    """In situ above one [Fe/H], accreted below another: the proxy where there is no [alpha/Fe]."""

    insitu_min: float
    accreted_max: float

    def known(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return np.isfinite(feh)

    def insitu(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return feh > self.insitu_min

    def accreted(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return feh < self.accreted_max


@dataclass(frozen=True)
class OneSample(_Split):
    """No split: a survey without abundances has the halo alone."""

    def known(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        return np.zeros(np.shape(feh), bool)

    insitu = accreted = known


def chemical_split(chemistry: Mapping) -> Polygon | FehRanges | OneSample:
    """Make the chemical selection that the values of the section `chemistry` ask for.

    Raises UserError naming the flag that the method needs and that is not there.
    """
    needed = {
        "polygon": ("insitu_polygon",),
        "feh_ranges": ("insitu_min_feh", "accreted_max_feh"),
        "none": (),
    }[chemistry["method"]]
    for key in needed:
        if chemistry.get(key) in (None, ()):
            flag = f"--chemistry-{key.replace('_', '-')}"
            raise UserError(f"{flag} is missing: --chemistry-method {chemistry['method']} needs it")
    if chemistry["method"] == "none":
        return OneSample()
    if chemistry["method"] == "polygon":
        return Polygon(chemistry["insitu_polygon"])
    limits = chemistry["insitu_min_feh"], chemistry["accreted_max_feh"]
    if limits[0] < limits[1]:
        raise UserError(
            "--chemistry-insitu-min-feh must not be below --chemistry-accreted-max-feh: a star"
            " cannot be in both"
        )
    return FehRanges(*limits)
