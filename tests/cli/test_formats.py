"""The same 500 stars in every format, gzipped or not: cleaning gives the same bytes."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from table_formats import FORMATS

from icefire.files.star_tables import StarReader

from .calls import REPO, call
from .catalogues import UNITS

N_ROWS = 500
CLEAN = ("--survey", str(REPO / "config" / "surveys" / "h3.yaml"), "--quality-min-snr", "3")


@pytest.fixture(scope="module")
def stars(chain) -> Table:
    """Rows of the synthetic survey, bad ones among them, with as many digits as texts hold."""
    table = Table.read(chain.output("simulate_survey", "--catalogue"))[:N_ROWS]
    table.meta.clear()
    for name in table.colnames:
        if table[name].dtype.kind == "f":
            table[name] = table[name].round(8)
        if name in UNITS:
            table[name].unit = UNITS[name]
    table["tileID"] = [f"tile{number}" for number in np.asarray(table["tileID"]).tolist()]
    return table


def cleaned(path: Path, folder: Path) -> tuple[bytes, bytes]:
    """Clean a table; give the bytes of the good stars and of the fields."""
    outputs = folder / "clean.fits", folder / "fields.ecsv"
    flags = ("--catalogue", path, *CLEAN, "--clean", outputs[0], "--fields", outputs[1])
    done = call("clean_catalog", list(map(str, flags)))
    assert (done.status, done.err) == (0, ""), path.name
    return outputs[0].read_bytes(), outputs[1].read_bytes()


def test_every_format_gives_the_bytes_of_fits(stars, tmp_path):
    expected = None
    for ending, write in FORMATS.items():
        path = tmp_path / f"stars.{ending}"
        write(stars, path)
        zipped = tmp_path / f"stars.{ending}.gz"
        zipped.write_bytes(gzip.compress(path.read_bytes()))
        for table in (path, zipped):
            found = cleaned(table, tmp_path)
            expected = expected or found
            assert found == expected, table.name
            n_stars = StarReader(tmp_path / "clean.fits").n_rows
    assert 100 < n_stars < N_ROWS
