"""Write what quotes a run's numbers: captions, tables for LaTeX, and all that an article prints."""

import argparse
import json
from pathlib import Path
from typing import Any

from icefire import cli
from icefire.article import captions, tables
from icefire.errors import UserError
from icefire.files import metadata, text_tables, writing
from icefire.files.columns import SAMPLES
from icefire.judge import claims
from icefire.numbers import texts
from icefire.numbers.quoting import UNITS_TEXT, entries, probability, quoted, written

# Settings that captions quote and no table has
FIGURES = cli.Section("figures", {"field_diameter_deg": cli.positive, "error_bins": cli.count})
# The template of all further maps
MAP = "map"
GSE = cli.Section("figures.gse", {"xy_angle_deg": cli.finite})
MASSES = ("quadrant", "r", "r_lo", "n_stars", "mass", "mass_lo68", "mass_hi68", "potential")
SPREAD = ("n", "tau", "tau_lo68", "tau_hi68", "null_hi95", "p")
# Files laid over the model of a synthetic catalogue, which then need not have what the paper found
SYNTHETIC = cli.Section("synthetic", {"changes": cli.names}, optional=("changes",))
RADIAL = (*("quadrant", "r_lo", "r_hi", "n_stars"), "sigma_r", "beta")


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--numbers", required=True, help="of collect_numbers.py (YAML)")
    parser.add_argument("--comparison", required=True, help="of compare_with_paper.py (ECSV)")
    parser.add_argument("--claims", required=True, help="what the paper states (YAML)")
    parser.add_argument("--ledger", required=True, help="of select_samples.py (ECSV)")
    parser.add_argument("--asymmetry", required=True, help="of test_asymmetry.py (ECSV)")
    for name in ("masses", "spread"):
        parser.add_argument(f"--{name}", required=True, help="of compute_jeans.py (ECSV)")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}-radial", required=True, help="radial summary (ECSV)")
    some = {"nargs": "+", "required": True, "metavar": "FILE"}
    parser.add_argument("--templates", **some, help="of the abstract, each figure, and maps")
    parser.add_argument(
        "--captions", **some, help="plain text, of the same names; of maps, written"
    )
    parser.add_argument("--substitutions", required=True, help="captions as reST, written")
    parser.add_argument("--tables", **some, help="NAME.tex, NAME_aastex.tex, written")
    parser.add_argument("--article", required=True, help="for write_paper.py (JSON), written")
    for section in (FIGURES, GSE, metadata.BESIDE, SYNTHETIC):
        section.add_flags(parser)
    return parser


def read_tables(arguments: argparse.Namespace) -> tuple[dict[str, tables.Printed], Any, dict]:
    """Read the tables that are printed; give also the claims' and the sources of slopes by name."""
    radial = {
        sample: text_tables.read_ecsv(getattr(arguments, f"{sample}_radial"), RADIAL)
        for sample in SAMPLES
    }
    comparison = text_tables.read_ecsv(
        arguments.comparison, ("value", "p"), ("claim", "number", "verdict", "because")
    )
    ledger = text_tables.read_ecsv(arguments.ledger, ("n_removed", "n_out"), ("reason",))
    masses = text_tables.read_ecsv(arguments.masses, MASSES, ("sample", "slope"))
    spread = text_tables.read_ecsv(arguments.spread, SPREAD, ("over", "fixed", "quantity", "slope"))
    asymmetry = text_tables.read_ecsv(arguments.asymmetry, ("p", "p_worst"), ("test", "sample"))
    printed = {
        "claims": tables.claims(comparison),
        "sigma_r": tables.profiles(radial, "sigma_r", "σ_r", "km/s"),
        "beta": tables.profiles(radial, "beta", "β", ""),
        "masses": tables.masses(masses),
        "spread": tables.spread(spread),
        "ledger": tables.ledger(ledger),
        "significance": tables.significance(asymmetry),
    }
    slopes = masses.meta["tracer_slopes"]
    used = dict.fromkeys(masses["slope"].tolist())
    return printed, comparison, {name: slopes[name] for name in used}


