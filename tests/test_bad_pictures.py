"""Pictures that are no pages: huge, odd, damaged, turned. Each ends read or unread with a reason, in little memory."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest
from typer.testing import CliRunner

from structurer import catalog, document, errors, ocr, pipeline
from structurer.cli import app
from structurer.document import pictures
from structurer.records import Box, How, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from structurer.records import Page, Picture

KNOWN = catalog.load()
HUGE = 30_000
# What a huge picture may take in all (MB); the program alone takes about 60.
MOST = 400
cv2 = pytest.importorskip("cv2", reason="the extra `ocr` is not installed")
np = pytest.importorskip("numpy")

PEAK = """
import re, sys
from pathlib import Path
from structurer import document
path = Path(sys.argv[1])
pages = list(document.open_pages(path))
picture = document.picture(path, 1)
png = document.drawn(path, [1])
print(len(pages), pages[0].reason, picture.width if picture else 0, len(png))
print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text()).group(1))
"""


# Files.


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int, kind: int, rows: bytes, *extra: bytes) -> bytes:
    """Return a PNG of packed rows, each after the number of its filter."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def huge_png(kind: int = 0, depth: int = 1) -> bytes:
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    row = b"\0" + b"\xff" * (HUGE * depth * samples // 8)
    packer = zlib.compressobj(1)
    data = [packer.compress(row if at % 900 else b"\0" * len(row)) for at in range(HUGE)]
    return png(HUGE, HUGE, depth, kind, b"".join([*data, packer.flush()]))


def fax(width: int, height: int, pages: int = 1, dpi: tuple[int, int] = (204, 98)) -> bytes:
    """Return a TIFF in CCITT G4 with a black box of 64 x 31 pixels: square, as it is displayed."""
    bits = ""
    for y in range(height):
        at = y - height // 3
        # White 64, black 64, then as above to the end; three edges as above; the box left out.
        bits += {0: "0011101100110101000000111100001101111", 31: "00011"}.get(at, "111" if 0 < at < 31 else "1")
    bits += 2 * "000000000001"
    bits += "0" * (-len(bits) % 16)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    out = b"II*\0" + struct.pack("<I", 8)
    for number in range(pages):
        count = 12
        end = len(out) + 2 + 12 * count + 4
        following = end + 16 + len(data) if number < pages - 1 else 0
        long, short, ratio = 4, 3, 5
        tags = [(256, long, width), (257, long, height), (258, short, 1), (259, short, 4), (262, short, 0)]
        tags += [(273, long, end + 16), (277, short, 1), (278, long, height), (279, long, len(data))]
        tags += [(282, ratio, end), (283, ratio, end + 8), (296, short, 2)]
        out += struct.pack("<H", count) + b"".join(struct.pack("<HHII", tag, form, 1, to) for tag, form, to in tags)
        out += struct.pack("<I", following) + struct.pack("<IIII", dpi[0], 1, dpi[1], 1) + data
    return out


def printed(width: int = 827, height: int = 1169) -> Any:  # noqa: ANN401  pixels
    """Return paper with a black bar near its left upper corner."""
    paper = np.full((height, width, 3), 255, np.uint8)
    paper[40:80, 60:360] = 0
    return paper


def encoded(ending: str, pixels: Any) -> bytes:  # noqa: ANN401
    return bytes(cv2.imencode(ending, pixels)[1])


def jpeg(dpi: tuple[int, int] | None = None, turned: int | None = None) -> bytes:
    """Return a JPEG, with a resolution and an EXIF orientation if asked for."""
    data = encoded(".jpg", printed())
    assert data[6:11] == b"JFIF\0"
    if dpi is not None:
        data = data[:13] + b"\1" + struct.pack(">HH", *dpi) + data[18:]
    if turned is not None:
        tags = struct.pack("<HHHIHHI", 1, 0x112, 3, 1, turned, 0, 0)
        exif = b"Exif\0\0II*\0\x08\0\0\0" + tags
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    return data


def shown(data: bytes, size: tuple[int, int], filters: str) -> bytes:
    """Return a PDF: a page that is a picture whose data are given as they are, then a page of text."""
    with pymupdf.open() as made:
        page = made.new_page(width=595, height=842)
        picture, content = made.get_new_xref(), made.get_new_xref()
        made.update_object(picture, f"<</Type/XObject/Subtype/Image/Width {size[0]}/Height {size[1]}>>")
        made.update_stream(picture, data, compress=False)
        for entry in filters.split(";"):
            name, _, value = entry.partition(" ")
            made.xref_set_key(picture, name, value)
        made.update_object(content, "<<>>")
        made.update_stream(content, b"q 595 0 0 842 0 0 cm /I Do Q")
        made.xref_set_key(page.xref, "Resources", f"<</XObject<</I {picture} 0 R>>>>")
        page.set_contents(content)
        made.new_page(width=595, height=842).insert_text((50, 50), "good 12.50")
        return bytes(made.tobytes())


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def keep(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return keep


def opened(path: Path) -> tuple[Page, Picture]:
    """Return the first page and its picture, which agree about its size."""
    page = next(iter(document.open_pages(path)))
    picture = document.picture(path, 1)
    assert picture
    assert len(picture.pixels) == 3 * picture.width * picture.height
    assert picture.points == (page.width, page.height)
    return page, picture


def pixels(picture: Picture) -> Any:  # noqa: ANN401
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)


def dark(picture: Picture) -> tuple[float, float, float, float]:
    """Return where the dark pixels are: left, top, right, bottom, in shares of the page."""
    ys, xs = np.nonzero(pixels(picture).max(axis=2) < 128)
    wide, high = picture.width, picture.height
    return xs.min() / wide, ys.min() / high, (xs.max() + 1) / wide, (ys.max() + 1) / high


# Size.


def huge_pdf() -> bytes:
    with pymupdf.open() as made:
        made.new_page()
    data = zlib.compress(b"\xff" * (HUGE * HUGE // 8), 1)
    return shown(data, (HUGE, HUGE), "Filter /FlateDecode;BitsPerComponent 1;ColorSpace /DeviceGray")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("bits.png", huge_png, "1 no_text_layer 3508 1"),
        pytest.param("bits.pdf", huge_pdf, "2 no_text_layer 2480 1", marks=pytest.mark.heavy),
        pytest.param("colours.png", lambda: huge_png(2, 8), "1 no_text_layer 3508 1", marks=pytest.mark.heavy),
        ("clear.png", lambda: png(HUGE, HUGE, 8, 6, zlib.compress(b"\0" * 99_000_000)), "1 too_large 0 0"),
    ],
)
def test_a_huge_picture_is_drawn_in_little_memory(
    kept: Callable[..., Path], name: str, make: Callable[[], bytes], said: str
) -> None:
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", PEAK, str(kept(name, make()))], capture_output=True, text=True, check=True, timeout=300
    )
    first, peak = done.stdout.splitlines()
    assert first == said
    assert int(peak) // 1024 < MOST


