"""What must hold in every run: the ledger, the samples and the summaries against each other.

Each check raises UserError at the first thing that is wrong, naming the file, the place and both
values, and gives what it counted. The quoted numbers have their checks in numbers_check.py.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from icefire.errors import UserError
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.files.metadata import COORDINATES
from icefire.files.star_tables import StarReader
from icefire.verify import recount

# An edge in a summary has nine decimals: a star this near to one may count on either side (kpc).
SLACK_KPC = 1e-9
# The ledger's steps between cleaning and chemistry; of the last two, |Z| is first.
CUTS = ("giants", "sagittarius", "satellites", "aleph", "unbound", "halo", "halo")
# Of each step, the parameters that these checks use
USED = {
    "flag_substructure": (
        *(
            "giants_max_logg",
            "sagittarius_ly_intercept_kpc_km_s",
            "sagittarius_ly_slope",
            "sagittarius_max_lx_ratio",
            "aleph_max_eccentricity",
        ),
        *("sagittarius_afe_slope", "sagittarius_afe_intercept"),
    ),
    "select_samples": ("chemistry_method", "halo_min_abs_z_kpc", "halo_min_radius_kpc"),
    "run_realisations": (
        *("geometry_xy_half_width_kpc", "geometry_xy_step_kpc", "geometry_xy_radius_kpc"),
        *("geometry_xz_half_width_kpc", "geometry_xz_step_kpc", "geometry_xz_radius_kpc"),
        *(
            "geometry_sky_nside",
            "geometry_radial_min_kpc",
            "geometry_radial_max_kpc",
            "geometry_radial_bins",
            "montecarlo_min_stars",
        ),
    ),
}
_FLAGS = ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound")
_QUANTITIES = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
_ASCENDING = ("_lo95", "_lo68", "", "_hi68", "_hi95")
MEASURED = tuple(quantity + ending for quantity in _QUANTITIES for ending in _ASCENDING)


def broken(path: str | os.PathLike, where: str, says: object, found: str) -> UserError:
    """Make the error of a broken invariant: the file, the place in it, what is there, and why not.

    It reads `{path}: {where} is {says}, but {found}`, followed by what to do.
    """
    return UserError(
        f"{path}: {where} is {says}, but {found}; delete this file and run again, and if this line"
        " comes back, report it as a mistake of icefire"
    )


def plain(column) -> np.ndarray:
    """Give a column of a small table as floats, NaN where it has no value."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


# --- stars: ledger and samples ---------------------------------------------------------------


@dataclass
class Tally:
    """What is counted while all good stars and the three samples are read side by side.

    Attributes
    ----------
    removed
        Stars that each of CUTS removed.
    beyond
        Good stars beyond 5 and 10 kpc from the Sun.
    n_good, neither
        Good stars, and halo stars that are in neither other sample.
    """

    removed: np.ndarray = field(default_factory=lambda: np.zeros(len(CUTS), np.int64))
    beyond: dict[int, int] = field(default_factory=lambda: {5: 0, 10: 0})
    n_good: int = 0
    neither: int = 0


class _Follower:
    """A sample, read along with the stars that it was chosen from, in the same order."""

    def __init__(self, name: str, reader: StarReader):
        self.name, self.reader, self.at = name, reader, 0

    def ahead(self, rows: int) -> tuple[dict, np.ndarray]:
        """Read the next rows without passing them; give them and their fingerprints."""
        stars = self.reader.read(self.at, self.at + rows, tuple(STAR_COLUMNS))
        return stars, fingerprints(stars)

    def fail(self, row: int, found: str) -> UserError:
        """Make the error for a star of the sample, by its number from the first one ahead."""
        at = self.at + row
        star = _name(self.reader.read(at, at + 1, ("star_id",)), 0)
        return broken(self.reader.path, f"row {at}", f"star {star}", found)

    def done(self, source: str) -> None:
        """Make sure that no star is left."""
        if self.at < self.reader.n_rows:
            raise self.fail(0, f"it does not follow in {source}")


