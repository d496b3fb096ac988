"""Labels: how a printed word is compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import labels


@pytest.mark.parametrize(
    ("printed", "key"),
    [
        ("其中：财政拨款 （万元）", "其中财政拨款万元"),
        ("“三公”经费", "三公经费"),
        ("合\u3000计", "合计"),
        ("ＡＢＣ　１２", "ABC12"),
        ("项 目\n名称", "项目名称"),
        ("（一）", "一"),
        ("**", ""),
        ("a_b", "ab"),
        ("①", "1"),
        ("", ""),
    ],
)
def test_key(printed: str, key: str) -> None:
    assert labels.key(printed) == key


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("单位：　万元", "单位: 万元"),
        ("  合 \n 计 ", "合 计"),
        ("（1）", "(1)"),
        ("１，２３４．５", "1,234.5"),
        (" ", ""),
    ],
)
def test_plain(printed: str, plain: str) -> None:
    assert labels.plain(printed) == plain


PRINTED = st.text(st.characters(codec="gb2312"))


@given(PRINTED)
def test_key_of_a_key_is_itself(text: str) -> None:
    assert labels.key(labels.key(text)) == labels.key(text)


@given(PRINTED, st.sampled_from(" \n\t\u3000：（）、“”-"), st.integers(0, 20))
def test_key_ignores_spaces_and_punctuation(text: str, mark: str, at: int) -> None:
    assert labels.key(text[:at] + mark + text[at:]) == labels.key(text)


@given(PRINTED)
def test_plain_has_single_spaces_and_the_same_key(text: str) -> None:
    plain = labels.plain(text)
    assert plain == " ".join(plain.split())
    assert labels.key(plain) == labels.key(text)
