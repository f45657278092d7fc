"""What all figures share: flags, the page with its catalogue mark, small print, columns.

Figures are made without pyplot and without a user's matplotlibrc, so that a figure depends on its
inputs, its flags and the style sheet alone, and equal inputs give equal bytes.
"""

import argparse
import io
import logging
import textwrap
from collections.abc import Callable, Collection

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.colors import is_color_like
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from icefire.errors import UserError
from icefire.files import metadata, text_tables, writing
from icefire.files.columns import SAMPLES, SOUND

# The journal's columns: every figure has one of these two widths.
ONE_COLUMN_IN = 3.35
TWO_COLUMNS_IN = 7.0
# Small print holds no sub- or superscripts, which are set at 0.7 of their text's size.
SMALL_PT = 7.5
POINTS_PER_INCH = 72.0

NO_VALUE = "0.82"

_SYNTHETIC = "synthetic catalogue"


# --- flags -----------------------------------------------------------------------------------


def add_page_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that every figure has: its style sheet, its run and its two files."""
    parser.add_argument("--style", required=True, metavar="PATH", help="matplotlib style sheet")
    parser.add_argument("--run", default="", metavar="NAME", help="of the run, said in the figure")
    parser.add_argument("--pdf", required=True, metavar="PATH", help="figure to write, PDF")
    parser.add_argument("--png", required=True, metavar="PATH", help="figure to write, PNG")


def color(text: str) -> str:
    """Read a flag's value as a colour matplotlib knows."""
    if not is_color_like(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no colour: write a name or #rrggbb")
    return text


def colors_of(names: Collection[str]) -> Callable[[str], list[str]]:
    """Make what reads a flag's value as colours with commas between them, one for each name."""

    def colors(text: str) -> list[str]:
        read = [color(part) for part in text.split(",")]
        if len(read) != len(names):
            raise argparse.ArgumentTypeError(f"{len(read)} colours for {', '.join(names)}")
        return read

    return colors


def cmap(text: str) -> str:
    """Read a flag's value as the name of a matplotlib colour map."""
    if text not in matplotlib.colormaps:
        raise argparse.ArgumentTypeError(f"{text!r} is no matplotlib colour map, such as cividis")
    return text


# --- page ------------------------------------------------------------------------------------


# What `use` sets for all pages beside matplotlib's own: the name of the run that they say
_SAID = {"run": ""}


def use(path: str, run: str = "") -> None:
    """Set matplotlib to its own defaults and the style sheet at `path`, and nothing else.

    Pages say the name of the `run` beside that of the catalogue.

    Raises OSError when the sheet cannot be read and UserError when it is no style sheet.
    """
    with open(path, encoding="utf-8"):
        pass  # matplotlib's own error for a missing sheet does not name the file as one
    matplotlib.rcdefaults()
    _SAID["run"] = run and f"run {run}"
    complaints: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: complaints.append(record.getMessage())
    # matplotlib only logs what it cannot read in a sheet; here that is a mistake to report.
    logger = logging.getLogger("matplotlib")
    logger.addHandler(listener)
    logger.propagate = False
    try:
        matplotlib.style.use(path)
    except (OSError, ValueError, SyntaxError) as error:
        complaints.append(str(error))
    finally:
        logger.removeHandler(listener)
        logger.propagate = True
    if complaints:
        raise UserError(f"{path}: not a matplotlib style sheet ({complaints[0]})")


def common_meta(**metas: dict) -> dict:
    """Give the catalogue's name and whether any table of it is synthetic.

    Takes one metadata mapping per input, named as its flag. Raises UserError when the inputs come
    from different catalogues, because the figure can carry only one name.
    """
    named = {flag: str(meta.get("catalogue", "unnamed catalogue")) for flag, meta in metas.items()}
    if len(set(named.values())) > 1:
        listed = ", ".join(f"--{flag.replace('_', '-')} {name!r}" for flag, name in named.items())
        raise UserError(f"inputs come from different catalogues: {listed}")
    return {
        "catalogue": next(iter(named.values())),
        "synthetic": any(bool(meta.get("synthetic", False)) for meta in metas.values()),
    }


def judged(path: str | None, meta: dict) -> dict:
    """Read what judge_claims.py found of the stars whose tables have `meta`; {} without a path.

    Raises UserError when it is not of that step, or of another catalogue.
    """
    if path is None:
        return {}
    read = text_tables.read_yaml(path)
    if not isinstance(read, dict) or "judged" not in read:
        raise UserError(f"{path}: is not of judge_claims.py; make it anew")
    common_meta(judged=read["catalogue"], tables=meta)
    return read["judged"]


def samples_of(meta: dict) -> dict[str, str]:
    """Name the samples that a run has: the halo alone where there are no abundances to split it."""
    method = meta.get("parameters", {}).get("select_samples", {}).get("chemistry_method")
    return {"halo": SAMPLES["halo"]} if method == "none" else dict(SAMPLES)


def split_note(meta: dict) -> str:
    """Say how a table's accreted and in-situ stars were told apart where chemistry could not.

    Empty for the paper's selection in [Fe/H] and [alpha/Fe]; for [Fe/H] alone, a proxy, the limits.
    """
    cut = meta.get("parameters", {}).get("select_samples", {})
    if cut.get("chemistry_method") != "feh_ranges":
        return ""
    limits = ("chemistry_accreted_max_feh", "chemistry_insitu_min_feh")
    low, high = (f"{cut[key]:g}".replace("-", "−") for key in limits)
    return f"accreted: [Fe/H] < {low}, in situ: [Fe/H] > {high}"


class _RoundedLayout(ConstrainedLayoutEngine):
    """Constrained layout whose places are rounded to a billionth of the page.

    The last digit that its solver gives depends on where in memory the variables lie, and a PDF,
    which has ten digits of each place, would not always have the same bytes.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.afterwards: list[Callable] = []

    def execute(self, fig) -> None:
        super().execute(fig)
        for part in fig.subfigs:
            part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 9))
        for axes in fig.axes:
            in_layout = axes.get_in_layout()
            axes.set_position(np.round(axes.get_position(original=True).bounds, 9))
            # Placed by hand an axes would have no part in the layout at another resolution.
            axes.set_in_layout(in_layout)
        while self.afterwards:
            self.afterwards.pop(0)()


def after_layout(axes, draw: Callable[[], None]) -> None:
    """Have something drawn, once, when the axes have their place on the page."""
    axes.get_figure(root=True).get_layout_engine().afterwards.append(draw)


def page(width_in, height_in, meta: dict, note: str = "", below_in: float = 0.0) -> SubFigure:
    """Make an empty figure, the catalogue's name, a note and the run's in its lower left corner.

    A synthetic catalogue is called so in the lower right one. Gives the part of the figure above
    them, to draw on: whatever the length of the name, nothing there can run into it. Of the height
    `below_in` is left to a part of its own between the two, `subfigs[1]` of the figure.
    """
    margin_in = 0.05
    room_in = width_in - 2 * margin_in
    if meta["synthetic"]:
        room_in -= text_width_in(_SYNTHETIC, weight="bold") + 2 * margin_in
    name = "; ".join(filter(None, (" ".join(meta["catalogue"].split()), note, _SAID["run"])))
    fits = int(0.97 * len(name) * room_in / max(text_width_in(name), 1e-3))
    lines = textwrap.wrap(name, max(fits, 1)) or [""]
    strip_in = len(lines) * SMALL_PT * 1.2 / POINTS_PER_INCH + margin_in

    figure = Figure(figsize=(width_in, height_in), layout=_RoundedLayout())
    heights = [part for part in (height_in - below_in - strip_in, below_in, strip_in) if part]
    body, *_, strip = figure.subfigures(len(heights), 1, height_ratios=heights, hspace=0)
    x, y = margin_in / width_in, margin_in / strip_in
    small = {"va": "bottom", "size": SMALL_PT, "linespacing": 1.2, "parse_math": False}
    strip.text(x, y, "\n".join(lines), color="0.35", **small)
    if meta["synthetic"]:
        strip.text(1 - x, y, _SYNTHETIC, ha="right", weight="bold", color="#a50f15", **small)
    return body


def text_width_in(text: str, **font) -> float:
    """Measure a text in small print as it will be set, in inches."""
    from matplotlib.font_manager import FontProperties

    properties = FontProperties(size=SMALL_PT, **font)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return width / POINTS_PER_INCH


def save(body: SubFigure, arguments: argparse.Namespace) -> None:
    """Write the figure of a page as PDF and PNG, both or neither, without a date in them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    figure = body.figure
    figure.set_dpi(matplotlib.rcParams["savefig.dpi"])
    # Through memory: on a full disk matplotlib's own writing fails without saying why. By canvases:
    # savefig lays out and draws in vain before it draws.
    drawn = {kind: io.BytesIO() for kind in ("pdf", "png")}
    canvas = FigureCanvasAgg(figure)
    # A map of the sky is laid out for each: its degrees stand off by pixels.
    if not any(axes.name == "mollweide" for axes in figure.axes):
        figure.get_layout_engine().execute(figure)
        figure.set_layout_engine("none")
    canvas.print_png(drawn["png"])
    FigureCanvasPdf(figure).print_pdf(drawn["pdf"], metadata={"CreationDate": None})
    with writing.replacing(arguments.pdf) as pdf:
        pdf.write_bytes(drawn["pdf"].getvalue())
        # Both are written before either takes its name.
        with writing.replacing(arguments.png) as png:
            png.write_bytes(drawn["png"].getvalue())


def corner_text(axes, text: str, x: float = 0.96, y: float = 0.95, **options) -> None:
    """Write small print in a panel's corner (upper right by default), readable over points."""
    options = {"ha": "right", "va": "top", "size": SMALL_PT, **options}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.2}
    axes.text(x, y, text, transform=axes.transAxes, bbox=box, zorder=10, **options)


