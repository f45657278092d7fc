"""Two results folders side by side: what is written and printed, and what is refused."""

import argparse
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from matplotlib.text import Text

from icefire.compare import differences, shared_stars
from icefire.compare import figure as comparison_figure
from icefire.compare import runs as finished_runs
from icefire.draw import page
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.measure.geometry import GEOMETRIES

from .calls import REPO, Done, call
from .chain import chain_of, small_config
from .needed import rewrite

MEASURING = ("select_samples", "count_unbound", "run_realisations", "summarise")
MEASURING += ("test_asymmetry", "judge_claims")


def measured_anew(run: Path, folder: Path, config: dict) -> Path:
    """Take the stars of a run through the later steps with another configuration."""
    shutil.copytree(REPO / "resources", folder / "resources")
    small = small_config()
    for step in chain_of(folder, small).steps.values():
        if step.script in ("select_samples", "count_unbound"):
            step = step.reading("--stars", run / "catalog" / "stars.fits")
        if step.script in MEASURING:
            assert step.under(small, config).call().status == 0
    return folder / "results"


@pytest.fixture(scope="module")
def runs(chain, config, tmp_path_factory) -> tuple[Path, Path]:
    """Results of a small run, and of one that differs from it in one cut.

    Their tables have no model of the survey in their metadata, and are quick to read.
    """
    first, other = (tmp_path_factory.mktemp("compared") / name for name in ("a", "é [high] $z$"))
    for part in ("config", "results"):
        shutil.copytree(chain.folder / part, first / part)
    no_model = lambda meta: meta.get("parameters", {}).pop("simulate_survey", None)  # noqa: E731
    every_meta(first / "results", no_model)
    config = {**config, "halo": {**config["halo"], "min_abs_z_kpc": 8.0}}
    return first / "results", measured_anew(first / "results", other, config)


@pytest.fixture(scope="module")
def compared(runs, tmp_path_factory):
    """What a comparison of the two printed, and its table."""
    folder = tmp_path_factory.mktemp("comparison")
    done = compare(*runs, folder, "--names", "default", "high Z")
    assert (done.status, done.err) == (0, "")
    return done, folder


@pytest.fixture
def copied(runs, tmp_path) -> Path:
    """A copy of the second run, to be damaged."""
    return shutil.copytree(runs[1], tmp_path / "copy")


def flags(folder: Path) -> list[str]:
    return ["--table", str(folder / "bins.ecsv"), "--figure", str(folder / "profiles")]


def compare(a: Path, b: Path, folder: Path, *more: str) -> Done:
    """Compare two runs and write into a folder, small pictures where a run has the style sheet."""
    sheets = [Path(run).parent / "config" / "paper.mplstyle" for run in (a, b)]
    style = [word for sheet in sheets if sheet.is_file() for word in ("--style", str(sheet))]
    return call("compare_runs", [str(a), str(b), *flags(folder), *style, *more])


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the figure out, which takes most of the time, where only the table is looked at."""
    monkeypatch.setattr(comparison_figure, "draw", lambda *_: None)
    monkeypatch.setattr(page, "save", lambda *_: None)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(*argv) -> str:
    """Compare what a user's mistake makes impossible; give the line it says."""
    done = call("compare_runs", [str(word) for word in argv])
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    assert done.err.startswith("compare_runs.py: error: ")
    assert done.out == ""
    assert not [path for path in Path().rglob("*") if path.suffix in (".pdf", ".png")]
    assert not list(Path().rglob("bins.ecsv"))
    return done.err.strip()


