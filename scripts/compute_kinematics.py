"""Compute Galactocentric positions, velocities with errors, angular momenta and energies."""

from icefire import cli
from icefire.files import metadata, star_tables
from icefire.files.columns import CLEAN_COLUMNS, KINEMATIC_COLUMNS
from icefire.stars import kinematics, orbits, quality

_NEEDED = (
    "star_id ra dec distance distance_error rv rv_error pmra pmra_error pmdec pmdec_error pm_corr"
)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", required=True, help="good stars, of clean_catalog.py")
    kinematics.FRAME.add_flags(parser)
    orbits.POTENTIAL.add_flags(parser)
    parser.add_argument("--kinematics", required=True, help="same rows as --clean (FITS), written")
    return parser


def work(arguments) -> None:
    parameters = cli.parameters(arguments, kinematics.FRAME, orbits.POTENTIAL)
    frame = kinematics.frame(**kinematics.FRAME.values(arguments))
    potential = orbits.potential(**orbits.POTENTIAL.values(arguments))
    clean = star_tables.StarReader(arguments.clean, tuple(_NEEDED.split()))
    columns = {"star_id": CLEAN_COLUMNS["star_id"], **KINEMATIC_COLUMNS}
    large = quality.LargeErrors()
    with star_tables.StarWriter(arguments.kinematics, columns) as writer:
        writer.meta = metadata.add_step(clean.meta, "compute_kinematics", parameters)
        n_blocks = clean.n_rows // star_tables.BLOCK_ROWS + 1
        for stars in cli.progress(clean.blocks(tuple(_NEEDED.split())), n_blocks, "kinematics"):
            found = kinematics.galactocentric(stars, frame, potential)
            large.add(stars["star_id"], found)
            writer.write({"star_id": stars["star_id"], **found})
    for line in large.lines():
        print(line)
    cli.report("stars", clean.n_rows)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
