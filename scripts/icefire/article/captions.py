"""Captions of figures: templates (Jinja) that quote the run's numbers, written as plain text.

One text serves the report, the printed article and whoever cannot see the figure. A template
names numbers as numbers.yaml does, `{{ counts.halo }}`, texts that were chosen,
`choices.chemistry_method`, and what only figures know, `figures.error_bins`.
"""

import re
from collections.abc import Mapping

from icefire.errors import UserError
from icefire.files import text_tables
from icefire.numbers import texts
from icefire.numbers.quoting import quoted, written


class _Number:
    """A number as a template has it: its text, and `value` and `p` to decide by."""

    def __init__(self, entry: Mapping):
        self.value, self.p = entry["value"], entry.get("p")
        self._text = str(quoted(entry))

    def __str__(self) -> str:
        return self._text


def context(numbers: Mapping, figures: Mapping, claims: list[Mapping]) -> dict:
    """Give what templates can name: the numbers by group, and `figures`, settings of these.

    `claims` has, by verdict, what was found of the claims about velocities, in short.
    """
    found: dict[str, list[str]] = {}
    for verdict in ("supported", "compatible", "contradicted", "not measurable"):
        shorts = [row["short"] for row in claims if row["judged"] and row["verdict"] == verdict]
        found[verdict] = shorts

    def named(group: Mapping) -> dict:
        return {
            key: entry
            if not isinstance(entry, Mapping)
            else _Number(entry)
            if "value" in entry
            else named(entry)
            for key, entry in group.items()
        }

    more = {"figures": dict(figures), "claims": found, "name": texts.name_of(numbers)}
    return named(numbers) | more


def caption(path: str, names: Mapping, provenance: str) -> str:
    """Fill in the template at `path`: paragraphs of one line, the last says which catalogue.

    Raises UserError with the place where the template names what is not there.
    """
    import jinja2

    # Plain text comes out, in which nothing is to be escaped.
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )  # nosec
    try:
        text = text_tables.read_text(path, "correct the caption")
        filled = environment.from_string(text).render(names)
    except jinja2.TemplateError as error:
        raise UserError(f"{path}:{_line(error)}: {error}; correct the caption") from error
    paragraphs = [" ".join(part.split()) for part in filled.split("\n\n")]
    return "\n\n".join([*filter(None, paragraphs), provenance]) + "\n"


def map_of(name: str) -> dict[str, object]:
    """Say what a further map, `beta_xy`, is of: quantity in words, geometry, whether hatched."""
    quantity, _, geometry = name.rpartition("_")
    measured = quantity.removesuffix("_half_width")
    text = "the number of stars" if quantity == "n_stars" else written(measured)
    if quantity != measured:
        text = f"half the width of the 68 % interval of {text}"
    text = text[:1].upper() + text[1:] if " " in text else text
    return {"quantity": text, "geometry": geometry, "interval": text in ("β", "σ_φ", "σ_θ")}


def _line(error: Exception) -> int:
    """Find the line of a template at which it failed."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line or 1


def of_table(template: str, meta: Mapping, words: str) -> tuple[str, str]:
    """Give the caption of a figure that one table has, with `words` (reST) in it: plain, and reST.

    Such figures are made without the rest of a run, so that the template can quote nothing of it.
    """
    catalogue = {"catalogue": meta.get("catalogue", ""), "synthetic": bool(meta.get("synthetic"))}
    said = caption(template, {}, texts.provenance({"catalogue": catalogue}))
    body, _, last = said.rpartition("\n\n")
    # Without what only reST has: literals and escapes
    plain = re.sub(r"``|\\(?=.)", "", words.strip())
    quoted = "\n\n".join([texts.marked(body), words.strip(), _marked_last(last)])
    return "\n\n".join([body, plain, last]), quoted + "\n"


def substitutions(captions: Mapping[str, str]) -> str:
    """Write captions as reStructuredText substitutions, |caption.fig05_sigma_xz| and so on."""
    written = {}
    for name, text in captions.items():
        *paragraphs, last = text.split("\n\n")
        written[f"caption.{name}"] = " ".join(map(texts.marked, paragraphs))
        written[f"provenance.{name}"] = _marked_last(last)
    return texts.substituted(written)


def _marked_last(text: str) -> str:
    """Escape the paragraph that says which catalogue; that it is synthetic is in bold type."""
    return f"**{text.strip()}**" if text.strip() == texts.SYNTHETIC else texts.marked(text)