def large_png(kind: int, depth: int, *extra: bytes) -> bytes:
    """Return a PNG that is black in its left upper quarter."""
    side, samples = SIDE, 3 if kind == 2 else 1
    half = side // 2 * depth * samples // 8
    dark, light = (b"\0", b"\xff") if kind != 3 else (b"\0", b"\x55")
    rows = (b"\0" + dark * half + light * half) * (side // 2) + (b"\0" + light * (2 * half)) * (side // 2)
    return png(side, side, depth, kind, zlib.compress(rows, 1), *extra)


SIDE = 1280
PALETTE = chunk(b"PLTE", b"\0\0\0\xff\xff\xff")


@pytest.mark.parametrize(
    ("kind", "depth", "extra"),
    [(0, 1, ()), (0, 8, ()), (2, 8, ()), (3, 2, (PALETTE,)), (0, 8, (chunk(b"pHYs", b"\0\0\x1f\x40" * 2 + b"\1"),))],
    ids=["bits", "grey", "colours", "palette", "resolution"],
)
def test_a_png_drawn_in_pieces_is_drawn_as_it_is(
    kept: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: int,
    depth: int,
    extra: Any,  # noqa: ANN401
) -> None:
    monkeypatch.setattr(pictures, "_LARGE", 1000)
    page, picture = opened(kept("a.png", large_png(kind, depth, *extra)))
    assert dark(picture) == pytest.approx((0, 0, 0.5, 0.5), abs=0.002)
    assert page.width == pytest.approx(SIDE / 8000 * 39.3701 * 72 if len(extra) and kind == 0 else 841.89, rel=0.01)


# Forms.


def test_pixels_of_a_fax_are_not_square(kept: Callable[..., Path]) -> None:
    page, picture = opened(kept("a.tif", fax(1728, 1078)))
    assert (page.width, page.height) == (pytest.approx(1728 / 204 * 72, abs=1), pytest.approx(1078 / 98 * 72, abs=1))
    assert picture.width == 1728
    left, top, right, bottom = dark(picture)
    assert (right - left) * picture.width == pytest.approx((bottom - top) * picture.height, abs=2)


def test_every_page_of_a_tiff_is_a_page(kept: Callable[..., Path]) -> None:
    path = kept("a.tif", fax(864, 539, pages=25))
    assert [page.number for page in document.open_pages(path)] == [*range(1, 26)]
    assert document.picture(path, 25) is not None
    assert document.picture(path, 26) is None


@pytest.mark.parametrize("depth", [1, 3])
def test_sixteen_bits_are_drawn_with_eight(kept: Callable[..., Path], depth: int) -> None:
    deep = printed()[:, :, :depth].astype(np.uint16) * 257
    _, picture = opened(kept("a.png", encoded(".png", deep)))
    assert {*np.unique(pixels(picture))} == {0, 255}


def test_four_printing_colours_are_drawn_as_they_look(kept: Callable[..., Path]) -> None:
    # As in every such file, 255 is no ink; the bar is black alone.
    inks = np.full((1169, 827, 4), 255, np.uint8)
    inks[:, :, 3] = printed()[:, :, 0]
    mixed = pymupdf.Pixmap(pymupdf.csCMYK, 827, 1169, inks.tobytes(), 0)
    _, picture = opened(kept("a.jpg", mixed.tobytes("jpg")))
    assert dark(picture) == pytest.approx((60 / 827, 40 / 1169, 360 / 827, 80 / 1169), abs=0.005)


def test_what_is_clear_is_paper(kept: Callable[..., Path]) -> None:
    ink = np.zeros_like(printed())
    clear = np.dstack([ink, 255 - printed()[:, :, 0]])
    _, picture = opened(kept("a.png", encoded(".png", clear)))
    assert dark(picture) == pytest.approx((60 / 827, 40 / 1169, 360 / 827, 80 / 1169), abs=0.005)


TURNED = {
    1: (60 / 827, 40 / 1169),
    3: (467 / 827, 1089 / 1169),
    6: (1089 / 1169, 60 / 827),
    8: (40 / 1169, 467 / 827),
}


@pytest.mark.parametrize("orientation", TURNED)
def test_a_photo_is_turned_as_a_viewer_turns_it(kept: Callable[..., Path], orientation: int) -> None:
    page, picture = opened(kept("a.jpg", jpeg(turned=orientation)))
    left, top, *_ = dark(picture)
    assert (left, top) == pytest.approx(TURNED[orientation], abs=0.005)
    assert (page.width > page.height) is (orientation > 4)
    # None of its pixels is lost.
    assert sorted((picture.width, picture.height)) == [827, 1169]


@pytest.mark.parametrize("dpi", [(0, 0), (1, 1), (10, 10), (65_535, 65_535), (2400, 2400), (0, 200)])
def test_a_resolution_that_is_nonsense_makes_no_nonsense(kept: Callable[..., Path], dpi: tuple[int, int]) -> None:
    page, picture = opened(kept("a.jpg", jpeg(dpi)))
    assert 200 < min(page.width, page.height) <= max(page.width, page.height) < 1200
    assert picture.width >= 827
    assert picture.height >= 1169


def test_a_picture_without_resolution_is_paper(kept: Callable[..., Path]) -> None:
    page, picture = opened(kept("a.png", encoded(".png", printed(1654, 2339))))
    assert (page.height, picture.height) == (pytest.approx(841.89), 2339)


# Damage.


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize("content", [b"", b"no picture\n" * 40, encoded(".png", printed())[:20], b"II*\0\x08\0\0\0"])
def test_no_picture_is_one_line(kept: Callable[..., Path], tmp_path: Path, name: str, content: bytes) -> None:
    path = kept(name, content)
    with pytest.raises(errors.DocumentError):
        list(document.open_pages(path))
    done = CliRunner().invoke(app, ["extract", str(path), "-o", str(tmp_path / "out")], prog_name="structurer")
    assert done.exit_code == 3
    assert [line for line in done.stderr.splitlines() if str(path) in line] == done.stderr.splitlines()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.8])
