"""What steps load: each job starts Python anew, and no package comes along that it does not use."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

# What takes a tenth of a second or more to load
HEAVY = (
    *("astropy.coordinates", "astropy.io.fits", "astropy.table", "gala", "healpy", "jsonschema"),
    *("matplotlib", "scipy.interpolate", "scipy.sparse", "scipy.spatial", "scipy.special"),
    "scipy.stats",
)
# What scripts load before they have read their flags: those of star tables, and figures
NOTHING, FITS, FIGURE = frozenset(), frozenset({"astropy.io.fits"}), frozenset({"matplotlib"})
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
AT_START = {
    **{path.stem: FIGURE for path in SCRIPTS.glob("plot_*.py")},
    **dict.fromkeys(("check_synthetic", "clean_catalog", "collect_numbers"), FITS),
    **dict.fromkeys(("compute_kinematics", "count_unbound", "flag_substructure"), FITS),
    **dict.fromkeys(("judge_claims", "run_calibration", "run_realisations"), FITS),
    **dict.fromkeys(("select_samples", "test_asymmetry"), FITS),
    "verify_run": FITS,
    "compute_jeans": FITS,
    "simulate_survey": FITS | {"scipy.special"},
    **dict.fromkeys(("compare_with_paper", "summarise", "summarise_calibration"), NOTHING),
    **dict.fromkeys(("write_pages", "write_paper", "write_texts"), NOTHING),
    **dict.fromkeys(("plot_chemistry", "plot_sigma_plane", "plot_velocity_errors"), FITS | FIGURE),
    "plot_asymmetry": FITS | FIGURE,
    **dict.fromkeys(("compare_runs", "run_variation"), FITS),
    "summarise_sensitivity": FITS,
    "plot_sensitivity": FITS | FIGURE,
    "fetch_catalogue": NOTHING,
}
# The files that load a package while they work
AT_WORK = {
    "astropy.coordinates": {"kinematics.py", "sky.py"},
    "gala": {"clouds.py", "orbits.py"},
    "healpy": {"plot_sigma_sky.py"},
    "scipy.interpolate": {"truncation.py"},
    "scipy.spatial": {"bins.py"},
    "scipy.stats": {"answers.py", "statistics.py"},
}


def test_every_script_is_here(repo):
    assert set(AT_START) == {path.stem for path in (repo / "scripts").glob("*.py")}


@pytest.mark.parametrize("script", AT_START)
def test_a_step_starts_with_what_it_uses(repo, script):
    words = [sys.executable, "-X", "importtime", repo / "scripts" / f"{script}.py", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = set(re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.M))
    assert loaded & set(HEAVY) == AT_START[script]


def test_what_takes_long_is_loaded_where_it_is_used(repo):
    sources = {path: path.read_text(encoding="utf-8") for path in repo.glob("scripts/**/*.py")}
    for package, files in AT_WORK.items():
        named = re.compile(rf"^\s*(?:import|from) {package}\b|\b{package}\.\w+\(", re.M)
        assert {path.name for path, text in sources.items() if named.search(text)} == files
