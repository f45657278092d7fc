"""Giants and cold substructure, flagged star by star (paper, section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icefire import cli
from icefire.files.columns import KINEMATIC_COLUMNS
from icefire.stars import kinematics, orbits, satellites
from icefire.stars.cuts import Line, Polygon

GIANTS = cli.Section("giants", {"max_logg": cli.finite})
_LINE = {"afe_slope": cli.finite, "afe_intercept": cli.finite}
_STREAM = ("ly_intercept_kpc_km_s", "ly_slope", "max_lx_ratio")
SAGITTARIUS = cli.Section("sagittarius", dict.fromkeys(_STREAM, cli.finite) | _LINE)
_ORBITS = dict.fromkeys(("orbit_time_gyr", "orbit_step_myr"), cli.positive)
ALEPH = cli.Section("aleph", {"max_eccentricity": cli.finite} | _LINE | _ORBITS)
UNBOUND = cli.Section("unbound", {"max_sigma": cli.not_negative})
# In the order of the configuration
SECTIONS = (GIANTS, SAGITTARIUS, satellites.SATELLITES, ALEPH, UNBOUND)


def is_giant(stars: Mapping[str, np.ndarray], max_logg: float) -> np.ndarray:
    """Tell which of N stars are giants: log g below `max_logg` (dex), which NaN is not."""
    return stars["logg"] < max_logg


def in_sagittarius(
    stars: Mapping[str, np.ndarray],
    ly_intercept_kpc_km_s: float,
    ly_slope: float,
    max_lx_ratio: float,
    spared: Line | None,
) -> np.ndarray:
    """Tell which of N stars are in the Sagittarius stream (Johnson et al. 2020).

    They have Ly < intercept + slope Lz and |Lx| < ratio sqrt(Ly^2 + Lz^2), in kpc km/s, and are
    not above the line `spared` in chemistry; None for a survey without [alpha/Fe] spares no star.
    """
    lx, ly, lz = stars["lx"], stars["ly"], stars["lz"]
    moves = (ly < ly_intercept_kpc_km_s + ly_slope * lz) & (
        np.abs(lx) < max_lx_ratio * np.hypot(ly, lz)
    )
    return moves & ~spared.above(stars["feh"], stars["afe"]) if spared else moves


def aleph_candidate(
    stars: Mapping[str, np.ndarray], insitu: np.ndarray, low_alpha: Line
) -> np.ndarray:
    """Tell which of N stars would be in Aleph if their orbit is round enough (paper, figure 2).

    Low-alpha in-situ stars on prograde orbits, that is Lz < 0.
    """
    return insitu & low_alpha.below(stars["feh"], stars["afe"]) & (stars["lz"] < 0)


def is_unbound(stars: Mapping[str, np.ndarray], max_sigma: float) -> np.ndarray:
    """Tell which of N stars have an energy of `max_sigma` of its errors or more (0: the paper)."""
    return stars["energy"] >= max_sigma * stars["energy_error"]


@dataclass(frozen=True)
class Substructure:
    """All flags of a survey's stars.

    Attributes:
        settings: Values of SECTIONS by the name of the section.
        insitu: The in-situ polygon, among whose stars Aleph is sought; None where Aleph is not.
        potential: gala's, in which orbits are followed.
        catalogue: Satellites, of `satellites.read_satellites`.
        cuts_off: Cuts that the survey cannot have.
    """

    settings: Mapping[str, Mapping]
    insitu: Polygon | None
    potential: object
    catalogue: Mapping[str, np.ndarray]
    cuts_off: Mapping[str, str]

    def flags(self, stars: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute FLAG_COLUMNS of N stars from the columns of the clean and the kinematic table."""
        n_stars = len(stars["ra"])
        giant = np.ones(n_stars, bool)
        if "giants" not in self.cuts_off:
            giant = is_giant(stars, **self.settings["giants"])
        sagittarius = dict(self.settings["sagittarius"])
        spared = Line(sagittarius.pop("afe_slope"), sagittarius.pop("afe_intercept"))
        if "sagittarius_chemistry" in self.cuts_off:
            spared = None
        eccentricity = np.full(n_stars, np.nan)
        if self.insitu is not None:
            eccentricity = self._eccentricity(stars, giant)
        unbound = np.zeros(n_stars, bool)
        if "unbound" not in self.cuts_off:
            unbound = is_unbound(stars, **self.settings["unbound"])
        stream = member = np.zeros(n_stars, bool)
        if "sagittarius" not in self.cuts_off:
            stream = in_sagittarius(stars, spared=spared, **sagittarius)
        if "satellites" not in self.cuts_off:
            member = satellites.is_member(stars, self.catalogue, **self.settings["satellites"])
        return {
            "is_giant": giant,
            "is_sagittarius": stream,
            "is_satellite": member,
            "eccentricity": eccentricity,
            "is_aleph": eccentricity < self.settings["aleph"]["max_eccentricity"],
            "is_unbound": unbound,
        }

    def _eccentricity(self, stars: Mapping[str, np.ndarray], giant: np.ndarray) -> np.ndarray:
        """Follow the orbits of the giants that may be in Aleph; NaN for all other stars."""
        aleph = self.settings["aleph"]
        low_alpha = Line(aleph["afe_slope"], aleph["afe_intercept"])
        insitu = self.insitu.insitu(stars["feh"], stars["afe"])
        # Unbound stars have no eccentricity, and only giants go on to the halo.
        wanted = aleph_candidate(stars, insitu, low_alpha) & giant & (stars["energy"] < 0)
        chosen = {name: stars[name][wanted] for name in KINEMATIC_COLUMNS}
        eccentricity = np.full(len(giant), np.nan)
        eccentricity[wanted] = orbits.eccentricity(
            self.potential,
            np.array([chosen["x"], chosen["y"], chosen["z"]]),
            kinematics.cartesian_velocity(chosen),
            aleph["orbit_time_gyr"],
            aleph["orbit_step_myr"],
        )
        return eccentricity
