"""Draw what the synthetic survey table is like beside what is published of the survey.

Lines and open symbols are the synthetic table, filled points the survey's values, crosses those
that the table does not have: results/synthetic_check.ecsv says why. Diamonds are the centres of the
Gaia-Sausage-Enceladus, of the high-alpha in-situ stars and of Sagittarius.
"""

import numpy as np
from matplotlib.lines import Line2D

from icefire import cli
from icefire.draw import page
from icefire.errors import UserError
from icefire.files import text_tables

MADE = {"color": "#0072b2", "label": "synthetic table"}
TARGET = {"color": "#d55e00", "marker": "o", "ls": "none", "ms": 3.5, "label": "published of H3"}
MISSED = TARGET | {"color": "black", "marker": "X", "ms": 6, "label": "published, not matched"}
CENTRES = ("gse_centre", "high_alpha_insitu_centre", "sagittarius_centre")
NUMBERS = ("at", "target", "made", "error")
DISTRIBUTIONS = ("percentile", "distance", "feh", "afe", "lz", "energy")
# [Fe/H] ranges of the [alpha/Fe] panel: quantity, and where it is drawn.
SLICES = {
    "afe_of_feh_-2.0_to_-1.8": -1.9,
    "afe_of_feh_-1.4_to_-1.2": -1.3,
    "afe_of_feh_-1.0_to_-0.8": -0.9,
    "afe_of_feh_-0.6_to_-0.4": -0.5,
}
DRAWN = ("giants_beyond", "feh", "lz", "energy", "pmra_error", *SLICES)
DRAWN += tuple(f"{centre}_{name}" for centre in CENTRES for name in ("feh", "afe"))


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--check", required=True, help="of check_synthetic.py (ECSV)")
    parser.add_argument("--distributions", required=True, help="of check_synthetic.py (ECSV)")
    page.add_page_flags(parser)
    return parser


def rows_of(check, quantity: str):
    """Give the rows of one quantity. Raises UserError where there is none."""
    rows = check[check["quantity"] == quantity]
    if not len(rows):
        raise UserError(f"--check: holds no {quantity}; make it again with check_synthetic.py")
    return rows


def draw_targets(axes, x, y, rows, **look) -> None:
    """Draw published values, those that the table does not have as crosses."""
    for answer, points in (("yes", TARGET | look), ("no", MISSED)):
        mine = np.asarray(rows["agrees"], dtype=str) == answer
        if mine.any():
            axes.plot(np.asarray(x)[mine], np.asarray(y)[mine], **points)


def draw_beyond(axes, check, made) -> None:
    """Fraction of giants beyond each distance."""
    axes.plot(made["distance"], 1 - made["percentile"] / 100, **MADE)
    rows = rows_of(check, "giants_beyond")
    draw_targets(axes, rows["at"], rows["target"], rows)
    axes.set(xscale="log", yscale="log", xlim=(1.5, 120), ylim=(1.5e-3, 1.5))
    axes.set(xlabel="distance from the Sun (kpc)", ylabel="giants beyond")
    axes.set_xticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axes.set_xticks([], minor=True)
    axes.set_yticks([1, 0.1, 0.01], ["1", "0.1", "0.01"])


def draw_cumulative(axes, check, made, name: str, per: float, label: str) -> None:
    """Cumulative distribution with the published percentiles."""
    values = np.asarray(made[name]) / per
    axes.plot(values, made["percentile"], **MADE)
    rows = rows_of(check, name)
    draw_targets(axes, rows["target"], rows["at"], rows)
    axes.set(xlabel=label, ylabel="giants below (%)", ylim=(0, 100))
    low, high = np.interp([0.5, 99.0], made["percentile"], values)
    if not np.isfinite([low, high]).all():
        page.say_nothing_to_draw(axes, name, "no giants")
        return
    room = 0.08 * (high - low)
    axes.set(xlim=(low - room, high + room))


def draw_slices(axes, check) -> None:
    """16, 50 and 84 per cent of [alpha/Fe] in slices of [Fe/H]."""
    for quantity, place in SLICES.items():
        rows = rows_of(check, quantity)
        axes.plot([place - 0.04] * len(rows), rows["made"], marker="s", ms=3.5, mfc="none", **MADE)
        draw_targets(axes, np.full(len(rows), place + 0.04), rows["target"], rows)
    for centre in CENTRES:
        feh, afe = (rows_of(check, f"{centre}_{name}") for name in ("feh", "afe"))
        made, target = ([float(r[column][0]) for r in (feh, afe)] for column in ("made", "target"))
        axes.plot(*zip(made, target, strict=True), color="0.5", lw=0.7, zorder=1)
        axes.plot(*made, **MADE | {"marker": "D", "ms": 5, "mfc": "none"})
        missed = max((feh, afe), key=lambda rows: str(rows["agrees"][0]) == "no")
        draw_targets(axes, target[:1], target[1:], missed, marker="D")
    axes.set(xlabel="[Fe/H]", ylabel=r"[$\alpha$/Fe], 16, 50, 84 %")
    axes.set(xlim=(-2.2, -0.2), ylim=(0, 0.5))


def draw_motion_errors(axes, check) -> None:
    """Proper motion errors by magnitude."""
    rows = rows_of(check, "pmra_error")
    axes.plot(rows["at"], rows["made"], marker="s", ms=5, mfc="none", **MADE)
    draw_targets(axes, rows["at"], rows["target"], rows)
    axes.set(xlabel="$G$ (mag)", ylabel=r"error of $\mu_\alpha\cos\delta$ (mas yr$^{-1}$)")
    axes.set(ylim=(0, 0.17))


def draw(check, made, meta: dict):
    """Draw the six panels."""
    figure = page.page(page.TWO_COLUMNS_IN, 4.4, meta)
    axes = figure.subplots(2, 3)
    draw_beyond(axes[0, 0], check, made)
    draw_cumulative(axes[0, 1], check, made, "feh", 1.0, "[Fe/H]")
    draw_slices(axes[0, 2], check)
    draw_cumulative(axes[1, 0], check, made, "lz", 1e3, r"$L_z$ (10$^3$ kpc km s$^{-1}$)")
    draw_cumulative(axes[1, 1], check, made, "energy", 1e5, r"$E$ (10$^5$ km$^2$ s$^{-2}$)")
    draw_motion_errors(axes[1, 2], check)
    giants = page.stars_text(int(rows_of(check, "giants")["made"][0]))
    looks = (MADE | {"label": f"{MADE['label']} ({giants} giants)"}, TARGET, MISSED)
    handles = [Line2D([], [], **look) for look in looks]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def work(arguments) -> None:
    page.use(arguments.style, arguments.run)
    check = text_tables.read_ecsv(arguments.check, NUMBERS, ("quantity", "agrees"))
    made = text_tables.read_ecsv(arguments.distributions, DISTRIBUTIONS)
    meta = page.common_meta(check=check.meta, distributions=made.meta)
    page.save(draw(check, made, meta), arguments)
    cli.report("targets drawn", int(np.isin(check["quantity"], DRAWN).sum()), len(check))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
