"""Select the halo, split it by chemistry, and close the ledger (paper, section 2)."""

from contextlib import ExitStack

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.measure import truncation
from icefire.stars import cuts
from icefire.stars.ledger import Ledger, remove


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="all stars, of flag_substructure.py")
    cuts.HALO.add_flags(parser)
    cuts.CHEMISTRY.add_flags(parser)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS), written")
    parser.add_argument("--ledger", required=True, help="the ledger (ECSV), written")
    return parser


def work(arguments) -> None:
    halo, chemistry = cuts.HALO.values(arguments), cuts.CHEMISTRY.values(arguments)
    split = cuts.chemical_split(chemistry)
    reader = star_tables.StarReader(arguments.stars, tuple(STAR_COLUMNS))
    cuts_off = reader.meta.get("cuts_off", {})
    if chemistry["method"] == "polygon" and "aleph" in cuts_off:
        raise UserError(
            f"{arguments.stars}: this survey has no [alpha/Fe]; set chemistry.method to feh_ranges"
        )
    ledger = Ledger.from_meta(reader.meta, arguments.stars)
    max_sigma = truncation.max_sigma_of(reader.meta)
    entries = cuts.open_entries(ledger, cuts_off, halo, max_sigma or 0)
    parameters = cli.parameters(arguments, cuts.HALO, cuts.CHEMISTRY)
    meta = metadata.add_step(reader.meta, "select_samples", parameters)
    counts = dict.fromkeys((*SAMPLES, "unknown", "between"), 0)
    with ExitStack() as stack:
        writers = {
            sample: stack.enter_context(
                star_tables.StarWriter(getattr(arguments, sample), STAR_COLUMNS)
            )
            for sample in SAMPLES
        }
        n_blocks = reader.n_rows // star_tables.BLOCK_ROWS + 1
        for stars in cli.progress(reader.blocks(), n_blocks, "selection"):
            left = np.ones(len(stars["ra"]), bool)
            for cut, entry in zip(cuts.CUTS, entries, strict=True):
                left = remove(left, cut.removes(stars, halo), entry)
            stars = {name: values[left] for name, values in stars.items()}
            inside = split.samples(stars["feh"], stars["afe"])
            inside["unknown"] = ~split.known(stars["feh"], stars["afe"])
            inside["between"] = ~(inside["accreted"] | inside["insitu"] | inside["unknown"])
            for name, mask in inside.items():
                counts[name] += int(np.count_nonzero(mask))
            for sample, writer in writers.items():
                writer.write({name: values[inside[sample]] for name, values in stars.items()})
        ledger.check_some_left(arguments.stars)
        unknown = "halo star without the abundances that tell"
        ledger.add("unknown_chemistry", unknown, counts["unknown"])
        ledger.add("chemistry", "halo star between the two samples", counts["between"])
        ledger.add("insitu", "halo star of the in-situ sample", counts["insitu"])
        ledger.add("accreted", "what is left is the accreted sample")
        meta["samples"] = {sample: counts[sample] for sample in SAMPLES}
        meta = {key: value for key, value in meta.items() if key != "ledger"}
        for writer in writers.values():
            writer.meta = meta
    ledger.write(arguments.ledger, meta)
    ledger.print()
    for sample in SAMPLES:
        cli.report(sample, counts[sample])


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
