"""Typeset an article with a run's numbers, figures and tables, as a PDF (Typst)."""

import json
import os
import re
from pathlib import Path

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables, writing


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--source", required=True, help="the article (Typst)")
    parser.add_argument("--library", required=True, help="what it can say, icefire.typ")
    parser.add_argument("--article", required=True, help="of write_texts.py (JSON)")
    parser.add_argument("--figures", nargs="+", required=True, metavar="PDF", help="of one folder")
    parser.add_argument("--run", default="", metavar="NAME", help="of the run, said on every page")
    parser.add_argument("--pdf", required=True, help="the article, written")
    return parser


def sources(arguments) -> str:
    """Make sure that what is given is there and whole; give the folder of the figures."""
    for path in (arguments.source, arguments.library, arguments.article, *arguments.figures):
        writing.check_file(path)
    for path in (arguments.source, arguments.library):
        text_tables.read_text(path, "correct the file")
    try:
        if "numbers" not in json.loads(Path(arguments.article).read_bytes()):
            raise ValueError("no numbers in it")
    except (ValueError, TypeError) as error:
        message = f"{arguments.article}: is not of write_texts.py ({error}); {writing.REMEDY}"
        raise UserError(message) from error
    folders = {os.path.dirname(os.path.abspath(path)) for path in arguments.figures}
    if len(folders) > 1:
        raise UserError(f"--figures: of {len(folders)} folders; give those of one run")
    return folders.pop()


def typeset(source: str, inputs: dict[str, str]) -> bytes:
    """Typeset a source; `inputs` are its `sys.inputs`, paths among them absolute.

    No system font and no clock is asked, so that equal inputs give equal bytes. Raises UserError
    with the file, the line and what is wrong there.
    """
    import typst

    try:
        # Everything may lie anywhere, so that paths begin at the root.
        return typst.compile(
            os.path.abspath(source), root="/", ignore_system_fonts=True, sys_inputs=inputs
        )
    except typst.TypstError as error:
        raise UserError(f"{_place(error.diagnostic, source)}: {error.message}") from error


def _place(diagnostic: str, source: str) -> str:
    """Find the place at which the source itself, or else what it uses, goes wrong."""
    places = re.findall(r"┌─ (\S.*):(\d+):\d+$", diagnostic, re.M)
    own = [place for place in places if Path(place[0]).name == Path(source).name]
    return ":".join((own or places or [(source, "1")])[-1])


def work(arguments) -> None:
    folder = sources(arguments)
    inputs = {"figures": folder, "run": arguments.run} | {
        name: os.path.abspath(path)
        for name, path in (("icefire", arguments.library), ("article", arguments.article))
    }
    pdf = typeset(arguments.source, inputs)
    with writing.replacing(arguments.pdf) as path:
        path.write_bytes(pdf)
    cli.report("kilobytes of PDF", len(pdf) // 1000)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
