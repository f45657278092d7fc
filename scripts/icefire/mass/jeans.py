"""Mass within a radius from the spherical Jeans equation (Han et al. 2024, section 4).

    M(<r) = r sigma_r^2 / G (gamma - dln(sigma_r^2)/dln(r) - 2 beta),  gamma = -dln(nu)/dln(r)

for tracers of density nu in equilibrium in a sphere, without streaming (Binney & Tremaine 2008,
equation 4.215). docs/mass.md derives it and says where it fails.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from icefire import cli
from icefire.mass.slopes import Slope
from icefire.measure.dispersion import QUANTILES, quantiles
from icefire.measure.geometry import RadialShells
from icefire.measure.shards import Run

JEANS = cli.Section(
    "jeans",
    {
        "slopes": cli.names,
        "degree": int,
        "min_kpc": cli.not_negative,
        "max_kpc": cli.positive,
    },
)
ASSUMES = (
    "equilibrium, a spherical mass and spherical tracers, no streaming",
    "the tracers' slope is the literature's, the same for every population and direction: accreted"
    " beside in situ with one slope is no disagreement about the mass",
    "dispersions are those of each shell; dln(sigma_r^2)/dln(r) is that of a polynomial over all",
)
# r v^2 / G in 10^11 solar masses for kpc and km/s (IAU 2015 nominal G M_sun)
G = 4.300917270e-6 * 1e11
MASS_UNIT = "1e11 solMass"
# A slope of sigma_r wants so many shells.
_FEWEST_SHELLS = 4
# Cosines of directions on which a sphere's flux is summed
_NODES = 64


def slope_of_dispersion(
    r_kpc: np.ndarray, radial: np.ndarray, n_stars: np.ndarray, degree: int
) -> np.ndarray:
    """Fit ln sigma_r^2 by a polynomial in ln r; give its slope at B shells in R realisations.

    Takes B radii (kpc), B x R variances of v_r (km2/s2) and the stars of each shell, which are its
    weight. NaN in realisations with fewer than four shells, or fewer than the fit has terms. Finite
    differences between shells would be so noisy that masses come out negative.
    """
    x = np.log(r_kpc) - np.log(r_kpc).mean() if len(r_kpc) else r_kpc
    usable = radial > 0
    enough = np.count_nonzero(usable, axis=0) >= max(_FEWEST_SHELLS, degree + 2)
    slope = np.full(radial.shape, np.nan)
    if not enough.any():
        return slope
    weight = (usable * (n_stars / n_stars.sum())[:, None])[:, enough]
    logs = np.log(np.where(usable, radial, 1))[:, enough]
    powers = x[:, None] ** np.arange(degree + 1)
    normal = np.einsum("bi,bj,br->rij", powers, powers, weight)
    right = np.einsum("bi,br->ri", powers, weight * logs)
    fit = np.linalg.solve(normal, right[..., None])[..., 0]
    rising = np.arange(1, degree + 1)
    slope[:, enough] = (x[:, None] ** (rising - 1) * rising) @ fit[:, 1:].T
    return slope


def mass(r_kpc, variance: np.ndarray, gamma, slope) -> np.ndarray:
    """Compute M(<r) in 10^11 solar masses; zero and less where the numbers allow no mass.

    `variance` (km2/s2) has (v_r, v_phi, v_theta) on its first axis; the rest of the shapes go
    together. Written with sigma_r^2 beta multiplied out, which needs no division.
    """
    return r_kpc / G * ((gamma - slope - 2) * variance[0] + variance[1] + variance[2])


def circular_speed(r_kpc, mass) -> np.ndarray:
    """Compute sqrt(G M / r), km/s, of masses in 10^11 solar masses."""
    return np.sqrt(G * np.maximum(mass, 0) / r_kpc)


def summary(masses: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Reduce masses of B shells in R realisations to medians and intervals, and what is no mass.

    The second is the share of realisations without a positive mass. Where it is more than a half,
    there is no value; else an interval's end below zero is zero.
    """
    lost = np.mean(~(masses > 0), axis=-1) if masses.shape[-1] else np.ones(len(masses))
    cleared = np.nan_to_num(np.maximum(masses, 0), nan=0.0)
    levels = quantiles(cleared, tuple(QUANTILES.values()))
    levels[:, lost > 0.5] = np.nan
    return {f"mass{end}": level for end, level in zip(QUANTILES, levels, strict=True)}, lost