def test_every_difference_is_that_of_the_two_summaries(runs, compared):
    table = Table.read(compared[1] / "bins.ecsv")
    n_rows = 0
    for geometry, sample in itertools.product(GEOMETRIES, SAMPLES):
        a, b = (Table.read(run / "summaries" / geometry / f"{sample}.ecsv") for run in runs)
        # What is left out has no value in either.
        has = np.isfinite(a["sigma_r"]) | np.isfinite(b["sigma_r"])
        rows = table[(table["geometry"] == geometry) & (table["sample"] == sample)]
        n_rows += len(rows)
        for end, one in (("a", a), ("b", b)):
            for name in ("n_stars", "sigma_r", "beta"):
                np.testing.assert_array_equal(rows[f"{name}_{end}"], one[name][has])
        for quantity in ("sigma_r", "beta"):
            difference, error, in_errors = (
                np.asarray(rows[f"{quantity}_difference{end}"])
                for end in ("", "_error", "_in_errors")
            )
            np.testing.assert_allclose(difference, (b[quantity] - a[quantity])[has], atol=2e-6)
            known = np.isfinite(difference)
            assert np.all(error[known] > 0)
            wanted = (difference / error)[known]
            np.testing.assert_allclose(in_errors[known], wanted, rtol=1e-3, atol=1e-3)
    assert n_rows == len(table) > 50


def test_what_is_printed_says_what_changed(runs, compared):
    done, folder = compared
    meta = Table.read(folder / "bins.ecsv").meta
    assert (meta["synthetic"], meta["catalogue"]) == (True, "synthetic H3")
    lines = done.out.splitlines()
    assert lines[0] == "A: default, of synthetic H3 (synthetic catalogue)"
    assert "  halo_min_abs_z_kpc: A: 5.0; B: 8.0  (select_samples)" in lines
    words = [line.split() for line in lines]
    n = meta["samples"]["B"]["accreted"]
    assert ["accreted", *(f"{n[name]:,}" for name in ("n_a", "n_b", "n_both"))] in words
    for letter, run in zip("ab", runs, strict=True):
        judged = text_tables.read_yaml(run / "judged.yaml")["judged"]
        said = meta["hot_axis"][letter]["halo"]
        assert said == judged["halo"]["xy_direction_deg"]
        (line,) = (w for w in words if w[:1] == [letter.upper()] and len(w) > 4)
        assert f"{said['p']:.2g}" in line
    assert any("|Z| not above 5 kpc -> |Z| not above 8 kpc" in line for line in lines)
    assert "not added in quadrature" in done.out
    shells = Table.read(folder / "bins.ecsv")
    shells = shells[(shells["geometry"] == "radial") & (shells["quadrant"] == 0)]
    assert sum(line.startswith("  10.0-27.5 ") for line in lines) == 6
    for row in shells[shells["r_lo"] == 10]:
        assert [f"{row[f'sigma_r_{end}']:.1f}" for end in "ab"] in [w[3:5] for w in words]


def test_without_flags_the_outputs_are_where_the_command_is_given(runs):
    """Of three runs, of which the third is the first again."""
    done = call("compare_runs", [str(runs[0]), str(runs[1]), str(runs[0])])
    assert (done.status, done.err) == (0, "")
    names = {path.as_posix() for path in Path().rglob("*") if path.is_file()}
    stem = "comparisons/results_results_results"
    assert names == {f"{stem}.{end}" for end in ("ecsv", "pdf", "png")}
    assert "halo_min_abs_z_kpc: A, C: 5.0; B: 8.0  (select_samples)" in done.out
    table = Table.read(Path(f"{stem}.ecsv"))
    differ = {run: np.nansum(np.abs(table["beta_difference"][table["run"] == run])) for run in "BC"}
    assert differ["B"] > differ["C"] == 0


