"""Claims: no figure of a sentence is lost, each says what it is, and is found where it is printed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import amounts
from structurer.extract import prose_words
from structurer.extract.claims import Claim, claims
from structurer.records import Box, Line, Word

NOTATION = amounts.Notation(minus_words=("负", "减"), scales={"万": 4, "亿": 8}, money=("元",))
WORDS = prose_words.ProseWords(
    sentence_end_patterns=("[。!?;]",),
    clause_marks=("，", "、", "（", "）", "："),
    year_patterns=(r"(?P<year>20\d\d)\s*年\s*度?",),
    compare_words=("比", "较", "与", "相比"),
    last_year_words=("上年", "上年度"),
    base_tail_words=("预算", "预算数"),
    share_words=("占", "占比"),
    up_words=("增加", "增长", "新增", "增"),
    down_words=("减少", "下降", "少", "减"),
    level_words=("到", "至"),
    of_which_words=("其中", "主要包括"),
    opener_words=("主要原因是", "原因是", "以上", "和"),
    filler_words=("为", "共", "约", "各", "安排", "至少", "了"),
    enumerator_patterns=(r"\([一二三四五]\)", r"\d{1,2}\s*[、.](?!\d)", r"[一二三]、", r"\(\d{1,2}\)"),
    ignore_patterns=(
        r"\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?",
        r"[〔\[]\s*\d{4}\s*[〕\]]\s*\d+\s*号",
        r"\(\d{3,7}\)",
        r"表\s*\d+",
        r"1\d{10}",
    ),
    measures=("%", "个百分点", "辆", "台", "台(套)", "个", "项", "平方米", "次", "人", "家"),
)


def read(text: str) -> list[Claim]:
    return claims([Line(line, 1) for line in text.splitlines()], WORDS, NOTATION)


def told(text: str) -> list[str]:
    """Each claim as one line: kind, subject, figure, and what it is compared with."""
    lines = []
    for claim in read(text):
        figure = f"{claim.figure.figure.digits}{claim.figure.scale or ''}{claim.figure.unit or ''}"
        tail = [claim.direction, claim.year, claim.compared_with]
        lines.append(" ".join([claim.kind, claim.subject or "-", figure, *(t or "-" for t in tail)]))
    return lines


def test_amounts_shares_changes_and_rates() -> None:
    text = (
        "安阳市公安局交通管理支队2024年收入总计4364.82万元，支出总计4364.82万元，与2023年相比，"
        "收、支总计各减少422.93万元，下降8.83%，主要原因：公用经费减少。"
    )
    assert told(text) == [
        "amount 收入总计 4364.82万元 - 2024 -",
        "amount 支出总计 4364.82万元 - 2024 -",
        "change 收、支总计 422.93万元 down 2024 2023年",
        "rate 收、支总计 8.83% down 2024 2023年",
    ]


def test_a_share_is_of_the_amount_before_it() -> None:
    text = "支出合计13,893.49万元，其中：基本支出5588.98万元，占40.23%；项目支出8304.51万元，占 59.77 ％。"
    assert told(text) == [
        "amount 支出合计 13893.49万元 - - -",
        "amount 基本支出 5588.98万元 - - -",
        "share 基本支出 40.23% - - -",
        "amount 项目支出 8304.51万元 - - -",
        "share 项目支出 59.77% - - -",
    ]


def test_a_comparison_after_the_parts_is_of_the_whole() -> None:
    text = (
        "2024年预算收入总计13,893.49万元，其中：本年收入13,893.49万元，上年结转0万元，"
        "比上年增加1885.28万元，增长15.70%。"
    )
    assert told(text)[3:] == [
        "change 预算收入总计 1885.28万元 up 2024 上年",
        "rate 预算收入总计 15.70% up 2024 上年",
    ]


def test_a_closed_bracket_gives_the_word_back() -> None:
    text = (
        "公务用车购置及运行费6.7万元（公务用车购置费0万元，比上年增加0万元；运行维护费6.7万元。）"
        "比上年减少2.3万元，下降25.6%。"
    )
    assert [line.split()[1] for line in told(text)] == [
        *("公务用车购置及运行费", "公务用车购置费", "公务用车购置费", "运行维护费"),
        *("公务用车购置及运行费", "公务用车购置及运行费"),
    ]


def test_the_amount_of_the_base_itself() -> None:
    text = "2023年安排总支出50672.21万元，较2022年54439.43万元减少3767.22万元。"
    assert told(text) == [
        "amount 安排总支出 50672.21万元 - 2023 -",
        "amount 安排总支出 54439.43万元 - - 2022年",
        "change 安排总支出 3767.22万元 down 2023 2022年",
    ]


def test_where_a_change_ended_is_no_change() -> None:
    assert told("教官数量增加到10人，培训至少5次，新增办公设备经费3万元，比上年减5万元。") == [
        "count 教官数量增加到 10人 - - -",
        "count 培训 5次 - - -",
        "change 办公设备经费 3万元 up - -",
        "change 办公设备经费 5万元 down - 上年",
    ]


def test_brackets_and_quotes_of_a_subject_stay() -> None:
    assert told("（一）因公出国（境）费0万元。我部门“三公”经费为213万元。") == [
        "amount 因公出国（境）费 0万元 - - -",
        "amount 我部门“三公”经费 213万元 - - -",
    ]


def test_numbers_that_state_nothing() -> None:
    text = """1、按照财预〔2017〕98号，2024年12月31日，见表12，电话13812345678。
        （2）培训支出（2050803）项目A12B，第1.2.3节，2024年4月7日。"""
    assert told(text) == []


def test_money_is_never_taken_for_something_else() -> None:
    assert told("总值13812345678元（2050803元）") == [
        "amount 总值 13812345678元 - - -",
        "amount 总值 2050803元 - - -",
    ]


def test_a_bare_number_is_kept() -> None:
    assert told("大市场中心减少11.95，创新院减少36。") == [
        "change 大市场中心 11.95 down - -",
        "change 创新院 36 down - -",
    ]


def test_offsets_are_offsets_of_the_sentence() -> None:
    for claim in read("前句。项目支出 ２，６４４．５ 万元，占63.72%。后句5个。"):
        assert claim.sentence[claim.figure.start : claim.figure.end] == claim.figure.figure.raw
        assert [part.text for part in claim.parts] == [claim.figure.figure.raw]


def printed(*rows: tuple[str, int, float, float]) -> list[Line]:
    """Lines of 10-point characters: text, page, left edge, top; the words are what blanks divide."""
    lines = []
    for text, page, x0, top in rows:
        words, at = [], 0
        for run in re.finditer(r"\S+", text):
            left = x0 + 10 * run.start()
            words.append(Word(run[0], Box(left, top, left + 10 * len(run[0]), top + 10)))
            at = run.end()
        lines.append(Line(text, page, Box(x0, top, x0 + 10 * at, top + 10), 10.0, tuple(words)))
    return lines


def test_a_sentence_runs_over_lines_and_pages() -> None:
    lines = printed(
        ("2024年本部门收入 12.50 万元，比上年增加", 1, 120, 100),
        ("收入三万的单位很多很多很多很多很多很多很多很多很多很多很多", 1, 100, 112),
        ("很多很多很多，其中基本支出预算安排的金额是 1885.", 1, 100, 124),
        ("28万元，项目支出5万元。", 2, 100, 50),
        ("新的一段有3个。", 2, 120, 62),
    )
    found = claims(lines, WORDS, NOTATION)
    assert [claim.figure.figure.digits for claim in found] == ["12.50", "1885.28", "5", "3"]
    assert [(part.text, part.page) for part in found[1].parts] == [("1885.", 1), ("28", 2)]
    assert found[0].parts[0].box == Box(120 + 110, 100, 120 + 160, 110)
    assert found[1].parts[0].box == Box(100 + 220, 124, 100 + 270, 134)
    assert "万元，比上年增加收入三万" in found[0].sentence
    assert found[3].sentence == "新的一段有3个。"


def test_a_short_line_ends_a_paragraph() -> None:
    lines = printed(
        ("2024年收支预算总体情况说明如下面的几行所示的", 1, 100, 100),
        ("收入12", 1, 100, 112),
        ("34万元是第二段的第一个数而这行也是满满的一行", 1, 100, 124),
        ("（一）人员经费8万元一二三四五六七八九十一二三", 1, 100, 136),
    )
    assert [claim.figure.figure.digits for claim in claims(lines, WORDS, NOTATION)] == ["12", "34", "8"]


EXCERPTS = """
五、一般公共预算支出年初预算为4150.15万元。其中：基本支出1505.65万元，占36.28%；项目支出2644.5万元，占63.72%。
（二）公务用车购置及运行费210万元，其中：公务用车购置费0万元，预算数与2023年预算数保持一致；公务用车运行维护费210万元，主要用于开展工作所需公务用车的燃料费。
我部门2024年上年结转资金为584.88万元，其中：一般公共预算152.27万元，占26.03%；政府性基金预算432.61万元，占73.97%。
我单位2024年预算项目共9个，资金总额2859.17万元。其中：预算支出100万元及100万元以上重点项目共4个，重点项目绩效目标简述如下：车管证照成本（政府采购）900万元，考试考场购买服务（政府采购）1089.2万元，电子警察（政府购买服务) 600万元, 政府购买电子警察服务一期(政府购买服务) 125万元。
2023年末, 我部门共有车辆70辆, 其中: 一般公务用车8辆、一般执法执勤用车62辆、特种专业技术用车0辆, 其他用车0辆; 单价50万元以上通用设备1台(套), 单位价值100万元以上专用设备4台(套)。
2024年度吕梁市公安局交通警察支队一般公共预算当年支出13,893.49万元,主要用于以下方面:公共安全支出12,643.18万元;卫生健康支出190.63万元,占1.37%;住房保障支出373.44万元,占2.69%等。
截至2023年12月31日，吕梁市公安局交通警察支队共有公务用车编制64辆，实有84辆，使用的办公用房建筑总面积29783平方米。
主要用于以下方面：行政运行公安（类）支出（公安）1529.6 万元，占 39.09%；特别业务（类）支出 2104.7 万元，占 53.8%。
2024年预算收支安排1573.23万元，较2023年预算减少14.00万元，其中：基本支出增加16.22万元，主要为调整薪级工资。项目支出减少30.22万元。
实现民警现场执法达到总执法量的70%以上，交通事故死亡人数比上年降低2%。
2023年预算支出50672.21万元。其中，人员经费支出23250.86元，正常公用经费3849.56万元，项目支出23571.8万元。
会议费 29.43 万元，与上年 29.64 万元相比减少 0.21 万元；处理量占简易程序事故的 10%以上，每季度不少于 1 次，全市近4000人。
"""  # noqa: E501


def test_no_figure_with_a_unit_is_lost() -> None:
    measured = re.compile(r"[\d,]*\d(?:\.\d+)?(?=\s*(?:万?元|%|辆|台|个|平方米|次|人))")
    for text in EXCERPTS.strip().splitlines():
        expected = [number.replace(",", "") for number in measured.findall(text)]
        assert [claim.figure.figure.digits for claim in read(text)] == expected


def test_the_shipped_words_lose_no_figure_either() -> None:
    path = Path(__file__).parents[1] / "schemas" / "department_budget" / "lexicon.toml"
    words = prose_words.from_lexicon(tomllib.loads(path.read_text("utf-8")))
    measured = re.compile(r"[\d,]*\d(?:\.\d+)?(?=\s*(?:万?元|%|辆|台|个|平方米|次|人))")
    for text in EXCERPTS.strip().splitlines():
        expected = [number.replace(",", "") for number in measured.findall(text)]
        found = claims([Line(text, 1)], words, NOTATION)
        assert [claim.figure.figure.digits for claim in found if claim.figure.unit] == expected


@given(st.lists(st.text(st.sampled_from("支出增加占比上年2024年12.5,万元%（）(),，。；“”、其中5个 ")), max_size=6))
def test_any_text_is_read_without_a_crash(texts: list[str]) -> None:
    for claim in claims([Line(text, 1) for text in texts], WORDS, NOTATION):
        assert claim.sentence[claim.figure.start : claim.figure.end] == claim.figure.figure.raw
        assert "".join(part.text for part in claim.parts) == claim.figure.figure.raw


@pytest.mark.parametrize("raw", [{}, {"prose": {}}, {"prose": {"up_words": "no list"}}])
def test_a_lexicon_without_the_lists_reads_bare_figures(raw: dict[str, object]) -> None:
    found = claims([Line("支出5万元", 1)], prose_words.from_lexicon(raw), NOTATION)
    assert [(claim.subject, claim.figure.figure.digits) for claim in found] == [("支出", "5")]
