#!/usr/bin/env python
"""Read a survey table through its column map and keep its good stars (paper, section 2).

Usage:
    python scripts/clean_catalog.py --catalogue stars.fits --survey config/surveys/h3.yaml \\
        --quality-min-snr 3 --clean clean.fits --fields fields.ecsv
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import CLEAN_COLUMNS
from icefire.files.survey_maps import Catalogue, read_survey_map
from icefire.stars.ledger import Ledger
from icefire.stars.quality import LOGARITHM_LIMIT, QUALITY, Quality, placed, without_fillers

# Where a survey names no fields, its footprint is drawn from the pixels of this size (0.9 deg).
FOOTPRINT_NSIDE = 64


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--catalogue", required=True, help="the survey table")
    parser.add_argument("--survey", required=True, help="its column map, a YAML file")
    QUALITY.add_flags(parser)
    parser.add_argument("--clean", required=True, help="good stars (FITS), written")
    parser.add_argument("--fields", required=True, help="fields of the survey (ECSV), written")
    return parser


class Fields:
    """Mean direction and number of stars of every field, gathered block by block."""

    def __init__(self, named: bool):
        self._named = named
        self._sums: dict = {}

    def add(self, stars: dict[str, np.ndarray]) -> None:
        """Count the stars of one block; positions are in degrees."""
        on_sky = placed(stars)
        ra_deg, dec_deg = stars["ra"][on_sky], stars["dec"][on_sky]
        ra, dec = np.radians(ra_deg), np.radians(dec_deg)
        if self._named:
            names = stars["field"][on_sky]
        else:
            import healpy

            names = healpy.ang2pix(FOOTPRINT_NSIDE, ra_deg, dec_deg, lonlat=True)
        fields, which = np.unique(names, return_inverse=True)
        parts = (np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec), np.ones(len(ra)))
        sums = np.array([np.bincount(which, part, len(fields)) for part in parts]).T
        for field, total in zip(fields.tolist(), sums, strict=True):
            self._sums[field] = self._sums.get(field, 0.0) + total

    def table(self):
        """Give the fields in the order of their names, with Galactic coordinates in degrees."""
        from astropy.coordinates import SkyCoord
        from astropy.table import Table

        names = sorted(self._sums)
        sums = np.array([self._sums[name] for name in names]).reshape(-1, 4)
        x, y, z = sums[:, :3].T
        ra, dec = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
        galactic = SkyCoord(ra, dec, unit="deg").galactic
        texts = [name.decode() if isinstance(name, bytes) else name for name in names]
        table = Table(
            {
                "l": galactic.l.deg.round(6),
                "b": galactic.b.deg.round(6),
                "n_stars": sums[:, 3].astype(int),
                # Last, because a line of a table that begins with # would be a comment
                "field": texts,
            }
        )
        table["l"].unit = table["b"].unit = "deg"
        return table


def work(arguments) -> None:
    survey = read_survey_map(arguments.survey)
    catalogue = Catalogue(arguments.catalogue, survey)
    ledger = Ledger(catalogue.n_rows)
    quality = Quality(ledger, arguments.quality_min_snr, survey.cuts_off)
    fields = Fields(named="field" in survey.columns)
    for cut, reason in survey.cuts_off.items():
        print(f"cut {cut} is off: {reason}")

    ids, snrs, fillers = [], [], Counter()
    with star_tables.StarWriter(arguments.clean, CLEAN_COLUMNS) as writer:
        n_blocks = catalogue.n_rows // star_tables.BLOCK_ROWS + 1
        for block in cli.progress(catalogue.blocks(), n_blocks, "clean"):
            fields.add(block)
            block, found = without_fillers(block)
            fillers.update(found)
            good = quality.good(block)
            stars = {name: values[good] for name, values in block.items()}
            stars["l"], stars["b"] = galactic_coordinates(stars["ra"], stars["dec"])
            writer.write(stars)
            ids.append(stars["star_id"])
            snrs.append(stars["snr"])
        if quality.distances_in_pc:
            raise UserError(
                f"{arguments.catalogue}: column {survey.columns['distance'].column}, mapped to"
                f" distance: {quality.distances_in_pc} Correct the unit in the file, or"
                " columns.distance.unit in the survey's map where the file has none"
            )
        writer.keep = quality.unique(np.concatenate(ids), np.concatenate(snrs))

        source = catalogue.meta
        synthetic = bool(survey.synthetic or source.get("synthetic", False))
        name = source["catalogue"] if source.get("synthetic") else survey.name
        meta = metadata.new_meta(name, synthetic, survey.name, survey.cuts_off)
        meta["parameters"] = dict(source.get("parameters", {})) if synthetic else {}
        meta = metadata.add_step(meta, "clean_catalog", cli.parameters(arguments, QUALITY))
        writer.meta = {**meta, "ledger": ledger.to_meta()}

    how = (
        "survey fields"
        if "field" in survey.columns
        else f"occupied HEALPix pixels, nside {FOOTPRINT_NSIDE}"
    )
    text_tables.write_ecsv(arguments.fields, fields.table(), {**meta, "fields_are": how})
    ledger.print()
    for name, count in fillers.items():
        if count:
            print(f"{name}: {count:,} values beyond {LOGARITHM_LIMIT:g} dex taken as missing")


def galactic_coordinates(ra_deg: np.ndarray, dec_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn ICRS into Galactic coordinates, degrees; longitude in [0, 360)."""
    from astropy.coordinates import SkyCoord

    galactic = SkyCoord(ra_deg, dec_deg, unit="deg").galactic
    return galactic.l.deg, galactic.b.deg


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