def test_the_same_bytes_again_though_what_is_printed_is_not_read(runs, compared, tmp_path):
    names = ["--names", "default", "high Z", "--style", runs[0].parent / "config/paper.mplstyle"]
    command = [
        sys.executable,
        REPO / "scripts" / "compare_runs.py",
        *runs,
        *flags(tmp_path),
        *names,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # Closed before anything is printed
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    found = written(tmp_path)
    assert found == written(compared[1])
    assert set(found) == {"bins.ecsv", "profiles.pdf", "profiles.png"}
    for content in found.values():
        assert str(runs[0].parent).encode() not in content


def test_every_word_of_the_figure_can_be_read(runs, tmp_path):
    """At printed size: no letter below 7 pt, none cut off, no legend over a panel."""
    page.use(str(REPO / "config" / "paper.mplstyle"))
    a, b = map(finished_runs.read, runs, ("a long name " * 12, "$\\beta_{x}$"))
    radial = {
        ("B", "radial", sample): differences.bins(
            a, b, "radial", sample, shared_stars.stars(a, b, sample)
        )
        for sample in SAMPLES
    }
    body = comparison_figure.draw({"a": a, "b": b}, radial)
    page.save(body, argparse.Namespace(pdf=tmp_path / "f.pdf", png=tmp_path / "f.png"))
    figure = body.figure
    assert figure.get_size_inches()[0] == page.TWO_COLUMNS_IN
    texts = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text()]
    assert len(texts) > 40
    assert min(one.get_fontsize() for one in texts) >= 7
    (legend,) = body.legends
    # Panels with all that is written around them
    panels = [axes.get_tightbbox() for axes in body.get_axes()]
    for box in (*panels, legend.get_window_extent()):
        assert figure.bbox.containsx(box.x0) and figure.bbox.containsx(box.x1)
        assert figure.bbox.containsy(box.y0) and figure.bbox.containsy(box.y1)
    assert not any(legend.get_window_extent().overlaps(panel) for panel in panels)
    for number, panel in enumerate(panels):
        assert not any(panel.overlaps(other) for other in panels[:number])


def every_meta(run: Path, change) -> None:
    """Change the metadata of all tables of a run; `change` gets them."""
    for path in [*run.rglob("*.ecsv"), *run.glob("samples/*.fits"), *run.glob("*/stars.fits")]:
        if path.suffix == ".ecsv":
            table = Table.read(path)
            change(table.meta)
            text_tables.write_ecsv(path, table, table.meta)
        else:
            rewrite(path, lambda _, meta: change(meta) and None)


def test_other_bins_are_counted_and_what_matches_is_compared(runs, undrawn, config, tmp_path):
    radial = {**config["geometry"]["radial"], "bins": 2}
    config = {**config, "geometry": config["geometry"] | {"radial": radial}}
    other = measured_anew(runs[0], tmp_path / "other", config)
    done = compare(runs[0], other, tmp_path)
    assert (done.status, done.err) == (0, "")
    # Four shells of 17.5 kpc and two of 35, in five parts of the sky
    assert (
        "note: A and B: radial bins differ: 0 are in both runs, 20 only in A, 10 only in B"
        in done.out
    )
    assert "geometry_radial_bins: A: 4; B: 2  (run_realisations)" in done.out
    table = Table.read(tmp_path / "bins.ecsv")
    radial = table[table["geometry"] == "radial"]
    assert set(radial["bin_in"]) == {"a", "b"}
    sky = table[table["geometry"] == "sky"]
    assert set(sky["bin_in"]) == {"both"}
    assert not sky["sigma_r_difference"].any()


def test_stars_with_other_velocities_are_said(runs, undrawn, copied, tmp_path):
    """As after an edited column map, which is no parameter."""

    def faster(stars, meta):
        stars["v_r"][3:8] += 0.3

    rewrite(copied / "samples" / "halo.fits", faster)
    done = compare(runs[1], copied, tmp_path)
    said = r"note: A and B: 5 of [\d,]+ halo stars in both runs have another place or"
    assert re.search(said, done.out)


def test_another_recipe_is_said(runs, undrawn, copied, tmp_path):
    def change(meta):
        if "run_realisations" in meta["parameters"]:
            meta["parameters"]["run_realisations"]["uncertainty_method"] = "bootstrap"

    every_meta(copied, change)
    done = compare(runs[1], copied, tmp_path)
    assert "uncertainty_method: A: han2024; B: bootstrap  (run_realisations)" in done.out
    assert "note: A and B: recipes of uncertainty differ" in done.out


