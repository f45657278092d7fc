"""Every script's command line: help, version, a tool's usage example, and mistyped flags."""

import re
import shlex

import pytest

from icefire import __version__

from .calls import REPO, SCRIPTS, TOOLS, call, module
from .chain import LAYOUT

NUMBER = r"-?\d+(\.\d+)?"
# A script's flags that take numbers, alone or with commas and colons between them
NUMERIC = [
    (step.name, *word.split("="))
    for step in (LAYOUT.of_script(script) for script in SCRIPTS)
    for word in step.params
    if re.fullmatch(rf"--[\w-]+={NUMBER}([,:]{NUMBER})*", word)
]


def examples(script: str) -> list[list[str]]:
    """Give the flags of each usage example in a tool's docstring."""
    text = module(script).__doc__.replace("\\\n", " ")
    found = re.findall(rf"^ *python scripts/{script}\.py (.*)$", text, re.MULTILINE)
    return [shlex.split(line) for line in found]


def test_every_script_is_in_the_chain_that_these_tests_run():
    assert {step.script for step in LAYOUT.steps.values()} == set(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS + TOOLS)
def test_help_shows_what_it_is_for_and_version_that_of_the_library(script):
    done = call(script, ["--help"])
    assert (done.status, done.err) == (0, "")
    assert f"usage: {script}.py" in done.out
    assert module(script).__doc__.partition("\n")[0] in done.out
    done = call(script, ["--version"])
    assert (done.status, done.out, done.err) == (0, f"icefire {__version__}\n", "")


@pytest.mark.parametrize("script", TOOLS)
def test_usage_examples_have_every_required_flag_and_no_unknown_one(script):
    found = examples(script)
    assert found
    for words in found:
        # Stops the test when a flag is unknown, missing or has a value that cannot be.
        module(script).build_parser().parse_args(words)
        for word in words:
            if word.startswith(("config/", "resources/")):
                assert (REPO / word).is_file(), word


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_unknown_or_abbreviated_flag_is_refused(script):
    argv = LAYOUT.of_script(script).argv()
    flags = [word.split("=")[0] for word in argv if word.startswith("--")]
    for wrong in ("--no-such-flag", flags[0][:-1], flags[-1][:-1]):
        done = call(script, [*argv, f"{wrong}=1"])
        assert done.status == 2
        assert done.err.endswith(f"error: unrecognized arguments: {wrong}=1\n")


@pytest.mark.parametrize(("name", "flag", "value"), NUMERIC)
def test_what_is_no_finite_number_is_refused(name, flag, value):
    others = re.split(r"(?=[,:])", value, maxsplit=1)[1:]
    for wrong in ("nan", "1e999", "many"):
        done = LAYOUT.steps[name].with_flag(flag, "".join([wrong, *others])).call()
        assert done.status == 2, wrong
        assert re.search(rf"error: argument {flag}: invalid .* value: '.*'$", done.err.strip())