def shell_radii(shells: RadialShells, stars: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the geometric mean radius (kpc) of every shell's stars; its middle where it has none.

    Tracers crowd at a shell's inner edge, and M grows with r: at the middle it would be too large.
    """
    members = shells.membership(stars)
    n_stars = np.diff(members.indptr)
    sums = members @ np.log(np.maximum(stars["r"], 1e-6))
    middle = shells.coordinates()["r_mid"][0]
    return np.where(n_stars > 0, np.exp(sums / np.maximum(n_stars, 1)), middle)


def variances(run: Run) -> np.ndarray:
    """Read all realisations of a run of shards: bins x 3 x R, NaN in bins that are not measured."""
    blocks = list(run.blocks())
    found = np.full((len(run.first.n_stars), 3, run.first.wanted), np.nan)
    for bins, values in blocks:
        found[bins] = values
    return found


def profiles(
    run: Run, radii: np.ndarray, slopes: Mapping[str, Slope], settings: Mapping, quadrants
) -> Iterator[dict[str, np.ndarray]]:
    """Give the columns of each quadrant's profile (0: the whole sky) with each slope.

    `settings` has degree, min_kpc and max_kpc; `radii` are of `shell_radii`, kpc.
    """
    first, variance = run.first, variances(run)
    place = {name: first.coordinates[name][0] for name in ("quadrant", "r_lo", "r_hi")}
    for quadrant in quadrants:
        inside = (place["quadrant"] == quadrant) & (radii >= settings["min_kpc"])
        inside &= radii <= settings["max_kpc"]
        r, n_stars = radii[inside], first.n_stars[inside]
        components = variance[inside].transpose(1, 0, 2)
        fitted = slope_of_dispersion(r, components[0], n_stars, settings["degree"])
        for name, slope in slopes.items():
            gamma = slope(r)
            masses = mass(r[:, None], components, gamma[:, None], fitted)
            found, lost = summary(masses)
            known = np.isfinite(fitted).any(axis=1)
            middle = np.full(len(r), np.nan)
            middle[known] = np.nanmedian(fitted[known], axis=1)
            yield {
                "quadrant": place["quadrant"][inside],
                "slope": np.full(len(r), name),
                "r": r,
                "r_lo": place["r_lo"][inside],
                "r_hi": place["r_hi"][inside],
                "n_stars": n_stars,
                "gamma": gamma,
                "sigma_r2_slope": middle,
                **found,
                **{key.replace("mass", "v_circ"): circular_speed(r, m) for key, m in found.items()},
                "not_positive": lost,
            }


def enclosed(potential, r_kpc: np.ndarray) -> np.ndarray:
    """Compute the mass within radii (kpc) of one of gala's potentials, in 10^11 solar masses.

    By Gauss's theorem, from the mean radial force on spheres: exact also where it is flattened.
    """
    from astropy import units as u

    cosine, weight = np.polynomial.legendre.leggauss(_NODES)
    direction = np.array([np.sqrt(1 - cosine**2), np.zeros(_NODES), cosine])
    place = direction[:, :, None] * r_kpc
    force = potential.gradient(place.reshape(3, -1) * u.kpc).to_value(u.km**2 / u.s**2 / u.kpc)
    outward = (force.reshape(place.shape) * direction[:, :, None]).sum(axis=0)
    return r_kpc**2 / G * (weight / 2 @ outward)
