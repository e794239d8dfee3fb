"""An agency chooses its colour; this keeps it readable. Contrast as WCAG 2 defines it; colours are `#rrggbb`."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass

TEXT_CONTRAST = 4.5
# The surfaces that brand-coloured text is read on, as in static/src/css/tokens.css: the least favourable of each theme.
LIGHT_SURFACE = "#f0f0f2"
DARK_SURFACE = "#212125"
DEFAULT_BRAND = "#2f6f6a"
INKS = ("#ffffff", "#111113")

_HEX = re.compile(r"^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$")


@dataclass(frozen=True)
class Brand:
    """The colour that was chosen, what it is in both themes, and the ink of text upon it."""

    chosen: str
    light: str
    light_ink: str
    dark: str
    dark_ink: str

    @property
    def code(self) -> str:
        """The chosen colour as an address carries it: six digits."""
        return self.chosen.removeprefix("#")

    def css(self) -> str:
        return f":root{{--brand:light-dark({self.light},{self.dark});--brand-ink:light-dark({self.light_ink},{self.dark_ink})}}"


def parse(colour: str) -> tuple[float, float, float]:
    """Red, green and blue from 0 to 1. Raises ValueError with a sentence."""
    match = _HEX.match(colour.strip())
    if match is None:
        raise ValueError(f"“{colour}” is not a colour. Write it as # and six digits, such as {DEFAULT_BRAND}.")
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def write(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in rgb)


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in parse(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def adjusted(colour: str, surface: str, least: float = TEXT_CONTRAST) -> str:
    """The colour itself where it can be read on the surface, else the nearest lightness of it that can."""
    if contrast(colour, surface) >= least:
        return write(parse(colour))
    hue, lightness, saturation = colorsys.rgb_to_hls(*parse(colour))
    target = 0.0 if luminance(surface) > 0.18 else 1.0
    for step in range(1, 101):
        candidate = write(colorsys.hls_to_rgb(hue, lightness + (target - lightness) * step / 100, saturation))
        if contrast(candidate, surface) >= least:
            return candidate
    return write((target, target, target))


def ink(colour: str) -> str:
    """White or near-black, whichever reads better upon the colour."""
    return max(INKS, key=lambda candidate: contrast(candidate, colour))


def brand(colour: str) -> Brand:
    """What the chosen colour becomes in both themes. A value that is no colour becomes the default."""
    try:
        parse(colour)
    except ValueError:
        colour = DEFAULT_BRAND
    light, dark = adjusted(colour, LIGHT_SURFACE), adjusted(colour, DARK_SURFACE)
    return Brand(chosen=write(parse(colour)), light=light, light_ink=ink(light), dark=dark, dark_ink=ink(dark))
