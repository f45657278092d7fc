"""The whole chain, from cleaning to the comparison, on a table of one star."""

import math
import re

import numpy as np
import pytest
import yaml

from icefire.files import star_tables
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.numbers.quoting import entries

from .chain import Chain, chain_of
from .needed import without_model, write


@pytest.fixture(scope="module")
def short(chain, config, tmp_path_factory) -> Chain:
    """The chain on the first star of the accreted sample."""
    folder = tmp_path_factory.mktemp("one")
    accreted = star_tables.StarReader(chain.output("select_samples", "--accreted"))
    wanted = accreted.read(0, 1, ("star_id",))["star_id"]
    whole = star_tables.StarReader(chain.output("simulate_survey", "--catalogue"))
    block = whole.all()
    kept = np.flatnonzero(np.isin(block["H3_ID"], wanted))[:1]
    star = {name: values[kept] for name, values in block.items()}
    write(folder / "catalogue.fits", star, whole.units, without_model(whole.meta))
    return chain_of(folder, config, folder / "catalogue.fits").run()


def test_every_step_succeeds_and_prints_nothing_on_stderr(short):
    for name, step in short.steps.items():
        assert (name, short.done[name].status, short.done[name].err) == (name, 0, "")
        for path in step.outputs.values():
            assert path.stat().st_size > 0


def test_samples_and_ledger_hold_the_star(short):
    for sample, expected in zip(SAMPLES, (1, 1, 0), strict=True):
        stars = short.table("select_samples", f"--{sample}")
        assert len(stars) == expected
        assert stars.colnames == list(STAR_COLUMNS)
        assert stars["r"].unit == "kpc"
        assert stars["is_giant"].dtype == bool
    ledger = short.table("select_samples", "--ledger")
    assert list(ledger["n_in"]) == [1] * len(ledger)
    assert ledger["n_removed"].sum() == 0
    assert ledger.meta["samples"] == {"halo": 1, "accreted": 1, "insitu": 0}


def test_summaries_count_the_stars_and_have_no_value(chain, short):
    fractions = 0
    for name, step in chain.steps.items():
        for flag in step.outputs if name.startswith("summarise ") else ():
            full, found = chain.table(name, flag), short.table(name, flag)
            assert (found.colnames, len(found)) == (full.colnames, len(full))
            assert found["n_stars"].max() == (0 if name.endswith("insitu") else 1)
            for column in found.colnames:
                if column.startswith(("sigma", "beta", "accreted_fraction")):
                    assert np.isnan(found[column]).all()
                    assert found[column].unit == full[column].unit
                    fractions += column == "accreted_fraction"
    assert fractions == 1


def test_numbers_are_counts_or_none(short):
    path = short.output("collect_numbers", "--yaml")
    numbers = entries(yaml.safe_load(path.read_text(encoding="utf-8")))
    found = {".".join(keys): entry["value"] for keys, entry in numbers}
    for name in ("rows", "good", "good_beyond_10_kpc", "tracers", "halo", "accreted"):
        assert found[f"counts.{name}"] == 1
    for name, value in found.items():
        assert value is None or math.isfinite(value), name
        if re.search(r"(sigma|beta)(_|$)", name) and not name.startswith("settings."):
            assert value is None, name
    assert found["plain_dispersion.halo.n_stars"] == 1
    lines = short.output("collect_numbers", "--tex").read_text(encoding="utf-8").splitlines()
    macro = re.compile(
        r"\\newcommand\{\\icefire(?:(?:Catalogue|Provenance|Version)\}\{.+|[A-Za-z]+\}\{\\ensuremath\{.+\})\}"
    )
    for line in lines:
        assert line.startswith("%") or macro.fullmatch(line), line
    assert any(line.endswith(r"{\ensuremath{\ldots}}") for line in lines)
    table = short.table("compare_with_paper", "--comparison")
    assert set(table["verdict"]) == {"not measurable", "not applicable"}


def test_figures_say_that_there_is_nothing_to_draw(short):
    # One star is enough for these, and a map of no fields is no surprise.
    drawn = {"plot_footprint", "plot_chemistry", "write_paper"}
    for name, step in short.steps.items():
        if "--pdf" in step.outputs and name not in drawn:
            assert re.search(r"^note: |\b0 of ", short.done[name].out, re.MULTILINE), name
