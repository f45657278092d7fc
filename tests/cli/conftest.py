"""Fixtures: the chain of all steps on a small table, and a working folder that is not the clone."""

from __future__ import annotations

import dataclasses
import fcntl
import functools
import json
import os

import pytest

from .calls import Done
from .chain import Chain, Step, chain_of, overlay, small_config
from .needed import shorten

# What shells, FITS file names, style sheets and URLs give a meaning to
ODD_NAME = 'it\'s "ice" & $HOME; [1] #% {fire} ~ é雪'


@pytest.fixture(autouse=True)
def another_working_folder(tmp_path, monkeypatch):
    """Scripts read and write the paths they are given, wherever they are started."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def config() -> dict:
    """The project's configuration with fewer stars, bins and realisations."""
    return small_config()


@pytest.fixture(scope="session")
def chain(config, tmp_path_factory) -> Chain:
    """All steps done.

    Where several processes share the tests, one makes it and all read it.
    """
    # Where matplotlib has no cache yet it says so on stderr; let that be here, not in a step.
    import matplotlib.font_manager  # noqa: F401

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "chain"
    folder.mkdir(exist_ok=True)
    made, said = chain_of(folder / ODD_NAME, config), folder / "done.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if said.exists():
            done = json.loads(said.read_text(encoding="utf-8"))
            made.done = {name: Done(**step) for name, step in done.items()}
        else:
            made.folder.mkdir()
            done = made.run().done
            texts = {name: dataclasses.asdict(step) for name, step in done.items()}
            said.write_text(json.dumps(texts), encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def shortened(chain, tmp_path_factory):
    """Give the first step of a script with small tables, for cases that only read them."""
    folder = tmp_path_factory.mktemp("shortened")

    @functools.cache
    def short(script: str) -> Step:
        return shorten(chain.of_script(script), folder)

    return short


@pytest.fixture(scope="session")
def by_metallicity(config):
    """Give a chain whose halo is split by [Fe/H], in the same folder."""
    method = {"chemistry": {"method": "feh_ranges"}}

    def split(chain: Chain) -> Chain:
        return chain_of(chain.folder, overlay(config, method), chain.catalogue)

    return split
