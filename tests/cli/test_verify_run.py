"""A finished run in which one file is not of the others: verify_run.py refuses it and names it."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.files.metadata import COORDINATES

from .chain import Step
from .needed import without_model

SUMMARIES = [f"{geometry}-{sample}" for geometry in sorted(COORDINATES) for sample in SAMPLES]


class Files:
    """The files of a run, each copied before it is changed."""

    def __init__(self, step: Step, folder: Path):
        self.step, self.folder = step.writing_to(folder / "out"), folder

    def path(self, flag: str, number: int = 0) -> Path:
        paths = list(self.step.inputs[f"--{flag}"])
        if paths[number].parent != self.folder:
            paths[number] = Path(shutil.copy(paths[number], self.folder))
            self.step = self.step.reading_all(f"--{flag}", paths)
        return paths[number]

    def table(self, name: str, change: Callable) -> None:
        """Change a small table, or give another one, and seal it."""
        path = self.path(*(("summaries", SUMMARIES.index(name)) if "-" in name else (name,)))
        table = Table.read(path, format="ascii.ecsv")
        changed = change(table)
        table = table if changed is None else changed
        text_tables.write_ecsv(path, table, table.meta)

    def stars(self, name: str, change: Callable) -> None:
        """Change the columns of a star table, or its metadata, and seal it."""
        path = self.path(name)
        reader = star_tables.StarReader(path)
        with star_tables.StarWriter(path, {n: STAR_COLUMNS[n] for n in reader.names}) as writer:
            writer.meta, stars = reader.meta, reader.all()
            writer.write(change(stars, writer.meta) or stars)


@pytest.fixture(scope="module")
def light(chain, tmp_path_factory) -> Step:
    """The step, its tables without the survey's model in their metadata, and so quick to read."""
    folder = tmp_path_factory.mktemp("light")
    files = Files(chain.of_script("verify_run").writing_to(folder), folder)
    for flag, paths in files.step.inputs.items():
        names = SUMMARIES if flag == "--summaries" else [path.stem for path in paths]
        copies = [folder / f"{name}{path.suffix}" for name, path in zip(names, paths, strict=True)]
        files.step = files.step.reading_all(
            flag, [Path(shutil.copy(*p)) for p in zip(paths, copies, strict=True)]
        )
        for copy in copies:
            if copy.suffix == ".ecsv":
                table = Table.read(copy, format="ascii.ecsv")
                text_tables.write_ecsv(copy, table, without_model(table.meta))
    for name in ("stars", *SAMPLES):
        files.stars(name, lambda stars, meta: meta.update(without_model(meta)))
    return dataclasses.replace(files.step, outputs={"--verified": folder / "verified.txt"})


@pytest.fixture(autouse=True, scope="module")
def tables_read_once(light):
    """Read tables that no case changes only once."""
    read = text_tables.read_ecsv
    again = functools.cache(read)
    untouched = {str(path) for paths in light.inputs.values() for path in paths}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            text_tables,
            "read_ecsv",
            lambda path, *columns: (again if str(path) in untouched else read)(path, *columns),
        )
        yield


# --- what is wrong ---------------------------------------------------------------------------


def cell(column: str, row: int, value) -> Callable:
    def change(table) -> None:
        table[column][row] = value(table[column][row]) if callable(value) else value

    return change


def parameter(step: str, name: str, value) -> Callable:
    return lambda table: table.meta["parameters"][step].update({name: value})


def rows(pick: Callable) -> Callable:
    """Keep the rows of a star table whose numbers `pick` gives."""
    return lambda stars, meta: {name: values[pick(len(values))] for name, values in stars.items()}


def measured(table) -> int:
    return int(np.flatnonzero(np.isfinite(table["beta"]))[0])


def swapped(low: str, high: str) -> Callable:
    def change(table) -> None:
        row = measured(table)
        table[low][row], table[high][row] = table[high][row], table[low][row]

    return change


def faster(stars, meta) -> None:
    stars["v_r"][5] += 0.001


def flagged(stars, meta) -> None:
    good = stars["is_giant"] & ~stars["is_unbound"] & (abs(stars["z"]) > 5) & (stars["r"] > 10)
    stars["is_satellite"][np.flatnonzero(good)[:50]] ^= True


def both(files) -> None:
    """Put the first in-situ star among the accreted ones as well."""
    star = star_tables.StarReader(files.path("insitu")).read(0, 1)
    halo = star_tables.StarReader(files.path("halo")).all()
    accreted = star_tables.StarReader(files.path("accreted")).all()["star_id"]
    chosen = np.isin(halo["star_id"], [*accreted.tolist(), *star["star_id"].tolist()])
    files.stars("accreted", lambda *_: {name: values[chosen] for name, values in halo.items()})


