"""Fetching a table from a TAP service, which each test starts on this machine."""

import contextlib
import io
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.io.votable.tree import Info
from astropy.table import MaskedColumn, Table

from icefire.surveys.maps import read_survey_map

from .calls import REPO, call, module

QUERY = "-- service: {}\n-- two lines\nSELECT source_id, pmra\nFROM stars"
QUERIES = sorted((REPO / "resources" / "queries").glob("*.adql"))
_JOB = """<?xml version="1.0" encoding="UTF-8"?>
<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 version="1.1"><uws:jobId>1</uws:jobId><uws:phase>{phase}</uws:phase>{more}</uws:job>"""
_RESULT = '<uws:results><uws:result id="result" xlink:href="{}/results/result"/></uws:results>'
_ERROR = """<uws:errorSummary type="fatal" hasDetail="false"><uws:message>{}</uws:message>
</uws:errorSummary>"""


def votable(status: str = "OK", words: str = "") -> bytes:
    stars = Table({"source_id": np.arange(5) + 4_000_000_000_000_000_001})
    stars["pmra"] = MaskedColumn([1.5, 2.5, 0, 4.5, -1.0], unit="mas/yr", mask=[0, 0, 1, 0, 0])
    stars["logg"] = MaskedColumn(np.arange(5.0), unit="dex")
    stars["name"] = np.array(["a", "bc", "", "d", "e"], dtype=object)
    made = from_table(stars)
    made.resources[0].type = "results"
    info = Info(name="QUERY_STATUS", value=status)
    info.content = words
    made.resources[0].infos.append(info)
    made.to_xml(text := io.BytesIO())
    return text.getvalue()


@contextlib.contextmanager
def service(table: bytes, error: str = "") -> Iterator[tuple[str, list[dict]]]:
    """Run a TAP service that answers every query with a table, or fails with some words.

    Gives its address and the forms that were posted to it.
    """
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, text: bytes, kind: str = "text/xml") -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked.append({k: v[0] for k, v in urllib.parse.parse_qs(form).items()})
            self.send_response(303)
            self.send_header("Location", f"{address}/async/1")
            self.end_headers()

        def do_GET(self) -> None:
            if self.path.endswith("/results/result"):
                self.answer(table, "application/x-votable+xml")
                return
            started = any("PHASE" in form for form in asked)
            phase = ("ERROR" if error else "COMPLETED") if started else "PENDING"
            more = _ERROR.format(error) if error else _RESULT.format(f"{address}/async/1")
            self.answer(_JOB.format(phase=phase, more=more).encode())

        def do_DELETE(self) -> None:
            asked.append({"DELETE": self.path})
            self.answer(b"")

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/tap"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield address, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetched(folder, address: str, *flags: str):
    query, table = folder / "stars.adql", folder / "stars.fits"
    query.write_text(QUERY.format(address))
    return call("fetch_catalogue", ["--query", str(query), *flags, "--table", str(table)]), table


def test_an_answer_becomes_a_table_that_says_where_it_is_from(tmp_path):
    with service(votable()) as (address, asked):
        done, path = fetched(tmp_path, address, "--max-rows=77")
        assert (done.status, done.err) == (0, "") and "columns in" in done.out and ": 5" in done.out
        first = path.read_bytes()
        fetched(tmp_path, address)
    assert path.read_bytes() == first
    posted = next(form for form in asked if "QUERY" in form)
    assert posted["QUERY"] == QUERY.format(address) and posted["MAXREC"] == "77"
    assert {"DELETE": "/tap/async/1"} in asked
    found, header = Table.read(path), fits.getheader(path, 1)
    assert found["source_id"].tolist() == (np.arange(5) + 4_000_000_000_000_000_001).tolist()
    assert (str(found["pmra"].unit), str(found["logg"].unit)) == ("mas / yr", "dex")
    assert np.ma.filled(found["pmra"], np.nan)[[0, 2]].tolist() == pytest.approx(
        [1.5, np.nan], nan_ok=True
    )
    assert [str(name) for name in found["name"]] == ["a", "bc", "--", "d", "e"]
    said = [f"service: {address}", "query:", *QUERY.format(address).splitlines()]
    assert list(header["COMMENT"])[-len(said) :] == said


OVERFLOW = "only 5 of 9000 rows"
REFUSALS = {
    "overflow": (votable("OVERFLOW", OVERFLOW), "", f"OVERFLOW: {OVERFLOW}"),
    "error document": (votable("ERROR", "disk\nfull"), "", "ERROR: disk full"),
    "failed job": (b"", "no table called stars", "no table called stars"),
    "no VOTable": (b"<html><body>moved</body></html>", "", "0 tables instead of one"),
    "broken": (votable()[:900], "", "no VOTable"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_server_s_refusal_is_said_in_one_line_and_leaves_no_table(tmp_path, case):
    table, error, words = REFUSALS[case]
    with service(table, error) as (address, _):
        done, path = fetched(tmp_path, address)
    assert done.status == 2 and done.err.count("\n") == 1
    assert address in done.err and words in done.err
    assert [file.name for file in path.parent.iterdir()] == ["stars.adql"]


def test_a_service_that_is_not_there_and_a_query_without_one_are_said(tmp_path):
    with service(b"") as (address, _):
        pass
    done, _ = fetched(tmp_path, address)
    assert done.status == 2 and done.err.count("\n") == 1 and address in done.err
    (tmp_path / "stars.adql").write_text("SELECT 1")
    flags = ["--query", str(tmp_path / "stars.adql"), "--table", str(tmp_path / "stars.fits")]
    assert "needs one line `-- service: ADDRESS`" in call("fetch_catalogue", flags).err


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_a_query_asks_for_all_that_its_map_reads(query):
    text, address = module("fetch_catalogue").read_query(query)
    assert address.startswith("https://")
    selected = re.search(r"SELECT (.*?)\sFROM", text, re.DOTALL)[1]
    names = {name.strip().rpartition(".")[2] for name in selected.split(",")}
    assert set(read_survey_map(REPO / "config/surveys" / f"{query.stem}.yaml").wanted()) <= names


def test_snakemake_fetches_by_a_query_of_the_working_folder_s(tmp_path):
    queries = tmp_path / "resources" / "queries"
    queries.mkdir(parents=True)
    words = [sys.executable, "-m", "snakemake", "-s", REPO / "Snakefile", "-d", tmp_path]
    words += ["--cores", "1", "fetch", "--config", "survey=mine"]
    with service(votable()) as (address, _):
        (queries / "mine.adql").write_text(QUERY.format(address))
        done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(Table.read(tmp_path / "data" / "mine.fits")) == 5