def test_runs_without_stars_have_nothing_to_draw(runs, config, tmp_path):
    """As a cut that hardly a star passes."""
    config = {**config, "halo": {**config["halo"], "min_radius_kpc": 60.0}}
    none = measured_anew(runs[0], tmp_path / "empty", config)
    done = compare(runs[0], none, tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "insitu difference of beta: no shell with a value in two runs" in done.out


def test_runs_beside_are_drawn_or_refused(chain, runs, copied, tmp_path):
    alone = chain.of_script("plot_sigma_profile")
    step = alone.writing_to(tmp_path / "out").with_flag("--figures-beside", f"{runs[1]},{copied}")
    assert (step.call().err, step.outputs["--png"].is_file()) == ("", True)
    for flag, path in alone.outputs.items():
        assert step.outputs[flag].read_bytes() != path.read_bytes()
    profile = copied / "summaries" / "radial" / "insitu.ecsv"
    table = Table.read(profile)
    table["r_hi"] += 1
    text_tables.write_ecsv(profile, table, table.meta)
    assert f"{profile}: has other shells than this run" in step.call().err
    profile.unlink()
    assert f"{profile}: is missing; finish the run" in step.call().err
    for folders, line in (("nowhere", "nowhere: there is no such folder"), ("a/b,b", "one name")):
        done = step.with_flag("--figures-beside", folders).call()
        assert (done.status, line in done.err) == (2, True)


def test_the_comparison_with_the_paper_has_a_column_for_a_run_beside(chain, tmp_path):
    step = chain.of_script("compare_with_paper").writing_to(tmp_path)
    step = step.with_flag("--figures-beside", str(chain.folder / "results"))
    assert step.call().status == 0
    table = Table.read(step.outputs["--comparison"])
    np.testing.assert_array_equal(table["beside_results"], table["value"])


def test_what_is_no_folder_of_results_is_named(runs):
    assert "nowhere: there is no such folder" in refused(runs[0], "nowhere")
    path = runs[0] / "catalog" / "ledger.ecsv"
    assert f"{path}: is no folder" in refused(runs[0], path)
    line = refused(runs[0].parent / "config", runs[0])
    assert "config: holds no results of the workflow" in line


@pytest.mark.parametrize("name", ["catalog/ledger.ecsv", "summaries/sky/halo.ecsv"])
def test_a_missing_file_of_an_unfinished_run_is_named(runs, copied, name):
    (copied / name).unlink()
    line = refused(runs[0], copied)
    assert f"{copied / name}: is missing; finish the run: snakemake" in line


def test_tables_of_two_runs_in_one_folder_are_refused(runs, copied):
    """As after a run that was killed between the samples and the summaries."""
    shutil.copy2(runs[0] / "summaries/sky/halo.ecsv", copied / "summaries/sky/halo.ecsv")
    line = refused(runs[0], copied)
    assert "summaries/sky/halo.ecsv: made with other parameters than" in line
    assert "select_samples: halo_min_abs_z_kpc" in line
    assert "finish the run" in line


def test_samples_of_other_stars_are_refused(runs, copied):
    less = lambda stars, _: {name: values[5:] for name, values in stars.items()}  # noqa: E731
    rewrite(copied / "samples" / "accreted.fits", less)
    line = refused(runs[0], copied)
    assert "summaries/xy/accreted.ecsv: counts other stars than" in line


def test_a_setting_that_no_summary_names_is_named(runs, copied):
    name = "montecarlo_min_stars"
    every_meta(copied, lambda meta: meta["parameters"].get("run_realisations", {}).pop(name, None))
    assert f"{copied}: its summaries do not name '{name}'" in refused(runs[0], copied)


def test_nothing_is_written_into_a_run_unless_that_is_asked_for(runs, copied, undrawn, monkeypatch):
    monkeypatch.chdir(copied)
    for argv in ([".", runs[0]], [runs[0], "."], [runs[0], ".", "--table", "bins.ecsv"]):
        assert "--table and --figure" in refused(*argv)
    done = compare(runs[0], ".", Path("asked"))
    assert (done.status, len(written(Path("asked")))) == (0, 1)
