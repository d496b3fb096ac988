"""Tables of budget figures drawn into PDF pages, with or without rulings, and what each slot should read."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import pymupdf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Node = str | tuple[str, list["Node"]]
    Slot = tuple[int, int]

STYLES = (
    "full",
    "open_sided",
    "row_rules",
    "three_rules",
    "three_rules_spanners",
    "verticals_only",
    "frame_only",
    "dotted",
    "borderless",
)
CODE, NAME, SUM = "科目编码", "科目名称", "合计"
FIGURES: dict[int, list[list[Node]]] = {
    1: [
        [SUM, "基本支出", "项目支出"],
        ["2023年执行数", "2024年预算数", "增减额", "一般公共预算财政拨款"],
        [SUM, "基本支出", "项目支出", "事业单位经营支出", "上缴上级支出"],
    ],
    2: [
        [SUM, ("基本支出", ["人员经费", "公用经费"]), "项目支出"],
        ["2023年执行数", ("2024年预算数", ["小计", "基本支出", "项目支出"])],
    ],
    3: [
        [SUM, ("基本支出", ["小计", ("其中", ["人员经费", "公用经费"])]), "项目支出"],
        [("2024年预算数", [SUM, ("财政拨款", ["一般公共预算", "政府性基金"])]), "其他资金"],
    ],
}
NAMES = (
    "一般公共服务支出",
    "行政运行",
    "一般行政管理事务",
    "机关事业单位基本养老保险缴费支出",
    "行政单位医疗",
    "公务员医疗补助",
    "住房公积金",
    "购房补贴",
    "其他政府办公厅（室）及相关机构事务支出",
    "社会保障和就业支出",
    "教育支出",
    "城乡社区公共设施",
    "巩固脱贫攻坚成果衔接乡村振兴项目资金支出",
    "办公费",
    "水费",
    "因公出国（境）费用",
    "公务用车运行维护费",
    "其他科学技术管理事务支出",
)
SECTIONS = ("一、本年支出", "二、结转下年", "三、其他")
PROSE = (
    "　　本单位2024年收入总预算1,234.56万元，其中：一般公共预算拨款收入1,000.00万元，占81.00%；",
    "比上年增加12.30万元，增长1.01%，主要原因是人员增加。政府性基金预算拨款收入0万元，占0%；事业收",
    "入234.56万元，占19.00%。具体安排情况见附表。",
)


@dataclass(frozen=True)
class Sample:
    """What one drawn table should read."""

    style: str
    levels: int
    n_columns: int
    header: dict[Slot, tuple[int, int, str]]
    """(row, column) of each header cell to its rowspan, colspan and text."""
    rows: list[list[str]]
    prose: list[str] = field(default_factory=list)


@cache
def _width(text: str, size: float) -> float:
    return sum(
        size if not char.isascii() else pymupdf.get_text_length(char, fontname="helv", fontsize=size) for char in text
    )


class Canvas:
    """A page to draw on in the coordinates in which it is displayed."""

    def __init__(self, page: pymupdf.Page) -> None:
        self.page, self.matrix, self.rotate = page, page.derotation_matrix, page.rotation
        self.width, self.height = page.rect.width, page.rect.height

    def text(self, x: float, middle: float, text: str, size: float) -> None:
        """Draw a line whose middle stands at `middle`, ASCII in Helvetica, as Excel's exports look."""
        run, start = "", x
        for char in [*text, ""]:
            if run and (not char or char.isascii() != run[0].isascii()):
                point = pymupdf.Point(start, middle + 0.36 * size) * self.matrix
                font = "helv" if run[0].isascii() else "china-s"
                self.page.insert_text(point, run, fontname=font, fontsize=size, rotate=self.rotate)
                start += _width(run, size)
                run = ""
            run += char

    def line(self, x0: float, y0: float, x1: float, y1: float, *, dotted: bool = False) -> None:
        dashes = "[1 2] 0" if dotted else None
        if dotted:
            self._dots(x0, y0, x1, y1)
            return
        one, two = pymupdf.Point(x0, y0) * self.matrix, pymupdf.Point(x1, y1) * self.matrix
        self.page.draw_line(one, two, width=0.6, dashes=dashes)

    def _dots(self, x0: float, y0: float, x1: float, y1: float) -> None:
        length = max(x1 - x0, y1 - y0)
        shape, at = self.page.new_shape(), 0.0
        while at < length:
            x, y = (x0 + at, y0) if y0 == y1 else (x0, y0 + at)
            shape.draw_rect(pymupdf.Rect(x, y - 0.4, x + 0.8, y + 0.4) * self.matrix)
            at += 2.4
        shape.finish(fill=(0, 0, 0), color=None)
        shape.commit()


