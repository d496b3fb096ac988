"""The same disclosure gives the same tables, cards and claims as PDF and as DOCX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from structurer import catalog, pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from structurer.records import Item, Json

NAMES = ("anyang-2024", "jiyuan-2021", "lvliang-2024", "quyang-2024", "shijiazhuang-2024")
# What is where is told apart by the scorer; a DOCX keeps lines apart that a PDF prints as one.
PLACES = ("page", "pages", "head")


def stated(tree: Json) -> Json:
    """Return what a part of a result says, without where and without white space."""
    if isinstance(tree, dict):
        return {name: stated(value) for name, value in tree.items() if name not in PLACES}
    if isinstance(tree, list):
        return [stated(value) for value in tree]
    return "".join(tree.split()) if isinstance(tree, str) else tree


@pytest.fixture(scope="module")
def known() -> catalog.Catalog:
    return catalog.load()


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_docx_says_what_the_pdf_says(name: str, disclosures: Path, known: catalog.Catalog) -> None:
    pdf, docx = (pipeline.extract_file(disclosures / f"{name}.{ending}", known) for ending in ("pdf", "docx"))
    for member in ("tables", "cards", "claims", "disclosure"):
        assert stated(docx[member]) == stated(pdf[member])


def test_what_is_compared_can_differ() -> None:
    one: Item = {"rows": [{"total": "1.00", "page": 3}]}
    assert stated(one) == stated({"rows": [{"total": "1.00", "page": 4}]})
    assert stated(one) != stated({"rows": [{"total": "1.0", "page": 3}]})
