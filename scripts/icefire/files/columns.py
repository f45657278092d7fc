"""The columns of the star tables: names, FITS formats, units, and what they are."""

from dataclasses import dataclass

# The three samples (paper, section 2), and what a reader calls them
SAMPLES = {"halo": "Halo", "accreted": "Accreted", "insitu": "In situ"}


@dataclass(frozen=True)
class Column:
    """One column of the star tables: FITS format letter, unit, and what it is.

    FITS knows no dex, so logarithmic columns carry no unit and say it in their description.
    """

    format: str
    unit: str | None
    description: str


CLEAN_COLUMNS = {
    "star_id": Column("K", None, "identifier in the survey"),
    "ra": Column("D", "deg", "right ascension (ICRS)"),
    "dec": Column("D", "deg", "declination (ICRS)"),
    "l": Column("D", "deg", "Galactic longitude"),
    "b": Column("D", "deg", "Galactic latitude"),
    "distance": Column("D", "kpc", "heliocentric distance"),
    "distance_error": Column("D", "kpc", "standard error of distance"),
    "rv": Column("D", "km/s", "heliocentric radial velocity"),
    "rv_error": Column("D", "km/s", "standard error of rv"),
    "pmra": Column("D", "mas/yr", "proper motion in ra, times cos(dec)"),
    "pmra_error": Column("D", "mas/yr", "standard error of pmra"),
    "pmdec": Column("D", "mas/yr", "proper motion in declination"),
    "pmdec_error": Column("D", "mas/yr", "standard error of pmdec"),
    "pm_corr": Column("D", None, "correlation of pmra and pmdec"),
    "snr": Column("D", None, "signal-to-noise ratio per pixel"),
    "logg": Column("D", None, "surface gravity, dex (cm/s2)"),
    "feh": Column("D", None, "[Fe/H], dex"),
    "feh_error": Column("D", None, "standard error of feh, dex"),
    "afe": Column("D", None, "[alpha/Fe], dex"),
    "afe_error": Column("D", None, "standard error of afe, dex"),
}

# Columns that are logarithms, in dex
LOGARITHMS = ("logg", "feh", "feh_error", "afe", "afe_error")

KINEMATIC_COLUMNS = {
    "x": Column("D", "kpc", "Galactocentric x (the Sun at x < 0)"),
    "y": Column("D", "kpc", "Galactocentric y (the Sun moves to y > 0)"),
    "z": Column("D", "kpc", "Galactocentric z (north is positive)"),
    "r": Column("D", "kpc", "Galactocentric spherical radius"),
    "v_r": Column("D", "km/s", "radial velocity, outward"),
    "v_phi": Column("D", "km/s", "azimuthal velocity; the disc is negative"),
    "v_theta": Column("D", "km/s", "meridional velocity, positive toward +z"),
    "v_r_error": Column("D", "km/s", "standard error of v_r"),
    "v_phi_error": Column("D", "km/s", "standard error of v_phi"),
    "v_theta_error": Column("D", "km/s", "standard error of v_theta"),
    "cov_rphi": Column("D", "km2/s2", "error covariance of v_r and v_phi"),
    "cov_rtheta": Column("D", "km2/s2", "error covariance of v_r and v_theta"),
    "cov_phitheta": Column("D", "km2/s2", "error covariance of v_phi and v_theta"),
    "lx": Column("D", "kpc km/s", "angular momentum about x"),
    "ly": Column("D", "kpc km/s", "angular momentum about y"),
    "lz": Column("D", "kpc km/s", "angular momentum about z; prograde < 0"),
    "energy": Column("D", "km2/s2", "orbital energy per mass"),
    "energy_error": Column("D", "km2/s2", "standard error of energy"),
}

FLAG_COLUMNS = {
    "eccentricity": Column("D", None, "of the orbit; NaN where no cut needs it"),
    "is_giant": Column("L", None, "passes the surface gravity cut"),
    "is_sagittarius": Column("L", None, "Sagittarius stream"),
    "is_satellite": Column("L", None, "in a dwarf galaxy or globular cluster"),
    "is_aleph": Column("L", None, "Aleph"),
    "is_unbound": Column("L", None, "cut as unbound"),
}

STAR_COLUMNS = CLEAN_COLUMNS | KINEMATIC_COLUMNS | FLAG_COLUMNS

# Behind the name of a summary's column: measured by uncertainty.sound, beside the paper's recipe
SOUND = "_sound"
