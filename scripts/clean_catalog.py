"""Read a survey table through its column map and keep its good stars (paper, section 2)."""

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import CLEAN_COLUMNS
from icefire.stars import sky
from icefire.stars.ledger import Ledger
from icefire.stars.quality import QUALITY, Quality
from icefire.surveys.catalogue import Catalogue
from icefire.surveys.maps import GALACTIC, read_survey_map
from icefire.surveys.units import CATALOG, adjust


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--catalogue", required=True, help="the survey table")
    parser.add_argument("--survey", required=True, help="its column map, a YAML file")
    CATALOG.add_flags(parser)
    QUALITY.add_flags(parser)
    parser.add_argument("--clean", required=True, help="good stars (FITS), written")
    parser.add_argument("--fields", required=True, help="fields of the survey (ECSV), written")
    return parser


def work(arguments) -> None:
    survey = read_survey_map(arguments.survey)
    catalogue = Catalogue(arguments.catalogue, survey)
    ledger = Ledger(catalogue.n_rows)
    ledger.check_some_left(arguments.catalogue)
    where = tuple(cut.text for cut in survey.where)
    quality = Quality(ledger, arguments.quality_min_snr, survey.cuts_off, where)
    fields = sky.Fields(named="field" in survey.columns)
    for cut, reason in survey.cuts_off.items():
        print(f"cut {cut} is off: {reason}")
    for note in catalogue.notes:
        print(note)
    has = {*survey.columns, *(n for n, other in GALACTIC.items() if other in survey.columns)}
    for text in arguments.catalog_adjust or ():
        print(f"adjusted: {text}")

    ids, snrs = [], []
    with star_tables.StarWriter(arguments.clean, CLEAN_COLUMNS) as writer:
        n_blocks = catalogue.n_rows // star_tables.BLOCK_ROWS + 1
        for block in cli.progress(catalogue.blocks(), n_blocks, "clean"):
            fields.add(block)
            adjust(block, arguments.catalog_adjust or (), has)
            good = quality.good(block)
            stars = {name: values[good] for name, values in block.items() if name != "where"}
            stars["l"], stars["b"] = sky.galactic(stars["ra"], stars["dec"])
            writer.write(stars)
            ids.append(stars["star_id"])
            snrs.append(stars["snr"])
        if impossible := quality.impossible():
            name, what = impossible
            columns = " and ".join(survey.columns[name].columns)
            raise UserError(
                f"{arguments.catalogue}: column {columns}, mapped to {name}: {what} Correct the"
                f" unit in the file, or columns.{name}.unit (override_unit where the file has one)"
                " in the survey's map"
            )
        writer.keep = quality.unique(np.concatenate(ids), np.concatenate(snrs))
        ledger.check_some_left(arguments.catalogue)

        source = catalogue.meta
        synthetic = bool(survey.synthetic or source.get("synthetic", False))
        name = source["catalogue"] if source.get("synthetic") else survey.name
        meta = metadata.new_meta(name, synthetic, survey.name, survey.cuts_off)
        meta |= {"tracer": survey.tracer, "bounds": survey.bounds}
        meta["parameters"] = dict(source.get("parameters", {})) if synthetic else {}
        meta = metadata.add_step(meta, "clean_catalog", cli.parameters(arguments, CATALOG, QUALITY))
        writer.meta = {**meta, "ledger": ledger.to_meta()}

    text_tables.write_ecsv(arguments.fields, fields.table(), {**meta, "fields_are": fields.kind})
    ledger.print()
    for line in quality.lines():
        print(line)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
