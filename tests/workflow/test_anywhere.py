"""The workflow is run from another folder, as a module, from a clone that nobody may write into."""

import os
import shutil

import pytest
from planning import dry_runs

from .conftest import copy_project, snakemake


@pytest.fixture(scope="module")
def clone(repo, tmp_path_factory):
    """A clone that must stay as it is; where permissions count, one that cannot be written."""
    folder = copy_project(repo, tmp_path_factory.mktemp("shared") / "the clone")
    before = sorted(folder.rglob("*"))
    for path in (*before, folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    after = sorted(folder.rglob("*"))
    for path in (*after, folder):
        path.chmod(0o755)
    assert after == before


def test_a_run_from_elsewhere_gives_the_same_bytes_whatever_the_environment(
    clone, quick_run, tmp_path
):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "astropy.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "matplotlibrc").write_text("font.size: 30\naxes.facecolor: red\n")
    (tmp_path / "config").mkdir()
    shutil.copy2(clone / "config" / "quick.yaml", tmp_path / "config" / "config.yaml")
    wanted = ["results/quick/catalog/clean.fits", "figures/quick/fig01_footprint.png"]
    hostile = {"PYTHONPATH": str(tmp_path / "evil"), "MPLBACKEND": "no such backend"}
    flags = ("-s", str(clone / "Snakefile"), "-d", str(tmp_path), "--cores", "2")
    done = snakemake(tmp_path.parent, *flags, *wanted, env=os.environ | hostile)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in wanted:
        assert (tmp_path / name).read_bytes() == (quick_run / name).read_bytes(), name


def test_two_modules_with_two_configurations_stand_side_by_side(clone, tmp_path):
    module = """
module {name}:
    snakefile: {snakefile!r}
    prefix: "{name}"
    config: {config}
use rule * from {name} as {name}_*
"""
    given = {"one": {"run": "quick"}, "two": {"halo": {"min_abs_z_kpc": 8}}}
    snakefile = str(clone / "Snakefile")
    (tmp_path / "Snakefile").write_text(
        "".join(module.format(name=n, snakefile=snakefile, config=c) for n, c in given.items())
        + "rule both:\n    default_target: True\n"
        + "    input: rules.one_all.input, rules.two_all.input\n"
    )
    done = snakemake(tmp_path, "-n", "-p")
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout + done.stderr
    for name, height in (("one/results/quick", 5), ("two/results", 8)):
        assert f"--ledger {name}/catalog/ledger.ecsv" in words
        assert f"--halo-min-abs-z-kpc={height} --halo-min-radius-kpc=10 --halo {name}/" in words
    assert not (tmp_path / "results").exists()


def test_a_working_folder_s_own_style_and_survey_go_before_the_workflow_s(clone, tmp_path):
    (tmp_path / "config" / "surveys").mkdir(parents=True)
    shutil.copy2(clone / "config" / "paper.mplstyle", tmp_path / "config")
    survey = tmp_path / "config" / "surveys" / "mine.yaml"
    shutil.copy2(clone / "config" / "surveys" / "h3.yaml", survey)
    (tmp_path / "mine.fits").touch()
    (tmp_path / "mine.yaml").write_text("catalog: {path: mine.fits, survey: mine}\n")
    flags = ["-p", "-s", str(clone / "Snakefile"), "--configfile", "mine.yaml"]
    (words,) = dry_runs(tmp_path, [flags])
    assert "--catalogue mine.fits --survey config/surveys/mine.yaml" in words
    assert "--style config/paper.mplstyle" in words


def test_a_folder_that_cannot_be_written_is_one_line(clone, tmp_path):
    (tmp_path / ".snakemake").touch()
    (said,) = dry_runs(tmp_path, [["-s", str(clone / "Snakefile")]])
    assert "Traceback" not in said
    assert f"{tmp_path / '.snakemake'} is not a folder; move it away\n" in said
