"""What a calibration says about the methods, in words made from its numbers."""

import re
import textwrap
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from icefire.calibrate.coverage import FILLED, GROUPS, METHODS, QUANTITIES, RADII_KPC, Group
from icefire.calibrate.halos import DISTANCES, SCENARIOS, SHAPES

_NOMINAL = np.array([68.0, 95.0])
# Coverage within so many points of 68 and 95 counts as holding; bins with few stars may miss more.
_SHAPE_GROUPS = (Group(n_lo=30, n_hi=FILLED), Group(n_lo=FILLED))
_TOLERANCES = {Group(n_lo=FILLED): (4.0, 2.5), Group(n_hi=FILLED): (5.0, 3.0)}


class Results:
    """Columns of `calibration.results`, looked up by names."""

    def __init__(self, columns: dict[str, np.ndarray]):
        self._columns = columns

    def __call__(
        self, column: str, scenario: str, method: str, quantity: str, group: Group
    ) -> float:
        names = (SCENARIOS, METHODS, QUANTITIES, GROUPS)
        wanted = (scenario, method, quantity, group)
        place = tuple(known.index(name) for known, name in zip(names, wanted, strict=True))
        return float(self._columns[column][place])

    def coverage(self, *where) -> np.ndarray:
        """Give how many per cent of bins' 68 and 95 % intervals hold the truth."""
        return 100 * np.array([self("coverage68", *where), self("coverage95", *where)])


def text(found: Results, halos: int, min_stars: int, catalogue: str) -> str:
    """Write the advice: paragraphs of 80 letters' width, in reStructuredText."""
    catalogue = re.sub(r"([\\*_|`])", r"\\\1", catalogue)  # letters that mean something in reST
    parts = [
        f"Uncertainties, tried on {halos} halos of known truth in each of {len(SCENARIOS)}"
        " scenarios. Coverage is the share of bins whose interval holds the truth; the bins are the"
        " radial shells, of the whole sky and of the quadrants. The stars of the scenario"
        f" ``catalogue`` are those of {catalogue}.",
        *(_coverage(found, group, min_stars) for group in _TOLERANCES),
        *_robustness(found),
        *_widths(found),
        *_biases(found),
        _choice(found, min_stars),
    ]
    # A table has its lines already.
    filled = [part if "\n" in part else textwrap.fill(part, 80) for part in parts]
    return "\n\n".join(filled) + "\n"


def _of_each(say: Callable[[str], str]) -> str:
    return ", ".join(f"``{method}`` {say(method)}" for method in METHODS)


def _pair(coverage: np.ndarray) -> str:
    if np.isnan(coverage).any():
        return "(no such bin)"
    return f"{coverage[0]:.1f} % and {coverage[1]:.1f} %"


def _size(group: Group, min_stars: int) -> str:
    if np.isinf(group.n_hi):
        return f"at least {group.n_lo:.0f} stars"
    return f"{max(group.n_lo, min_stars):.0f} to {group.n_hi - 1:.0f} stars"


def _coverage(found: Results, group: Group, min_stars: int) -> str:
    """Say how often the intervals hold where the assumptions do, and whose are good enough."""

    def covered(method: str, quantity: str) -> np.ndarray:
        return found.coverage("gaussian", method, quantity, group)

    tolerance = _TOLERANCES[group]
    good = [
        f"``{method}``"
        for method in METHODS
        if all(
            np.all(np.abs(covered(method, quantity) - _NOMINAL) <= tolerance)
            for quantity in ("sigma", "beta")
        )
    ]
    return (
        f"Where the methods' assumptions hold, in bins with {_size(group, min_stars)}, the 68 % and"
        " 95 % intervals of the dispersions cover:"
        f" {_of_each(lambda method: _pair(covered(method, 'sigma')))}; those of beta:"
        f" {_of_each(lambda method: _pair(covered(method, 'beta')))}. Within {tolerance[0]:g} and"
        f" {tolerance[1]:g} points of what they claim: {' and '.join(good) or 'none'}."
    )


