"""Formulas of the paper a second time, plainly: all stars in memory, one bin at a time.

Nothing of the library's is used, so that a mistake is not made twice; tests hold runs against it.
Stars are mappings from column to array, parameters those of a table's metadata, by step.
"""

from collections.abc import Mapping

import numpy as np
from astropy import units as u
from astropy.coordinates import Galactocentric, SkyCoord, galactocentric_frame_defaults
from scipy import stats

COMPONENTS = ("v_r", "v_phi", "v_theta")
QUANTITIES = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
LEVELS = {"_lo95": 0.025, "_lo68": 0.16, "": 0.5, "_hi68": 0.84, "_hi95": 0.975}
CUTS = ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound")
NOTHING = (None, None, None)


def by_astropy(stars: dict, frame: Galactocentric | None = None) -> dict:
    """The same columns from astropy's own transformation, frame v4.0 unless another is given."""
    sky = SkyCoord(
        ra=stars["ra"] * u.deg,
        dec=stars["dec"] * u.deg,
        distance=stars["distance"] * u.kpc,
        radial_velocity=stars["rv"] * u.km / u.s,
        pm_ra_cosdec=stars["pmra"] * u.mas / u.yr,
        pm_dec=stars["pmdec"] * u.mas / u.yr,
    )
    with galactocentric_frame_defaults.set("v4.0"):
        moved = sky.transform_to(Galactocentric() if frame is None else frame)
    position = moved.cartesian.xyz.to_value(u.kpc)
    velocity = moved.velocity.d_xyz.to_value(u.km / u.s)
    sphere = moved.represent_as("spherical", "sphericalcoslat")
    spin = sphere.differentials["s"]

    def speed(turning):
        return (turning * sphere.distance).to_value(u.km / u.s, u.dimensionless_angles())

    return {
        **dict(zip("xyz", position, strict=True)),
        "r": sphere.distance.to_value(u.kpc),
        "velocity": velocity,
        "v_r": spin.d_distance.to_value(u.km / u.s),
        "v_phi": speed(spin.d_lon_coslat),
        "v_theta": speed(spin.d_lat),
        **dict(zip(("lx", "ly", "lz"), np.cross(position, velocity, axis=0), strict=True)),
    }


def flags(stars: Mapping, parameters: Mapping, off: Mapping) -> dict[str, np.ndarray]:
    """Flag giants, Sagittarius (Johnson et al. 2020), Aleph and unbound stars."""
    p, feh, afe = parameters["flag_substructure"], stars["feh"], stars["afe"]
    lx, ly, lz = (stars[name] for name in ("lx", "ly", "lz"))
    stream = ly < p["sagittarius_ly_intercept_kpc_km_s"] + p["sagittarius_ly_slope"] * lz
    stream &= np.abs(lx) < p["sagittarius_max_lx_ratio"] * np.sqrt(ly**2 + lz**2)
    if "sagittarius_chemistry" not in off:
        stream &= ~(afe > p["sagittarius_afe_slope"] * feh + p["sagittarius_afe_intercept"])
    return {
        "is_giant": (stars["logg"] < p["giants_max_logg"]) | ("giants" in off),
        "is_sagittarius": stream,
        "is_aleph": stars["eccentricity"] < p["aleph_max_eccentricity"],
        "is_unbound": stars["energy"] >= 0,
    }


def samples(stars: Mapping, parameters: Mapping) -> dict[str, np.ndarray]:
    """Tell which of all good stars are in the halo, accreted and in situ (paper, section 2).

    A star on the border of the polygon in chemistry is not inside.
    """
    p, feh, afe = parameters["select_samples"], stars["feh"], stars["afe"]
    halo = stars["is_giant"] & ~np.any([stars[name] for name in CUTS], axis=0)
    halo &= np.abs(stars["z"]) > p["halo_min_abs_z_kpc"]
    halo &= np.sqrt(stars["x"] ** 2 + stars["y"] ** 2 + stars["z"] ** 2) > p["halo_min_radius_kpc"]
    if p["chemistry_method"] == "feh_ranges":
        accreted, insitu = (
            feh < p["chemistry_accreted_max_feh"],
            feh > p["chemistry_insitu_min_feh"],
        )
    else:
        inside, border = in_polygon(feh, afe, np.asarray(p["chemistry_insitu_polygon"]))
        insitu = inside & ~border
        accreted = np.isfinite(feh + afe) & ~insitu
    return {"halo": halo, "accreted": halo & accreted, "insitu": halo & insitu}


