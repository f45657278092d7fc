"""What steps load: each job starts Python anew, and no package comes along that it does not use."""

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
# What scripts load before they have read their flags; figures load matplotlib as well.
SCRIPTS = {path.stem for path in (Path(__file__).parents[2] / "scripts").glob("*.py")}
FIGURES = {name for name in SCRIPTS if name.startswith("plot_")}
NOTHING = {"compare_with_paper", "fetch_catalogue", "summarise", "summarise_calibration"}
NOTHING |= {"write_pages", "write_paper", "write_texts"}
BOTH = {"plot_asymmetry", "plot_chemistry", "plot_sigma_plane", "plot_velocity_errors"}
COMPARING = {"compare_runs", "run_variation", "summarise_sensitivity"}
FITS = SCRIPTS - FIGURES - NOTHING - COMPARING - {"simulate_survey"}
KINDS = [
    (NOTHING, set()),
    (FITS, {"astropy.io.fits"}),
    (COMPARING, {"astropy.io.fits", "scipy.sparse"}),
    (FIGURES - BOTH - {"plot_sensitivity"}, {"matplotlib"}),
    (BOTH, {"astropy.io.fits", "matplotlib"}),
    ({"plot_sensitivity"}, {"astropy.io.fits", "matplotlib", "scipy.sparse"}),
    ({"simulate_survey"}, {"astropy.io.fits", "scipy.special"}),
]
LOAD = """
import runpy, sys
sys.path.insert(0, "scripts")
for name in sys.argv[1:]:
    runpy.run_path(f"scripts/{name}.py", run_name="step")
print(*sys.modules)
"""


@pytest.mark.parametrize(("scripts", "heavy"), KINDS)
def test_steps_of_a_kind_start_with_what_they_use(repo, scripts, heavy):
    words = [sys.executable, "-c", LOAD, *sorted(scripts)]
    done = subprocess.run(words, cwd=repo, capture_output=True, text=True, check=True)
    assert {*done.stdout.split()} & {*HEAVY} == heavy
