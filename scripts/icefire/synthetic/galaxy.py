"""The smooth part of the synthetic Galaxy: components with density, velocities and chemistry.

Every component says how many giants it has per kpc3, what its velocity ellipsoid is and how its
stars spread in [Fe/H] and [alpha/Fe], all as functions of the place in the Galaxy. Positions are
3 x ... arrays in kpc in the workflow's Galactocentric frame.
"""

import numpy as np


def major_axes(azimuth_deg: float, pitch_deg: float) -> np.ndarray:
    """Give the axes of a tilted ellipsoid as rows: major, intermediate (horizontal), minor.

    The azimuth is counted from +X toward +Y; the end of the major axis on the Sun's side (negative
    X for azimuths within 90 deg of +X) is the one raised above the plane by `pitch_deg`
    (Han et al. 2022a).
    """
    azimuth, pitch = np.radians([azimuth_deg, pitch_deg])
    major = np.array(
        [-np.cos(azimuth) * np.cos(pitch), -np.sin(azimuth) * np.cos(pitch), np.sin(pitch)]
    )
    middle = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    return np.array([major, middle, np.cross(major, middle)])


class Ellipsoid:
    """Similar ellipsoids with a broken power law.

    Settings: `axes` (three lengths, the longest first), `azimuth_deg`, `pitch_deg`, `slopes` (one
    more than) `breaks_kpc`, and `core_kpc`. `giants_per_kpc3` is the density at `reference_kpc`
    along the major axis.
    """

    def __init__(self, settings: dict):
        self._set = settings
        self.rotation = major_axes(settings["azimuth_deg"], settings["pitch_deg"])
        lengths = np.array(settings["axes"], float)
        self._ratios = lengths / lengths[0]
        self._scale = settings["giants_per_kpc3"] / self._shape(
            np.array([settings["reference_kpc"]], float)
        )

    def radius(self, position: np.ndarray) -> np.ndarray:
        """Give the semi-major axis (kpc) of the ellipsoid through each position."""
        total = 0.0
        for axis, ratio in zip(self.rotation, self._ratios, strict=True):
            total = (
                total
                + ((axis[0] * position[0] + axis[1] * position[1] + axis[2] * position[2]) / ratio)
                ** 2
            )
        return np.sqrt(total)

    def _shape(self, radius: np.ndarray) -> np.ndarray:
        radius = np.hypot(radius, self._set["core_kpc"])
        slopes, breaks = self._set["slopes"], self._set["breaks_kpc"]
        log_density = -slopes[0] * np.log(radius)
        for k, edge in enumerate(breaks):
            log_density -= (slopes[k + 1] - slopes[k]) * np.log(np.maximum(radius / edge, 1.0))
        return np.exp(log_density)

    def density(self, position: np.ndarray) -> np.ndarray:
        """Give giants per kpc3."""
        return self._scale * self._shape(self.radius(position))


class Disc:
    """An exponential disc, in radius and in height, that may flare.

    Settings: `scale_length_kpc`, `scale_height_kpc`, `giants_per_kpc3` in the plane at
    `reference_kpc` (before edges and flare), `min_radius_kpc`, `max_radius_kpc` and `edge_kpc`
    (cylindrical radii between which it lives and how softly it ends), `flare_from_kpc` with
    `flare_length_kpc` (the height grows exponentially outward from there; surface density is
    kept), `north_factor` (density above the plane over that below) and `anticentre` (0:
    axisymmetric; k: the density falls by exp(2k) from the Sun's side of the centre to the far
    side).
    """

    def __init__(self, settings: dict):
        self._set = settings

    def radius(self, position: np.ndarray) -> np.ndarray:
        """Give the spherical radius (kpc)."""
        return np.sqrt(position[0] ** 2 + position[1] ** 2 + position[2] ** 2)

    def density(self, position: np.ndarray) -> np.ndarray:
        """Give giants per kpc3."""
        s = self._set
        x, y, z = position
        radius = np.hypot(x, y)
        flare = np.maximum(radius - s["flare_from_kpc"], 0.0) / s["flare_length_kpc"]
        height = s["scale_height_kpc"] * np.exp(flare)
        density = s["giants_per_kpc3"] * np.exp(
            (s["reference_kpc"] - radius) / s["scale_length_kpc"] - flare - np.abs(z) / height
        )
        density *= _edge(radius - s["min_radius_kpc"], s["edge_kpc"])
        density *= _edge(s["max_radius_kpc"] - radius, s["edge_kpc"])
        density *= np.exp(-s["anticentre"] * (1.0 + x / radius))
        return density * np.where(z > 0, s["north_factor"], 1.0)


