"""The cold part of the synthetic Galaxy: the Sagittarius stream, dwarf galaxies and clusters.

All are clouds of particles with places and motions of their own. A field sees the particles near
it, and an observed star takes over the place and motion of one of them.
"""

from dataclasses import dataclass

import numpy as np

from icefire.errors import UserError
from icefire.files.text_tables import read_ecsv
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC, Frame
from icefire.stars.sky import unit_vectors
from icefire.synthetic.galaxy import Chemistry

SATELLITE_NUMBERS = ("ra", "dec", "radius", "distance", "rv", "sigma_v", "pmra", "pmdec")
SATELLITE_TEXTS = ("name", "kind", "radius_kind")
NAME_BYTES = 24

_G = 4.300917e-6  # kpc km2 / s2 / Msun
_KM_S_PER_KPC_MYR = 977.7922216807891


@dataclass
class Particles:
    """A cloud of P particles that one component consists of.

    Attributes:
        name: The component's name.
        ra, dec: deg, P values each.
        distance: kpc, P values.
        velocity: Mean Galactocentric velocity, km/s, 3 x P.
        sigma: One-dimensional velocity dispersion about it, km/s, P values.
        giants: Giants that each particle stands for, P values.
        object_name: Name of the satellite, P byte strings; empty for a stream.
        smoothing_deg: Each particle is spread by this much on the sky (Gaussian); 0 leaves it where
            it is.
        distance_scatter: Fractional scatter of a star's distance about its particle's.
        chemistry: Chemistry of the stars of each `chemistry_index`.
    """

    name: str
    ra: np.ndarray
    dec: np.ndarray
    distance: np.ndarray
    velocity: np.ndarray
    sigma: np.ndarray
    giants: np.ndarray
    object_name: np.ndarray
    smoothing_deg: float
    distance_scatter: float
    chemistry: list[Chemistry]
    chemistry_index: np.ndarray

    def per_steradian(self, centre: np.ndarray, radius_deg: float) -> np.ndarray:
        """Give giants per steradian that each particle lends to fields: F x P.

        `centre` holds the unit vectors (ICRS) of F field centres, 3 x F.
        """
        cosine = np.clip(np.einsum("kf,kp->fp", centre, unit_vectors(self.ra, self.dec)), -1, 1)
        if self.smoothing_deg:
            width = np.radians(self.smoothing_deg)
            # 2 (1 - cos) is the square of the chord
            return self.giants * np.exp((cosine - 1.0) / width**2) / (2 * np.pi * width**2)
        inside = cosine > np.cos(np.radians(radius_deg))
        return self.giants * inside / (2 * np.pi * (1 - np.cos(np.radians(radius_deg))))


def sky_basis(ra: np.ndarray, dec: np.ndarray, frame: Frame) -> tuple[np.ndarray, ...]:
    """Give the unit vectors away from the Sun, east and north, in Galactocentric axes, 3 x N."""
    lon, lat = np.radians(ra), np.radians(dec)
    zero = np.zeros_like(lon)
    east = np.array([-np.sin(lon), np.cos(lon), zero])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    return tuple(
        np.einsum("ij,jn->in", frame.rotation, v) for v in (unit_vectors(ra, dec), east, north)
    )


def space_velocity(ra, dec, distance, rv, pmra, pmdec, frame: Frame) -> np.ndarray:
    """Give Galactocentric velocities, 3 x N km/s, from what is observed (kpc, km/s, mas/yr)."""
    away, east, north = sky_basis(ra, dec, frame)
    per_pm = KM_S_PER_MAS_YR_KPC * distance
    return rv * away + per_pm * (pmra * east + pmdec * north) + frame.velocity_km_s[:, None]