def in_polygon(x: np.ndarray, y: np.ndarray, vertices: np.ndarray) -> tuple:
    """Tell which points are inside a polygon, by the turns it makes around them, and on its border.

    Its corners, seen from a point inside, go once around.
    """
    to = np.asarray(vertices, float)[:, :, None] - np.array([x, y])
    after = np.roll(to, -1, axis=0)
    cross = to[:, 0] * after[:, 1] - to[:, 1] * after[:, 0]
    dot = (to * after).sum(axis=1)
    with np.errstate(invalid="ignore"):
        turns = np.abs(np.arctan2(cross, dot).sum(axis=0)) / (2 * np.pi)
        length = np.hypot(*(after - to).transpose(1, 0, 2)).clip(1e-300)
        border = ((np.abs(cross) / length <= 1e-9) & (dot <= 1e-9)).any(axis=0)
    return turns > 0.5, border


def inside(stars: Mapping, row: Mapping, name: str, parameters: Mapping) -> np.ndarray:
    """Tell which stars are in one bin of a geometry, a row of its summary."""
    p = parameters["run_realisations"]
    if name == "sky":
        import healpy

        nside = p["geometry_sky_nside"]
        return healpy.ang2pix(nside, stars["l"], stars["b"], lonlat=True) == row["pixel"]
    if name == "radial":
        last = row["r_hi"] == p["geometry_radial_max_kpc"]
        shell = (stars["r"] >= row["r_lo"]) & (stars["r"] < row["r_hi"])
        shell |= last & (stars["r"] == row["r_hi"])
        beyond, north = stars["l"] >= 180, stars["b"] > 0
        quadrants = (True, beyond & north, ~beyond & north, ~beyond & ~north, beyond & ~north)
        return shell & quadrants[int(row["quadrant"])]
    a, b = name
    distance = np.hypot(stars[a] - row[a], stars[b] - row[b])
    return distance <= p[f"geometry_{name}_radius_kpc"]


def covariance(stars: Mapping) -> np.ndarray:
    """Give the covariance of each star's velocity errors, N x 3 x 3, km2/s2."""
    matrix = np.empty((len(stars["v_r"]), 3, 3))
    for i, name in enumerate(COMPONENTS):
        matrix[:, i, i] = stars[f"{name}_error"] ** 2
    for i, j, name in ((0, 1, "cov_rphi"), (0, 2, "cov_rtheta"), (1, 2, "cov_phitheta")):
        matrix[:, i, j] = matrix[:, j, i] = stars[name]
    return matrix


