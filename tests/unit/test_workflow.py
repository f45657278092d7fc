"""Code dependencies and flags."""

import ast
from pathlib import Path

import pytest
from changes import changed

from icefire.snake import rules

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def imported(path: Path) -> set[Path]:
    """Find what a file of scripts/ imports of ours, as Python parses it, inside functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    found = set()
    for parts in (name.split(".") for name in names):
        found |= {SCRIPTS.joinpath(*parts[:n], "__init__.py") for n in range(1, len(parts) + 1)}
        found.add(SCRIPTS.joinpath(*parts).with_suffix(".py"))
    return {file for file in found if file.is_file()}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda script: script.stem)
def test_code_follows_every_import_and_nothing_else(script):
    wanted, more = set(), {script}
    while more:
        wanted |= more
        more = set().union(*map(imported, more)) - wanted
    found = rules.code(script.stem)
    assert found[0] == f"scripts/{script.name}" and len(set(found)) == len(found) > 3
    assert set(found) == {file.relative_to(SCRIPTS.parent).as_posix() for file in wanted}


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


def test_a_figure_is_given_the_chosen_sources_that_its_table_has(config, repo, monkeypatch):
    monkeypatch.chdir(repo)

    def flags(chosen, quantity):
        chosen = changed(config, ("figures.literature", chosen))
        return list(rules.Flags(chosen).literature(quantity).values())

    assert flags(None, "beta") == []
    assert flags([], "beta") == ["--figures-literature="]
    chosen = ["Cunningham+19", "Gnedin+10", "Petersen & Peñarrubia 21"]
    assert flags(chosen, "sigma_r") == ["--figures-literature=Gnedin+10,Petersen & Peñarrubia 21"]
    # A source of the other table changes nothing here.
    assert flags(chosen[:1] + chosen[2:], "beta") == flags(chosen, "beta")
