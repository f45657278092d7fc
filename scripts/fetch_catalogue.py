"""Fetch a survey's table: run a query of an archive's TAP service, and write what it answers.

Usage:
    python scripts/fetch_catalogue.py --query resources/queries/galah_dr3.adql \\
        --table data/galah_dr3.fits

The query is a file of ADQL whose line `-- service: ADDRESS` names the service. This is the only
step that uses a network, and no other step asks for it.
"""

import re
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import writing

_SERVICE = re.compile(r"^\s*--\s*service:\s*(\S+)\s*$", re.MULTILINE)
# Seconds that a server may be silent
_PATIENCE = 120


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--query", required=True, metavar="PATH", help="the query, a file of ADQL")
    parser.add_argument(
        "--max-rows",
        type=cli.count,
        default=5_000_000,
        metavar="N",
        help="rows to ask for at most; an answer of more is refused (default %(default)s)",
    )
    parser.add_argument(
        "--max-minutes",
        type=cli.count,
        default=120,
        metavar="N",
        help="minutes to wait for the service at most (default %(default)s)",
    )
    parser.add_argument("--table", required=True, metavar="PATH", help="the table (FITS), written")
    return parser


def read_query(path: str) -> tuple[str, str]:
    """Read a query and the address of its service.

    Raises UserError where the file names no service, or several, or has letters that FITS has not.
    """
    writing.check_file(path)
    text = Path(path).read_text(encoding="utf-8", errors="replace").strip()
    services = _SERVICE.findall(text)
    if len(services) != 1 or not services[0].startswith(("http://", "https://")):
        raise UserError(f"{path}: needs one line `-- service: ADDRESS` of a TAP service")
    if not text.isascii():
        raise UserError(f"{path}: has letters that are not ASCII, which a FITS header cannot hold")
    return text, services[0]


def ask(service: str, query: str, max_rows: int, max_minutes: int, answer: Path) -> None:
    """Run a query as an asynchronous job and stream what it answers, a VOTable, into a file.

    Raises UserError with the server's words where it refuses, fails or cannot be reached.
    """
    import pyvo
    import requests

    with requests.Session() as session, warnings.catch_warnings(action="ignore"):
        try:
            tap = pyvo.dal.TAPService(service, session=session)
            with tap.submit_job(query, maxrec=max_rows) as job:
                job.run().wait(timeout=60 * max_minutes)
                job.raise_if_error()
                if job.result_uri is None:
                    raise UserError(f"{service}: gives no table (job {job.phase.lower()})")
                with session.get(job.result_uri, stream=True, timeout=_PATIENCE) as response:
                    response.raise_for_status()
                    response.raw.decode_content = True
                    with answer.open("wb") as file:
                        shutil.copyfileobj(response.raw, file, 2**20)
        except (pyvo.dal.DALAccessError, requests.RequestException, ValueError) as error:
            raise UserError(f"{service}: {' '.join(str(error).split()) or 'no answer'}") from error


def read_answer(answer: Path, service: str):
    """Read a VOTable, and refuse one that its server calls incomplete or in error."""
    from astropy.io import votable

    from icefire.surveys.votable import check_answer

    try:
        check_answer(answer, service)
        with warnings.catch_warnings(action="ignore"):
            return votable.parse_single_table(answer).to_table(use_names_over_ids=True)
    except (ValueError, IndexError, SyntaxError) as error:
        what = " ".join(str(error).split())[:200]
        raise UserError(f"{service}: answers with what is no VOTable ({what})") from error


def write_table(path: str, table, service: str, query: str) -> None:
    """Write a table as FITS, with units, the service and the query in its header."""
    from astropy.io import fits

    table.meta.clear()
    for name in [name for name in table.colnames if table[name].dtype.kind == "O"]:
        gaps = np.ma.getmaskarray(table[name])
        texts = ["" if gap else str(text) for gap, text in zip(gaps, table[name], strict=True)]
        table[name] = np.array(texts, dtype=str)
    with warnings.catch_warnings(action="ignore"):
        hdu = fits.table_to_hdu(table)
    for number, column in enumerate(table.itercols(), 1):
        if column.unit is not None and f"TUNIT{number}" not in hdu.header:
            hdu.header[f"TUNIT{number}"] = str(column.unit)
    for line in (f"service: {service}", "query:", *query.splitlines()):
        hdu.header.add_comment(line)
    with writing.replacing(path) as temporary, temporary.open("wb") as file:
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(file)


def work(arguments) -> None:
    query, service = read_query(arguments.query)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.vot"
        print(f"asking {service}", flush=True)
        ask(service, query, arguments.max_rows, arguments.max_minutes, answer)
        table = read_answer(answer, service)
    write_table(arguments.table, table, service, query)
    cli.report(f"rows of {len(table.colnames)} columns in {arguments.table}", len(table))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
