"""Amounts: every printed form of a number is read to its last digit, and nothing else is a number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import amounts

NOTATION = amounts.Notation(
    minus_words=("负",),
    scales={"千": 3, "万": 4, "百万": 6, "亿": 8},
    money=("元",),
    absent_marks=("-", "—", "/"),
)
UNITS = ("个百分点", "百分点", "个", "台", "人", "次", "人次", "千克", "km", "平方米", "月")

FULL_WIDTH = str.maketrans("0123456789,.-%()", "０１２３４５６７８９，．－％（）")
STYLES = (
    "plain",
    "grouped",
    "full-width",
    "triangle",
    "brackets",
    "wide brackets",
    "percent",
    "word",
    "yuan",
    "blanks",
)
values = st.builds(
    lambda number, places: Decimal(number).scaleb(-places),
    st.integers(-(10**15), 10**15),
    st.integers(0, 4),
)


def printed(value: Decimal, style: str) -> str:  # noqa: PLR0911
    plain = f"{value:f}"
    size = plain.lstrip("-")
    minus = plain.startswith("-")
    match style:
        case "grouped":
            return f"{value:,f}"
        case "full-width":
            return f"{value:,f}".translate(FULL_WIDTH)
        case "triangle":
            return f"△{size}" if minus else plain
        case "brackets":
            return f"({size})" if minus else plain
        case "wide brackets":
            return f"（{size}）" if minus else plain
        case "percent":
            return f"{plain}%"
        case "word":
            return f"负{size}" if minus else plain
        case "yuan":
            return f"￥{plain}"
        case "blanks":
            return f" {value:,f} ".replace(",", " ")
    return plain


@given(values, st.sampled_from(STYLES))
def test_every_printed_form_is_read_to_its_value(value: Decimal, style: str) -> None:
    figure = amounts.figure(printed(value, style), NOTATION)
    assert figure is not None
    assert figure.value == value
    assert figure.decimals == -int(value.as_tuple().exponent)
    assert figure.percent == (style == "percent")
    assert figure.raw == printed(value, style)


@given(values, st.sampled_from(STYLES))
def test_canonical_digits_read_as_themselves(value: Decimal, style: str) -> None:
    figure = amounts.figure(printed(value, style), NOTATION)
    assert figure is not None
    again = amounts.figure(figure.digits, NOTATION)
    assert again is not None
    assert again.digits == figure.digits


@given(values, st.sampled_from(STYLES), st.data())
def test_one_other_digit_is_another_value(value: Decimal, style: str, data: st.DataObject) -> None:
    text = printed(value, style)
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place].translate(NARROW)]))
    changed = amounts.figure(text[:place] + other + text[place + 1 :], NOTATION)
    assert changed is None or changed.value != value


NARROW = str.maketrans("０１２３４５６７８９", "0123456789")
NOISE = st.text(
    st.sampled_from("0123456789０５.,，．-－—△()（）%％‰ 负万亿元个人次AZ￥/、。\n\xa0①²〇½") | st.characters()
)


@given(NOISE)
def test_any_text_is_read_without_a_crash(text: str) -> None:
    figure = amounts.figure(text, NOTATION)
    assert figure is None or isinstance(figure.value, Decimal)
    assert amounts.is_absent(text, NOTATION) in {True, False}


@given(NOISE)
def test_what_is_found_is_a_figure_where_it_stands(text: str) -> None:
    last = 0
    for found in amounts.find(text, NOTATION, UNITS):
        assert last <= found.start < found.end <= found.stop <= len(text)
        assert text[found.start : found.end] == found.figure.raw
        alone = amounts.figure(found.figure.raw, NOTATION)
        assert alone is not None
        assert (alone.digits, alone.percent) == (found.figure.digits, found.figure.percent)
        last = found.stop


@given(values, st.sampled_from(["plain", "grouped", "full-width", "triangle", "percent", "word"]))
def test_a_figure_is_found_in_a_sentence(value: Decimal, style: str) -> None:
    found = list(amounts.find(f"比上年减少{printed(value, style)}万元。", NOTATION))
    assert [f.figure.value for f in found] == [value]
    assert found[0].scale == (None if style == "percent" else "万")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("1,234.50", "1234.50"),
        ("△3", "-3"),
        ("▲3", "-3"),
        ("−3", "-3"),
        ("–3", "-3"),
        ("＋3.0", "3.0"),
        ("¥-5", "-5"),
        ("-¥5", "-5"),
        (".5", "0.5"),
        ("0", "0"),
        ("-0.00", "0.00"),
        ("0.00", "0.00"),
        ("１，２３４．５", "1234.5"),
        ("1 234 567.5", "1234567.5"),
        ("1\xa0234", "1234"),
        ("（123.45）", "-123.45"),
        ("(34.5%)", "-34.5"),
        ("5‰", "5"),
        (" 12 ", "12"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_a_figure(text: str, digits: str) -> None:
    figure = amounts.figure(text, NOTATION)
    assert figure is not None
    assert (figure.raw, figure.digits) == (text, digits)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "—", "1,23", "1,2345", "1234,567", "0,123", "12 34", "1,234 567", "020008", "00", "007.5", "1.2.3"),
        *("5.", "1..2", "--5", "-(5)", "(-5)", "-负5", "(5", "5)", "A12B", "12A", "1e5", "①", "5²", "½", "一", "12万"),
        *("1-2", "2024年", "Infinity", "NaN", "1_000", "٣", "123456789012345678901"),
    ],
)
def test_no_figure(text: str) -> None:
    assert amounts.figure(text, NOTATION) is None


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("增加1885.28 万元，增长15.70%", [("1885.28", "万", "元"), ("15.70", None, "%")]),
        ("总计13,893.49万元,其中", [("13893.49", "万", "元")]),
        ("支出２，８５９．１７万元", [("2859.17", "万", "元")]),
        ("0元", [("0", None, "元")]),
        ("50万元以上设备1台", [("50", "万", "元"), ("1", None, "台")]),
        ("提高3个百分点，5 ％，2‰", [("3", None, "个百分点"), ("5", None, "%"), ("2", None, "‰")]),
        ("30%-40%", [("30", None, "%"), ("40", None, "%")]),
        ("3—5个，3-5个", [("3", None, None), ("5", None, "个"), ("3", None, None), ("5", None, "个")]),
        ("3次-5次", [("3", None, "次"), ("5", None, "次")]),
        ("增长-5%，△3万元，负2元", [("-5", None, "%"), ("-3", "万", "元"), ("-2", None, "元")]),
        ("注册用户达 100 万，用户", [("100", "万", None)]),
        ("9万个，60万人次，700人/次", [("9", "万", "个"), ("60", "万", "人次"), ("700", None, "人/次")]),
        ("21万元/平方米，5千克，3千人", [("21", "万", "元/平方米"), ("5", None, "千克"), ("3", "千", "人")]),
        ("长5km，5kmh", [("5", None, "km")]),
        ("减少11.95，大市场", [("11.95", None, None)]),
        ("为11.95,25.50万元", [("11.95", None, None), ("25.50", "万", "元")]),
        ("第1，20万元", [("1", None, None), ("20", "万", "元")]),
        ("A12B 13010024P00971 X101 W-07 1.2.3 2024.3.1 020008 1,23 12,34,567 5G ......67 ①", []),
        ("（2050803）支出", [("2050803", None, None)]),
    ],
)
def test_figures_in_running_text(text: str, seen: list[tuple[str, str | None, str | None]]) -> None:
    assert [(f.figure.digits, f.scale, f.unit) for f in amounts.find(text, NOTATION, UNITS)] == seen


def test_the_interval_is_half_the_last_printed_digit() -> None:
    figure = amounts.figure("4.48", NOTATION)
    assert figure is not None
    assert figure.interval(0) == (Decimal("4.475"), Decimal("4.485"))
    assert figure.interval(4) == (Decimal(44750), Decimal(44850))
    whole = amounts.figure("-12", NOTATION)
    assert whole is not None
    assert whole.interval(0) == (Decimal("-12.5"), Decimal("-11.5"))


@given(values, st.integers(0, 8))
def test_the_interval_is_exact(value: Decimal, scale: int) -> None:
    figure = amounts.figure(f"{value:f}", NOTATION)
    assert figure is not None
    low, high = figure.interval(scale)
    assert high - low == Decimal(1).scaleb(scale - figure.decimals)
    assert (low + high) / 2 == value.scaleb(scale)


def test_absent_is_blank_or_marked() -> None:
    assert [amounts.is_absent(text, NOTATION) for text in ("", " \n", "—", "0", "0.00", "无")] == [True] * 3 + [
        False
    ] * 3