def judged(comparison, path: str) -> list[dict]:
    """List the claims with their verdicts, and as clauses, which the claims at `path` have."""
    clauses = {claim["claim"]: claim.get("short") for claim in claims.read(path)}
    rows = []
    for row in comparison:
        found = {name: str(row[name]) for name in ("claim", "number", "verdict", "because")}
        found["because"] = written(found["because"])
        found["short"] = clauses.get(found["claim"]) or written(found["claim"])
        rows.append(found | {"judged": found["number"].startswith("judged.")})
    return rows


def article(numbers: dict, rows: list[dict], printed: dict, said: dict, more: dict) -> dict:
    """Gather what the printed article shows: numbers, verdicts, tables, abstract and captions.

    And `more`: sources of `slopes` by name, `changes` of the synthetic model.
    """
    said = {name: text.rpartition("\n\n")[0] for name, text in said.items()}
    return {
        "catalogue": numbers["catalogue"] | {"catalogue": texts.name_of(numbers)},
        "cuts_off": {name: written(text) for name, text in numbers["cuts_off"].items()},
        "choices": numbers["choices"],
        "numbers": {".".join(keys): shown(quoted(entry)) for keys, entry in entries(numbers)},
        "claims": rows,
        "abstract": said.pop("abstract"),
        "tables": {
            name: {
                "caption": table.caption,
                "heads": table.heads,
                "texts": table.texts,
                "rows": [
                    [cell if isinstance(cell, str) else shown(cell) for cell in row]
                    for row in table.rows
                ],
            }
            for name, table in printed.items()
        },
        "captions": said,
    } | more


def shown(number) -> dict:
    """Give the parts of a rounded number that are there."""
    unit = UNITS_TEXT.get(number.unit, number.unit)
    parts = {"text": str(number), "value": number.value, "unit": unit}
    if number.up:
        parts |= {"up": number.up, "down": number.down}
    if number.sound is not None:
        parts["sound"] = shown(number.sound)
    return parts | ({} if number.p is None else {"p": probability(number.p)})


def filled(arguments: argparse.Namespace, names: dict, provenance: str) -> dict[str, str]:
    """Fill in the abstract and each caption, by its name; further maps have one template."""
    wanted, found = ["abstract", *(Path(path).stem for path in arguments.captions)], {}
    templates = {Path(path).stem: path for path in arguments.templates}
    maps = [name for name in wanted if name not in templates] if MAP in templates else []
    for stem, path in templates.items():
        for name in maps if stem == MAP else [stem]:
            more = {"map_of": captions.map_of(name)} if stem == MAP else {}
            found[name] = captions.caption(path, names | more, provenance)
    if set(found) != set(wanted):
        raise UserError("--templates: are of other figures than --captions, or have no abstract")
    return found


def work(arguments: argparse.Namespace) -> None:
    numbers = text_tables.read_yaml(arguments.numbers, writing.REMEDY, dict)
    printed, comparison, slopes = read_tables(arguments)
    figures = FIGURES.values(arguments) | {"beside": arguments.figures_beside or ()}
    figures |= {"gse_xy_angle_deg": f"{arguments.figures_gse_xy_angle_deg:g}"}
    figures["field_diameter_deg"] = f"{figures['field_diameter_deg']:g}"
    figures["changes"] = [Path(path).stem for path in arguments.synthetic_changes or ()]
    rows, provenance = judged(comparison, arguments.claims), texts.provenance(numbers)
    names = captions.context(numbers, figures, rows)
    said = filled(arguments, names, provenance)
    for path in arguments.captions:
        writing.write_text(path, said[Path(path).stem])
    rst = captions.substitutions(said)
    text_tables.write_sealed_text(arguments.substitutions, rst, "..")
    for path in map(Path, arguments.tables):
        name, aastex = path.stem.removesuffix("_aastex"), path.stem.endswith("_aastex")
        if name not in printed:
            raise UserError(f"{path}: no such table; there are {', '.join(printed)}")
        text = tables.latex(printed[name], name, aastex, provenance)
        text_tables.write_sealed_text(path, text, "%")
    # The article has the figures of one folder, not the further maps.
    own = {Path(path).stem for path in arguments.templates}
    said = {name: text for name, text in said.items() if name in own}
    whole = article(numbers, rows, printed, said, {"slopes": slopes, "changes": figures["changes"]})
    writing.write_text(arguments.article, json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    cli.report("captions", len(said))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