def errors(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Give the columns of which `covariance` makes a matrix."""
    found = {f"{name}_error": np.sqrt(matrix[:, i, i]) for i, name in enumerate(COMPONENTS)}
    pairs = (("rphi", 0, 1), ("rtheta", 0, 2), ("phitheta", 1, 2))
    return found | {f"cov_{name}": matrix[:, i, j] for name, i, j in pairs}


def han2024(stars: Mapping, n_sample: int, parameters: Mapping, draws: int, rng) -> np.ndarray:
    """Draw the three variances of a bin's stars in realisations, draws x 3 (paper, section 2).

    Of the sample's `n_sample` stars a tenth is left out; every velocity is drawn from its errors.
    """
    p = parameters["run_realisations"]
    v = np.column_stack([stars[name] for name in COMPONENTS])
    errors = covariance(stars)
    if not p.get("uncertainty_correlated", True):
        errors *= np.eye(3)
    size, axes = np.linalg.eigh(errors)
    root = axes * np.sqrt(size.clip(0))[:, None, :]
    n_out = int(np.floor(p["montecarlo_exclude_fraction"] * n_sample))
    variance = np.empty((draws, 3))
    for draw in range(draws):
        here = rng.hypergeometric(n_out, n_sample - n_out, len(v))
        stay = rng.permutation(len(v))[here:]
        noisy = v + np.einsum("nij,nj->ni", root, rng.standard_normal(v.shape))
        variance[draw] = noisy[stay].var(axis=0) if len(stay) > 1 else np.nan
        if p.get("dispersion_deconvolve"):
            n = len(stay)
            taken = 2 * np.diagonal(errors[stay], axis1=1, axis2=2).mean(axis=0)
            variance[draw] = variance[draw] * n / (n - 1) - taken
    return variance


def quantities(variance: np.ndarray) -> dict[str, np.ndarray]:
    """Give dispersions and beta = 1 - (sigma_phi^2 + sigma_theta^2) / (2 sigma_r^2) of draws."""
    r, phi, theta = variance.T
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = np.where(r > 0, np.minimum(1 - (phi + theta) / (2 * r), 1), np.nan)
    sigma = np.sqrt(np.maximum(variance.T, 0))
    return dict(zip(QUANTITIES, (*sigma, beta), strict=True))


def chance(value: float, level: float, draws: np.ndarray, realisations: int) -> float:
    """Give the two-sided chance of a quantile of so many realisations, if they are like `draws`.

    How many of the draws are below an order statistic is beta-binomial, whatever they are
    distributed as; between two of them the quantile is taken as one of broken order.
    """
    draws = draws[np.isfinite(draws)]
    order = level * (realisations - 1) + 1
    like = stats.betabinom(len(draws), order, realisations + 1 - order)
    # Draws equal to it, such as dispersions of zero, may count on either side.
    alike = np.isclose(draws, value, rtol=1e-5, atol=1e-5)
    up_to = like.cdf(((draws < value) | alike).sum())
    from_here = like.sf(((draws < value) & ~alike).sum() - 1)
    return float(min(1.0, 2 * up_to, 2 * from_here))


def spread(stars: Mapping, mask=slice(None)) -> dict[str, tuple]:
    """Give plain dispersions and beta of stars, and their standard errors from fourth moments."""
    v = np.array([stars[name][mask] for name in COMPONENTS])
    n = v.shape[1]
    empty = {"n_stars": (n, None, None), **dict.fromkeys(QUANTITIES, NOTHING)}
    if n < 2:
        return empty
    square = (v - v.mean(axis=1, keepdims=True)) ** 2
    r, phi, theta = variance = square.mean(axis=1)
    scatter = np.cov(square, ddof=0) / n
    sigma = np.sqrt(variance)
    error = np.sqrt(np.diag(scatter)) / (2 * sigma)
    slope = np.array([(phi + theta) / r, -1, -1]) / (2 * r)
    values = [*sigma, 1 - (phi + theta) / (2 * r)]
    errors = [*error, np.sqrt(slope @ scatter @ slope)]
    both = zip(QUANTITIES, values, errors, strict=True)
    return empty | {name: (value, value - e, value + e) for name, value, e in both}


def numbers(
    ledger, stars: Mapping, sample: Mapping, sky, profile: Mapping, least: int, slices=()
) -> dict:
    """Give (value, low, high) of numbers by their dotted keys in numbers.yaml.

    `stars` are all good ones, `sample` the columns of each sample, `sky` the halo's lines of sight,
    `profile` the radial summaries of the accreted and the in-situ sample, `slices` in [Fe/H]. Of
    fewer than `least` stars there is no number.
    """
    halo, insitu = sample["halo"], sample["insitu"]
    last = {str(row["step"]): row for row in ledger}
    found = {
        "counts.rows": ledger["n_in"][0],
        "counts.good": len(stars["ra"]),
        **{f"counts.good_beyond_{d}_kpc": (stars["distance"] > d).sum() for d in (5, 10)},
        "counts.tracers": last["giants"]["n_out"],
        **{
            f"counts.removed_as_{step}": last[step]["n_removed"]
            for step in ("sagittarius", "satellites", "aleph", "unbound")
        },
        **{f"counts.{name}": len(columns["ra"]) for name, columns in sample.items()},
        "counts.neither_accreted_nor_insitu": last["chemistry"]["n_removed"],
        "counts.unknown_chemistry": last["unknown_chemistry"]["n_removed"],
        **_of_errors(halo, profile["insitu"], least),
        **_of_profiles(profile),
        "line_of_sight.n_measured": np.isfinite(sky["sigma_r"]).sum(),
    }
    found = {key: (value, None, None) for key, value in found.items()}
    spreads = {f"plain_dispersion.{name}": spread(columns) for name, columns in sample.items()}
    for i, (low, high) in enumerate(slices, 1):
        name = f"plain_dispersion.halo_feh_slice_{i}"
        spreads[name] = spread(halo, (halo["feh"] >= low) & (halo["feh"] < high))
        found |= {f"{name}.feh_from": (low, None, None), f"{name}.feh_to": (high, None, None)}
    x, z = insitu["x"], insitu["z"]
    spreads["map.cold_insitu"] = spread(insitu, (x < -15) & (z > -10) & (z < 10))
    spreads["map.hot_insitu"] = spread(insitu, (x > -8) & (z > 10))
    spreads["map.hot_insitu_mirrored"] = spread(insitu, (x > -8) & (z < -10))
    for name, columns in sample.items():
        beyond, north = columns["l"] >= 180, columns["b"] > 0
        for i, inside in enumerate((beyond & north, ~beyond & north, ~beyond & ~north)):
            spreads[f"quadrant.{name}.{('first', 'second', 'third')[i]}"] = spread(columns, inside)
        spreads[f"quadrant.{name}.fourth"] = spread(columns, beyond & ~north)
    for of in spreads.values():
        enough = of["n_stars"][0] >= least
        of |= {} if enough else dict.fromkeys(QUANTITIES, NOTHING)
    found |= {f"{name}.{key}": number for name, of in spreads.items() for key, number in of.items()}
    for name in ("sigma_r", "beta"):
        ends = [np.asarray(sky[name + ending], float) for ending in ("", "_lo68", "_hi68")]
        ordered = sorted(row for row in zip(*ends, strict=True) if np.isfinite(row[0]))
        found[f"line_of_sight.{name}_min"] = ordered[0] if ordered else NOTHING
        found[f"line_of_sight.{name}_max"] = ordered[-1] if ordered else NOTHING
    return found


def _of_errors(halo: Mapping, shells, least: int) -> dict[str, float | None]:
    """Give the medians of figure 3; the paper draws 0.1 mas/yr, 0.474 km/s at 1 kpc."""
    far = halo["r"] > 30
    drawn = 0.1 * 4.7404705 * halo["r"][far]
    across = np.append(halo["v_phi_error"][far] / drawn, halo["v_theta_error"][far] / drawn)
    values = {
        "median_v_r": halo["v_r_error"],
        "median_v_r_beyond_30_kpc": halo["v_r_error"][far],
        "median_tangential_over_line_beyond_30_kpc": across,
    }
    middle = {key: np.median(some) if len(some) >= least else None for key, some in values.items()}
    of_shells = []
    for row in shells[shells["quadrant"] == 0]:
        here = halo["v_r_error"][(halo["r"] >= row["r_lo"]) & (halo["r"] < row["r_hi"])]
        of_shells += [np.median(here)] if len(here) >= least else []
    middle["smallest_median_v_r"] = min(of_shells, default=None)
    middle["largest_median_v_r"] = max(of_shells, default=None)
    return {f"velocity_error.{key}": value for key, value in middle.items()}


def _of_profiles(profile: Mapping) -> dict[str, float | None]:
    """Compare the two profiles of figure 9."""
    hot, cold = (profile[name][profile[name]["quadrant"] == 0] for name in ("accreted", "insitu"))
    both = np.isfinite(np.asarray(hot["sigma_r"]) + np.asarray(cold["sigma_r"]))
    colder = np.asarray(cold["sigma_r"] < hot["sigma_r"])[both]
    return {
        "profile.shells_with_both": both.sum(),
        "profile.insitu_colder_fraction": colder.mean() if both.any() else None,
    }
