"""A second uncertainty method in figures 9 and 10: the same profiles, as outlines."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from matplotlib.lines import Line2D

from icefire.draw import page
from icefire.errors import UserError
from icefire.files import text_tables


def add_flag(parser: argparse.ArgumentParser, names: str) -> None:
    """Add the flag for the second method's summaries, of the samples `names`."""
    parser.add_argument(
        "--second",
        nargs="*",
        default=[],
        metavar="PATH",
        help=f"radial summaries by a second method ({names}), drawn as outlines if given",
    )


def read(paths: Sequence[str], columns: Sequence[str], wanted: int) -> list:
    """Read the second method's summaries, none or as many as `wanted`.

    Raises UserError when there are others.
    """
    if len(paths) not in (0, wanted):
        raise UserError(f"--second takes {wanted} summaries or none, not {len(paths)}")
    return [text_tables.read_ecsv(path, columns) for path in paths]


def method(table) -> str:
    """Tell by which method a summary was made."""
    parameters = table.meta.get("parameters", {}).get("run_realisations", {})
    return page.plain(str(parameters.get("uncertainty_method", "unknown")))


def overlay(axes, quantity: str, profiles: Sequence[tuple], first) -> None:
    """Draw medians (dashed) and ends of 68 % intervals (dotted) over a finished panel.

    `profiles` are pairs of a summary's rows, in order of radius, and a colour; `first` is a summary
    by the first method. The vertical axis grows where it has to, down to -2 for beta.
    """
    if not profiles:
        return
    ends = page.interval(quantity, 68)
    low, high = axes.get_ylim()
    for profile, color in profiles:
        r = page.values(profile, "r_mid")
        # Above the first method's bands, below its medians
        look = {"color": color, "zorder": 3, "marker": "none"}
        axes.plot(r, page.values(profile, quantity), ls=(0, (4, 2)), lw=1.0, **look)
        for name in ends:
            axes.plot(r, page.values(profile, name), ls=(0, (1, 1.5)), lw=0.9, **look)
        low, high = (
            reach([limit, *page.values(profile, name)])
            for reach, limit, name in zip((np.nanmin, np.nanmax), (low, high), ends, strict=True)
        )
    axes.set_ylim(max(low, -2.0), high)
    handles = [
        Line2D([], [], color="0.3", label=f"{method(first)}: bands"),
        Line2D([], [], color="0.3", ls=(0, (4, 2)), label=f"{method(profiles[0][0])}: 68 %"),
    ]
    box = {"frameon": True, "facecolor": "white", "edgecolor": "none", "framealpha": 0.85}
    axes.legend(handles=handles, loc="best", fontsize=page.SMALL_PT, **box)
