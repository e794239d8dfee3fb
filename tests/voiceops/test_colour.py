from __future__ import annotations

import pytest

from voiceops.lib import colour

pytestmark = pytest.mark.unit


def test_black_on_white_is_the_whole_scale() -> None:
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colour.contrast("#3156d3", "#3156d3") == pytest.approx(1)


@pytest.mark.parametrize(
    "chosen", ["#2f6f6a", "#ffff00", "#ffffff", "#000000", "#ff0000", "#87ceeb", "#777777", "#abc"]
)
def test_any_colour_becomes_one_that_can_be_read_in_both_themes(chosen: str) -> None:
    brand = colour.brand(chosen)
    assert colour.contrast(brand.light, colour.LIGHT_SURFACE) >= 4.5
    assert colour.contrast(brand.dark, colour.DARK_SURFACE) >= 4.5
    assert colour.contrast(brand.light, brand.light_ink) >= 4.5
    assert colour.contrast(brand.dark, brand.dark_ink) >= 4.5


def test_a_colour_that_reads_well_is_left_as_it_was_chosen() -> None:
    assert colour.adjusted("#2f6f6a", colour.LIGHT_SURFACE) == "#2f6f6a"


def test_an_adjusted_colour_keeps_its_hue() -> None:
    red, green, blue = colour.parse(colour.adjusted("#ffee00", colour.LIGHT_SURFACE))
    assert red > green > blue


@pytest.mark.parametrize("wrong", ["", "red", "#12345", "#gggggg", "url(x)", "#fff;}"])
def test_what_is_no_colour_is_refused_in_words_and_never_reaches_the_page(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a colour"):
        colour.parse(wrong)
    assert colour.brand(wrong) == colour.brand(colour.DEFAULT_BRAND)
