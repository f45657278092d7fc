"""The synthetic survey: its fields, and the stars it observes in each of them, as they truly are.

Stars are drawn in 1 deg fields along each line of sight from every component's density times the
selection function. Every field has its own random stream, and fields are worked through in blocks
of a fixed number, so that memory is bounded and equal seeds give equal stars.
"""

from collections.abc import Iterator

import numpy as np

from icefire.errors import UserError
from icefire.stars import kinematics, orbits
from icefire.stars.sky import angles_deg, unit_vectors
from icefire.synthetic.clouds import NAME_BYTES, Particles, sky_basis
from icefire.synthetic.drawing import Selection, Sequence, distance_modulus
from icefire.synthetic.galaxy import Component

# Numerical resolution: distances per line of sight, and fields in memory at once.
_DISTANCES = 200
_FIELDS_AT_ONCE = 32
COMPONENT_BYTES = 16

# Random numbers of one star that decide what it is (uniform, then normal).
_CHANCE = [
    "cell", "depth", "magnitude", "in_bin", "population", "side", "offset_r", "offset_angle",
    "escape", "cos_theta", "phi",
]  # fmt: skip
_NORMAL = ["depth", "v1", "v2", "v3", "feh", "afe"]

GALACTIC_POLE_DEG = (192.85948, 27.12825)  # ICRS (IAU 1958, as astropy has it)


