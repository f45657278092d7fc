"""A run's tables as an article prints them: cells rounded to their errors, for LaTeX and Typst."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icefire.files.columns import SOUND
from icefire.numbers.masses import factor
from icefire.numbers.quoting import Quoted, digits, probability, quoted, tex_text, written


@dataclass(frozen=True)
class Printed:
    """A table to be printed: what it shows, the heads of its columns, and cells of each row."""

    caption: str
    heads: tuple[str, ...]
    rows: list[list[Quoted | str]]
    # Columns of texts, which take what room the numbers leave; all others are set to the right
    texts: tuple[int, ...] = (0,)


# As readers have them
_NAMES = {"insitu": "in situ"}
_TESTS = {"mirror_bands": "mirror in bands"}
_FIXED = {"none": "", "population": " at fixed population"}
_FIXED |= {"population_feh": " at fixed population and [Fe/H]"}


def claims(comparison) -> Printed:
    """What Han et al. (2024) state, beside the run and what a featureless halo gives."""
    heads = ("Claim", "Han et al. 2024", "This run", "Featureless halo (95 %)", "p", "Verdict")
    rows = []
    for row in comparison:
        null = ""
        if np.isfinite(row["null"]):
            ends = (digits(float(row[name])) for name in ("null", "null_lo95", "null_hi95"))
            null = "{} ({} to {})".format(*ends)
        this = of(row, "value", ("lo68", "hi68"))
        paper = str(row["paper"])
        paper = digits(int(paper)) if paper.isdigit() else written(paper)
        texts = (written(str(row["claim"])), paper)
        rows.append(
            [
                *texts,
                this if this.value else "",
                null,
                probability(float(row["p"])),
                str(row["verdict"]),
            ]
        )
    caption = (
        "What Han et al. (2024) state beside this run with 68 % intervals, and beside the median"
        " and the 95 % interval of a featureless halo on the same footprint; p is the share of"
        " permutations that go as far."
    )
    return Printed(caption, heads, rows, (0, 1, 5))


def profiles(radial: Mapping, quantity: str, symbol: str, unit: str) -> Printed:
    """One quantity over radius: of the three samples, and of the halo's quadrants."""
    columns = [table[table["quadrant"] == 0] for table in radial.values()]
    halo = radial["halo"]
    columns += [halo[halo["quadrant"] == i] for i in (1, 2, 3, 4)]
    heads = ("r (kpc)", "stars", "halo", "accreted", "in situ")
    heads += ("first quadrant", "second", "third", "fourth")
    # A sound method's intervals are the ones to quote, where it stands beside the paper's recipe.
    name = f"{quantity}{SOUND}" if f"{quantity}{SOUND}" in halo.colnames else quantity
    engine = halo.meta.get("parameters", {}).get("run_realisations", {})
    how = "" if name == quantity else f" (by the {engine.get('uncertainty_sound')})"
    rows = []
    for i, row in enumerate(columns[0]):
        cells = [of(part[i], name, (f"{name}_lo68", f"{name}_hi68")) for part in columns]
        if any(cell.value for cell in cells):
            shell = f"{row['r_lo']:.1f}–{row['r_hi']:.1f}"
            rows.append([shell, digits(int(row["n_stars"])), *cells])
    unit = f" ({unit})" if unit else ""
    caption = (
        f"{symbol}{unit} over radius with 68 % intervals{how}, of the three samples and of"
        " the halo in the quadrants of the sky."
    )
    return Printed(caption, heads, rows)


_ENDS = ("mass_lo68", "mass_hi68")
_NO_MASS = dict.fromkeys(("mass", *_ENDS), np.nan)


def masses(table) -> Printed:
    """M(<r) over radius: of the halo with each slope of the tracers, of its parts with the first.

    The assumptions and the source of the intervals are those of the table's metadata.
    """
    whole = table[table["quadrant"] == 0]
    columns = list(dict.fromkeys((row["sample"], row["slope"]) for row in whole))
    first = columns[0][1] if columns else ""
    columns = [(sample, slope) for sample, slope in columns if sample == "halo" or slope == first]
    shells = {
        which: {row["r_lo"]: row for row in whole if (row["sample"], row["slope"]) == which}
        for which in columns
    }
    rows = []
    for r_lo, row in shells.get(("halo", first), {}).items():
        here = [shell.get(r_lo, _NO_MASS) for shell in shells.values()]
        cells = [of(one, "mass", _ENDS) for one in here]
        if any(cell.value for cell in cells):
            known = digits(float(row["potential"]))
            rows.append([f"{row['r']:.1f}", digits(int(row["n_stars"])), *cells, known])
    heads = [f"halo, {slope}" if of_ == "halo" else _NAMES.get(of_, of_) for of_, slope in columns]
    caption = (
        "M(<r) in 10¹¹ M☉ by the Jeans equation with 68 % intervals ({}): of the halo with each"
        " slope of the tracers' density, of its accreted and its in-situ part with the first; and"
        " what the potential of the energies holds within the same radii, which is no measurement."
        " It assumes equilibrium, a sphere, no streaming, and one slope for all; what slopes"
        " change is in no interval."
    )
    caption = caption.format(table.meta.get("intervals", ""))
    return Printed(caption, ("r (kpc)", "stars", *heads, "potential"), rows)


