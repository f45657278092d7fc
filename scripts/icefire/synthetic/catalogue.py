"""What the synthetic survey writes down: measured columns with errors, and a catalogue's warts."""

import numpy as np
from scipy.special import ndtr, ndtri

from icefire.files.columns import Column
from icefire.stars import kinematics, orbits, substructure
from icefire.stars.cuts import Line
from icefire.stars.sky import galactic
from icefire.synthetic.clouds import NAME_BYTES
from icefire.synthetic.drawing import distance_modulus, gaia_error
from icefire.synthetic.survey import COMPONENT_BYTES, Survey, draw

# Random numbers of the Gaia source (a repeated star has the same ones) and of each spectrum.
_SOURCE_CHANCE = ["parallax", "ruwe", "ruwe_size", "missing_pm", "corr"]
_SOURCE_NORMAL = ["pmra", "pmdec", "g", "i", "z", "gaia_g", "gaia_bp", "gaia_rp"]
_CHANCE = ["flag", "no_fit", "zero_distance", "outlier", "night"]
_NORMAL = [
    "snr", "distance", "distance_error", "rv", "rv_error", "logg", "teff", "feh", "afe",
    "stellar_error",
]  # fmt: skip

CATALOGUE_COLUMNS = {
    "H3_ID": Column("K", None, "star in the survey"),
    "GAIAEDR3_ID": Column("K", None, "made-up Gaia source identifier"),
    "tileID": Column("K", None, "field"),
    "selID": Column("K", None, "fibre within the field's visits"),
    "dateID": Column("K", None, "night, YYYYMMDD"),
    "RA": Column("D", "deg", "right ascension (ICRS)"),
    "DEC": Column("D", "deg", "declination (ICRS)"),
    "L": Column("D", "deg", "Galactic longitude"),
    "B": Column("D", "deg", "Galactic latitude"),
    "dist_adpt": Column("D", "kpc", "adopted heliocentric distance"),
    "dist_adpt_err": Column("D", "kpc", "standard error of dist_adpt"),
    "Vrad": Column("D", "km/s", "heliocentric radial velocity"),
    "Vrad_err": Column("D", "km/s", "standard error of Vrad"),
    "GAIAEDR3_PMRA": Column("D", "mas/yr", "proper motion in RA, times cos(DEC)"),
    "GAIAEDR3_PMRA_ERROR": Column("D", "mas/yr", "standard error of GAIAEDR3_PMRA"),
    "GAIAEDR3_PMDEC": Column("D", "mas/yr", "proper motion in DEC"),
    "GAIAEDR3_PMDEC_ERROR": Column("D", "mas/yr", "standard error of GAIAEDR3_PMDEC"),
    "GAIAEDR3_PMRA_PMDEC_CORR": Column("D", None, "correlation of the proper motions"),
    "GAIAEDR3_PARALLAX": Column("D", "mas", "parallax"),
    "GAIAEDR3_PARALLAX_ERROR": Column("D", "mas", "standard error of GAIAEDR3_PARALLAX"),
    "GAIAEDR3_RUWE": Column("D", None, "Gaia's renormalised unit weight error"),
    "logg": Column("D", None, "surface gravity, dex (cm/s2)"),
    "logg_err": Column("D", None, "standard error of logg, dex"),
    "Teff": Column("D", "K", "effective temperature"),
    "Teff_err": Column("D", "K", "standard error of Teff"),
    "FeH": Column("D", None, "surface [Fe/H], dex"),
    "FeH_err": Column("D", None, "standard error of FeH, dex"),
    "aFe": Column("D", None, "surface [alpha/Fe], dex"),
    "aFe_err": Column("D", None, "standard error of aFe, dex"),
    "init_FeH": Column("D", None, "[Fe/H] at birth, dex"),
    "init_FeH_err": Column("D", None, "standard error of init_FeH, dex"),
    "init_aFe": Column("D", None, "[alpha/Fe] at birth, dex"),
    "init_aFe_err": Column("D", None, "standard error of init_aFe, dex"),
    "SNR": Column("D", None, "signal-to-noise ratio per pixel"),
    "FLAG": Column("K", None, "0 good, 1 bad, -1 no fit"),
    "XFIT_RANK": Column("K", None, "target class: 1 giant candidate, 2 main, 3 filler"),
    "PS_g": Column("D", "mag", "Pan-STARRS g, dereddened"),
    "PS_r": Column("D", "mag", "Pan-STARRS r, dereddened"),
    "PS_i": Column("D", "mag", "Pan-STARRS i, dereddened"),
    "PS_z": Column("D", "mag", "Pan-STARRS z, dereddened"),
    "GAIAEDR3_G": Column("D", "mag", "Gaia G"),
    "GAIAEDR3_BP": Column("D", "mag", "Gaia BP"),
    "GAIAEDR3_RP": Column("D", "mag", "Gaia RP"),
    "X_gal": Column("D", "kpc", "Galactocentric x (the Sun at negative x)"),
    "Y_gal": Column("D", "kpc", "Galactocentric y"),
    "Z_gal": Column("D", "kpc", "Galactocentric z"),
    "R_gal": Column("D", "kpc", "Galactocentric SPHERICAL radius"),
    "Vr_gal": Column("D", "km/s", "radial velocity, outward"),
    "Vr_gal_err": Column("D", "km/s", "standard error of Vr_gal"),
    "Vphi_gal": Column("D", "km/s", "velocity along longitude; the disc is negative"),
    "Vphi_gal_err": Column("D", "km/s", "standard error of Vphi_gal"),
    "Vtheta_gal": Column("D", "km/s", "meridional velocity, positive toward +Z"),
    "Vtheta_gal_err": Column("D", "km/s", "standard error of Vtheta_gal"),
    "Lx": Column("D", "kpc km/s", "angular momentum about x"),
    "Ly": Column("D", "kpc km/s", "angular momentum about y"),
    "Lz": Column("D", "kpc km/s", "angular momentum about z; prograde is negative"),
    "E_tot_pot1": Column("D", "km2/s2", "energy in gala's MilkyWayPotential v1"),
    "eccen_pot1": Column("D", None, "orbital eccentricity; not computed here"),
    "Sgr_FLAG": Column("K", None, "1 if the survey takes it for a Sagittarius star"),
}

