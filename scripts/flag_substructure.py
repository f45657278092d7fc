"""Flag giants and cold substructure, and join everything known about each star in one table."""

from collections import Counter

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.files.columns import CLEAN_COLUMNS, FLAG_COLUMNS, KINEMATIC_COLUMNS, STAR_COLUMNS
from icefire.stars import orbits, satellites, substructure
from icefire.stars.cuts import CHEMISTRY, Polygon


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", required=True, help="good stars, of clean_catalog.py")
    parser.add_argument("--kinematics", required=True, help="the same, of compute_kinematics.py")
    parser.add_argument("--satellites", required=True, help="dwarf galaxies and clusters (ECSV)")
    for section in substructure.SECTIONS:
        section.add_flags(parser)
    CHEMISTRY.add_flags(parser, "insitu_polygon")
    parser.add_argument("--stars", required=True, help="everything known (FITS), written")
    return parser


def read_both(arguments) -> tuple[star_tables.StarReader, star_tables.StarReader]:
    """Open the clean and the kinematic table, which must list the same stars."""
    clean = star_tables.StarReader(arguments.clean, tuple(CLEAN_COLUMNS))
    derived = star_tables.StarReader(arguments.kinematics, ("star_id", *KINEMATIC_COLUMNS))
    if clean.n_rows != derived.n_rows:
        raise UserError(
            f"{arguments.kinematics}: has {derived.n_rows} rows but {arguments.clean} has"
            f" {clean.n_rows}; make it anew from that table"
        )
    return clean, derived


def work(arguments) -> None:
    clean, derived = read_both(arguments)
    cuts_off = clean.meta.get("cuts_off", {})
    for cut, reason in cuts_off.items():
        print(f"cut {cut} is off: {reason}")
    insitu = None
    if "aleph" not in cuts_off:
        if not arguments.chemistry_insitu_polygon:
            raise UserError(
                "--chemistry-insitu-polygon is missing: Aleph is sought among low-alpha in-situ"
                " stars; a survey without [alpha/Fe] declares cuts_off.aleph in its column map"
            )
        insitu = Polygon(arguments.chemistry_insitu_polygon)
    frame = metadata.parameters_of(derived.meta, "compute_kinematics", arguments.kinematics)
    flags = substructure.Substructure(
        {section.name: section.values(arguments) for section in substructure.SECTIONS},
        insitu,
        orbits.potential(**orbits.POTENTIAL.values(frame)),
        satellites.read_satellites(arguments.satellites),
        cuts_off,
    ).flags

    parameters = cli.parameters(arguments, *substructure.SECTIONS, CHEMISTRY)
    parameters["satellites_sha256"] = metadata.digest(arguments.satellites)
    totals: Counter = Counter()
    with star_tables.StarWriter(arguments.stars, STAR_COLUMNS) as writer:
        writer.meta = metadata.add_step(derived.meta, "flag_substructure", parameters)
        n_blocks = clean.n_rows // star_tables.BLOCK_ROWS + 1
        blocks = zip(clean.blocks(), derived.blocks(), strict=True)
        for known, computed in cli.progress(blocks, n_blocks, "substructure"):
            if not np.array_equal(known["star_id"], computed["star_id"]):
                raise UserError(
                    f"{arguments.kinematics}: lists other stars than {arguments.clean};"
                    " make it anew from that table"
                )
            stars = {**computed, **known}
            stars.update(flags(stars))
            writer.write(stars)
            for name in FLAG_COLUMNS:
                if name.startswith("is_"):
                    totals[name] += int(np.count_nonzero(stars[name]))
    for name, count in totals.items():
        cli.report(name, count, of=clean.n_rows)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