def text(files, number: int, old: str, new: str, sealed: bool) -> None:
    path = files.path("numbers", number)
    content = text_tables.read_sealed_text(path).replace(old, new, 1)
    if sealed:
        text_tables.write_sealed_text(path, content, "%" if number == 1 else "..")
    else:
        path.write_text(content, encoding="utf-8")


def number(files, group: str, name: str, value) -> None:
    path = files.path("numbers")
    numbers = text_tables.read_yaml(path)
    numbers[group][name] = (
        numbers[group][name] | {"value": value} if name in ("halo", "sigma_r_min") else value
    )
    text_tables.write_yaml(path, numbers)


def survey(files) -> None:
    path = files.path("catalogue")
    reader = star_tables.StarReader(path)
    column = {"RA": STAR_COLUMNS["ra"]}
    stars = reader.read(1, reader.n_rows, ("RA",))
    with star_tables.StarWriter(path, column) as writer:
        writer.write(stars)


def edited(files) -> None:
    path = files.path("summaries", 0)
    path.write_text(path.read_text(encoding="utf-8").replace("\n0 ", "\n1 ", 1), encoding="utf-8")


def table(name: str, change: Callable) -> Callable:
    return lambda files: files.table(name, change)


def stars(name: str, change: Callable) -> Callable:
    return lambda files: files.stars(name, change)


ENGINE = "run_realisations"
CASES = {
    "a summary of another seed": (
        table("sky-insitu", parameter(ENGINE, "montecarlo_seed", 7)),
        ["sky-insitu.ecsv: made with other parameters", "montecarlo_seed"],
    ),
    "a ledger of other samples": (
        table("ledger", parameter("select_samples", "halo_min_radius_kpc", 8.0)),
        ["made with other parameters", "halo_min_radius_kpc"],
    ),
    "a summary of other code": (
        table("xy-halo", lambda table: table.meta.update(icefire_version="0.0.1")),
        ["made with other parameters", "icefire_version"],
    ),
    "a sample of another catalogue": (
        stars("accreted", lambda stars, meta: meta.update(catalogue="another")),
        ["made with other parameters", "catalogue"],
    ),
    "one sample twice": (
        lambda files: shutil.copy(files.step.inputs["--summaries"][0], files.path("summaries", 1)),
        ["radial-accreted.ecsv: its metadata say sample halo"],
    ),
    "a summary edited by hand": (edited, ["radial-halo.ecsv: damaged or edited"]),
    "a survey table of other rows": (survey, ["ledger.ecsv: row 0 (clean), n_in is "]),
    "a ledger's row": (
        table("ledger", cell("n_removed", 11, lambda n: n + 1)),
        ["row 11 (aleph), n_removed is "],
    ),
    "a ledger's row is missing": (table("ledger", lambda table: table[1:]), ["(clean), n_"]),
    "a cut is missing in the ledger": (
        table("ledger", lambda table: table[table["step"] != "aleph"]),
        ["ledger.ecsv: column step"],
    ),
    "a ledger of other sizes": (
        table("ledger", lambda table: table.meta["samples"].update(halo=7)),
        ["metadata, samples"],
    ),
    "a star's flag": (stars("stars", flagged), ["passes the cuts and should be there"]),
    "a star of both samples": (both, ["insitu.fits: row 0 is star ", "accreted as well"]),
    **{
        f"{sample}: {what}": (
            stars(sample, change),
            [f"{sample}.fits: row ", said[sample != "halo"]],
        )
        for sample in SAMPLES
        for what, change, said in (
            ("a star twice", rows(lambda n: np.r_[0, 0:n]), ("should be there", "foreign, twice")),
            ("the last star twice", rows(lambda n: np.r_[0:n, n - 1]), ("foreign, twice",) * 2),
            (
                "two stars in another order",
                rows(lambda n: np.r_[1, 0, 2:n]),
                ("should be", "foreign"),
            ),
            ("a velocity", faster, ("row 5 is another or none", "row 5 is foreign")),
        )
    },
    "the halo's last star is missing": (
        stars("halo", rows(lambda n: np.arange(n - 1))),
        ["halo.fits: row ", "should be there"],
    ),
    "an accreted star is missing": (
        stars("accreted", rows(lambda n: np.arange(n - 1))),
        ["(chemistry), n_removed is 0"],
    ),
    **{
        f"a count of {geometry}": (
            table(f"{geometry}-insitu", cell("n_stars", 3, lambda n: n + 1)),
            [f"{geometry}-insitu.ecsv: row 3 (", "n_stars is ", "stars of the sample are there"],
        )
        for geometry in COORDINATES
    },
    "a bin elsewhere": (
        table("radial-halo", cell("r_hi", 4, 33.0)),
        ["row 4 (", "r_hi is 33.0", "describe"],
    ),
    "a bin is missing": (table("sky-halo", lambda table: table[1:]), ["its length is 47 bins"]),
    "a gap": (
        table("xz-halo", lambda t: cell("sigma_phi", measured(t), np.nan)(t)),
        ["xz-halo.ecsv: row ", "sigma_phi is nan", "of 5 values 4 are there"],
    ),
    "a value from too few stars": (
        table("sky-insitu", lambda t: cell("beta", np.flatnonzero(t["n_stars"] < 10)[0], 0.5)(t)),
        ["beta is 0.5", "of 5 values 1 are there", "10 are enough"],
    ),
    **{
        f"beta{low} above beta{high}": (
            table("sky-halo", swapped(f"beta{low}", f"beta{high}")),
            ["beta is ", "not in order"],
        )
        for low, high in (("_lo95", "_lo68"), ("_lo68", ""), ("", "_hi68"), ("_hi68", "_hi95"))
    },
    "numbers of other samples": (
        lambda files: number(files, "counts", "halo", 7),
        ["numbers.yaml: counts.halo, value is 7"],
    ),
    "numbers of other summaries": (
        lambda files: number(files, "line_of_sight", "sigma_r_min", 7.5),
        ["line_of_sight.sigma_r_min, value is 7.5"],
    ),
    "numbers of another catalogue": (
        lambda files: number(files, "catalogue", "catalogue", "another"),
        ["numbers.yaml: its catalogue is ", "the tables have catalogue"],
    ),
    "TeX without a seal": (
        lambda files: text(files, 1, "", "", sealed=False),
        ["numbers.tex: damaged"],
    ),
    "TeX of other numbers": (
        lambda files: text(files, 1, "CountsHalo}{", "CountsHalo}{1", sealed=True),
        ["numbers.tex: its text is of other numbers"],
    ),
    "reST of other numbers": (
        lambda files: text(files, 2, "replace:: ", "replace:: 1", sealed=True),
        ["numbers.rst: its text is of other numbers"],
    ),
    "a comparison of other numbers": (
        table("comparison", cell("value", 3, 7.0)),
        ["paper_comparison.ecsv: value of ", "7.0"],
    ),
    "a comparison of another catalogue": (
        table("comparison", lambda table: table.meta.update(catalogue="another")),
        ["paper_comparison.ecsv: its catalogue"],
    ),
    "a summary too few": (
        lambda files: setattr(
            files,
            "step",
            files.step.reading_all("--summaries", files.step.inputs["--summaries"][1:]),
        ),
        ["--summaries: 11 are given, where 12"],
    ),
}


