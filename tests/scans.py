"""Scans of native PDFs, seeded: each page becomes a picture, worn as scanners and offices wear it.

The same seed gives the same bytes. What befalls a page depends on seed, page and effect alone: a page is askew by the
same angle in every condition that has skew.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import pymupdf

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    Picture = np.ndarray
    Point = tuple[float, float]

POINTS = 72
JPEG, POOR = 92, 40
# An effect draws from a generator of its own.
SKEW, LIGHT, NOISE, SEAL = range(4)
# The radius of a seal (points), and how wide its ring is; characters and star are shares of the radius.
RADIUS, RING, CHARACTER, STAR = 60.0, 3.0, 0.34, 0.32
OWNERS = ("某某县财政局", "某某市公安局交通管理支队", "某某区住房和城乡建设局", "某某省统计局")
RED = (205, 35, 45)
GLYPH = 96
FIGURE = re.compile(r"-?[\d,]+\.\d+%?")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a page goes through on its way to a file."""

    name: str
    dpi: int = 200
    skew: float = 0.0
    """The most degrees by which it lies askew, either way."""
    noise: float = 0.0
    """Of the grey of a pixel (standard deviation, of 255); with it come blur and uneven light."""
    jpeg: int = JPEG
    seal: bool = False
    grey: bool = False
    turned: int = 0
    """Degrees clockwise: 0, 90, 180, 270."""


PRESETS = {
    preset.name: preset
    for preset in (
        Condition("clean"),
        Condition("skew", skew=1.5),
        Condition("noise", noise=8.0),
        Condition("jpeg40", jpeg=POOR),
        Condition("seal", seal=True),
        Condition("grey_seal", seal=True, grey=True),
        Condition("turned", turned=90),
        Condition("upside_down", turned=180),
        Condition("messy", skew=1.5, noise=8.0, jpeg=POOR, seal=True),
    )
}
DPI = (150, 200, 300)


class Scanned(NamedTuple):
    """A page of a scan."""

    source: int
    """The page it is a picture of, from 1."""
    way: tuple[float, float, float, float, float, float]
    """What takes a point of that page to the page as displayed: (x, y) to (a x + c y + e, b x + d y + f)."""
    seal: Point | None
    """The middle of the seal, on the page as displayed."""


def at(name: str, dpi: int) -> Condition:
    """Return a preset at a resolution."""
    return replace(PRESETS[name], dpi=dpi)


def scan(
    pdf: Path, out: Path, condition: Condition, seed: int, pages: Collection[int] | None = None
) -> tuple[Scanned, ...]:
    """Write a scan of a PDF, or of these of its pages (from 1), and return what became of each."""
    made = []
    with pymupdf.open(pdf) as source, pymupdf.open() as scanned:
        for page in source:
            number = page.number + 1
            if pages is not None and number not in pages:
                continue
            picture, lies = _worn(page, condition, seed)
            width, height = page.rect.width, page.rect.height
            if condition.turned % 180:
                width, height = height, width
            new = scanned.new_page(width=width, height=height)
            new.insert_image(new.rect, stream=_jpeg(picture, condition.jpeg))
            made.append(lies)
        scanned.save(out, no_new_id=True)
    return tuple(made)


