"""Captions of figures: templates (Jinja) that quote the run's numbers, written as plain text.

One text serves the report, the printed article and whoever cannot see the figure. A template
names numbers as numbers.yaml does, `{{ counts.halo }}`, texts that were chosen,
`choices.chemistry_method`, and what only figures know, `figures.error_bins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from icefire.errors import UserError
from icefire.files.writing import check_file
from icefire.numbers import texts
from icefire.numbers.quoting import quoted


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
        check_file(path)
        text = Path(path).read_bytes().decode("utf-8")
        filled = environment.from_string(text).render(names)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text ({error}); correct the caption") from error
    except jinja2.TemplateError as error:
        raise UserError(f"{path}:{_line(error)}: {error}; correct the caption") from error
    paragraphs = [" ".join(part.split()) for part in filled.split("\n\n")]
    return "\n\n".join([*filter(None, paragraphs), provenance]) + "\n"


def _line(error: Exception) -> int:
    """Find the line of a template at which it failed."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line or 1


def substitutions(captions: Mapping[str, str]) -> str:
    """Write captions as reStructuredText substitutions, |caption.fig05_sigma_xz| and so on.

    What says that a catalogue is synthetic is in bold type.
    """
    written = {}
    for name, text in captions.items():
        *paragraphs, last = map(texts.marked, text.split("\n\n"))
        if text.split("\n\n")[-1].strip() == texts.SYNTHETIC:
            last = f"**{texts.SYNTHETIC}**"
        written[f"caption.{name}"] = " ".join(paragraphs)
        written[f"provenance.{name}"] = last
    return texts.substituted(written)
