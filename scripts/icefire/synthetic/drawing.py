"""Stars of the synthetic survey: one old stellar sequence, and which part of it is targeted.

A sequence gives, at each absolute magnitude, how many stars a population has and what they look
like. Seen at a distance modulus through the survey's magnitude and parallax limits it becomes the
selection function, which is worked out once on a grid and never by rejection.
"""

import numpy as np
from scipy.special import ndtr

# Grids of the selection function: numerical resolution, mag.
_MAGNITUDE_STEP = 0.05
_MODULUS_STEP = 0.02
_MODULUS_RANGE = (8.0, 22.0)


def distance_modulus(distance: np.ndarray) -> np.ndarray:
    """Give 5 log10(d / 10 pc) for distances in kpc."""
    return 5.0 * np.log10(distance) + 10.0


class Sequence:
    """An old population: star counts, gravity, temperature and colours by absolute PS r.

    Parameters:
        settings: `stellar_sequence` of the model: columns `abs_r` (mag, ascending), `counts` (stars
            per mag, any scale), `logg` (dex), `teff` (K), `g_r r_i i_z` (mag), and the shifts with
            metallicity.
        max_logg: Gravity (dex) below which a star is a giant; densities of the model count giants.
    """

    def __init__(self, settings: dict, max_logg: float):
        self._settings = settings
        self._nodes = np.array(settings["abs_r"], float)
        low, high = self._nodes[0], self._nodes[-1]
        n_bins = round((high - low) / _MAGNITUDE_STEP)
        edges = np.linspace(low, high, n_bins + 1)
        self.abs_r = 0.5 * (edges[1:] + edges[:-1])
        self.step = edges[1] - edges[0]
        counts = np.exp(np.interp(self.abs_r, self._nodes, np.log(settings["counts"])))
        clump = settings["clump"]
        offset = (self.abs_r - clump["abs_r"]) / clump["width"]
        counts += clump["counts"] * np.exp(-0.5 * offset**2) / (np.sqrt(2 * np.pi) * clump["width"])
        self.logg = self._column("logg", self.abs_r)
        # Stars of each magnitude bin per giant of the population
        self.per_giant = counts / counts[self.logg < max_logg].sum()

    def _column(self, name: str, abs_r: np.ndarray) -> np.ndarray:
        return np.interp(abs_r, self._nodes, self._settings[name])

    def stars(self, abs_r: np.ndarray, feh: np.ndarray) -> dict[str, np.ndarray]:
        """Give `logg` (dex), `teff` (K) and colours `g_r r_i i_z` (mag) of N stars."""
        above = feh - self._settings["feh"]
        made = {name: self._column(name, abs_r) for name in ("logg", "g_r", "r_i", "i_z")}
        made["g_r"] = made["g_r"] + self._settings["g_r_per_feh"] * above
        made["teff"] = self._column("teff", abs_r) + self._settings["teff_per_feh"] * above
        return made


def gaia_error(magnitude: np.ndarray, errors: dict, name: str) -> np.ndarray:
    """Interpolate a Gaia standard error (mas or mas/yr) at G magnitudes; `name` is its key."""
    return np.exp(np.interp(magnitude, errors["g_mag"], np.log(errors[name])))


class Selection:
    """Which stars of a sequence the survey observes, by distance.

    The weight of a star is that of its magnitude window, times the priority of giants, times the
    chance that its measured parallax stays below the limit.

    Parameters:
        sequence: The population.
        settings: `selection` of the model.
        gaia: `errors.gaia` of the model, whose parallax error blurs the parallax limit.
        others: How many stars that are no giants the population has per giant, relative to the
            sequence: younger populations have more.
    """

    def __init__(self, sequence: Sequence, settings: dict, gaia: dict, others: float = 1.0):
        self._sequence = sequence
        self.modulus = np.arange(*_MODULUS_RANGE, _MODULUS_STEP)
        magnitude = self.modulus[:, None] + sequence.abs_r
        weight = np.zeros_like(magnitude)
        for window in settings["windows"]:
            inside = (magnitude >= window["r_min"]) & (magnitude < window["r_max"])
            weight[inside] = window["weight"]
        giant = sequence.logg < settings["giants_below_logg"]
        weight *= np.where(giant, 1.0, others * settings["others"])
        parallax = 100.0 * 10 ** (-0.2 * self.modulus)  # mas
        error = gaia_error(magnitude, gaia, "parallax")
        weight *= ndtr((settings["max_parallax_mas"] - parallax[:, None]) / error)
        seen = weight * sequence.per_giant
        total = seen.sum(axis=1)
        # Stars observed per giant of the population, by distance modulus
        self.per_giant = total
        self._cumulative = np.cumsum(seen, axis=1) / np.where(total > 0, total, 1)[:, None]
        # Half a step beyond the last distance with stars some are seen, by interpolation.
        self._rows = np.flatnonzero(total)[[0, -1]] if total.any() else np.array([0, 0])

    def observed_per_giant(self, modulus: np.ndarray) -> np.ndarray:
        """Give the relative number of stars observed per giant, at each distance modulus."""
        return np.interp(modulus, self.modulus, self.per_giant, left=0.0, right=0.0)

    def draw(self, modulus: np.ndarray, chance: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Draw absolute r magnitudes of N observed stars.

        `chance` and `place` are uniform in (0, 1): which magnitude bin, and where in it.
        """
        row = np.rint((modulus - self.modulus[0]) / _MODULUS_STEP)
        row = np.clip(row, *self._rows).astype(int)
        column = np.empty(len(row), int)
        # Some thousand stars at a time: each is compared with a whole row of the table.
        for start in range(0, len(row), 4096):
            part = slice(start, start + 4096)
            column[part] = (self._cumulative[row[part]] < chance[part, None]).sum(axis=1)
        column = np.minimum(column, len(self._sequence.abs_r) - 1)
        return self._sequence.abs_r[column] + (place - 0.5) * self._sequence.step
