"""Mistakes in the selections and estimators, each below the unit test that must notice it.

Mistakes that a hurried hand makes and that leave every number plausible: a limit taken in, a sign,
a factor, one axis for another, an "or" for an "and". Of each the file, a piece of its text that is
there once, and what stands in its place.
"""

NOTICED = {
    # --- who is kept -------------------------------------------------------------------------
    "quality.py::test_each_fault_counts_once_under_its_reason": [
        ("stars/quality.py", 's["snr"] > min_snr', 's["snr"] >= min_snr'),
        ("stars/quality.py", 's["distance"] > 0', 's["distance"] >= 0'),
        ("stars/quality.py", 'maximum(np.abs(s["pmra"])', 'minimum(np.abs(s["pmra"])'),
    ],
    "quality.py::test_values_at_the_limits_stay": [
        ("stars/quality.py", '["pm_corr"]) <= 1', '["pm_corr"]) < 1'),
    ],
    "quality.py::test_the_best_row_of_a_star_stays_and_the_first_of_equals": [
        ("stars/quality.py", "lexsort((np.arange", "lexsort((-np.arange"),
    ],
    "ledger.py::test_a_star_with_several_faults_counts_under_the_first_only": [
        ("stars/ledger.py", "count_nonzero(left & bad)", "count_nonzero(bad)"),
    ],
    "selection.py::test_sagittarius_by_angular_momentum": [
        ("stars/substructure.py", "ly_slope * lz) & (", "ly_slope * lz) | ("),
        ("stars/substructure.py", "hypot(ly, lz)", "hypot(lx, lz)"),
        ("stars/substructure.py", "moves & ~spared", "moves & spared"),
    ],
    "selection.py::test_a_star_on_a_line_is_on_neither_side": [
        ("stars/cuts.py", "afe > self.slope", "afe >= self.slope"),
    ],
    "selection.py::test_unknown_chemistry_belongs_to_neither": [
        ("stars/cuts.py", "self.known(feh, afe) & ~self.insitu", "~self.insitu"),
    ],
    "selection.py::test_aleph_candidates_are_low_alpha_in_situ_and_prograde": [
        ("stars/substructure.py", 'stars["lz"] < 0', 'stars["lz"] > 0'),
    ],
    "satellites.py::test_the_larger_radius_counts_all_around_the_sky": [
        ("stars/satellites.py", "np.pi) / 2)", "np.pi))"),
    ],
    "satellites.py::test_the_satellites_dispersion_widens_velocity_and_proper_motions": [
        ("stars/satellites.py", "[i] ** 2 + spread**2", "[i] ** 2"),
    ],
    "cuts.py::test_a_star_is_unbound_from_an_energy_of_zero_on": [
        ("stars/substructure.py", 'stars["energy"] >= max', 'stars["energy"] > max'),
    ],
    "cuts.py::test_a_halo_star_is_beyond_both_limits_and_in_no_substructure": [
        ("stars/cuts.py", 'np.abs(stars["z"]) > halo', 'stars["z"] > halo'),
    ],
    # --- where it is and how it moves --------------------------------------------------------
    "kinematics.py::test_errors_are_those_of_draws": [
        ("stars/kinematics.py", "(east, rho * north, ", "(east, rho, "),
        ("stars/kinematics.py", "minimum(rho / np.sqrt(_level", "maximum(rho / np.sqrt(_level"),
        ("stars/kinematics.py", "width * np.sinh(t)", "width * np.tanh(t)"),
    ],
    "kinematics.py::test_every_star_agrees_with_astropy": [
        ("stars/kinematics.py", "(outward, along, _cross(", "(along, outward, _cross("),
    ],
    "dynamics.py::test_each_potential_is_galas_and_energy_adds_the_kinetic_term": [
        ("stars/orbits.py", "0.5 * (vx**2", "(vx**2"),
    ],
    # --- bins --------------------------------------------------------------------------------
    "geometry.py::test_a_shell_holds_its_lower_edge_and_the_last_its_upper_too": [
        ("measure/geometry.py", 'searchsorted(edges, r, side="right")', "searchsorted(edges, r)"),
    ],
    "geometry.py::test_shells_and_quadrants_are_those_of_a_loop": [
        ("measure/geometry.py", "where(east, 2, 1)", "where(east, 1, 1)"),
    ],
    "geometry.py::test_a_star_on_the_rim_is_inside": [
        ("measure/geometry.py", "<= (self.radius_kpc / self", "< (self.radius_kpc / self"),
    ],
    # --- dispersions and their errors --------------------------------------------------------
    "realisations.py::test_drawn_velocities_have_the_measured_mean_and_covariance": [
        ("measure/recipes.py", '["cov_phitheta"] - root[2, 0] * root[1, 0]', '["cov_phitheta"]'),
    ],
    "realisations.py::test_exactly_the_floor_of_the_fraction_is_left_out": [
        ("measure/recipes.py", "np.floor(self._fraction", "np.ceil(self._fraction"),
    ],
    "dispersion.py::test_variances_of_small_bins_are_unbiased_on_average": [
        ("measure/recipes.py", "2 if deconvolve", "1 if deconvolve"),
        ("measure/dispersion.py", "weight / (weight - 1)", "weight / weight"),
    ],
    "dispersion.py::test_anisotropy_of_known_ellipsoids": [
        ("measure/dispersion.py", "/ (2 * radial)", "/ radial"),
    ],
    "dispersion.py::test_intervals_are_numpys_percentiles": [
        ("measure/dispersion.py", '"_lo68": 0.16', '"_lo68": 0.05'),
    ],
    "dispersion.py::test_nine_stars_are_too_few_and_ten_enough": [
        ("measure/dispersion.py", "counts >= min_stars", "counts > min_stars"),
    ],
    "dispersion.py::test_mirroring_turns_what_falls_short_into_what_exceeds": [
        ("measure/intervals.py", "maximum(ratio, np.finfo", "minimum(ratio, np.finfo"),
    ],
    "likelihood.py::test_without_errors_the_intervals_are_the_exact_ones_of_chi_squared": [
        ("measure/likelihood.py", "np.log(sums[10]) - fit", "sums[10] - fit"),
        ("measure/likelihood.py", "sums[9] + np.log(determinant) - ", "sums[9] - "),
    ],
    "likelihood.py::test_with_errors_the_intervals_are_those_of_the_posterior_itself": [
        (
            "measure/likelihood.py",
            "[stars[name] for name in CROSS]",
            "[-stars[name] for name in CROSS]",
        ),
    ],
    "likelihood.py::test_the_cut_is_in_the_model": [
        ("measure/likelihood.py", " - self._cut.log_passed(sections.variance)", ""),
    ],
    "claims.py::test_standard_errors_are_those_of_a_bootstrap": [
        ("numbers/estimates.py", "velocity - velocity.mean", "velocity + velocity.mean"),
    ],
    # --- two runs ----------------------------------------------------------------------------
    "comparison.py::test_a_star_in_another_place_is_another_star": [
        ("compare/shared_stars.py", "np.cos(np.radians(ours", "np.ones_like(np.radians(ours"),
    ],
    "comparison.py::test_errors_agree_with_leaving_out_one_star_after_the_other": [
        ("compare/shared_stars.py", "[of_b - of_a", "[of_b + of_a"),
    ],
}
MISTAKES = [
    (*mistake, f"unit/test_{test}") for test, mistakes in NOTICED.items() for mistake in mistakes
]
