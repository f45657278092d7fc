"""The list of macros in docs/macros.md, which this writes anew from a run's numbers."""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
PAGE = ROOT / "docs" / "macros.md"
HEAD = """# Every number's macro

Of the default run, whose catalogue is **synthetic**: no value here is a measurement of the Galaxy.
Each macro writes the number as below, rounded to its error, with its unit;
[the article's page](article.md) says what the names mean and which endings (`…Value`, `…Low`, …)
there are. `python tests/workflow/macros_page.py results` makes this list of the numbers of a run.

| macro | entry of `numbers.yaml` | value |
|---|---|---|
"""


def lines(results: Path) -> dict[str, str]:
    """Give each macro's line, by its name."""
    from icefire.numbers.quoting import entries
    from icefire.numbers.texts import macro, quote

    numbers = yaml.safe_load((results / "numbers.yaml").read_text())
    return {
        macro(keys): f"| `\\{macro(keys)}` | `{'.'.join(keys)}` | {quote(entry)} |\n"
        for keys, entry in entries(numbers)
    }


if __name__ == "__main__":
    PAGE.write_text(HEAD + "".join(lines(Path(sys.argv[1])).values()))
