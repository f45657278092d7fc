"""Judge what the paper states by a run's numbers, claim by claim."""

from collections import Counter

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, text_tables, writing
from icefire.judge import claims as judged
from icefire.numbers import texts


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--numbers", required=True, help="of collect_numbers.py (YAML)")
    parser.add_argument("--claims", required=True, help="what the paper states (YAML)")
    metadata.BESIDE.add_flags(parser)
    parser.add_argument("--comparison", required=True, help="one row per claim (ECSV), written")
    return parser


def read_numbers(path: str) -> dict:
    """Read a run's numbers. Raises UserError when they are not those of collect_numbers.py."""
    numbers = text_tables.read_yaml(path, writing.REMEDY)
    source = numbers.get("catalogue") if isinstance(numbers, dict) else None
    if not isinstance(source, dict) or not {"catalogue", "survey", "synthetic"} <= set(source):
        raise UserError(f"{path}: are no numbers of collect_numbers.py; {writing.REMEDY}")
    return numbers


def quote(answer: dict) -> str:
    """Write what a run answers."""
    if answer["value"] is None and answer.get("p") is not None:
        return f"no direction (p {answer['p']:.2g})"
    # A log may be read where there are no other characters.
    return texts.quote(answer).replace("±", "+-").replace("−", "-")


def print_out(table, answers: dict[str, list[dict]]) -> None:
    """Print the claims for a reader, with the answers of each run; a run shows them at its end."""
    line = ("{:<16}{:<22}" + "{:<30}" * len(answers) + "{:<32}{}").format
    print(line("verdict", "paper", *answers, "featureless halo (95 %)", "claim"))
    for row, *said in zip(table, *answers.values(), strict=True):
        null = ""
        if np.isfinite(row["null"]):
            null = f"{row['null']:.3g} ({row['null_lo95']:.3g} to {row['null_hi95']:.3g})"
        print(line(row["verdict"], row["paper"], *map(quote, said), null, row["claim"]))


def work(arguments) -> None:
    from astropy.table import Table

    numbers, claims = read_numbers(arguments.numbers), judged.read(arguments.claims)
    source = f"{arguments.claims} with {arguments.numbers}"
    rows = judged.judge(claims, numbers, source)
    table = Table()
    for name in ("claim", "where", "paper", "number"):
        table[name] = [claim[name] for claim in claims]
    for name in (*judged.ANSWER, "verdict", "because"):
        table[name] = [row[name] for row in rows]
    answers = {"this run (68 %)": [judged.entry(numbers, c["number"], source) for c in claims]}
    for folder in arguments.figures_beside or ():
        (path,) = metadata.files_of_run(folder, ["numbers.yaml"])
        theirs, name = read_numbers(path), metadata.name_of(folder)
        answers[name] = [judged.entry(theirs, claim["number"], str(path)) for claim in claims]
        values = [answer["value"] for answer in answers[name]]
        table[f"beside_{name}"] = np.array(values, dtype=float)
    print_out(table, answers)
    counts = Counter(table["verdict"].tolist())
    total = ", ".join(f"{counts[name]} {name}" for name in judged.VERDICTS if counts[name])
    catalogue = numbers["catalogue"]["catalogue"]
    if numbers["catalogue"]["synthetic"]:
        catalogue += " (synthetic catalogue: its truth was put in, and is no measurement)"
    print(f"{total}; catalogue: {catalogue}")
    asked = numbers.get("settings", {}).get("significance_permutations", {}).get("value")
    if asked and (why := judged.too_few(asked, table["p"])):
        print(f"{why}: snakemake --cores 2, without config/quick.yaml, has as many.")
    meta = {**numbers["catalogue"], "ranges": "our choice, resources/paper_claims.yaml"}
    text_tables.write_ecsv(arguments.comparison, table, meta)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