def say_nothing_to_draw(axes, panel: str, text: str, y: float = 0.5) -> None:
    """Write in an empty panel (in its middle, or at height `y`) why it is empty, and in the log."""
    print(f"note: {panel}: {text}".replace("≥", ">="))
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
    middle = {"ha": "center", "va": "center", "transform": axes.transAxes}
    axes.text(0.5, y, text, size=SMALL_PT, bbox=box, zorder=10, **middle)


def min_stars(summary, path: str) -> int:
    """Give the number of stars below which a bin of a summary has no value, from its metadata."""
    step = metadata.parameters_of(summary.meta, "run_realisations", path)
    return step["montecarlo_min_stars"]


def no_bin(min_stars: int) -> str:
    """Say that no bin of a panel has a value."""
    return f"no bin with ≥ {min_stars} stars"


def plain(text: str) -> str:
    """Write somebody's text so that matplotlib takes no part of it for mathematics."""
    return text.replace("$", r"\$")


def stars_text(n_stars: int) -> str:
    """Say how many stars a panel shows."""
    return f"N = {n_stars:,}"


def plain_log_ticks(axis) -> None:
    """Write 10, 20, 50 and not powers of ten on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


# --- tables ----------------------------------------------------------------------------------


def values(table, name: str) -> np.ndarray:
    """Give a numeric column as plain floats, NaN where it has no value."""
    return np.ma.filled(np.ma.asarray(table[name], dtype=float), np.nan)


def interval(quantity: str, percent: int) -> tuple[str, str]:
    """Name the two columns that bound a quantity's interval of `percent`."""
    return f"{quantity}_lo{percent}", f"{quantity}_hi{percent}"


def sound_of(table, quantity: str) -> str:
    """Name a quantity as measured by a sound method beside the paper's recipe; "" where none is."""
    return quantity + SOUND if quantity + SOUND in table.colnames else ""


def recipe_labels(table, percent: int = 68) -> tuple[str, str]:
    """Say in a legend whose intervals are shown: the method's, and the sound one's, if any."""
    step = table.meta["parameters"]["run_realisations"]
    text, sound = f"{percent} %", step.get("uncertainty_sound")
    return (f"{text}, paper's recipe", f"{text}, {sound}") if sound else (text, "")


def quantity_columns(quantity: str, percents: tuple[int, ...] = ()) -> tuple[str, ...]:
    """Name a quantity's column and those of its intervals."""
    return (quantity, *(name for percent in percents for name in interval(quantity, percent)))
