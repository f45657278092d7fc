#!/usr/bin/env python
"""Flag giants and cold substructure, and join everything known about each star in one table.

Usage:
    python scripts/flag_substructure.py --clean clean.fits --kinematics kinematics.fits \\
        --max-logg 3.5 --ly-intercept-kpc-km-s=-2500 --ly-slope=-0.3 --max-lx-ratio 0.9 \\
        --spared-afe-slope=-0.3 --spared-afe-intercept 0.2 \\
        --satellites resources/satellites.ecsv --min-radius-deg 0.5 --max-sigma 3 \\
        --insitu-polygon=-1.4,0.6:-0.45,0.125:-0.45,-0.6:1,-0.6:1,0.6 \\
        --low-alpha-slope=-0.14 --low-alpha-intercept 0.165 --max-eccentricity 0.3 \\
        --orbit-time-gyr 2 --orbit-step-myr 1 --potential MilkyWayPotential-v1 --stars stars.fits
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.files.columns import CLEAN_COLUMNS, FLAG_COLUMNS, KINEMATIC_COLUMNS, STAR_COLUMNS
from icefire.stars import cuts, kinematics, orbits, satellites


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", required=True, help="good stars, of clean_catalog.py")
    parser.add_argument("--kinematics", required=True, help="the same, of compute_kinematics.py")
    parser.add_argument("--max-logg", type=cli.finite, required=True, help="giants are below, dex")
    group = parser.add_argument_group("Sagittarius (Johnson et al. 2020)")
    group.add_argument("--ly-intercept-kpc-km-s", type=cli.finite, required=True)
    group.add_argument("--ly-slope", type=cli.finite, required=True, help="Ly per Lz")
    group.add_argument("--max-lx-ratio", type=cli.finite, required=True)
    group.add_argument("--spared-afe-slope", type=cli.finite, required=True)
    group.add_argument("--spared-afe-intercept", type=cli.finite, required=True, help="dex")
    group = parser.add_argument_group("dwarf galaxies and globular clusters")
    group.add_argument("--satellites", required=True, help="their catalogue (ECSV)")
    group.add_argument("--min-radius-deg", type=cli.not_negative, required=True)
    group.add_argument("--max-sigma", type=cli.positive, required=True)
    group = parser.add_argument_group("Aleph (paper, figure 2)")
    group.add_argument("--insitu-polygon", type=cli.polygon, metavar="FEH,AFE:...")
    group.add_argument("--low-alpha-slope", type=cli.finite, required=True)
    group.add_argument("--low-alpha-intercept", type=cli.finite, required=True, help="dex")
    group.add_argument("--max-eccentricity", type=cli.finite, required=True)
    group.add_argument("--orbit-time-gyr", type=cli.positive, required=True)
    group.add_argument("--orbit-step-myr", type=cli.positive, required=True)
    group.add_argument("--potential", choices=orbits.POTENTIALS, required=True)
    parser.add_argument("--stars", required=True, help="everything known (FITS), written")
    return parser


def work(arguments) -> None:
    clean = star_tables.StarReader(arguments.clean, tuple(CLEAN_COLUMNS))
    derived = star_tables.StarReader(arguments.kinematics, ("star_id", *KINEMATIC_COLUMNS))
    if clean.n_rows != derived.n_rows:
        raise UserError(
            f"{arguments.kinematics}: has {derived.n_rows} rows but {arguments.clean} has"
            f" {clean.n_rows}; make it anew from that table"
        )
    catalogue = satellites.read_satellites(arguments.satellites)
    cuts_off = clean.meta.get("cuts_off", {})
    for cut, reason in cuts_off.items():
        print(f"cut {cut} is off: {reason}")
    if "aleph" not in cuts_off and not arguments.insitu_polygon:
        raise UserError(
            "--insitu-polygon is missing: Aleph is sought among low-alpha in-situ stars; a survey"
            " without [alpha/Fe] declares cuts_off.aleph in its column map"
        )

    totals: dict[str, int] = {}
    with star_tables.StarWriter(arguments.stars, STAR_COLUMNS) as writer:
        n_blocks = clean.n_rows // star_tables.BLOCK_ROWS + 1
        blocks = zip(clean.blocks(), derived.blocks(), strict=True)
        for known, computed in cli.progress(blocks, n_blocks, "substructure"):
            if not np.array_equal(known["star_id"], computed["star_id"]):
                raise UserError(
                    f"{arguments.kinematics}: lists other stars than {arguments.clean};"
                    " make it anew from that table"
                )
            stars = {**computed, **known}
            stars.update(flags(stars, catalogue, cuts_off, arguments))
            writer.write(stars)
            for name in FLAG_COLUMNS:
                if name.startswith("is_"):
                    totals[name] = totals.get(name, 0) + int(np.count_nonzero(stars[name]))
        parameters = {
            name: value
            for name, value in vars(arguments).items()
            if name not in ("clean", "kinematics", "stars", "satellites")
        }
        parameters["satellites_sha256"] = metadata.digest(arguments.satellites)
        writer.meta = metadata.add_step(derived.meta, "flag_substructure", parameters)
    for name, count in totals.items():
        cli.report(name, count, of=clean.n_rows)


def flags(stars: dict, catalogue: dict, cuts_off: dict, arguments) -> dict[str, np.ndarray]:
    """Compute the flag columns of one block."""
    n_stars = len(stars["ra"])
    giant = np.ones(n_stars, bool) if "giants" in cuts_off else stars["logg"] < arguments.max_logg
    spared = None
    if "sagittarius_chemistry" not in cuts_off:
        spared = cuts.Line(arguments.spared_afe_slope, arguments.spared_afe_intercept)
    eccentricity = np.full(n_stars, np.nan)
    if "aleph" not in cuts_off:
        polygon = cuts.Polygon(arguments.insitu_polygon)
        low_alpha = cuts.Line(arguments.low_alpha_slope, arguments.low_alpha_intercept)
        insitu = polygon.insitu(stars["feh"], stars["afe"])
        # Unbound stars have no eccentricity, and only giants go on to the halo.
        wanted = cuts.aleph_candidate(stars, insitu, low_alpha) & giant & (stars["energy"] < 0)
        chosen = {name: stars[name][wanted] for name in KINEMATIC_COLUMNS}
        eccentricity[wanted] = orbits.eccentricity(
            orbits.potential(arguments.potential),
            np.array([chosen["x"], chosen["y"], chosen["z"]]),
            kinematics.cartesian_velocity(chosen),
            arguments.orbit_time_gyr,
            arguments.orbit_step_myr,
        )
    return {
        "is_giant": giant,
        "is_sagittarius": cuts.in_sagittarius(
            stars,
            arguments.ly_intercept_kpc_km_s,
            arguments.ly_slope,
            arguments.max_lx_ratio,
            spared,
        ),
        "is_satellite": satellites.is_member(
            stars, catalogue, arguments.min_radius_deg, arguments.max_sigma
        ),
        "eccentricity": eccentricity,
        "is_aleph": eccentricity < arguments.max_eccentricity,
        "is_unbound": stars["energy"] >= 0,
    }


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
