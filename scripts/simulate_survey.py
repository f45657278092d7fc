"""Make up a survey table: a model Galaxy seen by a model of the H3 Survey.

The catalogue has the survey's columns and nothing else; what is true of each of its rows stands
in the truth table, which the workflow never reads. Fewer rows than the full survey make fewer
fields with as many stars each; more rows make fuller fields. Equal flags give equal bytes.
The model is checked against config/synthetic.schema.yaml of this repository.
"""

import hashlib
import json
from collections import Counter

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.stars import kinematics, orbits
from icefire.synthetic import clouds
from icefire.synthetic.catalogue import CATALOGUE_COLUMNS, TRUTH_COLUMNS, Catalogue
from icefire.synthetic.model import read_model
from icefire.synthetic.survey import Survey, stream

MIN_ROWS = 1000
SYNTHETIC = cli.Section("synthetic", {"rows": int, "seed": cli.seed})

# The Galaxy of the model: the frame and the potential that are the workflow's defaults.
FRAME = (8.122, 20.8, (12.9, 245.6, 7.78))
POTENTIAL = "MilkyWayPotential-v1"


def build_parser():
    parser = cli.parser(__doc__)
    SYNTHETIC.add_flags(parser)
    parser.add_argument("--model", required=True, help="the model, a YAML file")
    parser.add_argument(
        "--changes", nargs="*", default=[], help="files of what differs, laid over the model"
    )
    parser.add_argument("--satellites", required=True, help="dwarf galaxies and clusters (ECSV)")
    parser.add_argument("--catalogue", required=True, help="the survey table (FITS), written")
    parser.add_argument("--truth", required=True, help="what is true of each row (FITS), written")
    return parser


def work(arguments) -> None:
    n_rows, seed = arguments.synthetic_rows, arguments.synthetic_seed
    if n_rows < MIN_ROWS:
        raise UserError(f"--synthetic-rows: {n_rows} is too few; give {MIN_ROWS:,} or more")
    model = read_model(arguments.model, arguments.changes)
    frame = kinematics.frame(*FRAME)
    potential = orbits.potential(POTENTIAL)
    # Streams of their own, beyond any field's, so that no field depends on them; the satellites
    # first, because a mistake in their table shows at once and the orbits take a second.
    members = clouds.satellites(
        arguments.satellites, model["satellites"], frame, stream(seed, 2**31 + 1)
    )
    tail = clouds.sagittarius(model["sagittarius"], frame, potential, stream(seed, 2**31))
    survey = Survey(n_rows, seed, model, frame, potential, [tail, members])
    catalogue = Catalogue(survey, model, frame, potential)
    # The model is a file of its own; its digest is enough to know it again.
    digest = hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()
    meta = metadata.add_step(
        metadata.new_meta("synthetic H3", True, "h3", {}),
        "simulate_survey",
        {**cli.parameters(arguments, SYNTHETIC), "model_sha256": digest},
    )
    counts: Counter = Counter()
    with (
        star_tables.StarWriter(arguments.catalogue, CATALOGUE_COLUMNS) as rows_out,
        star_tables.StarWriter(arguments.truth, TRUTH_COLUMNS) as truth_out,
    ):
        rows_out.meta = truth_out.meta = meta
        for stars, streams in cli.progress(survey.blocks(), survey.n_blocks, "simulate"):
            rows, truth = catalogue.rows(stars, streams)
            rows_out.write(rows)
            truth_out.write(truth)
            counts.update(count_by_component(survey.names, truth, rows))
    cli.report("fields", survey.n_fields)
    cli.report("stars", rows_out.n_rows)
    for name in survey.names:
        cli.report(f"  {name}", counts[name], rows_out.n_rows)
        cli.report(f"  {name}, good giants", counts[f"{name} giants"], counts[name])


def count_by_component(names: list[str], truth: dict, rows: dict) -> Counter:
    """Count rows, and good giants among them, of each component."""
    giants = (rows["FLAG"] == 0) & (rows["SNR"] > 3) & (rows["logg"] < 3.5)
    code = truth["component_code"] - 1
    counts = Counter(dict(zip(names, np.bincount(code, minlength=len(names)), strict=True)))
    of_giants = np.bincount(code[giants], minlength=len(names))
    counts.update({f"{n} giants": c for n, c in zip(names, of_giants, strict=True)})
    return counts


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
