"""Code dependencies, flags, and what a run says at its end."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import yaml
from changes import changed

from icefire.snake import rules


@pytest.fixture(scope="module")
def config(repo) -> dict:
    return yaml.safe_load((repo / "config" / "config.yaml").read_text())


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A small project of scripts, of which `step` needs some and not others."""
    files = {
        "step.py": "import numpy\nfrom icefire import direct, absent\n\n"
        "def work():\n    from icefire.inner import thing\n",
        "other.py": "import icefire.unrelated\n",
        "icefire/__init__.py": "",
        "icefire/direct.py": "from icefire.deep import a, b\n",
        "icefire/deep.py": "if True:\n    import icefire.deeper\n",
        "icefire/deeper.py": "import icefire.direct  # a circle must not hang it\n",
        "icefire/inner.py": "# import icefire.unrelated\ntext = 'import icefire.unrelated'\n"
        "try:\n    pass\nexcept OSError:\n    import icefire.inside\n"
        "else:\n    with text:\n        match text:\n"
        "            case 1:\n                import icefire.nested\n",
        "icefire/inside.py": "",
        "icefire/nested.py": "",
        "icefire/unrelated.py": "",
    }
    for name, content in files.items():
        path = tmp_path / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setattr(rules, "_SCRIPTS", tmp_path / "scripts")


def test_code_follows_every_import_and_nothing_else(scripts):
    found = rules.code("step")
    assert found[0] == "scripts/step.py"
    assert sorted(found[1:]) == [
        f"scripts/icefire/{name}.py"
        for name in ("__init__", "deep", "deeper", "direct", "inner", "inside", "nested")
    ]


def test_code_of_the_real_steps_lists_what_they_load(repo):
    # Ask Python itself which of our modules a script loads, each time afresh.
    program = """
import json, runpy, sys
from pathlib import Path
sys.path.insert(0, "scripts")
loaded = {}
for path in sorted(Path("scripts").glob("*.py")):
    for name in [name for name in sys.modules if name.split(".")[0] == "icefire"]:
        del sys.modules[name]
    runpy.run_path(str(path), run_name="step")
    ours = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "icefire"]
    loaded[path.stem] = [Path(f).relative_to(Path.cwd()).as_posix() for f in ours]
print(json.dumps(loaded))
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], cwd=repo, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert len(loaded) >= 10
    for step, modules in loaded.items():
        listed = rules.code(step)
        assert listed[0] == f"scripts/{step}.py" and len(set(listed)) == len(listed)
        assert set(modules) <= set(listed), step
        assert all((repo / name).is_file() for name in listed)


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (5, "--one-two=5"),
        (5.0, "--one-two=5"),  # alike, so that a point more reruns nothing
        (-0.25, "--one-two=-0.25"),
        (True, "--one-two"),
        (False, "--no-one-two"),
        ("cividis", "--one-two=cividis"),
        ([12.9, 245.6, 7.0], "--one-two=12.9,245.6,7"),
        ([[-1.4, 0.6], [1.0, -0.6]], "--one-two=-1.4,0.6:1,-0.6"),
        ([], "--one-two="),
    ],
    ids=str,
)
def test_a_value_becomes_one_flag(value, flag):
    flags = rules.Flags({"one": {"two": value, "null": None}})
    assert flags("one.two") == flags("one") == {"one_two": flag}


@pytest.mark.parametrize("method", ["han2024", "bootstrap", "likelihood"])
def test_errors_are_taken_off_as_the_method_has_it_or_as_told(config, method):
    flag = "dispersion-deconvolve"
    for value, wanted in ((None, set()), (True, {f"--{flag}"}), (False, {f"--no-{flag}"})):
        told = changed(config, ("uncertainty.method", method), ("dispersion.deconvolve", value))
        flags = rules.Flags(told).uncertainty().values()
        assert {given for given in flags if flag in given} == wanted


def test_a_figure_is_given_the_chosen_sources_that_its_table_has(config, published):
    def flags(chosen, quantity):
        chosen = changed(published, ("figures.literature", chosen))
        return list(rules.Flags(chosen).literature(quantity).values())

    assert flags(None, "beta") == []
    assert flags([], "beta") == ["--figures-literature="]
    chosen = ["Cunningham+19", "Gnedin+10", "Petersen & Peñarrubia 21"]
    assert flags(chosen, "sigma_r") == ["--figures-literature=Gnedin+10,Petersen & Peñarrubia 21"]
    # A source of the other table changes nothing here.
    assert flags(chosen[:1] + chosen[2:], "beta") == flags(chosen, "beta")


@pytest.fixture
def published(config, repo) -> dict:
    """The configuration, with the tables of published values wherever the tests are started."""
    keys = ("figures.literature_sigma_r", "figures.literature_beta")
    paths = [str(repo / "resources" / f"{key.split('.')[1]}.ecsv") for key in keys]
    return changed(config, *zip(keys, paths, strict=True))


def test_only_the_halo_counts_accreted_stars():
    inputs = rules.fraction_shards(4)
    assert inputs(SimpleNamespace(sample="halo")) == [
        "<results>/montecarlo/sky/accreted/0-of-4.npz",
        "<results>/montecarlo/sky/insitu/0-of-4.npz",
    ]
    for sample in ("accreted", "insitu"):
        assert inputs(SimpleNamespace(sample=sample)) == []
