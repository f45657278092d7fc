"""YAML read safely, and with no key given twice: the first value would be lost."""

from pathlib import Path

import yaml

from icefire.errors import UserError


class StrictLoader(yaml.SafeLoader):
    """The safe loader, which takes no key twice."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise yaml.YAMLError(f"line {line}: key {key.value} is there twice")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


# libyaml is six times as fast. It is for what comes with the workflow or was written by it: on
# thousands of nested brackets it ends the process instead of raising.
OwnLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: Path, text: bytes, remedy: str = "correct the file", own: bool = False):
    """Read YAML, the workflow's own fast; raises UserError naming file and remedy if it is none."""
    try:
        return (OwnLoader if own else StrictLoader)(text.decode("utf-8")).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: no UTF-8, a date that is none, a number of thousands of digits
        raise UserError(f"{path}: not readable as YAML ({error}); {remedy}") from error
