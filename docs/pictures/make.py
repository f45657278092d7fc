#!/usr/bin/env python
"""Make the README's pictures anew from the figures of a finished default run.

python docs/pictures/make.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parent
WIDTHS = {"fig05_sigma_xz": 1000, "fig07_sigma_vs_accreted": 560}


def main() -> None:
    for name, width in WIDTHS.items():
        with Image.open(FOLDER.parents[1] / "figures" / f"{name}.png") as figure:
            height = round(figure.height * width / figure.width)
            small = figure.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        small.quantize(256, method=Image.Quantize.FASTOCTREE).save(
            FOLDER / f"{name}.png", optimize=True
        )


if __name__ == "__main__":
    main()
