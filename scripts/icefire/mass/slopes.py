"""Slopes of the tracers' density, gamma = -dln(nu)/dln(r), as functions of radius.

Read without numpy: the names in a configuration are checked each time Snakemake starts.
"""

import difflib
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from icefire.errors import UserError
from icefire.files.strict_yaml import load

_KEYS = {"slopes", "breaks_kpc", "smooth", "source"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Slope:
    """A slope with K values and K - 1 breaks (kpc) between them, sharp where `smooth` is None.

    gamma(r) = slope_1 + sum of (slope_k+1 - slope_k) r^s / (r^s + break_k^s), with s = `smooth`.
    """

    slopes: tuple[float, ...]
    breaks_kpc: tuple[float, ...]
    smooth: float | None
    source: str

    def __call__(self, r_kpc):
        """Give gamma at radii (kpc): an array of any shape, or a number."""
        gamma = self.slopes[0] + 0.0 * r_kpc
        for low, high, at in zip(self.slopes, self.slopes[1:], self.breaks_kpc, strict=False):
            share = r_kpc >= at
            if self.smooth is not None:
                share = 1 / (1 + (at / r_kpc) ** self.smooth)
            gamma = gamma + (high - low) * share
        return gamma


def read(path: str | os.PathLike) -> dict[str, Slope]:
    """Read all slopes of a file. Raises UserError naming it, and a slope that is no function."""
    content = load(Path(path), Path(path).read_bytes())
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path}: must hold slopes, each `name: {{slopes: [...], source: ...}}`")
    for name, given in content.items():
        if problem := _problem(name, given):
            raise UserError(f"{path}: slope {name}: {problem}")
    return {
        name: Slope(
            tuple(map(float, given["slopes"])),
            tuple(map(float, given.get("breaks_kpc", ()))),
            given.get("smooth"),
            str(given["source"]),
        )
        for name, given in content.items()
    }


def _problem(name, given) -> str | None:
    """Tell why an entry is no function of radius, if it is none."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "a name has letters, digits and _, a letter first"
    if not isinstance(given, dict) or not {"slopes", "source"} <= set(given) <= _KEYS:
        return f"needs slopes and source, and may have {', '.join(sorted(_KEYS - {'slopes'}))}"
    slopes, breaks = given["slopes"], given.get("breaks_kpc", [])
    if not (_numbers(slopes) and _numbers(breaks) and len(slopes) == len(breaks) + 1):
        return "slopes and breaks_kpc must be lists of numbers, one slope more than breaks"
    if any(low >= high for low, high in zip([0, *breaks], breaks, strict=False)):
        return "breaks_kpc must be above zero and go outward"
    if (smooth := given.get("smooth")) is not None and not (_numbers([smooth]) and smooth > 0):
        return "smooth must be a number above zero"
    return None


def _numbers(values) -> bool:
    return isinstance(values, list) and all(
        type(value) in (int, float) and math.isfinite(value) for value in values
    )


def chosen(path: str | os.PathLike, names) -> dict[str, Slope]:
    """Read the named slopes, in their order. Raises UserError naming one that is not there."""
    known = read(path)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise UserError(f"{path}: no slope {name}; {hint}")
    return {name: known[name] for name in names}


def mistakes(config: Mapping) -> Iterator[str]:
    """List what is wrong with the section `jeans` of a configuration, a line each."""
    jeans = config["jeans"]
    if jeans["min_kpc"] >= jeans["max_kpc"]:
        yield "jeans.min_kpc must be below jeans.max_kpc"
    if os.path.isfile(path := jeans["tracer_slopes"]) and os.access(path, os.R_OK):
        try:
            chosen(path, jeans["slopes"])
        except UserError as error:
            yield f"jeans.slopes: {error}"
