"""A finished run in which one file is not of the others: verify_run.py refuses it and names it."""

import dataclasses
import functools
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.measure.geometry import COORDINATES

from .chain import Step
from .needed import rewrite, without_model, write

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
        table = Table.read(path)
        changed = change(table)
        table = table if changed is None else changed
        text_tables.write_ecsv(path, table, table.meta)

    def stars(self, name: str, change: Callable) -> None:
        """Change the columns of a star table, or its metadata, and seal it."""
        rewrite(self.path(name), change)


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
                table = Table.read(copy)
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

# Of each case its name, what is changed in the files, and a pattern that the line must have
CASES: dict[str, tuple[Callable, str]] = {}


def of_table(case: str, name: str, change: Callable, pattern: str) -> None:
    """Add a case in which a small table is changed: `change` may give another one."""
    CASES[case] = (lambda files: files.table(name, change)), pattern


def of_stars(case: str, name: str, change: Callable, pattern: str) -> None:
    """Add a case in which a star table is changed: `change` gets columns and metadata."""
    CASES[case] = (lambda files: files.stars(name, change)), pattern


def of_files(case: str, pattern: str) -> Callable:
    """Add a case that changes files in another way."""

    def add(change: Callable) -> Callable:
        CASES[case] = change, pattern
        return change

    return add


def cell(column: str, row: int | str, change: Callable) -> Callable:
    """Change one value of a table, in a row or in the first `measured` one."""

    def apply(table) -> None:
        at = np.flatnonzero(np.isfinite(table["beta"]))[0] if row == "measured" else row
        table[column][at] = change(table[column][at])

    return apply


def parameter(step: str, name: str, value) -> Callable:
    return lambda table: table.meta["parameters"][step].update({name: value})


def rows(pick: Callable) -> Callable:
    """Keep the rows of a star table whose numbers `pick` gives."""
    return lambda stars, meta: {name: values[pick(len(values))] for name, values in stars.items()}


def faster(stars, meta) -> None:
    stars["v_r"][5] += 0.001


def flagged(stars, meta) -> None:
    good = stars["is_giant"] & ~stars["is_unbound"] & (abs(stars["z"]) > 5) & (stars["r"] > 10)
    stars["is_satellite"][np.flatnonzero(good)[:50]] ^= True


ENGINE, OTHER = "run_realisations", "made with other parameters.*"
seed, radius = (ENGINE, "montecarlo_seed", 7), ("select_samples", "halo_min_radius_kpc", 8.0)
of_table("a stale summary", "sky-insitu", parameter(*seed), f"sky-insitu.ecsv: {OTHER}seed")
of_table("a stale ledger", "ledger", parameter(*radius), f"{OTHER}halo_min_radius_kpc")
version, another = {"icefire_version": "0.0.1"}, {"catalogue": "another"}
of_table("other code", "xy-halo", lambda t: t.meta.update(version), f"{OTHER}icefire_version")
of_stars("another catalogue", "accreted", lambda s, meta: meta.update(another), f"{OTHER}catalogue")
one_more, less = (lambda n: n + 1), (lambda t: t[1:])
of_table(
    "a ledger's row", "ledger", cell("n_removed", 11, one_more), r"row 11 \(aleph\), n_removed is"
)
of_table("a ledger's row is missing", "ledger", less, r"row 0 \(clean\), n_in is")
no_aleph, sizes = (lambda t: t[t["step"] != "aleph"]), (lambda t: t.meta["samples"].update(halo=7))
of_table("a cut is missing", "ledger", no_aleph, "ledger.ecsv: column step is")
of_table("a ledger of other sizes", "ledger", sizes, "metadata, samples is")
of_stars("a star's flag", "stars", flagged, "halo.fits: row .* passes the cuts and should be there")
last_missing = rows(lambda n: np.arange(n - 1))
of_stars("a halo star is missing", "halo", last_missing, "row 716 is .* passes the cuts")
of_stars("an accreted star is missing", "accreted", last_missing, r"\(chemistry\), n_removed is 0")
for _sample, _said in (("halo", "row . is .* should be there"), ("insitu", "row . is foreign")):
    of_stars(f"{_sample}: twice", _sample, rows(lambda n: np.r_[0, 0:n]), _said)
    of_stars(f"{_sample}: order", _sample, rows(lambda n: np.r_[1, 0, 2:n]), _said)
    of_stars(f"{_sample}: the last twice", _sample, rows(lambda n: np.r_[0:n, n - 1]), "is foreign")
    of_stars(f"{_sample}: a velocity", _sample, faster, _said.replace("row .", "row 5"))
