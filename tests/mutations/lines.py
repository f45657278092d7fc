"""Lines of the selections and estimators, each with a mistake that a test must notice.

Mistakes that a hurried hand makes and that leave every number plausible: a limit taken in, a sign,
a factor, one axis for another, an "or" for an "and".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One wrong line: where it is, what stands there, what would be wrong, and who notices.

    Attributes
    ----------
    file
        Below scripts/.
    right, wrong
        Text that is in the file exactly once, and what takes its place.
    test
        The test that must fail then, below tests/.
    """

    file: str
    right: str
    wrong: str
    test: str


MUTATIONS = [
    # --- who is kept -------------------------------------------------------------------------
    Mutation(
        "icefire/stars/quality.py",
        'stars["snr"] > self._min_snr',
        'stars["snr"] >= self._min_snr',
        "unit/test_quality.py::test_each_fault_counts_once_under_its_reason",
    ),
    Mutation(
        "icefire/stars/quality.py",
        '(s["distance"] > 0)',
        '(s["distance"] >= 0)',
        "unit/test_quality.py::test_each_fault_counts_once_under_its_reason",
    ),
    Mutation(
        "icefire/stars/quality.py",
        'np.maximum(np.abs(s["pmra"])',
        'np.minimum(np.abs(s["pmra"])',
        "unit/test_quality.py::test_each_fault_counts_once_under_its_reason",
    ),
    Mutation(
        "icefire/stars/quality.py",
        'np.abs(stars["pm_corr"]) <= 1',
        'np.abs(stars["pm_corr"]) < 1',
        "unit/test_quality.py::test_values_at_the_limits_stay",
    ),
    Mutation(
        "icefire/stars/quality.py",
        "np.lexsort((np.arange(len(merit)), -merit, star_id))",
        "np.lexsort((-np.arange(len(merit)), -merit, star_id))",
        "unit/test_quality.py::test_the_best_row_of_a_star_stays_and_the_first_of_equals",
    ),
    Mutation(
        "icefire/stars/ledger.py",
        "np.count_nonzero(left & bad)",
        "np.count_nonzero(bad)",
        "unit/test_ledger.py::test_a_star_with_several_faults_counts_under_the_first_only",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        "ly_slope * lz) & (",
        "ly_slope * lz) | (",
        "unit/test_selection.py::test_sagittarius_by_angular_momentum",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        "np.hypot(ly, lz)",
        "np.hypot(lx, lz)",
        "unit/test_selection.py::test_sagittarius_by_angular_momentum",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        "& ~spared.above(",
        "& spared.above(",
        "unit/test_selection.py::test_sagittarius_by_angular_momentum",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        "afe > self.slope * feh + self.intercept",
        "afe >= self.slope * feh + self.intercept",
        "unit/test_selection.py::test_a_star_on_a_line_is_on_neither_side",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        "np.isfinite(feh) & np.isfinite(afe) & ~self.insitu",
        "~self.insitu",
        "unit/test_selection.py::test_unknown_chemistry_belongs_to_neither",
    ),
    Mutation(
        "icefire/stars/cuts.py",
        'stars["lz"] < 0',
        'stars["lz"] > 0',
        "unit/test_selection.py::test_aleph_candidates_are_low_alpha_in_situ_and_prograde",
    ),
    Mutation(
        "icefire/stars/satellites.py",
        "2 * np.sin(min(radius[i], np.pi) / 2)",
        "2 * np.sin(min(radius[i], np.pi))",
        "unit/test_satellites.py::test_the_larger_radius_counts_all_around_the_sky",
    ),
    Mutation(
        "icefire/stars/satellites.py",
        "np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra)",
        "np.cos(dec) * np.cos(ra), np.sin(ra)",
        "unit/test_satellites.py::test_the_larger_radius_counts_all_around_the_sky",
    ),
    Mutation(
        "icefire/stars/satellites.py",
        " + spread**2",
        "",
        "unit/test_satellites.py::test_the_satellites_dispersion_widens_velocity_and_proper_motions",
    ),
    Mutation(
        "icefire/stars/substructure.py",
        'stars["energy"] >= max_sigma',
        'stars["energy"] > max_sigma',
        "unit/test_cuts.py::test_a_star_is_unbound_from_an_energy_of_zero_on",
    ),
    Mutation(
        "select_samples.py",
        '~(abs(s["z"]) > min_abs_z_kpc)',
        '~(s["z"] > min_abs_z_kpc)',
        "unit/test_cuts.py::test_a_halo_star_is_beyond_both_limits_and_in_no_substructure",
    ),
    # --- where it is and how it moves --------------------------------------------------------
    Mutation(
        "icefire/stars/kinematics.py",
        "moment -= first[i] * first[j]",
        "pass",
        "unit/test_kinematics.py::test_errors_are_those_of_draws",
    ),
    Mutation(
        "icefire/stars/kinematics.py",
        "(east, rho * north,",
        "(east, -rho * north,",
        "unit/test_kinematics.py::test_errors_are_those_of_draws",
    ),
    Mutation(
        "icefire/stars/kinematics.py",
        "np.minimum(rho / np.sqrt(_level(sight)), r)",
        "r",
        "unit/test_kinematics.py::test_errors_are_those_of_draws",
    ),
    Mutation(
        "icefire/stars/kinematics.py",
        "return (outward, along, _cross(outward, along)), r, rho",
        "return (outward, _cross(outward, along), along), r, rho",
        "unit/test_kinematics.py::test_every_star_agrees_with_astropy",
    ),
    Mutation(
        "icefire/stars/orbits.py",
        "0.5 * (vx**2 + vy**2 + vz**2)",
        "(vx**2 + vy**2 + vz**2)",
        "unit/test_dynamics.py::test_each_potential_is_galas_and_energy_adds_the_kinetic_term",
    ),
    # --- bins --------------------------------------------------------------------------------
    Mutation(
        "icefire/measure/geometry.py",
        'side="right"',
        'side="left"',
        "unit/test_geometry.py::test_a_shell_holds_its_lower_edge_and_the_last_its_upper_too",
    ),
    Mutation(
        "icefire/measure/geometry.py",
        "np.where(north, np.where(east, 2, 1), np.where(east, 3, 4))",
        "np.where(north, np.where(east, 1, 2), np.where(east, 4, 3))",
        "unit/test_geometry.py::test_shells_and_quadrants_are_those_of_a_loop",
    ),
    Mutation(
        "icefire/measure/geometry.py",
        "gap[1][:, None, :] <= (",
        "gap[1][:, None, :] < (",
        "unit/test_geometry.py::test_a_star_on_the_rim_is_inside",
    ),
    # --- dispersions and their errors --------------------------------------------------------
    Mutation(
        "icefire/measure/recipes.py",
        'stars["cov_phitheta"] - root[2, 0] * root[1, 0]',
        'stars["cov_phitheta"]',
        "unit/test_realisations.py::test_drawn_velocities_have_the_measured_mean_and_covariance",
    ),
    Mutation(
        "icefire/measure/recipes.py",
        "int(np.floor(self._fraction * n_stars))",
        "int(np.ceil(self._fraction * n_stars))",
        "unit/test_realisations.py::test_exactly_the_floor_of_the_fraction_is_left_out",
    ),
    Mutation(
        "icefire/measure/recipes.py",
        "self.subtracted = 2 if deconvolve",
        "self.subtracted = 1 if deconvolve",
        "unit/test_dispersion.py::test_variances_of_small_bins_are_unbiased_on_average",
    ),
    Mutation(
        "icefire/measure/dispersion.py",
        "variance *= weight / (weight - 1)",
        "variance *= 1",
        "unit/test_dispersion.py::test_variances_of_small_bins_are_unbiased_on_average",
    ),
    Mutation(
        "icefire/measure/dispersion.py",
        "(variance[1] + variance[2]) / (2 * radial)",
        "(variance[1] + variance[2]) / radial",
        "unit/test_dispersion.py::test_anisotropy_of_known_ellipsoids",
    ),
    Mutation(
        "icefire/measure/dispersion.py",
        '"_lo68": 0.16',
        '"_lo68": 0.05',
        "unit/test_dispersion.py::test_intervals_are_numpys_percentiles",
    ),
    Mutation(
        "icefire/measure/dispersion.py",
        "count >= min_stars",
        "count > min_stars",
        "unit/test_dispersion.py::test_nine_stars_are_too_few_and_ten_enough",
    ),
    Mutation(
        "icefire/measure/dispersion.py",
        "np.sqrt((n + 1) / np.maximum(n - 2, 1))",
        "np.sqrt((n + 1) / np.maximum(n - 1, 1))",
        "unit/test_dispersion.py::test_mirroring_turns_what_falls_short_into_what_exceeds",
    ),
    Mutation(
        "icefire/measure/likelihood.py",
        "0.5 * (np.log(sums[10]) - fit)",
        "-0.5 * fit",
        "unit/test_likelihood.py::test_without_errors_the_intervals_are_the_exact_ones_of_chi_squared",
    ),
    Mutation(
        "icefire/measure/likelihood.py",
        "sums[9] + np.log(determinant) - dot",
        "sums[9] - dot",
        "unit/test_likelihood.py::test_without_errors_the_intervals_are_the_exact_ones_of_chi_squared",
    ),
    Mutation(
        "icefire/measure/likelihood.py",
        " - self._cut.log_passed(sections.variance)",
        "",
        "unit/test_likelihood.py::test_the_cut_is_in_the_model",
    ),
    Mutation(
        "icefire/measure/likelihood.py",
        "covariance[3:] = [stars[name] for name in _CROSS]",
        "covariance[3:] = [-stars[name] for name in _CROSS]",
        "unit/test_likelihood.py::test_with_errors_the_intervals_are_those_of_the_posterior_itself",
    ),
    Mutation(
        "icefire/numbers/estimates.py",
        "- 2 * a * m[1, 2]",
        "+ 2 * a * m[1, 2]",
        "unit/test_claims.py::test_blocks_change_nothing_but_rounding",
    ),
    Mutation(
        "icefire/compare/shared_stars.py",
        'along *= np.cos(np.radians(ours["dec"][i]))',
        "along *= 1",
        "unit/test_comparison.py::test_a_star_in_another_place_is_another_star",
    ),
    Mutation(
        "icefire/compare/shared_stars.py",
        "of_b - of_a for of_a, of_b",
        "of_b + of_a for of_a, of_b",
        "unit/test_comparison.py::test_errors_agree_with_leaving_out_one_star_after_the_other",
    ),
]
