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


def load(path: Path, text: bytes, remedy: str = "correct the file"):
    """Read YAML; raises UserError naming the file and the remedy where it is not such."""
    try:
        return StrictLoader(text.decode("utf-8")).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: no UTF-8, a date that is none, a number of thousands of digits
        raise UserError(f"{path}: not readable as YAML ({error}); {remedy}") from error
