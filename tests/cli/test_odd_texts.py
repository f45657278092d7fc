"""Texts of catalogues and tables that mean something to matplotlib, LaTeX, HTML or a terminal."""

from pathlib import Path

import pytest
from astropy.table import Table

from icefire.files import text_tables

TEXTS = {
    "mathematics that is none": r"$\foo{$ a $x_$ US$ 5",
    "LaTeX and HTML": r"\input{x} 100 % {a}_b^2 & #1 ~ <script>alert(1)</script> &amp; |x| `y`_",
}


def relabelled(path: Path, folder: Path, meta: dict, **columns: str) -> Path:
    """Copy a table with other metadata and with one text in every row of some columns."""
    table = Table.read(path)
    for name, text in columns.items():
        table[name] = [text] * len(table)
    copy = folder / path.name
    text_tables.write_ecsv(copy, table, {**table.meta, **meta})
    return copy


@pytest.mark.parametrize("kind", TEXTS)
def test_figures_write_such_texts_as_they_are(chain, tmp_path, kind):
    text = TEXTS[kind]
    fields = chain.steps["plot_footprint"]
    (path,) = fields.inputs["--fields"]
    meta = {"catalogue": text, "fields_are": text}
    steps = [fields.reading("--fields", relabelled(path, tmp_path, meta))]
    for name in ("plot_sigma_profile", "plot_beta_profile"):
        step = chain.steps[name]
        (path,) = step.inputs["--literature"]
        steps.append(step.reading("--literature", relabelled(path, tmp_path, {}, source=text)))
    for step in steps:
        done = step.writing_to(tmp_path / "out").call()
        assert (done.status, done.err) == (0, ""), step.name
