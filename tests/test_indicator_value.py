"""Indicator values: parts only where the whole text is one number, and never another digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import amounts
from structurer.extract import indicator_value
from structurer.extract.indicator_value import IndicatorValue

NOTATION = amounts.Notation(minus_words=("负",), scales={"万": 4, "亿": 8}, money=("元",))
WORDS = indicator_value.ValueWords(
    comparators={
        "≥": "≥",
        ">=": "≥",
        "不低于": "≥",
        "以上": "≥",
        "及以上": "≥",
        "≤": "≤",
        "不超过": "≤",
        "以内": "≤",
        "＞": ">",
        "=": "=",
    },
    lead_words=("提高", "完成"),
    measures=("%", "‰", "米", "人", "人次", "次", "年", "天", "个", "个月", "月", "平方米", "万平方米", "千克", "km"),
    date_patterns=(r"20\d\d\s*年", r"\d{1,2}\s*月"),
)


def parts(text: str) -> tuple[str | None, ...]:
    value = indicator_value.parts(text, WORDS, NOTATION)
    assert value.text == text
    return value.comparator, value.number, value.scale, value.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("≥7万米", ("≥", "7", "万", "米")),
        ("≤200 万元", ("≤", "200", "万", "元")),
        ("100%", (None, "100", None, "%")),
        ("=100%", ("=", "100", None, "%")),
        ("＞90％", (">", "90", None, "%")),
        (">=5年", ("≥", "5", None, "年")),
        ("不低于95%", ("≥", "95", None, "%")),
        ("不超过3次", ("≤", "3", None, "次")),
        ("≥700人/次", ("≥", "700", None, "人/次")),
        ("≥10000人次", ("≥", "10000", None, "人次")),
        ("1年", (None, "1", None, "年")),
        ("95%以上", ("≥", "95", None, "%")),
        ("95%及以上", ("≥", "95", None, "%")),
        ("≥95%以上", ("≥", "95", None, "%")),
        ("3天以内", ("≤", "3", None, "天")),
        ("≤ 67467700元", ("≤", "67467700", None, "元")),
        ("≤1,200.50 元/人", ("≤", "1200.50", None, "元/人")),
        ("0.5天", (None, "0.5", None, "天")),
        ("≥54.8 万平方米", ("≥", "54.8", "万", "平方米")),
        ("≤5千克", ("≤", "5", None, "千克")),
        ("≥290万", ("≥", "290", "万", None)),
        ("≤12个月", ("≤", "12", None, "个月")),
        ("≤11月", ("≤", "11", None, "月")),
        ("≥1", ("≥", "1", None, None)),
        ("≥５０ｋｍ", ("≥", "50", None, "km")),
        ("提高20%", (None, "20", None, "%")),
        ("完成100%", (None, "100", None, "%")),
    ],
)
def test_one_number(text: str, expected: tuple[str | None, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "≥", "及时", "较上一年有所提升", "2024年12月31日前", "11月", "2024 年", "9月份之前"),
        *("≥90% ≥90%", "≥90%\n≥90%", "1:1", "3-5次", "3—5次", "30%-40%", "≥5%较上年有所降低"),
        *("≤2丢包率", "服务期9个月", "≥95%以内", "≥020008", "≥1,23次", "±5%", "≥5平方米、米等"),
        *("20231116 114541", "百分之95", "当年12月31日前"),
    ],
)
def test_text_only(text: str) -> None:
    assert parts(text) == (None, None, None, None)


@given(
    st.integers(0, 10**12),
    st.integers(0, 3),
    st.sampled_from(["", "≥", "≤ ", "不低于"]),
    st.sampled_from(["", "%", "万元", " 人次"]),
)
def test_no_digit_is_lost_or_altered(number: int, decimals: int, comparator: str, unit: str) -> None:
    digits = f"{number}.{'7' * decimals}".rstrip(".")
    assert parts(f"{comparator}{digits}{unit}")[1] == digits


@given(st.text(st.sampled_from("≥≤0123456789.,%万元人次以上内-—: \n年月")))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    value = indicator_value.parts(text, WORDS, NOTATION)
    if value.number is not None:
        digits = "".join(filter(str.isdigit, text))
        assert value.number.replace(".", "").removeprefix("-") in {digits, f"0{digits}"}


def test_words_come_from_the_lexicon() -> None:
    raw = {"card": {"comparators": {"至少": "≥"}}, "prose": {"count_measures": ["次"], "ignore_patterns": [r"\d+月"]}}
    words = indicator_value.from_lexicon(raw)
    assert indicator_value.parts("至少3次", words, NOTATION) == IndicatorValue("至少3次", "≥", "3", None, "次")
    assert indicator_value.parts("3月", words, NOTATION) == IndicatorValue("3月")
