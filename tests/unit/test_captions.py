"""Captions and printed tables: a run's numbers in templates, and texts as LaTeX has them."""

import numpy as np
import pytest
from astropy.table import Table

from icefire.article import captions, tables
from icefire.errors import UserError
from icefire.numbers.quoting import Quoted

NUMBERS = {
    "choices": {"chemistry_method": "polygon"},
    "counts": {"halo": {"value": 10469}},
    "judged": {"pitch": {"value": None, "lo68": None, "hi68": None, "p": 0.4}},
}
CLAIMS = [{"short": "it is hot", "judged": True, "verdict": "supported"}]
NAMES = captions.context(NUMBERS | {"catalogue": {"catalogue": "a"}}, {"error_bins": 99}, CLAIMS)


def filled(tmp_path, template: str) -> str:
    path = tmp_path / "fig.txt"
    path.write_text(template, encoding="utf-8")
    return captions.caption(str(path), NAMES, "Catalogue: My Survey.")


def test_a_caption_quotes_numbers_choices_and_settings(tmp_path):
    template = """{% if choices.chemistry_method == "polygon" %}
{{ counts.halo }} stars
{% endif %}
in {{ figures.error_bins }} bins;
{% if judged.pitch.value is none %}p is {{ judged.pitch.p }}.{% endif %}


{{ claims["supported"] | join("; ") }}
"""
    wanted = "10,469 stars in 99 bins; p is 0.4.\n\nit is hot\n\nCatalogue: My Survey.\n"
    assert filled(tmp_path, template) == wanted


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({}, "each a circle 1° across (figure 1"),
        ({"min_dec_deg": -20.0}, "1° across, with lines at its bounds, the declination of −20° (f"),
        (
            {"min_dec_deg": -20.5, "min_abs_b_deg": 20},
            "−20.5° and the Galactic latitudes of ±20°",
        ),
    ],
)
def test_figure_1_says_which_bounds_it_draws(repo, bounds, said):
    names = ("rows", "good", "good_beyond_5_kpc", "good_beyond_10_kpc")
    numbers = {
        "catalogue": {"catalogue": "a", "bounds": bounds},
        "counts": {name: {"value": 1} for name in names},
    }
    context = captions.context(numbers, {"field_diameter_deg": 1}, CLAIMS)
    assert said in captions.caption(str(repo / "report" / "fig01_footprint.txt"), context, "")


@pytest.mark.parametrize("wrong", ["{{ counts.haloes }}", "{{ count.halo }}", "{% if %}", "{{"])
def test_a_caption_that_names_what_is_not_there_is_told_with_its_line(tmp_path, wrong):
    with pytest.raises(UserError, match=r"fig\.txt:2: .*; correct the caption"):
        filled(tmp_path, f"first line\n{wrong}\n")


@pytest.mark.parametrize(
    ("name", "said", "hatched"),
    [
        ("beta_xy", "β", True),
        ("sigma_phi_xz", "σ_φ", True),
        ("beta_half_width_sky", "Half the width of the 68 % interval of β", False),
        ("n_stars_xz", "The number of stars", False),
    ],
)
def test_a_further_map_is_named_in_words(name, said, hatched):
    found = captions.map_of(name)
    assert (found["quantity"], found["interval"]) == (said, hatched)
    assert found["geometry"] == name.rpartition("_")[2]


def test_a_table_s_caption_has_its_words_plain_and_as_rest(tmp_path):
    path = tmp_path / "fig.txt"
    path.write_text("Of |Z| and σ_r.")
    meta = {"catalogue": "My_Survey", "synthetic": False}
    plain, rest = captions.of_table(str(path), meta, "Quote ``bootstrap`` of \\|Z\\|.\n")
    assert plain == "Of |Z| and σ_r.\n\nQuote bootstrap of |Z|.\n\nCatalogue: My_Survey.\n"
    assert rest.split("\n\n")[1:] == [
        "Quote ``bootstrap`` of \\|Z\\|.",
        "Catalogue\\: My\\_Survey\\.\n",
    ]


def test_masses_are_printed_by_slope_and_sample():
    columns = {
        "sample": ["halo", "halo", "insitu", "halo", "halo"],
        "slope": ["smooth", "single", "smooth", "smooth", "single"],
        "quadrant": [0, 0, 0, 1, 1],
    }
    numbers = {"r": 12.34, "r_lo": 10.0, "n_stars": 1200, "potential": 1.339}
    numbers |= {"mass_lo68": 0.9, "mass_hi68": 1.1}
    table = Table(columns | {name: [value] * 5 for name, value in numbers.items()})
    table["mass"] = [1.0, 1.5, np.nan, 7.0, 7.0]
    found = tables.masses(table)
    assert found.heads[2:] == ("halo, smooth", "halo, single", "in situ", "potential")
    (row,) = found.rows
    assert [str(cell) for cell in row] == [
        *("12.3", "1,200", "1.00 ± 0.10", "1.50 (0.90 to 1.10)", "(not measured)", "1.34")
    ]
    table["mass"] = np.nan
    assert not tables.masses(table).rows and not tables.masses(table[:0]).rows


def test_a_cell_of_latex_means_what_the_text_says():
    assert tables.tex("σ_r of 5 % & |Z| > 3 #1_a\\") == (
        r"$\sigma_{r}$ of 5 \% \& $|$Z$|$ $>$ 3 \#1\_a\textbackslash{}"
    )
    assert tables.tex(Quoted()) == r"\nodata"
    assert tables.tex(Quoted("70.1", "2.0", "2.0", "68.1", "72.1")) == r"\ensuremath{70.1 \pm 2.0}"
