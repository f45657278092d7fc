"""The commands of README and docs are those of a run; their links lead somewhere."""

import re
import shlex
from pathlib import Path

from planning import jobs

from .steps_page import BEGIN, END, LEFT_OUT, PAGE, plan

REPO = Path(__file__).resolve().parents[2]
STEPS = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].split("\n\n")
PAGES = [REPO / "README.md", *sorted(REPO.glob("docs/*.md"))]


def test_the_steps_by_hand_are_those_of_snakemake():
    planned = {job.words for job in jobs(plan())}
    commands = [tuple(shlex.split(step.replace("\\\n", " "))) for step in STEPS]
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
