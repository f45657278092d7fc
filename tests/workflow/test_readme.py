"""The commands of README and docs run as they stand, from another folder too; their links lead."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from cli.calls import call, module
from planning import jobs

from .steps_page import BEGIN, END, LEFT_OUT, PAGE, plan

REPO = Path(__file__).resolve().parents[2]
STEPS = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].split("\n\n")
# Quick ones stand for all, which the quick run has done with the same flags.
RUN = ("select_samples", "summarise", "plot_line_of_sight", "write_texts")
PAGES = [REPO / "README.md", *sorted(REPO.glob("docs/*.md"))]


def words_of(step: str) -> list[str]:
    return shlex.split(step.replace("\\\n", " "))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: shlex.split(step)[1].split("/")[1])
def test_a_step_by_hand_runs_alone_from_another_folder(quick_run, tmp_path, monkeypatch, step):
    # Hard links are enough: a step replaces its outputs and never writes into a file.
    for kind in ("results", "figures"):
        source = quick_run / kind / "quick"
        subprocess.run(["cp", "-al", str(source), str(tmp_path / kind)], check=True)
    words = words_of(step)
    assert words[0] == "python"
    moved = {"results": tmp_path, "figures": tmp_path}
    for i, word in enumerate(words):
        folder = word.split("/")[0]
        if "/" in word and not word.startswith("-"):
            words[i] = str(moved.get(folder, quick_run) / word)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    script, argv = Path(words[1]), words[2:]
    assert script.parent == quick_run / "scripts"
    if script.stem not in RUN:
        module(script.stem).build_parser().parse_args(argv)
        return
    done = call(script.stem, argv)
    assert (done.status, done.err) == (0, ""), done.out + done.err
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_steps_by_hand_are_those_of_snakemake():
    planned = {job.words for job in jobs(plan())}
    commands = [tuple(words_of(step)) for step in STEPS]
    assert set(commands) <= planned, "python tests/workflow/steps_page.py writes them anew"
    scripts = [words[1] for words in commands]
    others = {f"scripts/{name}.py" for name in LEFT_OUT}
    assert sorted(scripts) == sorted({words[1] for words in planned} - others)


def test_every_page_is_reached_and_every_link_leads_somewhere():
    reached = set()
    for page in PAGES:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            assert target.exists(), f"{page.name}: {link}"
            reached.add(target)
    assert set(PAGES) - {REPO / "README.md"} <= reached


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.M))
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M))
    assert {"paper", "test", "test-faults"} <= named <= targets