def _stripped(x0, v0, settings: dict, potential, rng: np.random.Generator) -> list[np.ndarray]:
    """Give positions (kpc) and velocities (km/s) of what a dwarf lost, 3 x N; it is at x0, v0."""
    from gala.dynamics import PhaseSpacePosition
    from gala.integrate import LeapfrogIntegrator
    from gala.potential import Hamiltonian
    from gala.units import galactic

    def place(x, v) -> PhaseSpacePosition:
        return PhaseSpacePosition(
            x * galactic["length"], v / _KM_S_PER_KPC_MYR * galactic["length"] / galactic["time"]
        )

    hamiltonian = Hamiltonian(potential)
    step = settings["orbit_step_myr"]
    n_steps = round(1000 * settings["stripping_time_gyr"] / step)
    orbit = hamiltonian.integrate_orbit(
        place(x0, v0), dt=-step, n_steps=n_steps, Integrator=LeapfrogIntegrator
    )
    x = orbit.xyz.value.reshape(3, -1)
    v = orbit.v_xyz.value.reshape(3, -1) * _KM_S_PER_KPC_MYR

    every = max(n_steps // settings["stripping_episodes"], 1)
    n_each = settings["particles_per_episode"]
    final_x, final_v = [], []
    for back in range(every, n_steps + 1, every):
        xp, vp = x[:, back, None], v[:, back, None]
        radius = np.sqrt((xp**2).sum())
        enclosed = potential.mass_enclosed(xp * galactic["length"]).value[0]
        tidal = radius * (settings["dwarf"]["mass_msun"] / (3 * enclosed)) ** (1 / 3)
        side = np.where(np.arange(n_each) % 2, 1.0, -1.0)
        start_x = xp * (1 + side * tidal / radius)
        start_v = vp + settings["dwarf"]["sigma_v"] * rng.standard_normal((3, n_each))
        orbit = hamiltonian.integrate_orbit(
            place(start_x, start_v), dt=step, n_steps=back, Integrator=LeapfrogIntegrator,
            save_all=False,
        )  # fmt: skip
        final_x.append(orbit.xyz.value.reshape(3, -1))
        final_v.append(orbit.v_xyz.value.reshape(3, -1) * _KM_S_PER_KPC_MYR)
    return [np.concatenate(parts, axis=1) for parts in (final_x, final_v)]


def sagittarius(settings: dict, frame: Frame, potential, rng: np.random.Generator) -> Particles:
    """Strip the Sagittarius dwarf along its past orbit and follow what is lost until today.

    At each of many times particles leave through the two ends of the tidal radius with the
    dwarf's velocity and a dispersion (after Gibbons et al. 2014; the dwarf's own gravity is left
    out after that). `settings` is `sagittarius` of the model.
    """
    dwarf = {
        k: np.array([settings["dwarf"][k]])
        for k in ("ra", "dec", "distance", "rv", "pmra", "pmdec")
    }
    x0 = dwarf["distance"] * sky_basis(dwarf["ra"], dwarf["dec"], frame)[0]
    x0 = x0 + frame.origin_kpc[:, None]
    v0 = space_velocity(**dwarf, frame=frame)
    position, velocity = _stripped(x0, v0, settings, potential, rng)
    away = np.einsum("ji,jn->in", frame.rotation, position - frame.origin_kpc[:, None])
    distance = np.sqrt((away**2).sum(axis=0))
    n = len(distance)
    return Particles(
        name="sagittarius",
        ra=np.degrees(np.arctan2(away[1], away[0])) % 360,
        dec=np.degrees(np.arcsin(away[2] / distance)),
        distance=distance,
        velocity=velocity,
        sigma=np.full(n, settings["star_sigma_km_s"]),
        giants=np.full(n, settings["giants"] / n),
        object_name=np.zeros(n, f"S{NAME_BYTES}"),
        smoothing_deg=settings["smoothing_deg"],
        distance_scatter=settings["distance_scatter"],
        chemistry=[Chemistry(settings["chemistry"])],
        chemistry_index=np.zeros(n, int),
    )


def plummer(draws: np.ndarray, outer: float) -> np.ndarray:
    """Place N stars in a Plummer sphere cut at `outer`, in projected half-light radii, 3 x N.

    `draws` are 3 x N uniform numbers.
    """
    chance, cos_theta, phi = draws
    radius = 1 / np.sqrt((chance * (1 + outer**-2) ** -1.5) ** (-2 / 3) - 1)
    cos_theta, phi = 2 * cos_theta - 1, 2 * np.pi * phi
    across = radius * np.sqrt(1 - cos_theta**2)
    return np.array([across * np.cos(phi), across * np.sin(phi), radius * cos_theta])


def satellites(path, settings: dict, frame: Frame, rng: np.random.Generator) -> Particles:
    """Fill catalogued dwarf galaxies and globular clusters with member stars.

    Each object is a Plummer sphere about its catalogued place with its catalogued motion and
    dispersion. How many giants it has follows from the mass of its dispersion and half-light
    radius (Wolf et al. 2010) and a mass-to-light ratio of its kind. Objects without distance,
    velocity or proper motion are left out. `settings` is `satellites` of the model.

    Raises UserError naming file and column when the table lacks one.
    """
    table = read_ecsv(path, SATELLITE_NUMBERS, SATELLITE_TEXTS)
    n_each = settings["particles_per_object"]
    kinds = sorted(settings["kinds"])
    # Empty parts first, for a table without a usable row
    parts = {key: [np.empty(0)] for key in ("ra", "dec", "distance", "sigma", "giants")}
    parts |= {"velocity": [np.empty((3, 0))], "chemistry_index": [np.empty(0, int)]}
    parts["object_name"] = [np.empty(0, f"S{NAME_BYTES}")]
    # A blank cell is as good as none.
    columns = {name: np.ma.asarray(table[name], dtype=float) for name in SATELLITE_NUMBERS}
    numbers = {name: column.filled(np.nan) for name, column in columns.items()}
    for name, unknown in (("sigma_v", "unknown_sigma_km_s"), ("radius", "unknown_radius_deg")):
        numbers[name] = np.where(np.isnan(numbers[name]), settings[unknown], numbers[name])
    for i, row in enumerate(table):
        # Every row draws its numbers, so that dropping one changes no other.
        draws = rng.random((3, n_each))
        known = [numbers[c][i] for c in ("ra", "dec", "distance", "rv", "pmra", "pmdec")]
        kind = str(row["kind"])
        if kind not in settings["kinds"]:
            raise UserError(
                f"{path}: column kind holds {kind!r}; the model's satellites.kinds has"
                f" {', '.join(kinds)}"
            )
        if not np.all(np.isfinite(known)):
            continue
        of_kind = settings["kinds"][kind]
        (ra, dec, distance), sigma = known[:3], numbers["sigma_v"][i]
        half = numbers["radius"][i] * settings["half_light_per_radius"].get(
            str(row["radius_kind"]), 1.0
        )
        # Wolf et al. (2010), equation 2: mass within the three-dimensional half-light radius
        mass = 2 * 4 * sigma**2 * (distance * np.radians(half)) / _G
        giants = mass / of_kind["mass_to_light"] * settings["giants_per_lsun"]
        d_ra, d_dec, d_depth = half * plummer(draws, settings["max_half_light_radii"])
        parts["ra"].append((ra + d_ra / np.cos(np.radians(dec))) % 360)
        parts["dec"].append(np.clip(dec + d_dec, -90, 90))
        parts["distance"].append(distance * (1 + np.radians(d_depth)))
        centre = space_velocity(*np.array(known)[:, None], frame=frame)
        parts["velocity"].append(np.repeat(centre, n_each, axis=1))
        parts["sigma"].append(np.full(n_each, sigma))
        parts["giants"].append(np.full(n_each, giants / n_each))
        name = str(row["name"]).encode("ascii", "replace")
        parts["object_name"].append(np.full(n_each, name, dtype=f"S{NAME_BYTES}"))
        parts["chemistry_index"].append(np.full(n_each, kinds.index(kind)))
    return Particles(
        name="satellites",
        **{key: np.concatenate(arrays, axis=-1) for key, arrays in parts.items()},
        smoothing_deg=0.0,
        distance_scatter=0.0,
        chemistry=[Chemistry(settings["kinds"][kind]["chemistry"]) for kind in kinds],
    )
