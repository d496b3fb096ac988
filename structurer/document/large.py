"""A large PNG as a PDF with one picture: the library draws that line by line, and a PNG only whole."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import pymupdf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MARK = b"\x89PNG\r\n\x1a\n"
# Colours by the kind of a PNG; the kinds with transparency are not here.
_COLOURS = {0: 1, 2: 3, 3: 1}
_PALETTE = 3
_INCH = 39.3701
_POINTS = 72.0


@dataclass(frozen=True, slots=True)
class Head:
    """What a PNG says of itself first."""

    width: int
    height: int
    depth: int
    kind: int
    interlaced: bool

    @property
    def plain(self) -> bool:
        """Whether it is drawn in pieces: it is not interlaced and has no transparency."""
        return self.kind in _COLOURS and not self.interlaced


def head(path: Path) -> Head | None:
    """Return the head of a PNG; None if it is none."""
    with path.open("rb") as file:
        start = file.read(33)
    if not start.startswith(_MARK + b"\0\0\0\x0dIHDR") or len(start) < 29:  # noqa: PLR2004  up to the interlacing
        return None
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", start[16:29])
    return Head(width, height, depth, kind, bool(interlaced))


def document(path: Path, known: Head) -> pymupdf.Document | None:
    """Return a PDF whose only page is the picture, its data as they are; None for one with transparency or interlaced.

    The page is as large as the PNG says, else a pixel is a point.
    """
    if not known.plain:
        return None
    data, palette, dpi = bytearray(), b"", (_POINTS, _POINTS)
    for name, content in _chunks(path):
        if name == b"IDAT":
            data += content
        elif name == b"PLTE":
            palette = content
        elif name == b"pHYs" and len(content) == 9 and content[8] == 1:  # noqa: PLR2004  pixels a metre
            x, y = struct.unpack(">II", content[:8])
            dpi = (max(x, 1) / _INCH, max(y, 1) / _INCH)
    space = {1: "/DeviceGray", 3: "/DeviceRGB"}[_COLOURS[known.kind]]
    if known.kind == _PALETTE:
        space = f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]"
    whole = pymupdf.open()
    page = whole.new_page(width=known.width * _POINTS / dpi[0], height=known.height * _POINTS / dpi[1])
    picture, shown = whole.get_new_xref(), whole.get_new_xref()
    whole.update_object(
        picture,
        f"<</Type/XObject/Subtype/Image/Width {known.width}/Height {known.height}/BitsPerComponent {known.depth}"
        f"/ColorSpace {space}>>",
    )
    whole.update_stream(picture, bytes(data), compress=False)
    coded = f"<</Predictor 15/Colors {_COLOURS[known.kind]}/BitsPerComponent {known.depth}/Columns {known.width}>>"
    whole.xref_set_key(picture, "Filter", "/FlateDecode")
    whole.xref_set_key(picture, "DecodeParms", coded)
    whole.update_object(shown, "<<>>")
    whole.update_stream(shown, b"q %f 0 0 %f 0 0 cm /I Do Q" % (page.rect.width, page.rect.height))
    whole.xref_set_key(page.xref, "Resources", f"<</XObject<</I {picture} 0 R>>>>")
    page.set_contents(shown)
    return whole


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    with path.open("rb") as file:
        file.seek(len(_MARK))
        while (name := _next(file)) is not None:
            yield name


def _next(file: BinaryIO) -> tuple[bytes, bytes] | None:
    start = file.read(8)
    if len(start) < 8:  # noqa: PLR2004  length and name
        return None
    content = file.read(struct.unpack(">I", start[:4])[0])
    file.read(4)
    return start[4:], content