TRUTH_COLUMNS = {
    "H3_ID": Column("K", None, "star in the survey; rows are those of the catalogue"),
    "component": Column("A", None, "component of the model"),
    "component_code": Column("K", None, "its number, from 1"),
    "object_name": Column("A", None, "satellite that the star belongs to; empty: none"),
    "distance": Column("D", "kpc", "heliocentric distance"),
    "rv": Column("D", "km/s", "heliocentric radial velocity"),
    "pmra": Column("D", "mas/yr", "proper motion in right ascension, times cos(dec)"),
    "pmdec": Column("D", "mas/yr", "proper motion in declination"),
    "x": Column("D", "kpc", "Galactocentric x"),
    "y": Column("D", "kpc", "Galactocentric y"),
    "z": Column("D", "kpc", "Galactocentric z"),
    "vx": Column("D", "km/s", "Galactocentric velocity along x"),
    "vy": Column("D", "km/s", "Galactocentric velocity along y"),
    "vz": Column("D", "km/s", "Galactocentric velocity along z"),
    "v_r": Column("D", "km/s", "radial velocity, outward"),
    "v_phi": Column("D", "km/s", "velocity along increasing longitude"),
    "v_theta": Column("D", "km/s", "meridional velocity, positive toward +z"),
    "mean_v_r": Column("D", "km/s", "mean of v_r of the component here"),
    "mean_v_phi": Column("D", "km/s", "mean of v_phi of the component here"),
    "mean_v_theta": Column("D", "km/s", "mean of v_theta of the component here"),
    "sigma_v_r": Column("D", "km/s", "intrinsic dispersion of v_r of the component"),
    "sigma_v_phi": Column("D", "km/s", "intrinsic dispersion of v_phi of the component"),
    "sigma_v_theta": Column("D", "km/s", "intrinsic dispersion of v_theta of the component"),
    "energy": Column("D", "km2/s2", "energy in the model's potential"),
    "feh": Column("D", None, "[Fe/H], dex"),
    "afe": Column("D", None, "[alpha/Fe], dex"),
    "logg": Column("D", None, "surface gravity, dex (cm/s2)"),
    "teff": Column("D", "K", "effective temperature"),
    "abs_r": Column("D", "mag", "absolute PS r magnitude"),
    "is_repeat": Column("L", None, "a further spectrum of a star listed earlier"),
}