def place_fields(
    settings: dict, n_fields: int, pointings: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Spread field centres evenly over the footprint.

    A Fibonacci lattice, shaken a little; the fields nearest to `pointings` (2 x K, deg) are moved
    there. A small survey has only some patches of the full one, so that its lines of sight are as
    well filled as in the full one.

    Returns right ascension and declination in degrees, F values each, roughly from north to south.
    Raises UserError when no direction is within the footprint.
    """
    ra, dec = _lattice(max(n_fields, settings["count"]), settings)
    if n_fields < len(ra):
        chosen = _patches(ra, dec, n_fields, settings)
        ra, dec = ra[chosen], dec[chosen]
    step, angle = rng.random((2, n_fields)) * [[settings["shake_deg"]], [2 * np.pi]]
    moved = offset(ra, dec, step, angle)
    stays = ~in_footprint(*moved, settings)
    ra, dec = np.where(stays, ra, moved[0]), np.where(stays, dec, moved[1])
    free = np.ones(n_fields, bool)
    for target in pointings.T:
        # Not the field of another target, which may be nearest where two are close together
        nearest = np.argmax(np.where(free, unit_vectors(ra, dec).T @ unit_vectors(*target), -2.0))
        ra[nearest], dec[nearest] = target
        free[nearest] = False
    return ra, dec


def _lattice(n_points: int, settings: dict) -> tuple[np.ndarray, np.ndarray]:
    """Give `n_points` directions (deg) spread evenly over the footprint."""
    n_sphere = n_points
    if not in_footprint(*_sphere(40_000), settings).any():
        raise UserError("fields.min_abs_b_deg and fields.min_dec_deg leave nothing of the sky")
    while True:
        ra, dec = _sphere(n_sphere)
        inside = np.flatnonzero(in_footprint(ra, dec, settings))
        if len(inside) >= n_points:
            # The few too many are left out evenly
            keep = inside[np.linspace(0, len(inside) - 1, n_points).round().astype(int)]
            return ra[keep], dec[keep]
        n_sphere += max(n_sphere // 200, 1)


def _sphere(n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the directions (deg) of a Fibonacci lattice, from the north pole to the south."""
    k = np.arange(n_points)
    dec = np.degrees(np.arcsin(1.0 - (2.0 * k + 1.0) / n_points))
    return np.degrees(np.pi * (3.0 - np.sqrt(5.0)) * k) % 360, dec


def _patches(ra: np.ndarray, dec: np.ndarray, n_fields: int, settings: dict) -> np.ndarray:
    """Choose `n_fields` of the fields in patches of neighbours; returns sorted indices."""
    centres = unit_vectors(*_lattice(max(n_fields // settings["patch_fields"], 1), settings))
    cosine = np.einsum("kf,kc->fc", unit_vectors(ra, dec), centres)
    # First all nearest fields, then all second nearest, until there are enough
    by_rank = np.argsort(-cosine, axis=0, kind="stable").ravel()
    _, first = np.unique(by_rank, return_index=True)
    return np.sort(by_rank[np.sort(first)[:n_fields]])


def in_footprint(ra: np.ndarray, dec: np.ndarray, settings: dict) -> np.ndarray:
    """Tell which directions the survey looks at."""
    pole = unit_vectors(*GALACTIC_POLE_DEG)
    sin_b = np.einsum("k,kn->n", pole, unit_vectors(np.atleast_1d(ra), np.atleast_1d(dec)))
    low = np.sin(np.radians(settings["min_abs_b_deg"]))
    return (np.abs(sin_b) > low) & (np.atleast_1d(dec) > settings["min_dec_deg"])


def offset(ra, dec, distance_deg, angle) -> tuple[np.ndarray, np.ndarray]:
    """Move positions (deg) by an angular distance (deg) toward a position angle (rad)."""
    lat, step = np.radians(dec), np.radians(distance_deg)
    sin_lat = np.sin(lat) * np.cos(step) + np.cos(lat) * np.sin(step) * np.cos(angle)
    new = np.arcsin(np.clip(sin_lat, -1, 1))
    turn = np.arctan2(
        np.sin(angle) * np.sin(step) * np.cos(lat), np.cos(step) - np.sin(lat) * sin_lat
    )
    return (ra + np.degrees(turn)) % 360, np.degrees(new)


class Survey:
    """Fields, and the components that can be seen in them.

    Parameters:
        rows: Number of stars in all fields together.
        seed: Seed of the whole table.
        model: The model, as config/synthetic.yaml has it.
        frame: Galactocentric frame.
        potential: gala potential, for the escape speed.
        clouds: Sagittarius and, last, the satellites.

    Raises UserError when the model's survey could observe no star at all.
    """

    def __init__(self, rows: int, seed: int, model: dict, frame, potential, clouds: list):
        self._model, self._frame, self._potential, self._seed = model, frame, potential, seed
        self.clouds: list[Particles] = clouds
        self.components = [Component(entry) for entry in model["components"]]
        self.names = [c.name for c in [*self.components, *self.clouds]]
        self.sequence = Sequence(model["stellar_sequence"], model["selection"]["giants_below_logg"])
        cuts = model["selection"], model["errors"]["gaia"]
        # Clouds hold old stars, as the sequence does.
        others = [c.others_per_giant for c in self.components] + [1.0] * len(self.clouds)
        by_others = {k: Selection(self.sequence, *cuts, k) for k in dict.fromkeys(others)}
        self.selections = [by_others[k] for k in others]

        fields = model["fields"]
        share = min(rows / (fields["count"] * fields["stars_each"]), 1.0)
        self.n_fields = max(round(fields["count"] * share), fields["min_count"])
        rng = stream(seed, 0)
        n_pointings = round(fields["pointed_at_satellites"] * share)
        pointings = self._richest_satellites(n_pointings)
        self.ra, self.dec = place_fields(fields, self.n_fields, pointings, rng)
        # Fibres that give a star differ from field to field.
        weights = np.exp(fields["stars_scatter"] * rng.standard_normal(self.n_fields))
        ends = np.rint(rows * np.cumsum(weights) / weights.sum()).astype(int)
        self.n_stars = np.diff(ends, prepend=0)
        # Nights of each field's first visit, in days since 2017 November 1
        self.night = rng.integers(0, fields["nights"], self.n_fields)

        reach = fields["distances_kpc"]
        edges = np.linspace(np.log(reach[0]), np.log(reach[1]), _DISTANCES + 1)
        self._log_step = edges[1] - edges[0]
        self._distance = np.exp(0.5 * (edges[1:] + edges[:-1]))
        modulus = distance_modulus(self._distance)
        self._seen = [s.observed_per_giant(modulus) for s in self.selections]
        if not np.any(self._seen):
            raise UserError(
                "the model's selection leaves no star to observe at any of fields.distances_kpc"
            )
        self.n_blocks = -(-self.n_fields // _FIELDS_AT_ONCE)

    def _richest_satellites(self, n_wanted: int) -> np.ndarray:
        """Give the centres (2 x K, deg) of the satellites with most stars to observe."""
        cloud = self.clouds[-1]
        if not cloud.ra.size:
            return np.empty((2, 0))
        which = np.unique(cloud.object_name, return_inverse=True)[1]
        modulus = distance_modulus(cloud.distance)
        seen = cloud.giants * self.selections[-1].observed_per_giant(modulus)
        seen = np.bincount(which, seen)
        centre = np.array([np.bincount(which, u) for u in unit_vectors(cloud.ra, cloud.dec)])
        ra, dec = angles_deg(centre)
        ra = ra % 360
        seen[~in_footprint(ra, dec, self._model["fields"])] = 0.0
        best = np.argsort(-seen, kind="stable")[:n_wanted]
        best = best[seen[best] > 0]
        return np.array([ra[best], dec[best]])

    def blocks(self) -> Iterator[tuple[dict[str, np.ndarray], list[np.random.Generator]]]:
        """Give the true stars block by block of fields, with each field's random stream.

        The streams stand where the errors of measurement go on drawing. Fields without a star are
        left out.
        """
        for start in range(0, self.n_fields, _FIELDS_AT_ONCE):
            fields = np.arange(start, min(start + _FIELDS_AT_ONCE, self.n_fields))
            fields = fields[self.n_stars[fields] > 0]
            if len(fields):
                streams = [stream(self._seed, field + 1) for field in fields]
                yield self._observe(fields, streams), streams

    def _observe(self, fields: np.ndarray, streams: list) -> dict[str, np.ndarray]:
        counts = self.n_stars[fields]
        chance = draw(streams, counts, "random", _CHANCE)
        normal = draw(streams, counts, "standard_normal", _NORMAL)
        field = np.repeat(fields, counts)

        which, node, particle = self._cells(fields, counts, chance["cell"])
        radius = 0.5 * self._model["fields"]["diameter_deg"]
        ra, dec = offset(
            self.ra[field], self.dec[field], radius * np.sqrt(chance["offset_r"]),
            2 * np.pi * chance["offset_angle"],
        )  # fmt: skip
        distance = self._distance[node] * np.exp((chance["depth"] - 0.5) * self._log_step)
        object_name = np.zeros(len(which), f"S{NAME_BYTES}")
        for k, cloud in enumerate(self.clouds, len(self.components)):
            mine = which == k
            of = particle[mine]
            object_name[mine] = cloud.object_name[of]
            distance[mine] = cloud.distance[of] * np.exp(
                cloud.distance_scatter * normal["depth"][mine]
            )
            if not cloud.smoothing_deg:
                ra[mine], dec[mine] = cloud.ra[of], cloud.dec[of]

        away, _, _ = sky_basis(ra, dec, self._frame)
        position = distance * away + self._frame.origin_kpc[:, None]
        stars = {"field": field, "component": which, "object_name": object_name}
        stars |= {"ra": ra, "dec": dec, "distance": distance}
        stars |= dict(zip("xyz", position, strict=True))
        stars |= self._motions(which, particle, position, chance, normal)
        stars |= self._chemistry(which, particle, chance, normal)
        modulus = distance_modulus(distance)
        stars["abs_r"] = np.empty(len(which))
        for selection in set(self.selections):
            mine = np.isin(which, [k for k, s in enumerate(self.selections) if s is selection])
            stars["abs_r"][mine] = selection.draw(
                modulus[mine], chance["magnitude"][mine], chance["in_bin"][mine]
            )
        stars |= self.sequence.stars(stars["abs_r"], stars["feh"])
        stars |= observables(stars, self._frame)
        return stars

    def _cells(self, fields: np.ndarray, counts: np.ndarray, chance: np.ndarray):
        """Choose for every star its component and, in it, its distance bin or its particle."""
        centre = unit_vectors(self.ra[fields], self.dec[fields])
        away, _, _ = sky_basis(self.ra[fields], self.dec[fields], self._frame)
        place = away[:, :, None] * self._distance + self._frame.origin_kpc[:, None, None]
        per_giant = self._distance**3 * self._log_step
        weights = [
            c.shape.density(place) * per_giant * seen
            for c, seen in zip(self.components, self._seen, strict=False)
        ]
        sizes = [_DISTANCES] * len(self.components)
        radius = 0.5 * self._model["fields"]["diameter_deg"]
        for cloud in self.clouds:
            seen = self.selections[-1].observed_per_giant(distance_modulus(cloud.distance))
            weight = cloud.per_steradian(centre, radius) * seen
            if not cloud.smoothing_deg:
                # Fibres cannot be packed: no more than so much of a field goes to a cluster.
                share = self._model["fields"]["max_satellite_share"]
                total = weight.sum(axis=1, keepdims=True)
                limit = share / (1 - share) * sum(w.sum(axis=1, keepdims=True) for w in weights)
                weight = weight * np.minimum(1.0, limit / np.maximum(total, 1e-300))
            weights.append(weight)
            sizes.append(weight.shape[1])
        cumulative = np.cumsum(np.concatenate(weights, axis=1), axis=1)
        ends = np.cumsum(counts)
        cell = np.empty(ends[-1], int)
        for row, start, end in zip(cumulative, ends - counts, ends, strict=True):
            cell[start:end] = np.searchsorted(row, chance[start:end] * row[-1], side="right")
        first = np.concatenate([[0], np.cumsum(sizes)])
        which = np.searchsorted(first, cell, side="right") - 1
        inside = cell - first[which]
        smooth = which < len(self.components)
        return which, np.where(smooth, inside, 0), np.where(smooth, 0, inside)

    def _motions(self, which, particle, position, chance, normal) -> dict[str, np.ndarray]:
        """Draw velocities: spherical components, with the local mean and dispersion of each."""
        n = len(which)
        velocity, mean, sigma = np.empty((3, n)), np.zeros((3, n)), np.full((3, n), np.nan)
        kicks = np.array([normal["v1"], normal["v2"], normal["v3"]])
        basis = spherical_basis(position)
        at_rest = orbits.energy(self._potential, position, np.zeros((3, 1)))
        escape = np.sqrt(np.maximum(-2 * at_rest, 0.0))
        for k, component in enumerate(self.components):
            mine = which == k
            if component.escape:
                low, high = component.escape
                speed = escape[mine] * (low + (high - low) * chance["escape"][mine])
                cosine = 2 * chance["cos_theta"][mine] - 1
                across = np.sqrt(1 - cosine**2)
                phi = 2 * np.pi * chance["phi"][mine]
                velocity[:, mine] = speed * np.array(
                    [cosine, across * np.cos(phi), across * np.sin(phi)]
                )
                continue
            mean[:, mine], sigma[:, mine] = component.velocity.moments(position[:, mine])
            velocity[:, mine] = mean[:, mine] + sigma[:, mine] * kicks[:, mine]
        for k, cloud in enumerate(self.clouds, len(self.components)):
            mine = which == k
            of = particle[mine]
            mean[:, mine] = np.einsum("ikn,kn->in", basis[:, :, mine], cloud.velocity[:, of])
            sigma[:, mine] = cloud.sigma[of]
            velocity[:, mine] = mean[:, mine] + sigma[:, mine] * kicks[:, mine]
        # A Gaussian has stars faster than escape, a bound population has not: slow them down.
        speed = np.sqrt((velocity**2).sum(axis=0))
        limit = self._model["max_escape_speed_ratio"] * escape
        unbound = np.isin(which, [k for k, c in enumerate(self.components) if c.escape])
        velocity *= np.where(~unbound & (speed > limit), limit / speed, 1.0)
        cartesian = np.einsum("ikn,in->kn", basis, velocity)
        names = ("v_r", "v_phi", "v_theta")
        made = dict(zip(names, velocity, strict=True))
        made |= {f"mean_{a}": b for a, b in zip(names, mean, strict=True)}
        made |= {f"sigma_{a}": b for a, b in zip(names, sigma, strict=True)}
        made |= dict(zip(("vx", "vy", "vz"), cartesian, strict=True))
        made["energy"] = at_rest + 0.5 * (velocity**2).sum(axis=0)
        return made

    def _chemistry(self, which, particle, chance, normal) -> dict[str, np.ndarray]:
        feh, afe = np.empty(len(which)), np.empty(len(which))

        def fill(mine, chemistry) -> None:
            feh[mine], afe[mine] = chemistry.draw(
                chance["population"][mine], chance["side"][mine], normal["feh"][mine],
                normal["afe"][mine],
            )  # fmt: skip

        for k, component in enumerate(self.components):
            fill(which == k, component.chemistry)
        for k, cloud in enumerate(self.clouds, len(self.components)):
            for j, chemistry in enumerate(cloud.chemistry):
                mine = np.flatnonzero(which == k)
                fill(mine[cloud.chemistry_index[particle[mine]] == j], chemistry)
        return {"feh": feh, "afe": afe}


def stream(seed: int, field: int) -> np.random.Generator:
    """Give the random stream of one field (numbered from 1), or of the survey itself (0)."""
    return np.random.default_rng(np.random.SeedSequence([seed, field]))


def draw(streams: list, counts: np.ndarray, kind: str, names) -> dict[str, np.ndarray]:
    """Draw the named random numbers of every star of a block, each field from its own stream.

    `kind` is the generator's method, `random` or `standard_normal`. Returns one array per name,
    as long as all fields' `counts` together.
    """
    drawn = [
        getattr(rng, kind)((len(names), count)) for rng, count in zip(streams, counts, strict=True)
    ]
    return dict(zip(names, np.concatenate(drawn, axis=1), strict=True))


def spherical_basis(position: np.ndarray) -> np.ndarray:
    """Give the unit vectors of v_r, v_phi and v_theta at 3 x N positions: 3 (which) x 3 x N."""
    x, y, z = position
    r, rho = np.sqrt(x**2 + y**2 + z**2), np.hypot(x, y)
    along = np.array([-y / rho, x / rho, np.zeros_like(x)])
    upward = np.array([-z * x / (rho * r), -z * y / (rho * r), rho / r])
    return np.array([position / r, along, upward])


def observables(stars: dict[str, np.ndarray], frame) -> dict[str, np.ndarray]:
    """Give heliocentric `rv` (km/s), `pmra`, `pmdec` (mas/yr) and `parallax` (mas)."""
    away, east, north = sky_basis(stars["ra"], stars["dec"], frame)
    velocity = np.array([stars["vx"], stars["vy"], stars["vz"]]) - frame.velocity_km_s[:, None]
    per_pm = kinematics.KM_S_PER_MAS_YR_KPC * stars["distance"]
    return {
        "rv": (velocity * away).sum(axis=0),
        "pmra": (velocity * east).sum(axis=0) / per_pm,
        "pmdec": (velocity * north).sum(axis=0) / per_pm,
        "parallax": 1.0 / stars["distance"],
    }