def _leaves(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        else:
            yield from _leaves(node[1])


def _header(nodes: list[Node], levels: int) -> dict[Slot, tuple[int, int, str]]:
    cells: dict[Slot, tuple[int, int, str]] = {}

    def place(nodes: list[Node], row: int, column: int) -> int:
        for node in nodes:
            if isinstance(node, str):
                cells[row, column] = (levels - row, 1, node)
                column += 1
            else:
                after = place(node[1], row + 1, column)
                cells[row, column] = (1, after - column, node[0])
                column = after
        return column

    place(nodes, 0, 0)
    return cells


def _figure(rng: random.Random, kind: str) -> str:
    if rng.random() < 0.13:
        return ""
    digits = rng.choice((1, 2, 3, 4, 5, 6, 8, 10))
    value = rng.randrange(10 ** (digits - 1), 10**digits)
    sign = "-" if rng.random() < 0.04 else ""
    cents = f".{rng.randrange(100):02d}" if kind != "whole" else ""
    return f"{sign}{value:,}{cents}" if kind != "plain" else f"{sign}{value}{cents}"


def _rows(rng: random.Random, n_figures: int) -> list[list[str]]:
    kind = rng.choice(("grouped", "grouped", "plain", "whole"))
    rows = [["", SUM, *(_figure(rng, kind) or "0.00" for _ in range(n_figures))]]
    for number in range(rng.randint(3, 14)):
        if rng.random() < 0.08:
            rows.append(["", rng.choice(SECTIONS), *[""] * n_figures])
            continue
        figures = [_figure(rng, kind) for _ in range(n_figures)]
        if not any(figures):
            figures[0] = "0.00"
        code = "2" + "".join(rng.choice("0123456789") for _ in range(rng.choice((2, 4, 6))))
        rows.append([code, rng.choice(NAMES), *figures])
        if number > 8 and rng.random() < 0.3:
            break
    if rng.random() < 0.3:
        rows.append(rows.pop(0))
    return rows


def _wrapped(text: str, room: float, size: float) -> list[str]:
    lines = [""]
    for char in text:
        if lines[-1] and _width(lines[-1] + char, size) > room:
            lines.append("")
        lines[-1] += char
    return [line for line in lines if line]


@dataclass(frozen=True)
class Plan:
    """Where the columns and rows of a table stand on its page."""

    xs: list[float]
    ys: list[float]
    levels: int
    size: float
    pad: float
    header: dict[Slot, tuple[int, int, str]]


def _plan(rng: random.Random, canvas: Canvas, nodes: list[Node], levels: int, rows: list[list[str]]) -> Plan:
    leaves, size, pad = list(_leaves(nodes)), rng.choice((7.5, 8.0, 9.0, 10.0)), rng.choice((2.0, 3.0, 5.4))
    widest = [max(_width(row[column], size) for row in rows) for column in range(len(leaves))]
    widest[1] = min(widest[1], size * rng.choice((8, 10, 14)))
    heads = [_width(leaf, size) * (0.55 if len(leaf) > 4 else 1.0) for leaf in leaves]
    widths = [max(body, head + 0.5) + 2 * pad for body, head in zip(widest, heads, strict=True)]
    spare = canvas.width - 80 - sum(widths)
    if spare > 0:
        share = rng.choice((0.0, 0.5, 1.0)) * spare / len(widths)
        widths = [width + share for width in widths]
    left = max(40.0, (canvas.width - sum(widths)) / 2)
    xs = [left]
    for width in widths:
        xs.append(xs[-1] + width)
    ys, leading, gap = [130.0], 1.25 * size, rng.choice((3.0, 6.0, 10.0))
    header = _header(nodes, levels)
    for level in range(levels):
        lines = [
            len(_wrapped(text, xs[column + colspan] - xs[column] - 2 * pad, size)) / rowspan
            for (row, column), (rowspan, colspan, text) in header.items()
            if row <= level < row + rowspan
        ]
        ys.append(ys[-1] + max(lines) * leading + gap)
    for row in rows:
        lines = [len(_wrapped(row[c], xs[c + 1] - xs[c] - 2 * pad, size)) for c in range(len(leaves))]
        ys.append(ys[-1] + max(1, *lines) * leading + gap)
    return Plan(xs, ys, levels, size, pad, header)


def _cell(canvas: Canvas, plan: Plan, span: tuple[int, int, int, int], text: str, align: str) -> None:
    row, column, rowspan, colspan = span
    x0, x1 = plan.xs[column] + plan.pad, plan.xs[column + colspan] - plan.pad
    middle = (plan.ys[row] + plan.ys[row + rowspan]) / 2
    lines = _wrapped(text, x1 - x0, plan.size)
    for index, line in enumerate(lines):
        y = middle + (index - (len(lines) - 1) / 2) * 1.25 * plan.size
        width = _width(line, plan.size)
        x = {"left": x0, "right": x1 - width, "center": (x0 + x1 - width) / 2}[align]
        canvas.text(x, y, line, plan.size)


def _draw_text(rng: random.Random, canvas: Canvas, plan: Plan, rows: list[list[str]]) -> None:
    for (row, column), (rowspan, colspan, text) in plan.header.items():
        _cell(canvas, plan, (row, column, rowspan, colspan), text, "center")
    align = ["left", "left", *[rng.choice(("right", "right", "center"))] * (len(plan.xs) - 3)]
    for index, row in enumerate(rows):
        for column, text in enumerate(row):
            middle = text == SUM and rng.random() < 0.5
            _cell(canvas, plan, (plan.levels + index, column, 1, 1), text, "center" if middle else align[column])


def _draw_rules(rng: random.Random, canvas: Canvas, plan: Plan, style: str) -> None:  # noqa: C901 -- a list of styles
    xs, ys, levels = plan.xs, plan.ys, plan.levels
    dotted, ruled = style == "dotted", style in {"full", "open_sided", "dotted"}
    header_rule = style not in {"frame_only", "verticals_only"} or rng.random() < 0.5

    def flat(y: float, x0: float, x1: float) -> None:
        canvas.line(x0, y, x1, y, dotted=dotted)

    def upright(x: float, top: float, bottom: float) -> None:
        canvas.line(x, top, x, bottom, dotted=dotted)

    if style == "borderless":
        return
    flat(ys[0], xs[0], xs[-1])
    flat(ys[-1], xs[0], xs[-1])
    if header_rule:
        flat(ys[levels], xs[0], xs[-1])
    if ruled or style == "row_rules":
        for y in ys[levels + 1 : -1]:
            flat(y, xs[0], xs[-1])
    inset = 3.0 if style in {"three_rules", "three_rules_spanners", "row_rules"} else 0.0
    for (row, column), (rowspan, colspan, _) in plan.header.items():
        if row + rowspan < levels and style not in {"three_rules", "frame_only"} and (ruled or header_rule):
            flat(ys[row + 1], xs[column] + inset, xs[column + colspan] - inset)
        if (ruled or style == "verticals_only") and column:
            upright(xs[column], ys[row], ys[row + rowspan])
    if ruled or style == "verticals_only":
        for x in xs[1:-1]:
            upright(x, ys[levels], ys[-1])
    if style in {"full", "dotted", "verticals_only", "frame_only"}:
        upright(xs[0], ys[0], ys[-1])
        upright(xs[-1], ys[0], ys[-1])


def draw(document: pymupdf.Document, seed: int, style: str, levels: int, rotation: int = 0) -> Sample:
    """Add a page with one table, and around it what stands around tables, to the document."""
    rng = random.Random(f"{seed} {levels}")  # noqa: S311 -- tables, no secrets
    nodes: list[Node] = [CODE, NAME, *rng.choice(FIGURES[levels])]
    rows = _rows(rng, len(list(_leaves(nodes))) - 2)
    page = document.new_page(width=595 if rotation else 842, height=842 if rotation else 595)
    page.set_rotation(rotation)
    canvas = Canvas(page)
    plan = _plan(rng, canvas, nodes, levels, rows)
    while plan.ys[-1] > canvas.height - 60 or plan.xs[-1] > canvas.width - 20:
        if len(rows) > 4:
            rows.pop()
        plan = _plan(rng, canvas, nodes, levels, rows)
    for index, line in enumerate(PROSE if rng.random() < 0.5 else ()):
        canvas.text(plan.xs[0], 30 + 14 * index, line, 9.0)
    canvas.text(canvas.width / 2 - 70, 90, "部门支出预算总表", 16.0)
    canvas.text(plan.xs[0], 118, "部门名称：某某局", 9.0)
    canvas.text(plan.xs[-1] - 70, 118, "单位：万元", 9.0)
    if rng.random() < 0.5:
        canvas.text(plan.xs[0], plan.ys[-1] + 14, "注：本表按功能分类科目列示。", 9.0)
    _draw_text(rng, canvas, plan, rows)
    _draw_rules(rng, canvas, plan, style)
    return Sample(style, levels, len(plan.xs) - 1, plan.header, rows)


def write(path: Path, seeds: range, style: str, levels: int, rotation: int = 0) -> list[Sample]:
    """Write one page for each seed; return what they should read."""
    document = pymupdf.open()
    samples = [draw(document, seed, style, levels, rotation) for seed in seeds]
    document.save(str(path))
    return samples
