"""JUnit XML of golden folders: well-formed whatever a document holds, and the same for the same results."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from lxml import etree
from typer.testing import CliRunner

from structurer import export
from structurer.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

# As CI systems take it: what must stand there, and nothing else. After the schemas of Ant and Jenkins.
SCHEMA = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="time" type="xs:decimal" use="required"/>
  </xs:attributeGroup>
  <xs:complexType name="wrong"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="message" type="xs:string"/>
    <xs:attribute name="type" type="xs:string" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:element name="testcase"><xs:complexType>
    <xs:choice minOccurs="0">
      <xs:element name="error" type="wrong"/>
      <xs:element name="failure" type="wrong"/>
    </xs:choice>
    <xs:attribute name="classname" type="xs:token" use="required"/>
    <xs:attribute name="name" type="xs:token" use="required"/>
    <xs:attribute name="time" type="xs:decimal" use="required"/>
  </xs:complexType></xs:element>
  <xs:element name="testsuite"><xs:complexType>
    <xs:sequence><xs:element ref="testcase" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attributeGroup ref="counts"/>
  </xs:complexType></xs:element>
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attributeGroup ref="counts"/>
  </xs:complexType></xs:element>
</xs:schema>
"""
HOSTILE = "]]><failure/>&amp;\x00\x07\x1b[31m\ud800\ufffe\uffff\u202e\"'"
PAGE = """# 2024年部门支出总表

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 |
| --- | --- | --- | --- | --- |
| | 合计 | 30.00 | 10.00 | 20.00 |
| 2040201 | 行政运行 | 10.00 | 10.00 | |
"""


def valid(written: bytes) -> Element:
    schema = etree.XMLSchema(etree.fromstring(SCHEMA))
    schema.assertValid(etree.fromstring(written))
    return ET.fromstring(written)  # noqa: S314  what we wrote ourselves


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["golden", *map(str, words)], env={"LC_ALL": "C.UTF-8"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two documents and their golden folders."""
    root = tmp_path_factory.mktemp("recorded")
    files = [root / "budget.md", root / "other.md"]
    for file in files:
        file.write_text(PAGE, "utf-8")
    assert run("record", *files, "-o", root / "golden")[0] == 0
    return root


@pytest.fixture
def out(recorded: Path, tmp_path: Path) -> Path:
    """Return the two golden folders, to be spoilt."""
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    return tmp_path / "golden"


def spoil(out: Path, was: str, now: str) -> None:
    """Have something else recorded than is read."""
    path = out / "budget/result.json"
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, now), "utf-8")


def cases(root: Element) -> Iterator[tuple[str, str, list[str]]]:
    for case in root.iter("testcase"):
        yield case.attrib["classname"], case.attrib["name"], [each.tag for each in case]


# The form.


def test_what_xml_cannot_hold_is_replaced_and_the_rest_escaped() -> None:
    hostile = export.Case(HOSTILE, "failure", f"{HOSTILE}\n{HOSTILE}")
    root = valid(export.as_junit(HOSTILE, [export.Suite(HOSTILE, (hostile,))]))
    (failure,) = root.iter("failure")
    assert failure.text is not None
    assert failure.text.splitlines()[0] == failure.attrib["message"]
    assert failure.text.startswith("]]><failure/>&amp;\ufffd\ufffd\ufffd[31m\ufffd\ufffd\ufffd\u202e")
    assert len(list(root.iter())) == 4


def test_counts_are_those_of_the_cases() -> None:
    suites = [
        export.Suite("a", (export.Case("x"), export.Case("y", "failure", "1"), export.Case("z", "failure", "2"))),
        export.Suite("b", (export.Case("x", "error", "3"),)),
    ]
    root = valid(export.as_junit("all", suites))
    told = [(each.attrib["tests"], each.attrib["failures"], each.attrib["errors"]) for each in (root, *root)]
    assert told == [("4", "2", "1"), ("3", "2", "0"), ("1", "0", "1")]


def test_no_suite_is_a_file_too() -> None:
    assert valid(export.as_junit("none", [])).attrib["tests"] == "0"


# The command.


def test_a_case_for_each_document_and_table(out: Path, tmp_path: Path) -> None:
    assert run("verify", "-o", out, "--junit", tmp_path / "ci/junit.xml")[0] == 0
    root = valid((tmp_path / "ci/junit.xml").read_bytes())
    assert list(cases(root)) == [
        (name, part, []) for name in ("budget", "other") for part in ("document", "table 1 2024年部门支出总表")
    ]


def test_a_fall_is_a_failure_that_names_its_place(out: Path, tmp_path: Path) -> None:
    spoil(out, '"10.00"', '"11.00"')
    code, said, _ = run("verify", "-o", out, "--junit", tmp_path / "junit.xml", "--json")
    assert code == 1
    assert json.loads(said)[0]["fallen"]
    root = valid((tmp_path / "junit.xml").read_bytes())
    assert [tags for _, _, tags in cases(root)] == [[], ["failure"], [], []]
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "budget: table 1 2024年部门支出总表: changed 3"
    assert "row 2 (2040201 行政运行), column total: 11.00 → 10.00" in (failure.text or "")


def test_what_cannot_be_compared_is_an_error_in_every_case(out: Path, tmp_path: Path) -> None:
    (tmp_path / "budget.md").unlink()
    assert run("verify", "-o", out, "--junit", tmp_path / "junit.xml")[0] == 1
    root = valid((tmp_path / "junit.xml").read_bytes())
    assert [tags for _, _, tags in cases(root)] == [["error"], ["error"], [], []]
    assert all("the document cannot be read" in each.attrib["message"] for each in root.iter("error"))


def test_two_runs_give_the_same_bytes(out: Path, tmp_path: Path) -> None:
    spoil(out, '"10.00"', '"11.00"')
    for name in ("one.xml", "two.xml"):
        assert run("verify", "-o", out, "--junit", tmp_path / name)[0] == 1
    assert (tmp_path / "one.xml").read_bytes() == (tmp_path / "two.xml").read_bytes()


def test_hostile_texts_of_a_document_are_held(out: Path, tmp_path: Path) -> None:
    spoil(out, '"行政运行"', json.dumps(HOSTILE))
    spoil(out, '"title": "2024年部门支出总表"', f'"title": {json.dumps(HOSTILE)}')
    assert run("verify", "-o", out, "--junit", tmp_path / "junit.xml")[0] == 1
    root = valid((tmp_path / "junit.xml").read_bytes())
    assert len(list(root.iter("failure"))) == 1


def test_a_file_that_cannot_be_written_is_said_before_anything_is_read(out: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    code, said, told = run("verify", "-o", out, "--junit", tmp_path / "file/junit.xml")
    assert (code, said) == (3, "")
    assert "this is a file; a folder for the results is expected" in told


def test_a_folder_in_its_place_stays(out: Path, tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    before = sorted(tmp_path.iterdir())
    code, _, told = run("verify", "-o", out, "--junit", tmp_path / "junit.xml")
    assert code == 3
    assert "junit.xml: cannot be written" in told
    assert sorted(tmp_path.iterdir()) == before


def test_chinese_where_asked(out: Path, tmp_path: Path) -> None:
    spoil(out, '"10.00"', '"11.00"')
    assert run("verify", "-o", out, "--junit", tmp_path / "junit.xml", "--lang", "zh")[0] == 1
    root = valid((tmp_path / "junit.xml").read_bytes())
    assert next(root.iter("failure")).attrib["message"] == "budget：表 1 2024年部门支出总表：改变 3"