for _geometry in COORDINATES:
    _said = rf"{_geometry}-insitu.ecsv: row 3 \(.*n_stars is .* stars of the sample are there"
    of_table(f"a count of {_geometry}", f"{_geometry}-insitu", cell("n_stars", 3, one_more), _said)
of_table("a bin elsewhere", "radial-halo", cell("r_hi", 4, one_more), r"row 4 \(.*, r_hi is")
of_table("a bin is missing", "sky-halo", less, "its length is 47 bins")
gap = cell("sigma_phi", "measured", lambda v: np.nan)
of_table("a gap", "xz-halo", gap, "sigma_phi is nan, but of 5 values 4 are there")
for _low, _high in (("_lo95", "_lo68"), ("_lo68", ""), ("", "_hi68"), ("_hi68", "_hi95")):
    _change = cell(f"beta{_low}", "measured", lambda v: 0.9999)
    of_table(f"beta{_low} above beta{_high}", "sky-halo", _change, "beta is .* not in order")
of_table("other values", "comparison", cell("value", 3, lambda v: 7.25), r"value of .* is \[7.25")
other_catalogue = "paper_comparison.ecsv: its catalogue is"
of_table("another comparison", "comparison", lambda t: t.meta.update(another), other_catalogue)


@of_files("a value from too few stars", "of 5 values 1 are there")
def _(files):
    few = lambda t: np.flatnonzero(t["n_stars"] < 10)[0]  # noqa: E731
    files.table("sky-insitu", lambda t: cell("beta", few(t), lambda v: 0.5)(t))


@of_files("one sample twice", "radial-accreted.ecsv: its metadata say sample halo")
def _(files):
    shutil.copy(files.step.inputs["--summaries"][0], files.path("summaries", 1))


@of_files("a summary too few", "--summaries: 11 are given, where 12")
def _(files):
    paths = files.step.inputs["--summaries"]
    files.step = files.step.reading_all("--summaries", paths[1:])


@of_files("a star of both samples", "insitu.fits: row 0 is star .* accreted as well")
def _(files):
    ids = star_tables.StarReader(files.path("accreted")).all()["star_id"]
    ids = np.append(ids, star_tables.StarReader(files.path("insitu")).read(0, 1)["star_id"])
    halo = star_tables.StarReader(files.path("halo")).all()
    chosen = np.isin(halo["star_id"], ids)
    files.stars("accreted", lambda *_: {name: values[chosen] for name, values in halo.items()})


@of_files("a survey table of other rows", r"ledger.ecsv: row 0 \(clean\), n_in is ")
def _(files):
    reader = star_tables.StarReader(path := files.path("catalogue"))
    write(path, reader.read(1, reader.n_rows, ("RA",)), {"RA": "deg"}, {})


for _keys, _value, _said in (
    (("counts", "halo", "value"), 7, "counts.halo, value is 7"),
    (("line_of_sight", "sigma_r_min", "value"), 7.5, "sigma_r_min, value is 7.5"),
    (("catalogue", "catalogue"), "another", "its catalogue is .* have catalogue synthetic"),
):

    @of_files(f"numbers: another {_keys[-2]}", f"numbers.yaml: .*{_said}")
    def _(files, keys=_keys, value=_value):
        numbers = entry = text_tables.read_yaml(path := files.path("numbers"))
        for key in keys[:-1]:
            entry = entry[key]
        entry[keys[-1]] = value
        text_tables.write_yaml(path, numbers)


for _number, _ending, _comment in ((1, "tex", "%"), (2, "rst", "..")):

    @of_files(f"{_ending} of other numbers", f"numbers.{_ending}: its text is of other numbers")
    def _(files, number=_number, comment=_comment):
        content = text_tables.read_sealed_text(path := files.path("numbers", number))
        text_tables.write_sealed_text(path, content.replace("1", "2", 1), comment)


def test_a_whole_run_is_verified_and_the_report_says_what_was_compared(light):
    done = light.call()
    assert (done.status, done.err) == (0, "")
    text = light.outputs["--verified"].read_text(encoding="utf-8")
    assert done.out == text
    assert "synthetic catalogue: nothing here is a measurement" in text.splitlines()[0]
    assert "bins measured, n_stars as counted anew" in text
    assert str(light.outputs["--verified"].parent) not in text


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_of_the_run_is_refused_and_named(light, tmp_path, name):
    change, pattern = CASES[name]
    files = Files(light, tmp_path)
    change(files)
    report = files.step.outputs["--verified"]
    report.parent.mkdir()
    report.write_text("what was true before")
    done = files.step.call()
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1), done
    line = done.err.strip().removeprefix("verify_run.py: error: ")
    assert re.search(pattern, line), line
    assert not list(report.parent.iterdir())
