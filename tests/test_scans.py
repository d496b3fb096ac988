"""Scans: the same for the same seed, displayed as they say, read as printed or with a mark on what is not."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pymupdf
import pytest
import scans

from benchmarks import scanned as benchmark
from structurer import catalog, check, golden, pipeline, reread

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent.parent / "golden"
QUYANG = GOLDEN / "quyang-2024"
KNOWN = catalog.load()
SEED = 7


# The scanner.


def quick(name: str) -> scans.Condition:
    return replace(scans.PRESETS[name], dpi=72)


@pytest.mark.parametrize("name", scans.PRESETS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    one, same = tmp_path / "one.pdf", tmp_path / "same.pdf"
    assert scans.scan(QUYANG / "excerpt.pdf", one, quick(name), SEED, [2]) == scans.scan(
        QUYANG / "excerpt.pdf", same, quick(name), SEED, [2]
    )
    assert one.read_bytes() == same.read_bytes()


@pytest.mark.parametrize("name", ["skew", "noise", "seal"])
def test_another_seed_and_another_page_give_another_scan(tmp_path: Path, name: str) -> None:
    paths = [tmp_path / f"{number}.pdf" for number in range(3)]
    for path, seed, pages in zip(paths, (SEED, SEED + 1, SEED), ([1], [1], [1, 2]), strict=True):
        scans.scan(QUYANG / "excerpt.pdf", path, quick(name), seed, pages)
    assert paths[0].read_bytes() != paths[1].read_bytes()
    with pymupdf.open(paths[0]) as one, pymupdf.open(paths[2]) as two:
        assert len(one) + 1 == len(two)
        assert picture(one[0]).tobytes() == picture(two[0]).tobytes()


def picture(page: pymupdf.Page) -> np.ndarray:
    drawn = page.get_pixmap(colorspace=pymupdf.csGRAY, dpi=144)
    return np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width)


@pytest.mark.parametrize(
    ("name", "turned"),
    [*((name, preset.turned) for name, preset in scans.PRESETS.items()), ("messy", 90), ("messy", 270)],
)
def test_a_point_is_displayed_where_it_is_said_to_be(tmp_path: Path, name: str, turned: int) -> None:
    source, out = tmp_path / "page.pdf", tmp_path / "scan.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=600)
        page.draw_rect((60, 80, 80, 100), fill=(0, 0, 0))
        pdf.save(source)
    ((_, way, _),) = scans.scan(source, out, replace(scans.PRESETS[name], dpi=150, turned=turned), SEED)
    with pymupdf.open(out) as pdf:
        assert pdf[0].rect.width == (400 if turned % 180 == 0 else 600)
        # The ink of a seal is never so dark.
        down, right = np.nonzero(picture(pdf[0]) < 60)
    assert (right.mean() / 2, down.mean() / 2) == pytest.approx(
        tuple(pymupdf.Point(70, 90) * pymupdf.Matrix(*way)), abs=1
    )


def test_a_seal_is_red_and_lies_over_figures(tmp_path: Path) -> None:
    ((_, _, seal),) = scans.scan(QUYANG / "excerpt.pdf", tmp_path / "scan.pdf", quick("seal"), SEED, [2])
    with pymupdf.open(QUYANG / "excerpt.pdf") as pdf:
        figures = [word for word in pdf[1].get_text("words") if scans.FIGURE.fullmatch(word[4])]
    near = [w for w in figures if abs(w[0] - seal[0]) < scans.RADIUS and abs(w[1] - seal[1]) < scans.RADIUS]
    assert len(near) >= 3
    with pymupdf.open(tmp_path / "scan.pdf") as pdf:
        drawn = pdf[0].get_pixmap()
    colours = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).astype(int)
    down, right = np.nonzero(colours[:, :, 0] - colours[:, :, 1:].max(axis=2) > 60)
    assert (right.mean(), down.mean()) == pytest.approx(seal, abs=15)
    assert right.max() - right.min() == pytest.approx(2 * scans.RADIUS, abs=6)


def test_a_grey_scan_has_no_colours(tmp_path: Path) -> None:
    scans.scan(QUYANG / "excerpt.pdf", tmp_path / "scan.pdf", quick("grey_seal"), SEED, [2])
    with pymupdf.open(tmp_path / "scan.pdf") as pdf:
        stored = pdf.extract_image(pdf[0].get_images()[0][0])["image"]
    assert cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED).ndim == 2


# The judge, shown a native reading in which something was made wrong.


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    told = json.loads((QUYANG / "truth.json").read_text(encoding="utf-8"))
    as_it_is = [scans.Scanned(number, (1, 0, 0, 1, 0, 0), None) for number in range(1, told["pages"] + 1)]
    return benchmark.displayed(told, as_it_is)


@pytest.fixture(scope="module")
def native() -> dict[str, Any]:
    return pipeline.extract_file(QUYANG / "excerpt.pdf", KNOWN)


def scored(result: dict[str, Any], told: dict[str, Any]) -> golden.Score:
    return golden.score(result, told, reread.figures(result, KNOWN))


@pytest.fixture
def wrong(native: dict[str, Any], truth: dict[str, Any]) -> Callable[..., list[tuple[str, str]]]:
    """Return print and mark of what is wrong after a change of the third row of the table of functions."""

    def made(change: Callable[[dict[str, Any], dict[str, Any], str], None], *, checked: bool = False) -> list[Any]:
        result = copy.deepcopy(native)
        tables = [number for number, table in enumerate(result["tables"]) if 2 in table["pages"]]
        change(result, result["tables"][tables[0]]["rows"][2], f"/tables/{tables[0]}/rows/2")
        if checked:
            result["verification"] = check.verification(result, KNOWN)
        return [(one.printed, ", ".join(one.marks)) for one in scored(result, truth).wrong]

    return made


def altered(result: dict[str, Any], row: dict[str, Any], pointer: str) -> None:
    """Let it be as if the page printed another figure."""
    assert row["basic"] == "735.75"
    row["basic"] = result["provenance"][f"{pointer}/basic"]["text"] = "736.75"


def lost(result: dict[str, Any], row: dict[str, Any], pointer: str) -> None:
    assert row["basic"] == "735.75"
    row["basic"] = None
    del result["provenance"][f"{pointer}/basic"]


def test_a_native_reading_has_nothing_wrong(native: dict[str, Any], truth: dict[str, Any]) -> None:
    score = scored(native, truth)
    assert score.figures == (140, 140)
    assert score.wrong == ()


def test_a_wrong_figure_that_nothing_names_is_silent(wrong: Callable[..., list[Any]]) -> None:
    assert wrong(altered) == [("735.75", "")]


def test_a_wrong_figure_in_doubt_is_marked(wrong: Callable[..., list[Any]]) -> None:
    def doubted(result: dict[str, Any], row: dict[str, Any], pointer: str) -> None:
        altered(result, row, pointer)
        result["provenance"][f"{pointer}/basic"]["doubtful"] = "ocr"

    assert wrong(doubted) == [("735.75", "doubtful")]


def test_a_wrong_figure_in_a_failing_sum_is_marked(wrong: Callable[..., list[Any]]) -> None:
    assert wrong(altered, checked=True) == [("735.75", "does_not_tie")]


def test_a_lost_figure_is_marked_by_a_failing_sum_of_its_row(wrong: Callable[..., list[Any]]) -> None:
    # The same value in the row above and the row below does not stand in for it.
    assert wrong(lost) == [("735.75", "")]
    assert wrong(lost, checked=True) == [("735.75", "does_not_tie around it")]


def test_a_figure_printed_nowhere_is_wrong(wrong: Callable[..., list[Any]]) -> None:
    def invented(result: dict[str, Any], row: dict[str, Any], pointer: str) -> None:
        row["other"] = "98.76"
        result["provenance"][f"{pointer}/other"] = {"page": 2, "box": [10, 10, 30, 20], "text": "98.76"}

    assert wrong(invented) == [("", "")]


def test_an_unread_page_is_marked(wrong: Callable[..., list[Any]]) -> None:
    def unread(result: dict[str, Any], _: dict[str, Any], __: str) -> None:
        result["provenance"] = {p: place for p, place in result["provenance"].items() if place["page"] != 2}
        finding = {"code": "unread_page", "where": "", "page": 2, "facts": {"reason": "no_text"}, "operands": []}
        result["verification"]["findings"].append(finding)

    # The values that were left without a place are wrong, too, and are printed nowhere.
    assert {marked for printed, marked in wrong(unread) if printed} == {"unread page: no_text"}


# The recogniser.


@pytest.mark.heavy
# A value of a messy scan stands where nothing like it is printed, and nothing marks it: a fault that is open.
@pytest.mark.parametrize(("name", "least", "silent"), [("clean", 1.0, []), ("messy", 0.95, [("", ("21",))])])
def test_a_scan_is_read_as_printed_or_says_so(name: str, least: float, silent: list[tuple[str, tuple[str]]]) -> None:
    pages = (2, 5, 6)
    outcome = benchmark.measured(benchmark.Task(QUYANG, scans.at(name, 200), SEED, pages))
    assert outcome.figures == 116
    assert outcome.exact >= least * outcome.figures
    assert [(wrong.printed, wrong.read) for wrong in outcome.wrong if not wrong.marked] == silent
    assert outcome.kinds == benchmark.kinds(pipeline.extract_file(QUYANG / "excerpt.pdf", KNOWN, pages=pages))
