"""A dump writes the headings of merged columns in a row: its columns are told apart by their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structurer import catalog, pipeline

if TYPE_CHECKING:
    from pathlib import Path

# Two levels of headings below one another, their merges lost: what is right of 小计 stands under all of them.
DUMP = """2024年部门支出预算表

单位：万元

科目编码\t\t\t单位代码\t单位（科目名称）\t合计\t基本支出\t\t\t\t项目支出\t\t\t
\t\t\t\t\t\t小计\t人员经费\t\t公用经费\t\t小计\t其他运转类\t特定目标类
类\t款\t项\t工资福利支出\t对个人和家庭的补助\t商品和服务支出\t\t资本性支出\t\t\t\t\t\t
\t\t\t\t合计\t43.00\t15.00\t\t\t15.00\t\t28.00\t\t28.00
204\t02\t01\t\t行政运行\t15.00\t15.00\t\t\t15.00\t\t\t\t
204\t02\t19\t\t信息化建设\t28.00\t\t\t\t\t\t28.00\t\t28.00
"""


def others(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "dump.txt"
    path.write_text(DUMP, "utf-8")
    (table,) = pipeline.extract_file(path, catalog.load())["tables"]
    assert table["kind"] == "expenditure"
    return [row["other"] for row in table["rows"]]


def test_a_figure_has_the_name_of_its_column_whatever_is_blank_before_it(tmp_path: Path) -> None:
    total, basic, project = others(tmp_path)
    assert sorted(total.values()) == ["15.00", "28.00", "28.00"]
    assert set(basic.items()) <= set(total.items())
    (name,) = (name for name, value in total.items() if value == "15.00")
    assert basic == {name: "15.00"}
    assert project == {each: value for each, value in total.items() if value == "28.00"}