def fingerprints(stars: dict[str, np.ndarray]) -> np.ndarray:
    """Reduce every star's whole row to 64 bits that differ where anything in it does."""
    found = np.full(len(stars["ra"]), 14695981039346656037, np.uint64)
    for name in STAR_COLUMNS:
        values = np.ascontiguousarray(stars[name])
        if values.dtype.kind == "S":
            width = -(-max(values.dtype.itemsize, 1) // 8)
            words = values.astype(f"S{8 * width}").view(np.uint64).reshape(len(values), width).T
        elif values.dtype.kind == "b":
            words = [values.astype(np.uint64)]
        else:
            words = [values.view(np.uint64)]
        for word in words:
            # As in splitmix64: every bit of the word reaches every bit of the result.
            found = (found ^ word) * np.uint64(0xBF58476D1CE4E5B9)
            found ^= found >> np.uint64(31)
    return found


def _name(stars: dict, row: int) -> str:
    star_id = stars["star_id"][row]
    return star_id.decode("ascii", "replace") if isinstance(star_id, bytes) else str(star_id)


def check_stars(stars: StarReader, samples: Mapping[str, StarReader], settings: dict) -> Tally:
    """Choose the samples anew from all good stars and hold them against those there are.

    Parameters
    ----------
    stars
        All good stars with their flags.
    samples
        The three samples.
    settings
        Parameters by step, and `source`, as `metadata.agreed` gives them.
    """
    _check_unique(samples["halo"])
    off = settings["source"]["cuts_off"]
    cut, flags = settings["select_samples"], settings["flag_substructure"]
    follow = {name: _Follower(name, reader) for name, reader in samples.items()}
    tally = Tally(n_good=stars.n_rows)
    start = 0
    for block in stars.blocks(tuple(STAR_COLUMNS)):
        _check_flags(stars.path, start, block, flags, off)
        for limit in tally.beyond:
            tally.beyond[limit] += int(np.count_nonzero(block["distance"] > limit))
        left = np.ones(len(block["ra"]), bool)
        goes = [~block["is_giant"], *(block[flag] for flag in _FLAGS)]
        goes += [
            ~(np.abs(block["z"]) > cut["halo_min_abs_z_kpc"]),
            ~(block["r"] > cut["halo_min_radius_kpc"]),
        ]
        for i, gone in enumerate(goes):
            tally.removed[i] += np.count_nonzero(left & gone)
            left &= ~gone
        halo = {name: values[left] for name, values in block.items()}
        tally.neither += _check_block(halo, follow, cut, start + np.flatnonzero(left))
        start += len(left)
    follow["halo"].done("the stars that pass the cuts")
    for name in ("accreted", "insitu"):
        follow[name].done("the halo sample")
    return tally


def _check_unique(halo: StarReader) -> None:
    """Make sure that no star is in the halo twice; eight bytes of memory for each star."""
    ids = np.concatenate([block["star_id"] for block in halo.blocks(("star_id",))])
    if ids.dtype.kind == "S":
        ids = ids[ids != b""]  # rows without an identifier are nobody's duplicates
    ids.sort()
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        star = _name({"star_id": ids}, twice[0])
        raise broken(halo.path, f"star {star}", "in two rows", "each star may be in one")


def _check_flags(path, start: int, stars: dict, flags: dict, off: dict) -> None:
    """Make sure that flags are what the star's own columns say, as far as these tell."""
    giant = (
        np.ones(len(stars["ra"]), bool)
        if "giants" in off
        else stars["logg"] < flags["giants_max_logg"]
    )
    lx, ly, lz = stars["lx"], stars["ly"], stars["lz"]
    stream = ly < flags["sagittarius_ly_intercept_kpc_km_s"] + flags["sagittarius_ly_slope"] * lz
    stream &= np.abs(lx) < flags["sagittarius_max_lx_ratio"] * np.hypot(ly, lz)
    if "sagittarius_chemistry" not in off:
        limit = flags["sagittarius_afe_slope"] * stars["feh"] + flags["sagittarius_afe_intercept"]
        stream &= ~(stars["afe"] > limit)
    should = {
        "is_giant": (giant, "by log g"),
        "is_sagittarius": (stream, "by angular momentum and chemistry"),
        "is_aleph": (stars["eccentricity"] < flags["aleph_max_eccentricity"], "by eccentricity"),
        "is_unbound": (
            stars["energy"] >= flags["unbound_max_sigma"] * stars["energy_error"]
            if "unbound" not in off
            else np.zeros(len(giant), bool),
            "by energy",
        ),
    }
    for name, (found, why) in should.items():
        wrong = np.flatnonzero(stars[name] != found)
        if len(wrong):
            row = wrong[0]
            where = f"row {start + row} (star {_name(stars, row)}), {name}"
            raise broken(path, where, bool(stars[name][row]), f"{why} it is {bool(found[row])}")
    radius = np.sqrt(stars["x"] ** 2 + stars["y"] ** 2 + stars["z"] ** 2)
    wrong = np.flatnonzero(~(np.abs(stars["r"] - radius) <= 1e-9 * radius))
    if len(wrong):
        row = wrong[0]
        where = f"row {start + row} (star {_name(stars, row)}), r"
        raise broken(path, where, stars["r"][row], f"its x, y and z give {radius[row]}")


def _check_block(halo: dict, follow: dict[str, _Follower], cut: dict, rows: np.ndarray) -> int:
    """Hold the next stars of the samples against a block of halo stars; count those of neither."""
    keys = fingerprints(halo)
    _, there = follow["halo"].ahead(len(keys))
    missing = len(there) < len(keys)
    differs = np.flatnonzero(there != keys[: len(there)])
    if len(differs) or missing:
        at = differs[0] if len(differs) else len(there)
        wanted = f"star {_name(halo, at)}, row {rows[at]} of all stars, passes the cuts and"
        if at < len(there):
            raise follow["halo"].fail(at, f"{wanted} should stand there, unchanged")
        path, n_rows = follow["halo"].reader.path, follow["halo"].reader.n_rows
        raise broken(path, "its length", f"{n_rows} rows", f"{wanted} is not in it")
    follow["halo"].at += len(keys)

    inside = {}
    for name in ("accreted", "insitu"):
        _, there = follow[name].ahead(len(keys))
        inside[name] = np.isin(keys, there)
        n_found = np.count_nonzero(inside[name])
        strange = np.flatnonzero(there[:n_found] != keys[inside[name]])
        if len(strange):
            raise follow[name].fail(
                strange[0], "it is not the next of the halo sample: not in it, twice, or changed"
            )
        follow[name].at += n_found
    path = {name: follow[name].reader.path for name in inside}
    must, may = _chemistry(halo, cut)
    checks = [(inside["insitu"] & inside["accreted"], "insitu", "in it", "it is accreted as well")]
    for name, found in inside.items():
        says = "its chemistry says "
        checks.append((found & ~may[name], name, "in it", says + "otherwise"))
        checks.append((must[name] & ~found, name, "not in it", says + "that it is of this sample"))
    for wrong, name, what, found in checks:
        if wrong.any():
            at = np.flatnonzero(wrong)[0]
            abundances = f"[Fe/H] {halo['feh'][at]:.6g}, [alpha/Fe] {halo['afe'][at]:.6g}"
            raise broken(path[name], f"star {_name(halo, at)} ({abundances})", what, found)
    return int(np.count_nonzero(~inside["accreted"] & ~inside["insitu"]))


def _chemistry(halo: dict, cut: dict) -> tuple[dict, dict]:
    """Tell which stars must, and which may, be accreted and in situ; on a border both may be."""
    feh, afe = halo["feh"], halo["afe"]
    if cut["chemistry_method"] != "polygon":
        found = {
            "accreted": feh < cut["chemistry_accreted_max_feh"],
            "insitu": feh > cut["chemistry_insitu_min_feh"],
        }
        return found, found
    known = np.isfinite(feh) & np.isfinite(afe)
    inside, border = recount.in_polygon(feh, afe, np.asarray(cut["chemistry_insitu_polygon"]))
    must = {"accreted": known & ~inside & ~border, "insitu": known & inside & ~border}
    return must, {name: found | (known & border) for name, found in must.items()}


def say_stars(stars, samples: Mapping, settings: dict, tally: Tally) -> list[tuple[str, str]]:
    """Say what `check_stars` found to be so."""
    cut = settings["select_samples"]
    by = "by chemistry" if cut["chemistry_method"] == "polygon" else "by [Fe/H] alone"
    n_halo = samples["halo"].n_rows
    return [
        (
            "stars",
            f"{stars.n_rows} good stars: r and the flags of giants, Sagittarius, Aleph and unbound"
            " stars as the stars' own columns have them",
        ),
        (
            "halo",
            f"{n_halo} rows, each star once: all good giants without a flag with"
            f" |Z| > {cut['halo_min_abs_z_kpc']:g} and r > {cut['halo_min_radius_kpc']:g} kpc,"
            " and no others",
        ),
        *(
            (name, f"{samples[name].n_rows} rows of the halo, {by}, none of the other sample")
            for name in ("accreted", "insitu")
        ),
        ("neither", f"{tally.neither} rows of the halo, as the ledger says"),
    ]


def check_ledger(path, ledger, n_rows: int, tally: Tally, samples: Mapping) -> str:
    """Make sure that the ledger adds up, from the raw table's rows to the samples' rows."""
    n_in, removed, n_out = (np.asarray(ledger[name]) for name in ("n_in", "n_removed", "n_out"))
    steps = [str(step) for step in ledger["step"]]
    n_clean = steps.count("clean")
    expected = [*["clean"] * n_clean, *CUTS, "chemistry", "insitu", "accreted"]
    if not n_clean or steps != expected:
        raise broken(path, "column step", ", ".join(steps), f"it should be {', '.join(expected)}")

    def hold(row: int, name: str, found: int, what: str) -> None:
        says = ledger[name][row]
        if says != found:
            raise broken(path, f"row {row} ({steps[row]}), {name}", says, what.format(found))

    hold(0, "n_in", n_rows, "the survey's table has {} rows")
    for row in range(len(steps)):
        if removed[row] < 0:
            raise broken(
                path, f"row {row} ({steps[row]}), n_removed", removed[row], "it is negative"
            )
        if row:
            hold(row, "n_in", n_out[row - 1], "the row before leaves {}")
        hold(row, "n_out", n_in[row] - removed[row], "n_in - n_removed is {}")
    hold(n_clean - 1, "n_out", tally.n_good, "there are {} good stars")
    for row, count in enumerate(tally.removed, n_clean):
        hold(row, "n_removed", count, "{} stars are counted anew")
    halo, accreted, insitu = (samples[name].n_rows for name in SAMPLES)
    end = n_clean + len(CUTS)
    hold(end - 1, "n_out", halo, "the halo sample has {} rows")
    hold(end, "n_removed", tally.neither, "{} halo stars are in neither sample")
    hold(end + 1, "n_removed", insitu, "the in-situ sample has {} rows")
    hold(end + 2, "n_out", accreted, "the accreted sample has {} rows")
    said = ledger.meta.get("samples")
    counted = {name: samples[name].n_rows for name in SAMPLES}
    if said != counted:
        raise broken(path, "metadata, samples", said, f"the samples have {counted}")
    return (
        f"{len(steps)} rows add up, from the {n_rows} rows of the survey's table to {halo} halo"
        f" stars: {accreted} accreted, {insitu} in situ, {tally.neither} neither"
    )


# --- summaries -------------------------------------------------------------------------------


def coordinates(geometry: str, settings: dict) -> dict[str, np.ndarray]:
    """Lay out the bins that the parameters of run_realisations.py describe."""
    if geometry == "sky":
        import healpy

        pixel = np.arange(12 * settings["geometry_sky_nside"] ** 2)
        longitude, latitude = healpy.pix2ang(settings["geometry_sky_nside"], pixel, lonlat=True)
        return {"pixel": pixel, "l": longitude, "b": latitude}
    if geometry == "radial":
        low, high, bins = (
            settings[f"geometry_radial_{name}"] for name in ("min_kpc", "max_kpc", "bins")
        )
        edges = low + (high - low) * np.arange(bins + 1) / bins
        lo, hi = np.tile(edges[:-1], 5), np.tile(edges[1:], 5)
        quadrant = np.arange(5 * bins) // bins
        return {"quadrant": quadrant, "r_lo": lo, "r_mid": (lo + hi) / 2, "r_hi": hi}
    points = grid(geometry, settings)
    first, second = geometry
    return {first: np.repeat(points, len(points)), second: np.tile(points, len(points))}


def grid(plane: str, settings: dict) -> np.ndarray:
    """Give the coordinates of the grid's points along one axis, kpc."""
    step = settings[f"geometry_{plane}_step_kpc"]
    reach = round(settings[f"geometry_{plane}_half_width_kpc"] / step)
    return np.arange(-reach, reach + 1) * step


def count_bins(sample: StarReader, settings: dict) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Count the stars of a sample in all bins; the least and the most that a summary may say.

    The two differ where a star is within SLACK_KPC of an edge.
    """
    found = {name: (0, 0) for name in COORDINATES}
    shells = coordinates("radial", settings)
    lo, hi = (shells[name][: settings["geometry_radial_bins"]] for name in ("r_lo", "r_hi"))
    for stars in sample.blocks(("x", "y", "z", "r", "l", "b")):
        direction = stars["l"], stars["b"]
        counts = {"sky": [recount.in_pixels(*direction, settings["geometry_sky_nside"])] * 2}
        for plane in ("xy", "xz"):
            place = (*(stars[name] for name in plane), grid(plane, settings))
            radius = settings[f"geometry_{plane}_radius_kpc"]
            ends = (radius - SLACK_KPC, radius + SLACK_KPC)
            counts[plane] = [recount.in_circles(*place, end) for end in ends]
        counts["radial"] = [
            recount.in_shells(stars["r"], *direction, lo + slack, hi - slack)
            for slack in (SLACK_KPC, -SLACK_KPC)
        ]
        for name, (least, most) in counts.items():
            found[name] = (found[name][0] + least, found[name][1] + most)
    return found


def check_summary(path, table, geometry: str, sample: str, counts: tuple, settings: dict) -> int:
    """Make sure of a summary's bins, counts, gaps and quantiles; give the bins that are measured.

    `counts` are the least and the most stars per bin, `settings` the parameters of
    run_realisations.py.
    """
    bins = coordinates(geometry, settings)
    n_bins = len(next(iter(bins.values())))
    if len(table) != n_bins:
        raise broken(path, "its length", f"{len(table)} bins", f"its metadata describe {n_bins}")

    def hold(wrong: np.ndarray, name: str, found) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            place = ", ".join(f"{key} {table[key][row]:.6g}" for key in bins)
            what = found(row) if callable(found) else found
            raise broken(path, f"row {row} ({place}), {name}", table[name][row], what)

    for name, wanted in bins.items():
        wrong = ~(np.abs(plain(table[name]) - wanted) <= SLACK_KPC)
        hold(wrong, name, lambda row, wanted=wanted: f"its metadata describe {wanted[row]:.9g}")
    n_stars, (least, most) = plain(table["n_stars"]), counts

    def counted(row: int) -> str:
        either = "" if least[row] == most[row] else f" to {most[row]}"
        return f"the {sample} sample has {least[row]}{either} stars there"

    hold(~((least <= n_stars) & (n_stars <= most)), "n_stars", counted)
    enough = n_stars >= settings["montecarlo_min_stars"]
    cold = plain(table["sigma_r_hi95"]) == 0  # no realisation has a beta
    for name in MEASURED:
        values = plain(table[name])
        rule = f"the bin has {{:.0f}} stars, and the minimum is {settings['montecarlo_min_stars']}"
        wrong = np.isfinite(values) != enough
        if name.startswith("beta"):
            wrong &= ~(np.isnan(values) & cold)
        hold(wrong, name, lambda row, rule=rule: rule.format(n_stars[row]))
        if name.startswith("beta"):
            hold(values > 1, name, "no anisotropy is above 1")
        else:
            hold(values < 0, name, "no dispersion is below 0")
    for quantity in _QUANTITIES:
        for low, high in itertools.pairwise(_ASCENDING):
            below, above = plain(table[quantity + low]), plain(table[quantity + high])
            what = f"{quantity + high} is lower: "
            hold(
                below > above,
                quantity + low,
                lambda row, what=what, above=above: f"{what}{above[row]:.9g}",
            )
    return int(np.count_nonzero(enough))


def check_fraction(path, sky, accreted: np.ndarray, insitu: np.ndarray) -> int:
    """Make sure of the accreted fraction of every line of sight; give how many have one."""
    both = accreted + insitu
    with np.errstate(invalid="ignore"):
        found = accreted / both
    said = plain(sky["accreted_fraction"])
    same = (np.abs(said - found) <= 1e-6) | (np.isnan(said) & (both == 0))
    if not same.all():
        row = int(np.flatnonzero(~same)[0])
        what = f"{accreted[row]} of {both[row]} stars there are accreted"
        raise broken(path, f"row {row} (pixel {row}), accreted_fraction", said[row], what)
    return int(np.count_nonzero(both))