def test_a_cut_picture_costs_its_page_alone(
    kept: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    data = jpeg()
    cut = shown(
        data[: int(share * len(data))], (827, 1169), "Filter /DCTDecode;BitsPerComponent 8;ColorSpace /DeviceRGB"
    )
    path = kept("a.pdf", cut)
    monkeypatch.setattr(ocr, "available", lambda: False)
    result: Any = pipeline.extract_file(path, KNOWN)
    assert [page["how"] for page in result["source"]["pages"]] == ["unread", "text"]
    picture = document.picture(path, 1)
    assert picture is None or picture.points == (595, 842)


def test_a_damaged_page_of_a_tiff_costs_itself_alone(kept: Callable[..., Path]) -> None:
    data = bytearray(fax(864, 539, pages=3))
    at = data.index(struct.pack("<HHII", 259, 3, 1, 4), len(data) // 3)
    data[at + 8] = 99  # an unknown compression
    found = list(document.open_pages(kept("a.tif", bytes(data))))
    assert [page.number for page in found] == [1, 2, 3]
    assert all(page.how is How.UNREAD for page in found)
    assert found[1].reason == "bad_picture" or document.picture(kept("a.tif", bytes(data)), 2) is None


# What the recogniser says.


def noise(side: int = 900) -> Any:  # noqa: ANN401
    return np.random.default_rng(7).integers(0, 256, (side, side, 3), np.uint8)


def sunset(side: int = 900) -> Any:  # noqa: ANN401
    ramp = np.linspace(30, 240, side).astype(np.uint8)
    return np.dstack(
        [np.tile(ramp, (side, 1)), np.tile(ramp[:, None], (1, side)), np.full((side, side), 120, np.uint8)]
    )


SHAPES = {
    "black": (lambda: printed() * 0, ("unread", "black")),
    "white": (lambda: printed() | 255, ("blank", None)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_no_page_has_a_clear_outcome(
    kept: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: True)
    make, outcome = SHAPES[name]
    result: Any = pipeline.extract_file(kept("a.png", encoded(".png", make())), KNOWN)
    (page,) = result["source"]["pages"]
    assert (page["how"], page["reason"]) == outcome


@pytest.mark.heavy
@pytest.mark.parametrize("make", [sunset, lambda: noise(120)], ids=["sunset", "noise"])
def test_a_picture_of_something_else_yields_no_table(kept: Callable[..., Path], make: Callable[[], Any]) -> None:
    result: Any = pipeline.extract_file(kept("a.png", encoded(".png", make())), KNOWN)
    (page,) = result["source"]["pages"]
    assert page["how"] in {"ocr", "unread"}
    assert (page["how"] == "unread") is bool(page["reason"])
    assert not result["tables"]


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_the_program_ends_with_a_line_for_a_huge_picture(kept: Callable[..., Path], tmp_path: Path) -> None:
    path = kept("a.png", huge_png())
    code = (
        "import re, sys\nfrom structurer.cli import app\n"
        f"try:\n    app(['extract', {str(path)!r}, '-o', {str(tmp_path / 'out')!r}])\n"
        "finally:\n    print('peak', re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stderr
    assert int(re.findall(r"peak (\d+)", done.stdout)[0]) // 1024 < 3 * MOST


# Size of the page.


def test_a_page_larger_than_paper_keeps_its_places(kept: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """One pixel a point: 23 x 32 inches, which the recogniser takes for paper."""
    with pymupdf.open() as made:
        made.new_page(width=1654, height=2339).insert_image(
            (0, 0, 1654, 2339), stream=encoded(".png", printed(1654, 2339))
        )
        path = kept("a.pdf", made.tobytes())
    word = Word("12.50", Box(100, 200, 300, 220))
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda _: ocr.Scan((word,), (), 827, 1169.5, 0, 0.0, None))
    (page,) = pipeline.seen(path, pipeline.Recognition())
    assert page.upright is not None
    assert page.upright.box(word.box) == Box(200, 400, 600, 440)


def test_a_small_picture_says_nothing_about_the_page(kept: Callable[..., Path]) -> None:
    with pymupdf.open() as made:
        page = made.new_page(width=595, height=842)
        page.insert_image((20, 20, 120, 60), stream=encoded(".png", printed(100, 40)), keep_proportion=False)
        page.insert_text((50, 200), "12.50")
        path = kept("a.pdf", made.tobytes())
    picture = document.picture(path, 1)
    assert picture
    assert picture.width == pytest.approx(595 / 72 * 200, abs=1)
