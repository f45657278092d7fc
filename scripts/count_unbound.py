"""Count what the cut of unbound stars took, or nearly took, of each radial shell and sample."""

import numpy as np

from icefire import cli
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.measure import truncation
from icefire.measure.geometry import SECTIONS, RadialShells
from icefire.stars import cuts


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="all stars, of flag_substructure.py")
    parser.add_argument("--halo", required=True, help="the halo sample, of select_samples.py")
    SECTIONS["radial"].add_flags(parser)
    parser.add_argument("--unbound", required=True, help="one row per shell (ECSV), written")
    return parser


def work(arguments) -> None:
    reader = star_tables.StarReader(arguments.stars, tuple(STAR_COLUMNS))
    sample = star_tables.StarReader(arguments.halo)
    selection = metadata.parameters_of(sample.meta, "select_samples", arguments.halo)
    halo = cuts.HALO.values(selection)
    split = cuts.chemical_split(cuts.CHEMISTRY.values(selection))
    shells = RadialShells(**SECTIONS["radial"].values(arguments))
    counts = truncation.ShellCounts(shells, SAMPLES, truncation.max_sigma_of(reader.meta))
    n_blocks = reader.n_rows // star_tables.BLOCK_ROWS + 1
    for stars in cli.progress(reader.blocks(), n_blocks, "unbound stars"):
        taken = stars["is_unbound"]
        others = [cut.removes(stars, halo) for cut in cuts.CUTS if cut.step != "unbound"]
        passing = ~np.any(others, axis=0)
        stars = {name: values[passing] for name, values in stars.items()}
        counts.add(stars, split.samples(stars["feh"], stars["afe"]), taken[passing])
    table = counts.table()
    text_tables.write_ecsv(arguments.unbound, table, sample.meta)
    for row in table[(table["sample"] == "halo") & (table["quadrant"] == 0)]:
        if row["n_taken"] or row["n_near"]:
            print(
                f"{row['r_lo']:g} to {row['r_hi']:g} kpc: {row['n_taken']} of {row['n_stars']}"
                f" stars taken as unbound, {row['n_near']} left within"
                f" {truncation.NEAR_SIGMA:g} errors of the cut"
            )


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