def _worn(page: pymupdf.Page, condition: Condition, seed: int) -> tuple[Picture, Scanned]:
    """Return the picture of a page after all that befalls it, in the order of the office."""
    drawn = page.get_pixmap(dpi=condition.dpi, colorspace=pymupdf.csRGB, alpha=False)
    picture = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).astype(np.float32)
    unit, size = condition.dpi / POINTS, (page.rect.width, page.rect.height)
    numbers = {effect: np.random.default_rng([seed, page.number, effect]) for effect in (SKEW, LIGHT, NOISE, SEAL)}
    way, middle = pymupdf.Matrix(1, 1), None
    if condition.seal:
        middle = _place(page, numbers[SEAL])
        picture = _sealed(picture, middle, unit, numbers[SEAL])
    if condition.skew:
        way = _askew(numbers[SKEW].uniform(-condition.skew, condition.skew), size)
        picture = _moved(picture, way, unit)
    if condition.noise:
        picture = _lit(picture, numbers[LIGHT])
        picture = cv2.GaussianBlur(picture, (0, 0), 0.3 * unit / 2)
        picture = picture + numbers[NOISE].normal(0, condition.noise, picture.shape[:2])[:, :, None]
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if condition.grey:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    picture = np.ascontiguousarray(np.rot90(picture, -(condition.turned // 90)))
    way = way * _turn(condition.turned, size)
    sealed = None if middle is None else tuple(pymupdf.Point(*middle) * way)
    return picture, Scanned(page.number + 1, tuple(way), sealed)


def _askew(angle: float, size: Point) -> pymupdf.Matrix:
    """Return a turn about the middle of the page, in degrees clockwise."""
    x, y = size[0] / 2, size[1] / 2
    return pymupdf.Matrix(1, 0, 0, 1, -x, -y) * pymupdf.Matrix(angle) * pymupdf.Matrix(1, 0, 0, 1, x, y)


def _turn(turned: int, size: Point) -> pymupdf.Matrix:
    """Return a turn of the page with its box, by quarters clockwise."""
    width, height = size
    quarters = {
        0: (1, 0, 0, 1, 0, 0),
        90: (0, 1, -1, 0, height, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, width),
    }
    return pymupdf.Matrix(*quarters[turned])


def _moved(picture: Picture, way: pymupdf.Matrix, unit: float) -> Picture:
    a, b, c, d, e, f = way
    height, width = picture.shape[:2]
    move = np.array([[a, c, e * unit], [b, d, f * unit]])
    return cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def _lit(picture: Picture, numbers: np.random.Generator) -> Picture:
    """Return the picture in uneven light: darker to one side, with a soft shadow somewhere."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle = numbers.uniform(0, 2 * math.pi)
    slope = (x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2)
    (left, top), wide = numbers.uniform(-1, 1, 2), numbers.uniform(0.3, 0.6)
    shadow = np.exp(-((x - left) ** 2 + (y - top) ** 2) / (2 * wide**2))
    light = 1 - numbers.uniform(0.04, 0.10) * (1 + slope) - numbers.uniform(0.05, 0.20) * shadow
    return picture * light[:, :, None]


# The seal.


def _place(page: pymupdf.Page, numbers: np.random.Generator) -> Point:
    """Return the middle of a figure of a page; of any word, or of the page, where there are none."""
    words = page.get_text("words")
    figures = [word for word in words if FIGURE.fullmatch(word[4])] or words
    x0, top, x1, bottom = figures[int(numbers.integers(len(figures)))][:4] if figures else page.rect
    x, y = (x0 + x1) / 2 + numbers.uniform(-20, 20), (top + bottom) / 2 + numbers.uniform(-20, 20)
    width, height = page.rect.width, page.rect.height
    return min(max(x, RADIUS), width - RADIUS), min(max(y, RADIUS), height - RADIUS)


def _sealed(picture: Picture, middle: Point, unit: float, numbers: np.random.Generator) -> Picture:
    """Return the picture with a seal: its ink is transparent, so that what is printed stays dark."""
    ink = _stamp(RADIUS * unit, OWNERS[int(numbers.integers(len(OWNERS)))], numbers.uniform(-25, 25))
    ink = ink * _uneven(ink.shape[0], unit, numbers)
    side = ink.shape[0]
    left, top = round(middle[0] * unit - side / 2), round(middle[1] * unit - side / 2)
    height, width = picture.shape[:2]
    part = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    ink = ink[part[0].start - top : part[0].stop - top, part[1].start - left : part[1].stop - left]
    sealed = picture.copy()
    sealed[part] *= 1 - ink[:, :, None] * (1 - np.array(RED, np.float32) / 255)
    return sealed


def _stamp(radius: float, owner: str, turned: float) -> Picture:
    """Return how much of the stamp's ink (0 to 1) each pixel has."""
    side = 2 * math.ceil(radius) + 4
    middle = side / 2
    ink = np.zeros((side, side), np.float32)
    thick = max(2, round(RING / RADIUS * radius))
    cv2.circle(ink, (side // 2, side // 2), round(radius - thick / 2), 1.0, thick, cv2.LINE_AA)
    turns = [math.radians(turned - 90 + 36 * corner) for corner in range(10)]
    tips = [STAR * radius * (1.0 if corner % 2 == 0 else 0.382) for corner in range(10)]
    corners = [
        (middle + tip * math.cos(turn), middle + tip * math.sin(turn)) for tip, turn in zip(tips, turns, strict=True)
    ]
    cv2.fillPoly(ink, [np.round(np.array(corners)).astype(np.int32)], 1.0, cv2.LINE_AA)
    high = CHARACTER * radius
    arc = min(280.0, 34.0 * len(owner))
    for index, character in enumerate(owner):
        angle = turned + arc * ((index + 0.5) / len(owner) - 0.5)
        out = radius - thick - 0.62 * high
        x, y = middle + out * math.sin(math.radians(angle)), middle - out * math.cos(math.radians(angle))
        # As a rule the characters of a seal are narrow: many of them share the arc.
        narrow = min(1.0, 0.9 * math.radians(arc / len(owner)) * out / high)
        ink = np.maximum(ink, _set(character, (x, y), (angle, high, narrow), side))
    return ink


def _set(character: str, place: Point, form: tuple[float, float, float], side: int) -> Picture:
    """Return a square with one character in it, in a place, turned, so high and so narrow."""
    angle, high, narrow = form
    glyph = _glyph(character)
    scale = high / GLYPH
    cos, sin, half = math.cos(math.radians(angle)), math.sin(math.radians(angle)), glyph.shape[0] / 2
    turn = np.array([[cos * narrow, -sin], [sin * narrow, cos]]) * scale
    shift = np.array(place) - turn @ np.array([half, half])
    # Made smaller than it was drawn: blurred first, so that no stroke is lost.
    soft = cv2.GaussianBlur(glyph, (0, 0), max(0.1, 0.4 / scale))
    return cv2.warpAffine(soft, np.column_stack([turn, shift]), (side, side), flags=cv2.INTER_LINEAR)


@lru_cache(maxsize=64)
def _glyph(character: str) -> Picture:
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=1.25 * GLYPH, height=1.25 * GLYPH)
        page.insert_text((0.125 * GLYPH, GLYPH), character, fontname="china-s", fontsize=GLYPH)
        drawn = page.get_pixmap(colorspace=pymupdf.csGRAY, alpha=False)
    return 1 - np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width).astype(np.float32) / 255


def _uneven(side: int, unit: float, numbers: np.random.Generator) -> Picture:
    """Return how much ink the stamp leaves (0 to 1): in clouds, with specks of paper."""
    clouds = cv2.GaussianBlur(numbers.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 8 * unit)
    clouds = clouds / max(float(clouds.std()), 1e-6)
    specks = cv2.GaussianBlur(numbers.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 0.35 * unit)
    specks = specks / max(float(specks.std()), 1e-6)
    return np.clip(0.75 + 0.12 * clouds, 0.35, 0.95) * np.where(specks > 1.7, 0.45, 1.0).astype(np.float32)


def _jpeg(picture: Picture, quality: int) -> bytes:
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    return cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
