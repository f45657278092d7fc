"""Measure halos of known truth by every method and count how often the intervals hold it."""

import numpy as np

from icefire import cli
from icefire.calibrate import coverage, halos
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.measure import geometry, shards, truncation
from icefire.measure.geometry import RadialShells
from icefire.measure.recipes import COLUMNS, COMPONENTS, MONTECARLO
from icefire.stars import kinematics, orbits
from icefire.stars.cuts import HALO

_COLUMNS = ("r", "l", "b", *COLUMNS[len(COMPONENTS) :])
CALIBRATION = cli.Section(
    "calibration",
    {"halos": cli.count, "halo_stars": cli.count, "realisations": cli.count, "seed": cli.seed},
)
SECTIONS = (CALIBRATION, geometry.SECTIONS["radial"], HALO, kinematics.FRAME)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="the halo sample, of select_samples.py")
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    for section in SECTIONS:
        section.add_flags(parser)
    MONTECARLO.add_flags(parser, "min_stars", "exclude_fraction")
    parser.add_argument("--counts", required=True, help="of this shard (npz), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that nothing can be measured with, naming the flag."""
    if not 0 <= arguments.shard < arguments.shards <= arguments.calibration_halos:
        raise UserError(
            "--shard must be below --shards, and --shards not above --calibration-halos"
        )
    if arguments.montecarlo_min_stars < 2:
        raise UserError("--montecarlo-min-stars must be at least 2")


def thinned(stars: dict[str, np.ndarray], most: int) -> dict[str, np.ndarray]:
    """Take at most so many stars, evenly spread over the table."""
    n_stars = len(stars["r"])
    if n_stars <= most:
        return stars
    kept = np.arange(most) * n_stars // most
    return {name: values[kept] for name, values in stars.items()}


def work(arguments) -> None:
    check(arguments)
    sample = star_tables.StarReader(arguments.stars, _COLUMNS)
    n_stars = arguments.calibration_halo_stars
    catalogue = thinned(sample.all(_COLUMNS), n_stars)
    ours, engine = CALIBRATION.values(arguments), MONTECARLO.values(arguments)
    engine = coverage.Engine(ours["seed"], ours["realisations"], **engine)
    frame = kinematics.frame(**kinematics.FRAME.values(arguments))
    # The cut of unbound stars is that of the sample.
    made = metadata.parameters_of(sample.meta, "compute_kinematics", arguments.stars)
    potential = orbits.potential(made["potential_name"])
    max_sigma = truncation.max_sigma_of(sample.meta)
    shells = RadialShells(**geometry.SECTIONS["radial"].values(arguments))
    numbers = shards.share(arguments.calibration_halos, arguments.shard, arguments.shards)
    counts = np.zeros((len(halos.SCENARIOS), *coverage.SHAPE), np.int64)
    for number in cli.progress(numbers, len(numbers), "halos"):
        for total, scenario in zip(counts, halos.SCENARIOS, strict=True):
            stars, true = halos.make(
                scenario, engine.seed, number, n_stars, catalogue, frame, potential
            )
            observed = scenario in halos.DISTANCES
            if observed:
                stars, true = halos.selected(stars, true, HALO.values(arguments), max_sigma)
            name, limit = f"{scenario} {number}", max_sigma if observed else None
            total += coverage.try_methods(stars, true, shells, name, engine, limit)
    parameters = cli.parameters(arguments, *SECTIONS, MONTECARLO)
    meta = metadata.add_step(sample.meta, "run_calibration", parameters)
    coverage.write(arguments.counts, counts, numbers, meta)
    cli.report("halos of each scenario", len(numbers), arguments.calibration_halos)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