_COMPARED = {"ln_mass": "ln M", "ln_sigma_r2": "ln σ_r²", "beta": "β"}


def spread(table) -> Printed:
    """How much the sky's parts differ in mass, σ_r² and β, with noise taken off."""
    ends, rows = ("lo68", "hi68"), []
    for row in table:
        what = _COMPARED[row["quantity"]] + (f" ({row['slope']})" if row["slope"] else "")
        what += f" of {row['over']}, at fixed {row['fixed']}"
        found = {"tau": float(row["tau"]), **{end: float(row[f"tau_{end}"]) for end in ends}}
        cells, null = [of(found, "tau", ends), "–"], float(row["null_hi95"])
        if row["quantity"] != "beta":
            found = {name: float(factor(tau)) for name, tau in found.items()}
            cells[1], null = of(found, "tau", ends), float(factor(null))
        below = digits(null) if cells[0].value else ""
        rows.append([what, digits(int(row["n"])), *cells, below, probability(float(row["p"]))])
    caption = (
        "Scatter τ between lines of sight and between quadrants, with noise taken off, with 68 %"
        " intervals; the factor from the 5th to the 95th percentile that it makes; what 95 % of"
        " featureless halos stay below (of the factor, for β of τ); and the p of no scatter."
    )
    heads = ("Quantity", "parts", "τ", "factor", "featureless", "p")
    return Printed(caption, heads, rows)


def ledger(table) -> Printed:
    """Every removed star under one reason."""
    rows = [
        [written(str(row["reason"])), *(digits(int(row[name])) for name in ("n_removed", "n_out"))]
        for row in table
    ]
    return Printed("Every removed star under one reason.", ("Step", "removed", "left"), rows)


def significance(table) -> Printed:
    """The p of every permutation test."""
    rows = [
        [
            f"{_TESTS.get(row['test'], row['test'])}, {_NAMES.get(row['sample'], row['sample'])}"
            + _FIXED[row["fixed"]],
            digits(int(row["n"])),
            *(probability(float(row[name])) for name in ("p", "p_worst")),
        ]
        for row in table
    ]
    caption = (
        "Permutation tests: how often stars that a null hypothesis calls alike, their velocities"
        " permuted, give as much; and the largest p when any one line of sight is left out."
    )
    return Printed(caption, ("Null hypothesis and stars", "stars", "p", "p, worst"), rows)


def of(row, value: str, ends: tuple[str, str]) -> Quoted:
    """Round a value of a table's row to its interval."""
    found = [float(row[name]) for name in (value, *ends)]
    entry = {
        name: number if np.isfinite(number) else None
        for name, number in zip(("value", "lo68", "hi68"), found, strict=True)
    }
    if entry["value"] is not None and entry["lo68"] is None and found[0].is_integer():
        entry["value"] = int(found[0])
    return quoted(entry)


# --- LaTeX -----------------------------------------------------------------------------------


def tex(cell: Quoted | str) -> str:
    """Write a cell for LaTeX; a text means what it says, whatever characters are in it."""
    if isinstance(cell, Quoted):
        return cell.tex() if cell.value else r"\nodata"
    return tex_text(cell)


def latex(table: Printed, name: str, aastex: bool, note: str) -> str:
    """Write a table for LaTeX: AASTeX's `deluxetable`, or a plain `tabular` without its float."""
    columns = "".join("l" if i in table.texts else "r" for i in range(len(table.heads)))
    # Several texts beside each other are wider than a page.
    wide = 0 in table.texts and len(table.texts) > 1
    if wide:
        columns = columns.replace("l", rf"p{{0.3\{'textwidth' if aastex else 'linewidth'}}}", 1)
    rows = [" & ".join(map(tex, row)) for row in table.rows]
    body = " \\\\\n".join(rows)
    said = f"% {note}\n% Made by write_texts.py.\n"
    if aastex:
        size = "\\tabletypesize{\\scriptsize}\n" if wide else ""
        heads = " & ".join(rf"\colhead{{{tex(head)}}}" for head in table.heads)
        return (
            f"{said}\\begin{{deluxetable*}}{{{columns}}}\n{size}"
            f"\\tablecaption{{{tex(table.caption)} {tex(note)}\\label{{tab:{name}}}}}\n"
            f"\\tablehead{{{heads}}}\n\\startdata\n{body}\n\\enddata\n\\end{{deluxetable*}}\n"
        )
    heads = " & ".join(map(tex, table.heads))
    return (
        f"{said}% {table.caption}\n\\providecommand{{\\nodata}}{{\\ldots}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\hline\n"
        f"{heads} \\\\\n\\hline\n{body} \\\\\n\\hline\n\\end{{tabular}}\n"
    )