_FIRST_NIGHT = np.datetime64("2017-11-01")


def _lognormal(median, scatter: float, normal: np.ndarray) -> np.ndarray:
    return median * np.exp(scatter * normal)


class Catalogue:
    """Turns the true stars of a block into catalogue rows and truth rows.

    `settings` are the model's `errors` and `warts`.
    """

    def __init__(self, survey: Survey, model: dict, frame, potential):
        self._survey, self._frame, self._potential = survey, frame, potential
        self._errors, self._warts = model["errors"], model["warts"]
        self._selection, self._photometry = model["selection"], model["photometry"]
        self._sagittarius = model["sagittarius"]["survey_flag"]

    def rows(self, stars: dict, streams: list) -> tuple[dict, dict]:
        """Measure one block: give its catalogue and its truth, equally long and in field order."""
        counts = np.unique(stars["field"], return_counts=True)[1]
        source, repeat = self._repeats(streams, counts)
        gaia_chance = draw(streams, counts, "random", _SOURCE_CHANCE)
        gaia_normal = draw(streams, counts, "standard_normal", _SOURCE_NORMAL)
        chance = draw(streams, counts, "random", _CHANCE)
        normal = draw(streams, counts, "standard_normal", _NORMAL)
        stars = {name: values[source] for name, values in stars.items()}
        gaia_chance = {name: values[source] for name, values in gaia_chance.items()}
        gaia_normal = {name: values[source] for name, values in gaia_normal.items()}

        tile = stars["field"] + 1
        first = np.repeat(np.cumsum(counts) - counts, counts)
        measured = {
            "H3_ID": tile * 100_000 + (source - first) + 1,
            "tileID": tile,
            "selID": np.arange(len(tile)) - first + 1,
            "dateID": self._night(stars["field"], repeat, chance["night"]),
            "RA": stars["ra"],
            "DEC": stars["dec"],
        }
        measured["GAIAEDR3_ID"] = 10**18 + 7919 * measured["H3_ID"]
        measured["L"], measured["B"] = galactic(stars["ra"], stars["dec"])
        measured |= self._photometric(stars, gaia_normal)
        measured |= self._astrometric(stars, measured["GAIAEDR3_G"], gaia_chance, gaia_normal)
        measured |= self._spectroscopic(stars, measured["PS_r"], chance, normal)
        measured |= self._own_kinematics(measured)
        truth = {name: stars[name] for name in TRUTH_COLUMNS if name in stars}
        truth["H3_ID"] = measured["H3_ID"]
        truth["component"] = np.array(self._survey.names, f"S{COMPONENT_BYTES}")[stars["component"]]
        truth["component_code"] = stars["component"] + 1
        truth["object_name"] = stars["object_name"].astype(f"S{NAME_BYTES}")
        truth["is_repeat"] = repeat
        return measured, truth

    def _repeats(self, streams: list, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give for each row the star it shows, and whether an earlier row shows it too."""
        source, repeat = [], []
        for rng, count, end in zip(streams, counts, np.cumsum(counts), strict=True):
            n = min(int(self._warts["repeated_fraction"] * count + rng.random()), count // 2)
            star = np.arange(count)
            star[count - n :] = rng.integers(0, count - n, n)
            source.append(star + end - count)
            repeat.append(np.arange(count) >= count - n)
        return np.concatenate(source), np.concatenate(repeat)

    def _night(self, field, repeat, chance) -> np.ndarray:
        days = self._survey.night[field] + np.where(repeat, 1 + (700 * chance).astype(int), 0)
        date = (_FIRST_NIGHT + days).astype("datetime64[D]")
        year = date.astype("datetime64[Y]")
        month = date.astype("datetime64[M]")
        return (
            (year.astype(int) + 1970) * 10000
            + (month.astype(int) % 12 + 1) * 100
            + (date - month).astype(int) + 1
        )  # fmt: skip

    def _photometric(self, stars: dict, normal: dict) -> dict[str, np.ndarray]:
        magnitude = stars["abs_r"] + distance_modulus(stars["distance"])
        g_r = stars["g_r"]
        error = self._photometry["error_mag"]
        gaia = {
            name: magnitude + c[0] + c[1] * g_r + c[2] * g_r**2
            for name, c in self._photometry["gaia_minus_r"].items()
        }
        made = {
            "PS_g": magnitude + g_r + error * normal["g"],
            # Noise must not carry a star over the limits at which it was selected.
            "PS_r": magnitude,
            "PS_i": magnitude - stars["r_i"] + error * normal["i"],
            "PS_z": magnitude - stars["r_i"] - stars["i_z"] + error * normal["z"],
        }
        for name in ("G", "BP", "RP"):
            made[f"GAIAEDR3_{name}"] = gaia[name] + 0.1 * error * normal[f"gaia_{name.lower()}"]
        return made

    def _astrometric(self, stars, magnitude, chance, normal) -> dict[str, np.ndarray]:
        gaia = self._errors["gaia"]
        error = {name: gaia_error(magnitude, gaia, name) for name in ("pmra", "pmdec", "parallax")}
        corr = gaia["pm_corr_max"] * (2 * chance["corr"] - 1)
        second = corr * normal["pmra"] + np.sqrt(1 - corr**2) * normal["pmdec"]
        # The selection weighed every star by the chance to pass the parallax limit: now it does.
        limit = ndtr((self._selection["max_parallax_mas"] - stars["parallax"]) / error["parallax"])
        made = {
            "GAIAEDR3_PMRA": stars["pmra"] + error["pmra"] * normal["pmra"],
            "GAIAEDR3_PMRA_ERROR": error["pmra"],
            "GAIAEDR3_PMDEC": stars["pmdec"] + error["pmdec"] * second,
            "GAIAEDR3_PMDEC_ERROR": error["pmdec"],
            "GAIAEDR3_PMRA_PMDEC_CORR": corr,
            "GAIAEDR3_PARALLAX": stars["parallax"]
            + error["parallax"] * ndtri(np.maximum(limit * chance["parallax"], 1e-300)),
            "GAIAEDR3_PARALLAX_ERROR": error["parallax"],
        }
        warts = self._warts
        binary = chance["ruwe"] < warts["high_ruwe_fraction"]
        made["GAIAEDR3_RUWE"] = np.where(
            binary, 1.4 + 3.0 * chance["ruwe_size"] ** 3, 0.9 + 0.25 * chance["ruwe_size"]
        )
        missing = chance["missing_pm"] < warts["missing_motion_fraction"]
        for name in made:
            if name != "GAIAEDR3_RUWE":
                made[name] = np.where(missing, np.nan, made[name])
        return made

    def _spectroscopic(self, stars, magnitude, chance, normal) -> dict[str, np.ndarray]:
        e, warts = self._errors, self._warts
        snr = _lognormal(
            e["snr"]["at_r15"] * 10 ** (-e["snr"]["dex_per_mag"] * (magnitude - 15.0)),
            e["snr"]["scatter_dex"] * np.log(10), normal["snr"],
        )  # fmt: skip
        relative = e["snr"]["reference"] / snr

        def error(name: str, which: np.ndarray) -> np.ndarray:
            s = e[name]
            typical = s["median"] * relative ** s["snr_power"]
            return np.clip(_lognormal(typical, s["scatter"], which), s["min"], s["max"])

        fraction = error("distance", normal["distance_error"])
        rv_error = error("rv", normal["rv_error"])
        distance = stars["distance"] * np.maximum(1 + fraction * normal["distance"], 0.2)
        # Diffusion and dredge-up: dwarfs show less than they were born with.
        birth = self._photometry["birth_minus_surface_dwarf"] * (stars["logg"] > 3.5)
        made = {
            "SNR": snr,
            "dist_adpt": distance,
            "dist_adpt_err": fraction * distance,
            "Vrad": stars["rv"] + rv_error * normal["rv"],
            "Vrad_err": rv_error,
        }
        for name in ("logg", "Teff", "FeH", "aFe"):
            key = name.lower()
            made[f"{name}_err"] = error(key, normal["stellar_error"])
            made[name] = stars[key] + made[f"{name}_err"] * normal[key]
        made |= {"init_FeH": made["FeH"] + birth, "init_FeH_err": made["FeH_err"]}
        made |= {"init_aFe": made["aFe"], "init_aFe_err": made["aFe_err"]}
        # Failed fits: some give nothing, the others are wrong by factors.
        bad = chance["flag"] < warts["bad_fit_fraction"] * (1 + warts["bad_fit_snr"] / snr)
        wrong = np.exp(warts["bad_fit_distance_scatter"] * ndtri(0.001 + 0.998 * chance["outlier"]))
        made["dist_adpt"] = np.where(bad, distance * wrong, made["dist_adpt"])
        made["dist_adpt"] = np.where(
            chance["zero_distance"] < warts["zero_distance_fraction"], 0.0, made["dist_adpt"]
        )
        no_fit = chance["no_fit"] < warts["no_fit_fraction"]
        for name in made:
            if name != "SNR":
                made[name] = np.where(no_fit, np.nan, made[name])
        made["FLAG"] = np.where(no_fit, -1, np.where(bad, 1, 0))
        filler = magnitude >= self._selection["windows"][-1]["r_min"]
        made["XFIT_RANK"] = np.where(filler, 3, np.where(stars["logg"] < 3.5, 1, 2))
        return made

    def _own_kinematics(self, measured: dict) -> dict[str, np.ndarray]:
        """Compute what the survey itself lists, from its measured values."""
        stars = {
            "ra": measured["RA"],
            "dec": measured["DEC"],
            "distance": measured["dist_adpt"],
            "distance_error": measured["dist_adpt_err"],
            "rv": measured["Vrad"],
            "rv_error": measured["Vrad_err"],
            "pmra": measured["GAIAEDR3_PMRA"],
            "pmra_error": measured["GAIAEDR3_PMRA_ERROR"],
            "pmdec": measured["GAIAEDR3_PMDEC"],
            "pmdec_error": measured["GAIAEDR3_PMDEC_ERROR"],
            "pm_corr": measured["GAIAEDR3_PMRA_PMDEC_CORR"],
        }
        own = kinematics.galactocentric(stars, self._frame)
        made = {f"{axis.upper()}_gal": own[axis] for axis in "xyz"}
        made["R_gal"] = own["r"]
        for ours, theirs in (("v_r", "Vr"), ("v_phi", "Vphi"), ("v_theta", "Vtheta")):
            made[f"{theirs}_gal"] = own[ours]
            made[f"{theirs}_gal_err"] = own[f"{ours}_error"]
        for axis in "xyz":
            made[f"L{axis}"] = own[f"l{axis}"]
        place, motion = np.array([own[axis] for axis in "xyz"]), kinematics.cartesian_velocity(own)
        made["E_tot_pot1"] = orbits.energy(self._potential, place, motion)
        made["eccen_pot1"] = np.full(len(own["x"]), np.nan)
        s = self._sagittarius
        sgr = substructure.in_sagittarius(
            own | {"feh": measured["FeH"], "afe": measured["aFe"]},
            s["ly_intercept_kpc_km_s"],
            s["ly_slope"],
            s["max_lx_ratio"],
            Line(s["afe_slope"], s["afe_intercept"]),
        )
        made["Sgr_FLAG"] = sgr.astype(np.int64)
        return made
