"""The same 500 stars in every format, gzipped or not: cleaning gives the same bytes."""

import gzip

import numpy as np
from table_formats import FORMATS

from icefire.files.star_tables import StarReader

from .catalogues import UNITS


def test_every_format_gives_the_bytes_of_fits(chain, tmp_path):
    stars = chain.table("simulate_survey", "--catalogue")[:500]
    stars.meta.clear()
    for name in stars.colnames:
        if stars[name].dtype.kind == "f":
            stars[name] = stars[name].round(8)  # as many digits as texts hold
        stars[name].unit = UNITS.get(name)
    stars["tileID"] = [f"tile{number}" for number in np.asarray(stars["tileID"]).tolist()]
    step, found = chain.of_script("clean_catalog").writing_to(tmp_path / "out"), {}
    for ending, write in FORMATS.items():
        path, zipped = tmp_path / f"stars.{ending}", tmp_path / f"stars.{ending}.gz"
        write(stars, path)
        zipped.write_bytes(gzip.compress(path.read_bytes()))
        for table in (path, zipped):
            done = step.reading("--catalogue", table).call()
            assert (done.status, done.err) == (0, ""), table.name
            found[table.name] = tuple(made.read_bytes() for made in step.outputs.values())
    assert all(made == found["stars.fits"] for made in found.values()), found.keys()
    assert 100 < StarReader(step.outputs["--clean"]).n_rows < 500