def _robustness(found: Results) -> Iterator[str]:
    """Tabulate coverage over the shape of the velocity distribution."""
    for quantity, name in (("sigma", "the dispersions"), ("beta", "beta")):
        yield (
            f"Shapes of the velocity distribution: coverage (%) of the 68/95 % intervals of {name}"
            f" in bins with 30 to {FILLED - 1} stars, and with at least {FILLED}:"
        )
        rows = [("shape", *METHODS)]
        for shape in SHAPES:
            cells = []
            for method in METHODS:
                pairs = [found.coverage(shape, method, quantity, group) for group in _SHAPE_GROUPS]
                texts = ["none" if np.isnan(p).any() else f"{p[0]:.0f}/{p[1]:.0f}" for p in pairs]
                cells.append(", ".join(texts))
            rows.append((shape, *cells))
        yield _table(rows)


def _widths(found: Results) -> Iterator[str]:
    """Say what weighting stars by their errors gains where errors are large."""
    group = Group(n_hi=FILLED, error_lo=0.6)
    ours, other = (
        found("half_width68", "distances 10 %", method, "sigma", group)
        for method in ("likelihood", "bootstrap")
    )
    if np.isfinite([ours, other]).all() and other > 0:
        yield (
            f"Where errors exceed 0.6 of the dispersion, in bins with fewer than {FILLED} stars,"
            f" the 68 % intervals of ``likelihood`` are {ours / other:.2f} times as wide as those"
            " of ``bootstrap`` (scenario ``distances 10 %``): each star counts by its own error."
        )


def _biases(found: Results) -> Iterator[str]:
    filled = Group(n_lo=FILLED)
    mild, strong = Group(n_lo=FILLED, error_hi=0.4), Group(n_lo=FILLED, error_lo=0.6)

    def percent(scenario: str, quantity: str, group: Group) -> str:
        def say(method: str) -> str:
            bias = 100 * found("bias", scenario, method, quantity, group)
            return "(no such bin)" if np.isnan(bias) else f"{bias:+.1f} %"

        return _of_each(say)

    yield (
        f"Dispersions of bins with at least {FILLED} stars are off by"
        f" {percent('gaussian', 'sigma', mild)} where errors are below 0.4 of the dispersion, and"
        f" by {percent('gaussian', 'sigma', strong)} where they are above 0.6."
    )
    for scenario, error in DISTANCES.items():
        yield (
            f"With distances known to {100 * error:g} % and Gaia's proper motions, sigma_phi of"
            f" such bins is off by {percent(scenario, 'sigma_phi', filled)}, and beta by:"
        )
        yield _beta_table(found, scenario)
    yield "With the errors of this run's stars, beta of such bins is off by:"
    yield _beta_table(found, "catalogue")


def _beta_table(found: Results, scenario: str) -> str:
    """Tabulate the bias of beta over radius."""
    rows = [("radius (kpc)", *METHODS)]
    for low, high in pairwise(RADII_KPC):
        group = Group(n_lo=FILLED, r_lo=low, r_hi=high)
        biases = [found("bias", scenario, method, "beta", group) for method in METHODS]
        name = f"below {high:g}" if low == 0 else f"{low:g} to {high:g}"
        name = f"above {low:g}" if np.isinf(high) else name
        rows.append((name, *("no bin" if np.isnan(bias) else f"{bias:+.3f}" for bias in biases)))
    return _table(rows)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Write rows of words, the head first, as a reStructuredText table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = " ".join("=" * width for width in widths)
    lines = [
        " ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _choice(found: Results, min_stars: int) -> str:
    """Name, for few and many stars, the method whose coverage stays closest to what it claims."""
    said = []
    for group in (Group(n_hi=30), Group(n_lo=30, n_hi=100), Group(n_lo=FILLED)):
        worst = {}
        for method in METHODS:
            covered = [
                found.coverage(scenario, method, quantity, group)
                for scenario in SCENARIOS
                for quantity in ("sigma", "beta")
            ]
            covered = [pair for pair in covered if np.isfinite(pair).all()]
            if covered:
                off = max(np.abs(pair - _NOMINAL).mean() for pair in covered)
                ends = (min(pair[0] for pair in covered), max(pair[0] for pair in covered))
                worst[method] = (off, ends)
        if worst:
            best = min(worst, key=lambda method: worst[method][0])
            low, high = worst[best][1]
            said.append(
                f"with {_size(group, min_stars)} ``{best}``, whose 68 % intervals cover"
                f" {low:.0f} to {high:.0f} %"
            )
    return (
        "Quote, by the worst coverage of dispersions and beta in all scenarios:"
        f" {'; '.join(said) or 'nothing'}. ``han2024`` is for comparison with the paper."
    )
