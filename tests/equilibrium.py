"""Made-up tracers in equilibrium with a known mass, and what the library makes of them."""

import numpy as np

from icefire.mass import jeans
from icefire.mass.slopes import Slope
from icefire.measure import dispersion, recipes, shards
from icefire.measure.geometry import RadialShells

SHELLS = RadialShells(10.0, 60.0, 8)
# M(<r), 10^11 solar masses: of a logarithmic potential of 220 km/s, and of a Hernquist sphere
MASSES = {
    "logarithmic": lambda r: 220.0**2 * r / jeans.G,
    "hernquist": lambda r: 12.0 * r**2 / (r + 22.0) ** 2,
}


def dispersion2(r: np.ndarray, mass, gamma: float, beta: float) -> np.ndarray:
    """Solve the Jeans equation for sigma_r^2 (km2/s2) of tracers of density r^-gamma.

    sigma_r^2 = r^(gamma - 2 beta) integral from r of s^(2 beta - gamma - 2) G M(s) ds
    """
    s = np.geomspace(5.0, 1e5, 20_000)
    force = s ** (2 * beta - gamma - 2) * jeans.G * mass(s)
    steps = 0.5 * (force[1:] + force[:-1]) * np.diff(s)
    beyond = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    return r ** (gamma - 2 * beta) * np.interp(r, s, beyond)


def tracers(mass, gamma: float, beta: float, n_stars: int, rng) -> dict[str, np.ndarray]:
    """Draw stars from 10 to 60 kpc, everywhere on the sky, with the moments of equilibrium."""
    low, high = 10.0 ** (3 - gamma), 60.0 ** (3 - gamma)
    r = (low + rng.random(n_stars) * (high - low)) ** (1 / (3 - gamma))
    radial2 = dispersion2(r, mass, gamma, beta)
    sigma = np.sqrt([radial2, *2 * [(1 - beta) * radial2]])
    stars = dict(zip(recipes.COMPONENTS, sigma * rng.normal(size=(3, n_stars)), strict=True))
    stars |= {name: np.zeros(n_stars) for name in recipes.COLUMNS[3:]}
    place = {
        "r": r,
        "l": 360 * rng.random(n_stars),
        "b": np.degrees(np.arcsin(2 * rng.random(n_stars) - 1)),
    }
    return stars | place


def run_of(stars: dict, path, realisations: int, seed: int = 1) -> shards.Run:
    """Measure the shells of stars by the bootstrap, as run_realisations.py does."""
    measured = dispersion.measure(
        blocks=lambda: iter([stars]),
        n_stars=len(stars["r"]),
        geometries=[SHELLS],
        recipe=recipes.Bootstrap(deconvolve=True),
        seed=seed,
        sample="halo",
        numbers=range(realisations),
        min_stars=10,
        max_memory_mb=500,
    )
    engine = {"montecarlo_realisations": realisations, "montecarlo_min_stars": 10}
    meta = {"parameters": {"run_realisations": engine}}
    shards.write(path, SHELLS, measured["radial"], range(realisations), meta)
    return shards.join([str(path)])


def profile(
    stars: dict, path, gamma: float, degree: int = 1, realisations: int = 200, seed: int = 1
):
    """Give the halo's profile (columns of jeans.ecsv) of stars whose density has slope gamma."""
    settings = {"degree": degree, "min_kpc": 10.0, "max_kpc": 60.0}
    slope = {"true": Slope((gamma,), (), None, "")}
    radii = jeans.shell_radii(SHELLS, stars)
    (found,) = jeans.profiles(run_of(stars, path, realisations, seed), radii, slope, settings, [0])
    return found


def coverage(folder, kind: str, beta: float, halos: int, n_stars: int, degree: int = 1) -> dict:
    """Try many halos: the share of shells whose intervals hold the truth, and the mean pull."""
    gamma, mass, inside, ratio = 3.5, MASSES[kind], {68: [], 95: []}, []
    for number in range(halos):
        stars = tracers(mass, gamma, beta, n_stars, np.random.default_rng([7, number]))
        found = profile(stars, folder / "shard.npz", gamma, degree, seed=number)
        truth = mass(found["r"])
        for percent, held in inside.items():
            low, high = (found[f"mass_{end}{percent}"] for end in ("lo", "hi"))
            held.append((low <= truth) & (truth <= high))
        ratio.append(found["mass"] / truth)
    shares = {percent: float(np.mean(held)) for percent, held in inside.items()}
    return shares | {"ratio": np.mean(ratio, axis=0), "scatter": np.std(ratio, axis=0)}
