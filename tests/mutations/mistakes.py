"""Mistakes in the selections and estimators, each below the unit test that must notice it.

Mistakes that a hurried hand makes and that leave every number plausible: a limit taken in, a sign,
a factor, one axis for another, an "or" for an "and". Each is told as what changes in which function
or table; where that lies and how it is written is of no matter.

    > to >=        another operator, name, text or number
    without + x    a sum, product or condition without its parts that name x
    left of *      an operation's left side alone; also `right of`
    unwrap abs     a call's argument, or what follows a sign
    negate x       a call or an item of x with the other sign
    swap x y       two names of one tuple in each other's place

`near` names what the place holds, where the function has several; the smallest place counts.
"""

from __future__ import annotations

NOTICED = {
    # --- who is kept -------------------------------------------------------------------------
    "test_quality.py::test_each_fault_counts_once_under_its_reason": [
        ("Quality.__init__", "> to >= near snr"),
        ("Quality.__init__", "> to >= near distance"),
        ("Quality.__init__", "maximum to minimum"),
    ],
    "test_quality.py::test_values_at_the_limits_stay": [
        ("_with_errors", "<= to < near pm_corr"),
    ],
    "test_quality.py::test_the_best_row_of_a_star_stays_and_the_first_of_equals": [
        ("Quality.unique", "negate arange near lexsort"),
    ],
    "test_ledger.py::test_a_star_with_several_faults_counts_under_the_first_only": [
        ("ledger:remove", "without & left"),
    ],
    "test_selection.py::test_sagittarius_by_angular_momentum": [
        ("in_sagittarius", "& to | near hypot"),
        ("in_sagittarius", "ly to lx near hypot"),
        ("in_sagittarius", "unwrap ~ near above"),
    ],
    "test_selection.py::test_a_star_on_a_line_is_on_neither_side": [
        ("Line.above", "> to >="),
    ],
    "test_selection.py::test_unknown_chemistry_belongs_to_neither": [
        ("cuts:Polygon.accreted", "without & known"),
    ],
    "test_selection.py::test_aleph_candidates_are_low_alpha_in_situ_and_prograde": [
        ("aleph_candidate", "< to > near lz"),
    ],
    "test_satellites.py::test_the_larger_radius_counts_all_around_the_sky": [
        ("is_member", "left of / near pi"),
    ],
    "test_satellites.py::test_the_satellites_dispersion_widens_velocity_and_proper_motions": [
        ("is_member", "without + spread"),
    ],
    "test_cuts.py::test_a_star_is_unbound_from_an_energy_of_zero_on": [
        ("substructure:is_unbound", ">= to > near energy"),
    ],
    "test_cuts.py::test_a_halo_star_is_beyond_both_limits_and_in_no_substructure": [
        ("cuts:CUTS", "unwrap abs near min_abs_z_kpc"),
    ],
    # --- where it is and how it moves --------------------------------------------------------
    "test_kinematics.py::test_errors_are_those_of_draws": [
        ("_Sight.__init__", "left of * near rho north"),
        ("kinematics:_derived", "minimum to maximum near rho"),
        ("_dense_nodes", "sinh to tanh"),
    ],
    "test_kinematics.py::test_every_star_agrees_with_astropy": [
        ("_Sight.basis", "swap outward along near _cross"),
    ],
    "test_dynamics.py::test_each_potential_is_galas_and_energy_adds_the_kinetic_term": [
        ("orbits:energy", "right of * near vx"),
    ],
    # --- bins --------------------------------------------------------------------------------
    "test_geometry.py::test_a_shell_holds_its_lower_edge_and_the_last_its_upper_too": [
        ("RadialShells.membership", "right to left"),
    ],
    "test_geometry.py::test_shells_and_quadrants_are_those_of_a_loop": [
        ("RadialShells.membership", "2 to 1 near north east"),
    ],
    "test_geometry.py::test_a_star_on_the_rim_is_inside": [
        ("PlaneGrid.membership", "<= to < near radius_kpc"),
    ],
    # --- dispersions and their errors --------------------------------------------------------
    "test_realisations.py::test_drawn_velocities_have_the_measured_mean_and_covariance": [
        ("cholesky", "left of - near cov_phitheta"),
    ],
    "test_realisations.py::test_exactly_the_floor_of_the_fraction_is_left_out": [
        ("Han2024.start", "floor to ceil"),
    ],
    "test_dispersion.py::test_variances_of_small_bins_are_unbiased_on_average": [
        ("Han2024.__init__", "2 to 1 near deconvolve"),
        ("dispersion:variances", "left of - near weight"),
    ],
    "test_dispersion.py::test_anisotropy_of_known_ellipsoids": [
        ("anisotropy", "right of * near radial"),
    ],
    "test_dispersion.py::test_intervals_are_numpys_percentiles": [
        ("dispersion:QUANTILES", "0.16 to 0.05"),
    ],
    "test_dispersion.py::test_nine_stars_are_too_few_and_ten_enough": [
        ("dispersion:Survey.__init__", ">= to > near min_stars"),
    ],
    "test_dispersion.py::test_mirroring_turns_what_falls_short_into_what_exceeds": [
        ("reflected", "maximum to minimum near tiny"),
    ],
    "test_likelihood.py::test_without_errors_the_intervals_are_the_exact_ones_of_chi_squared": [
        ("_Sections.log_posterior", "unwrap log near 10"),
        ("_Sections.log_posterior", "without + determinant"),
    ],
    "test_likelihood.py::test_with_errors_the_intervals_are_those_of_the_posterior_itself": [
        ("_Stars._covariance", "negate stars near CROSS"),
    ],
    "test_likelihood.py::test_the_cut_is_in_the_model": [
        ("_Posterior._cut_sections", "left of - near log_passed"),
    ],
    "test_claims.py::test_standard_errors_are_those_of_a_bootstrap": [
        ("estimates:dispersions", "- to + near velocity"),
    ],
    # --- two runs ----------------------------------------------------------------------------
    "test_comparison.py::test_a_star_in_another_place_is_another_star": [
        ("shared_stars:stars", "cos to ones_like near radians"),
    ],
    "test_comparison.py::test_errors_agree_with_leaving_out_one_star_after_the_other": [
        ("shared_stars:errors", "- to + near of_a of_b"),
    ],
}
MUTATIONS = [
    (where, change, f"unit/{test}") for test, cases in NOTICED.items() for where, change in cases
]
