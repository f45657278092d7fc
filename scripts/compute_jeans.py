"""Compute the mass within each radius by the Jeans equation, and its variation over the sky."""

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.judge.asymmetry import SIGNIFICANCE, Settings, compositions
from icefire.mass import jeans, slopes, spread
from icefire.measure import shards
from icefire.measure.geometry import QUADRANTS, configured
from icefire.stars import orbits

# Digits of masses and speeds, far below any uncertainty
_DIGITS = 6
_UNITS = {"mass": jeans.MASS_UNIT, "potential": jeans.MASS_UNIT, "v_circ": "km/s", "r": "kpc"}


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    text = f"the first radial shard of {', '.join(SAMPLES)}; the others lie beside it"
    parser.add_argument("--shards", nargs=len(SAMPLES), required=True, metavar="NPZ", help=text)
    parser.add_argument("--tracer-slopes", required=True, help="slopes of the density (YAML)")
    jeans.JEANS.add_flags(parser)
    SIGNIFICANCE.add_flags(parser)
    parser.add_argument("--masses", required=True, help="a row per shell (ECSV), written")
    parser.add_argument("--spread", required=True, help="over the sky (ECSV), written")
    return parser


def table_of(rows: list[dict]):
    """Stack columns to a table, rounded, with units."""
    from astropy.table import Table

    table = Table()
    for name in rows[0]:
        values = np.concatenate([np.atleast_1d(row[name]) for row in rows])
        if values.dtype.kind == "f":
            values = np.array([float(f"{value:.{_DIGITS}g}") for value in values])
        table[name] = values
        table[name].unit = _UNITS.get(name.partition("_lo")[0].partition("_hi")[0])
    return table


def masses(arguments, stars: dict, tracer: dict, settings: dict):
    """Measure every sample's profile; give the table, its metadata, the lines of sight."""
    rows, meta = [], {}
    for sample, path in zip(SAMPLES, arguments.shards, strict=True):
        parameters = metadata.parameters_of(shards.read(path).meta, "run_realisations", path)
        # Masses are not the paper's, so that they need not have its intervals.
        sound = "uncertainty_sound" in parameters
        run = shards.join(shards.all_of([path]), sound)
        if parameters["sample"] != sample or "quadrant" not in run.first.coordinates:
            raise UserError(f"{path}: is no radial shard of the sample {sample}")
        geometries = {geometry.name: geometry for geometry in configured(parameters)}
        radii = jeans.shell_radii(geometries["radial"], stars[sample])
        quadrants = QUADRANTS if sample == "halo" else QUADRANTS[:1]
        for profile in jeans.profiles(run, radii, tracer, settings, quadrants):
            rows.append({"sample": np.full(len(profile["r"]), sample, "U8"), **profile})
        meta = meta or run.first.meta
    table = table_of(rows)
    name = metadata.parameters_of(meta, "compute_kinematics", path)["potential_name"]
    r = np.asarray(table["r"], float)
    known = jeans.enclosed(orbits.potential(name), r) if len(r) else r
    table["potential"] = [float(f"{value:.{_DIGITS}g}") for value in known]
    table["potential"].unit = jeans.MASS_UNIT
    return table, meta, geometries["sky"]


def fixed_slopes(table, r_kpc: np.ndarray, tracer: dict) -> dict[str, float]:
    """Give gamma - dln(sigma_r^2)/dln(r) of each slope at the stars' median radius."""
    halo = table[(table["sample"] == "halo") & (table["quadrant"] == 0)]
    halo = halo[np.isfinite(np.asarray(halo["sigma_r2_slope"], float))]
    if not len(halo) or not len(r_kpc):
        return {}
    middle, first = float(np.median(r_kpc)), halo[halo["slope"] == halo["slope"][0]]
    falling = np.interp(middle, first["r"], first["sigma_r2_slope"])
    return {name: float(slope(middle) - falling) for name, slope in tracer.items()}


def work(arguments) -> None:
    settings = jeans.JEANS.values(arguments)
    if settings["min_kpc"] >= settings["max_kpc"]:
        raise UserError("--jeans-min-kpc must be below --jeans-max-kpc")
    tracer = slopes.chosen(arguments.tracer_slopes, settings["slopes"])
    readers = {
        sample: star_tables.StarReader(getattr(arguments, sample), spread.COLUMNS)
        for sample in SAMPLES
    }
    stars = {sample: reader.all(spread.COLUMNS) for sample, reader in readers.items()}
    table, meta, sky = masses(arguments, stars, tracer, settings)
    for reader in readers.values():
        if reader.meta.get("samples") != readers["halo"].meta.get("samples"):
            raise UserError(f"{reader.path}: is not of the run of {arguments.halo}")
    parameters = cli.parameters(arguments, jeans.JEANS, SIGNIFICANCE)
    engine = meta["parameters"]["run_realisations"]
    constants = fixed_slopes(table, stars["halo"]["r"], tracer)
    found = spread.spread(
        stars["halo"],
        compositions(*stars.values())["population"],
        sky,
        constants,
        Settings(min_stars=engine["montecarlo_min_stars"], **SIGNIFICANCE.values(arguments)),
    )
    meta = metadata.add_step(meta, "compute_jeans", parameters)
    meta |= {"tracer_slopes": {name: slope.source for name, slope in tracer.items()}}
    meta |= {"assumes": list(jeans.ASSUMES)}
    meta |= {"intervals": engine.get("uncertainty_sound") or engine["uncertainty_method"]}
    text_tables.write_ecsv(arguments.masses, table, meta)
    fixed = {name: float(f"{value:.4g}") for name, value in constants.items()}
    text_tables.write_ecsv(arguments.spread, table_of(found), meta | {"fixed_slopes": fixed})
    lost = np.asarray(table["not_positive"], float)
    cli.report(
        "shells without a mass: most realisations give none", int((lost > 0.5).sum()), len(table)
    )
    cli.report("shells with some realisations that give none", int((lost > 0).sum()), len(table))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
