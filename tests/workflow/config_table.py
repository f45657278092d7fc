"""The table of keys in config/README.md, made from the schema and the defaults.

python tests/workflow/config_table.py    writes it anew
"""

import json
from pathlib import Path

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->\n"


def table() -> str:
    """Give one line per key: name, default, and the schema's description."""
    schema = yaml.safe_load((CONFIG / "config.schema.yaml").read_text())
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    lines = ["| key | default | what |\n", "|---|---|---|\n"]

    def walk(node: dict, value, key: str) -> None:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] | node
        if "properties" in node:
            for name, child in node["properties"].items():
                walk(child, value[name], f"{key}.{name}" if key else name)
            return
        what = node["description"].replace("|", "\\|")
        if "enum" in node:
            what += ": " + ", ".join(f"`{choice or 'null'}`" for choice in node["enum"])
        lines.append(f"| `{key}` | `{json.dumps(value)}` | {what} |\n")

    walk(schema, config, "")
    return "".join(lines)


def readme() -> str:
    """Give config/README.md with the table of today."""
    before, rest = (CONFIG / "README.md").read_text().split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    (CONFIG / "README.md").write_text(readme())