def _edge(inside_kpc: np.ndarray, softness_kpc: float) -> np.ndarray:
    """Go from 0 to 1 across an edge."""
    return 0.5 * (1.0 + np.tanh(inside_kpc / softness_kpc))


SHAPES = {"ellipsoid": Ellipsoid, "disc": Disc}


class Ellipsoidal:
    """A velocity ellipsoid aligned with the spherical axes.

    Settings: `radius_kpc` and, at those radii, `sigma_r`, `sigma_phi`, `sigma_theta` and
    `mean_v_phi` (km/s; between them linear, beyond them constant). The radius is the component's
    own (ellipsoidal for an ellipsoid). `major_axis_boost` is how much larger sigma_r is on the
    major axis than at right angles to it, as a fraction of its mean over all directions, at the
    same ellipsoidal radius; `north_factor` multiplies the dispersions above the plane.
    """

    def __init__(self, settings: dict, shape):
        self._set = settings
        self._shape = shape

    def moments(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give means and dispersions of (v_r, v_phi, v_theta), both 3 x N, km/s."""
        s = self._set
        radius = self._shape.radius(position)

        def at(name: str) -> np.ndarray:
            return np.interp(radius, s["radius_kpc"], s[name])

        sigma = np.array([at("sigma_r"), at("sigma_phi"), at("sigma_theta")])
        if s["major_axis_boost"]:
            axis = self._shape.rotation[0]
            along = (axis[0] * position[0] + axis[1] * position[1] + axis[2] * position[2]) ** 2
            cos2 = along / (position[0] ** 2 + position[1] ** 2 + position[2] ** 2)
            # Mean of cos2 over the sphere is 1/3: the boost leaves the average alone.
            sigma[0] *= 1.0 + s["major_axis_boost"] * (cos2 - 1.0 / 3.0)
        sigma *= np.where(position[2] > 0, s["north_factor"], 1.0)
        mean = np.zeros_like(sigma)
        mean[1] = at("mean_v_phi")
        return mean, sigma


class Chemistry:
    """A mixture of sequences in the [Fe/H]-[alpha/Fe] plane.

    Each population of the settings: `weight`, `feh`, `feh_sigma_low` and `feh_sigma_high` (a
    split Gaussian around its peak), `afe` at that peak, `slope`, and `afe_sigma`; all in dex.
    """

    def __init__(self, populations: list[dict]):
        weights = np.array([p["weight"] for p in populations], float)
        self._edges = np.cumsum(weights) / weights.sum()
        self._columns = {
            key: np.array([p[key] for p in populations], float)
            for key in ("feh", "feh_sigma_low", "feh_sigma_high", "afe", "slope", "afe_sigma")
        }

    def draw(self, chance, side, feh_normal, afe_normal) -> tuple[np.ndarray, np.ndarray]:
        """Draw [Fe/H] and [alpha/Fe] of N stars from two uniform and two normal numbers each."""
        which = np.minimum(np.searchsorted(self._edges, chance), len(self._edges) - 1)
        feh0, low, high, afe0, slope, scatter = (c[which] for c in self._columns.values())
        # Both halves of a split Gaussian meet at the peak, so each gets its width's share.
        below = side < low / (low + high)
        offset = np.abs(feh_normal) * np.where(below, -low, high)
        return feh0 + offset, afe0 + slope * offset + scatter * afe_normal


class Component:
    """One smooth population: its name, shape, velocities and chemistry, from one model entry.

    `escape` is None, or for interlopers the range of speeds in units of the escape speed.
    `others_per_giant` is how many more stars that are no giants it has than an old population.
    """

    def __init__(self, settings: dict):
        self.name: str = settings["name"]
        self.shape = SHAPES[settings["shape"]](settings["density"])
        self.chemistry = Chemistry(settings["chemistry"])
        self.others_per_giant: float = settings.get("others_per_giant", 1.0)
        velocity = settings["velocity"]
        self.escape = velocity.get("escape_speed_ratio")
        self.velocity = None if self.escape else Ellipsoidal(velocity, self.shape)
