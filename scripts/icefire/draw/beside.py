"""Finished runs beside this one in figures 9 and 10: profiles, each in a colour and a shape."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from icefire.draw import page, profiles
from icefire.errors import UserError
from icefire.files import metadata, text_tables
from icefire.files.columns import SAMPLES
from icefire.numbers import bins

COLUMNS = ("quadrant", "r_lo", "r_mid", "r_hi", "n_stars")
LABELS = {"sigma_r": r"$\sigma_r$ (km s$^{-1}$)", "beta": r"anisotropy $\beta$"}
# Colours that every kind of colour vision tells apart (Okabe & Ito 2008), and shapes that do
# without colour; the first run is the one beside which the others are.
LOOKS = (
    {"color": "black", "marker": "o", "ms": 2.2},
    {"color": "#0072b2", "marker": "s", "ms": 2.8},
    {"color": "#d55e00", "marker": "^", "ms": 3.3},
    {"color": "#009e73", "marker": "D", "ms": 2.6},
    {"color": "#cc79a7", "marker": "v", "ms": 3.3},
    {"color": "#e69f00", "marker": "P", "ms": 4.0},
)
_HEIGHT_IN = 5.2
# Letters of a name that stands beside two others in the legend, and of one that stands alone
_NAME_BESIDE, _NAME_ALONE = 38, 110


def add_flags(parser) -> None:
    """Add the flags of the radial summaries, their systematic errors, and the runs beside."""
    for sample, name in SAMPLES.items():
        text = f"radial summary of the {name.lower()} sample"
        parser.add_argument(f"--{sample}", required=True, metavar="PATH", help=text)
    bins.add_flags(parser)
    metadata.BESIDE.add_flags(parser)


def read(arguments, quantity: str) -> dict[str, dict]:
    """Read the radial summaries of this run, first, and of those beside it: by run and sample.

    Raises UserError where a run is missing or unfinished, or its shells are not those of this one.
    """
    columns = (*COLUMNS, *page.quantity_columns(quantity, (68, 95)))
    own = {s: text_tables.read_ecsv(getattr(arguments, s), columns) for s in SAMPLES}
    if arguments.figures_systematic:
        bins.add_systematic(own, arguments.sensitivity, arguments.figures_systematic)
    runs = {"": own}
    for folder in arguments.figures_beside or ():
        names = [f"summaries/radial/{sample}.ecsv" for sample in SAMPLES]
        paths = metadata.files_of_run(folder, names)
        tables = [text_tables.read_ecsv(path, columns) for path in paths]
        metas = {path: table.meta for path, table in zip(paths, tables, strict=True)}
        metadata.agreed(metas, dict.fromkeys(paths, "run_realisations"))
        for path, table in zip(paths, tables, strict=True):
            if any(list(table[name]) != list(own["halo"][name]) for name in COLUMNS[:4]):
                raise UserError(
                    f"{path}: has other shells than this run; make both with one geometry.radial"
                )
        runs[metadata.name_of(folder)] = dict(zip(SAMPLES, tables, strict=True))
    return runs


def page_of(height_in: float, runs: Mapping, quantity: str, note: str = "") -> SubFigure:
    """Make the page of a figure: one column wide, or two with the runs beside in its lower part.

    Gives what the figure itself is to be drawn on. The page says of what catalogue each run is.
    """
    own, *others = runs.values()
    meta = page.common_meta(**{sample: table.meta for sample, table in own.items()})
    if not others:
        return page.page(page.ONE_COLUMN_IN, height_in, meta, note)
    metas = {name: tables["halo"].meta for name, tables in runs.items()}
    said = {name: other["catalogue"] for name, other in metas.items()}
    notes = [note, *(f"{n}: {said[n]}" for n in said if said[n] != meta["catalogue"])]
    meta["synthetic"] = any(other["synthetic"] for other in metas.values())
    note = "; ".join(filter(None, notes))
    upper = page.page(page.TWO_COLUMNS_IN, height_in + _HEIGHT_IN, meta, note, _HEIGHT_IN)
    lower = upper.figure.subfigs[1]
    panels = lower.subplots(len(SAMPLES), 1, sharex=True)
    names = [_label(name, meta) for name, meta in metas.items()]
    for axes, (sample, text) in zip(panels, SAMPLES.items(), strict=True):
        tables = [profiles.quadrant(tables[sample], 0) for tables in runs.values()]
        draw(axes, tables, names, quantity)
        axes.set(ylabel=LABELS[quantity], ylim=profiles.limits(tables, quantity))
        page.corner_text(axes, f"{text}, whole sky")
    limits = profiles.widened(profiles.radial_limits([own["halo"]]))
    panels[-1].set(xlabel="Galactocentric radius $r$ (kpc)", xlim=limits)
    add_legend(lower, panels[0], [tables["halo"] for tables in runs.values()])
    return upper


def add_legend(figure: SubFigure, axes, tables: Sequence) -> None:
    """Name the runs of a panel above all panels, and whose intervals the `tables` drawn have."""
    handles, texts = axes.get_legend_handles_labels()
    # Long names stand below each other; longer ones than the page are cut.
    columns = 3 if max(map(len, texts)) <= _NAME_BESIDE else 1
    cut = [text if len(text) <= _NAME_ALONE else f"{text[:_NAME_ALONE]}…" for text in texts]
    labels = [page.recipe_labels(table) for table in tables]
    sound = sorted({thin for _, thin in labels} - {""})
    texts = [*map(page.plain, cut), min(wide for wide, _ in labels), *sound]
    handles.append(Patch(color="0.7", lw=0))
    handles += [Line2D([], [], color="black", marker="|", ls="none", ms=7) for _ in sound]
    small = {"ncols": columns, "fontsize": page.SMALL_PT}
    figure.legend(handles, texts, loc="outside upper center", **small)


def _label(name: str, meta: dict) -> str:
    """Name a run with its method, and say of what is not of stars that it is not."""
    method = meta["parameters"]["run_realisations"].get("uncertainty_method", "method unknown")
    synthetic = ", synthetic" if meta["synthetic"] else ""
    return f"{name or 'this run'}: {method}{synthetic}"


def slots(n_runs: int) -> np.ndarray:
    """Give where in a shell all runs but the first stand, in shell widths from its middle."""
    to_each_side = n_runs // 2
    places = np.setdiff1d(np.arange(-to_each_side, to_each_side + 1), 0)
    return 0.8 * places / (2 * to_each_side + 1)


def draw(axes, tables: Sequence, names: Collection[str], quantity: str) -> int:
    """Draw the first of some profiles as a line with its 68 % band, the others as points with bars.

    Those stand side by side within each shell, at neither its middle nor its edges; thin bars are
    the intervals of a sound method where a run has one. Gives the number of bins drawn.
    """
    for slot, table, look in zip((0, *slots(len(tables))), tables, LOOKS, strict=False):
        profiles.draw_sound(axes, table, quantity, look["color"], slot)
    n_bins = profiles.draw_profile(axes, tables[0], quantity, (68,), label=names[0], **LOOKS[0])
    for slot, table, name, look in zip(
        slots(len(tables)), tables[1:], names[1:], LOOKS[1:], strict=False
    ):
        columns = (quantity, *page.interval(quantity, 68), "r_mid", "r_lo", "r_hi")
        middle, low, high, r, r_lo, r_hi = (page.values(table, column) for column in columns)
        bars = np.abs([middle - low, high - middle])
        options = {"ls": "none", "elinewidth": 1.8, "mew": 0, "zorder": 5, "label": name, **look}
        axes.errorbar(r + slot * (r_hi - r_lo), middle, bars, **options)
        n_bins += np.count_nonzero(np.isfinite(middle))
    if quantity == "beta":
        axes.axhline(0, color="0.6", lw=0.5, zorder=1)
    return n_bins
