"""Variations of the configuration, files of config/variations: which step each changes first."""

import copy
import difflib
import functools
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from icefire.errors import UserError
from icefire.files.steps import STEPS, needed
from icefire.files.strict_yaml import load
from icefire.snake.config import RULES, mistakes
from icefire.snake.places import FOLDER, locate, update
from icefire.snake.rules import Flags

_PLACE = Path("config", "variations")
# What a variation can change: sections that the steps from the survey to the profiles use
_SECTIONS = (
    *("catalog", "quality", "frame", "potential", "giants", "sagittarius", "satellites", "aleph"),
    *("unbound", "halo", "chemistry", "uncertainty", "dispersion", "montecarlo"),
)
# Files that steps read beside the flags, and the keys that name them
_FILES = {"clean_catalog": ("catalog.path", "catalog.survey")}
_FILES |= {"flag_substructure": ("satellites.catalogue",)}


class Variations:
    """The variations of a configuration, by name: the names of their files without the ending.

    Those of the working folder, where it has any, else the workflow's. Raises UserError naming the
    file of one that is no mapping, has an unknown key or one that no profile depends on.
    """

    def __init__(self, config: dict, schema: dict, module: bool):
        self._config, self._module = config, module
        files = sorted(_PLACE.glob("*.yaml")) or sorted((FOLDER / _PLACE).glob("*.yaml"))
        self._files = {path.stem: path for path in files}
        self._overlays = {name: _read(path, schema) for name, path in self._files.items()}
        self.config, self.steps = map(functools.cache, (self._merged, self._changed))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._overlays))

    def systematic(self, chosen: Collection[str] | str | None) -> dict[str, str]:
        """Write the variations that figures.systematic chooses as a flag; none where it is null.

        Raises UserError naming what is no variation.
        """
        names = [*self] if chosen == "all" else sorted(chosen or ())
        for name in names:
            if name not in self._overlays:
                near = difflib.get_close_matches(name, self._overlays, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self)}"
                raise UserError(f"figures.systematic: {name} is no file of {_PLACE}; {hint}")
        return {"figures_systematic": f"--figures-systematic={','.join(names)}"} if names else {}

    def label(self, name: str) -> str:
        """Give what a reader calls a variation: its file's first line, if that is a comment."""
        first = self._files[name].read_text(encoding="utf-8").partition("\n")[0]
        return first.lstrip("# ").strip() if first.startswith("#") else name.replace("_", " ")

    def _merged(self, name: str) -> dict:
        """Lay a variation over the configuration. Raises UserError when that cannot be run."""
        merged = copy.deepcopy(self._config)
        update(merged, self._overlays[name])
        locate(merged, self._module)
        if found := [line for rule in RULES for line in rule(merged)]:
            raise UserError(f"{self._files[name]}: {'; '.join(found)}")
        return merged

    def _changed(self, name: str) -> dict[str, list[str]]:
        """Give the flags of the first step that a variation changes, and of all behind it."""
        old, new = self._config, self.config(name)
        flags = {step: list(Flags(new).of(step).values()) for step in STEPS}
        for number, step in enumerate(STEPS):
            other = [_value(old, key) != _value(new, key) for key in _FILES.get(step, ())]
            if any(other) or flags[step] != list(Flags(old).of(step).values()):
                return {later: flags[later] for later in [*STEPS][number:]}
        return {}

    def words(self, wildcards) -> list[str]:
        """Write the flags of a variation's steps, those of each step as one flag."""
        steps = self.steps(wildcards.variation)
        return [f"--{s.replace('_', '-')}={shlex.join(flags)}" for s, flags in steps.items()]

    def reads(self, name: str, path: str | Callable) -> Callable:
        """Make the input function of one of the files that a variation's first step may read.

        `path` is the run's, or gives it from the variation's configuration.
        """

        def given(wildcards) -> list[str]:
            first = next(iter(self.steps(wildcards.variation)), None)
            if name not in needed(first):
                return []
            return [path(self.config(wildcards.variation)) if callable(path) else path]

        return given


def _value(config: dict, key: str):
    section, name = key.split(".")
    return config[section][name]


def _read(path: Path, schema: dict) -> dict:
    overlay = load(path, path.read_bytes())
    overlay = {} if overlay is None else overlay
    if not isinstance(overlay, dict):
        raise UserError(f"{path}: no `key: value` in it")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", path.stem):
        raise UserError(f"{path}: name the file with letters, digits, _ and - alone")
    found = mistakes(overlay, schema, part=True)
    found += [
        f"{key} changes no profile, or its shells; a variation can have {', '.join(_SECTIONS)}"
        for key in overlay
        if key in schema["properties"] and key not in _SECTIONS
    ]
    if found:
        raise UserError(f"{path}: {'; '.join(found)}")
    return overlay
