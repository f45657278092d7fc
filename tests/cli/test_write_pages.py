"""Tables as pages: every cell there, as a text, whatever it holds."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from icefire.files import text_tables

from .calls import call

EVIL = "</td><script>alert(1)</script> & \"<img src='x' onerror=alert(2)>\""
HEAD, BODY = {"html", "head", "meta", "title", "style"}, {"body", "h1", "p"}
TABLE = {"div", "table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """What a browser would find in a page: its tags, its cells, and all of its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.cells, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        self.text += data
        if self.cells and self.tags[-1] in ("td", "th"):
            self.cells[-1] += data.strip("\n")


def write(table: Table, meta: dict, folder: Path) -> tuple[int, str]:
    text_tables.write_ecsv(folder / "table.ecsv", table, meta)
    page = ["--synthetic-check-page", str(folder / "page.html")]
    done = call("write_pages", ["--synthetic-check", str(folder / "table.ecsv"), *page])
    return done.status, done.err


@pytest.fixture
def page(tmp_path):
    """Make a page of a table with the given metadata."""

    def make(table: Table, meta: dict) -> Page:
        assert write(table, meta, tmp_path) == (0, "")
        return Page((tmp_path / "page.html").read_text(encoding="utf-8"))

    return make


def rows(what: str = "a claim") -> Table:
    columns = {"quantity": [what, "b"], "target": [1234567, 0], "other": [1, 2]}
    columns |= {"made": [63.67453, np.nan], "agrees": ["yes", "not measured"]}
    columns |= {name: ["", ""] for name in ("at_unit", "unit", "because", "where")}
    return Table(columns | {name: [1.5, 2.0] for name in ("at", "from", "to")})


def test_cells_are_in_the_table_s_order_and_readable(page):
    found = page(rows(), {"catalogue": "My Survey", "synthetic": False})
    assert found.cells[:6] == ["quantity", "at", "published", "this table", "agrees", "from … to"]
    assert found.cells[8:14] == ["a claim", "1.5 ", "1,234,567", "63.67", "yes", "1.5 to 1.5"]
    assert found.cells[16:21] == ["b", "2 ", "0", "–", "not measured"]
    assert "Catalogue: My Survey" in found.text and "Synthetic catalogue" not in found.text


def test_texts_of_catalogues_and_cells_are_no_html(page):
    found = page(rows(EVIL), {"catalogue": EVIL, "synthetic": False})
    assert set(found.tags) == HEAD | BODY | TABLE
    assert found.cells[8] == EVIL
    assert found.text.count(EVIL) == 2


def test_a_table_that_does_not_say_what_it_is_of_is_refused(tmp_path):
    status, err = write(rows(), {"catalogue": "My Survey"}, tmp_path)
    assert (status, len(err.splitlines())) == (2, 1)
    assert "table.ecsv: its metadata have no synthetic" in err


def test_a_page_needs_its_table():
    done = call("write_pages", ["--ledger-page=ledger.html"])
    assert (done.status, "--ledger and --ledger-page go together" in done.err) == (2, True)


def test_a_text_and_the_numbers_are_pages_that_say_what_the_tables_are_of(tmp_path):
    (tmp_path / "verified.txt").write_text(f"sigma_r +- {EVIL}\n", encoding="utf-8")
    text = ["--verified", str(tmp_path / "verified.txt"), f"--verified-page={tmp_path / 'v.html'}"]
    done = call("write_pages", text)
    assert (done.status, "give one of these, too" in done.err) == (2, True)
    entry = {"value": 1.0, "lo68": 0.9, "hi68": 1.1, "unit": "km/s", "p": 0.25}
    numbers = {"catalogue": {"catalogue": "My Survey", "synthetic": True}, "judged": {"a_b": entry}}
    text_tables.write_yaml(tmp_path / "numbers.yaml", numbers)
    more = ["--numbers", str(tmp_path / "numbers.yaml"), f"--numbers-page={tmp_path / 'n.html'}"]
    assert call("write_pages", text + more).status == 0
    pages = [Page((tmp_path / name).read_text(encoding="utf-8")) for name in ("v.html", "n.html")]
    assert f"σ_r ± {EVIL}" in pages[0].text and "script" not in pages[0].tags
    assert pages[1].cells[3:] == ["judged.a_b", "1.00 ± 0.10 km/s", "0.25"]
    assert all("Synthetic catalogue: nothing here" in page.text for page in pages)