# --- the tests -------------------------------------------------------------------------------


def test_a_whole_run_is_verified_and_the_report_says_what_was_compared(light):
    done = light.call()
    assert (done.status, done.err) == (0, "")
    text = light.outputs["--verified"].read_text(encoding="utf-8")
    assert done.out == text
    assert "synthetic catalogue: nothing here is a measurement" in text.splitlines()[0]
    assert "bins measured, n_stars as counted anew" in text
    assert str(light.outputs["--verified"].parent) not in text


def test_a_second_method_is_verified_too(light, tmp_path):
    summaries, numbers = (light.inputs[flag] for flag in ("--summaries", "--numbers"))
    second = [
        summaries[SUMMARIES.index(n)] for n in ("sky-halo", *(f"radial-{s}" for s in SAMPLES))
    ]
    copies = [Path(shutil.copy(path, tmp_path / f"second-{path.name}")) for path in second]
    step = light.writing_to(tmp_path).reading_all("--summaries", [*summaries, *copies])
    files = Files(step.reading_all("--numbers", [*numbers, *numbers]), tmp_path)
    for copy in copies:
        table = Table.read(copy, format="ascii.ecsv")
        parameter(ENGINE, "uncertainty_method", "bootstrap")(table)
        text_tables.write_ecsv(copy, table, table.meta)
    assert files.step.writing_to(tmp_path).call().status == 0
    table["n_stars"][3] += 1
    text_tables.write_ecsv(copies[-1], table, table.meta)
    assert "second-radial-insitu.ecsv: row 3 (" in files.step.writing_to(tmp_path).call().err


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_of_the_run_is_refused_and_named(light, tmp_path, outcome, name):
    change, words = CASES[name]
    files = Files(light, tmp_path)
    change(files)
    report = files.step.outputs["--verified"]
    report.parent.mkdir()
    report.write_text("what was true before")
    done = files.step.call()
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1), done
    line = done.err.strip().removeprefix("verify_run.py: error: ")
    for word in words:
        assert word in line, line
    assert not list(report.parent.iterdir())
    said = line.replace(f"{tmp_path}/", "").replace(f"{light.outputs['--verified'].parent}/", "")
    outcome("files that are not of their run", name, said.split("; ")[0])
