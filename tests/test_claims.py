"""Claims: no figure of a sentence is lost, each says what it is, and is found where it is printed."""

from __future__ import annotations

import pytest

from structurer import amounts
from structurer.extract import claims as room
from structurer.records import Box, Line, Word

NOTATION = amounts.Notation(minus_words=("负",), scales={"万": 4, "亿": 8}, money=("元",))
WORDS = room.ProseWords(
    sentence_ends=("。", "；", ";", "！", "？"),
    clause_marks=("，", ",", "：", ":"),
    years=(r"((?:19|20)\d\d)\s*年度?",),
    bases=(
        r"[与同较比]\s*((?:19|20)\d\d\s*年度?|上一?年度?)(?:预算数?)?(?:相比|比)?",
    ),
    share_words=("占",),
    up_words=("增加", "增长", "增幅", "提高", "提升", "上升"),
    down_words=("减少", "下降", "减幅", "降低"),
    level_words=("到", "至"),
    part_words=("其中",),
    openers=("主要原因是", "原因是", "以上", "包括", "和", "及", "并"),
    fillers=("预算为", "为", "共计", "共", "约", "计", "各", "了", "安排", "达到", "达", "控制在", "不低于", "不少于", "不超过"),
    enumerators=(r"[一二三四五六七八九十]+、", r"\(?\d{1,2}\)|\d{1,2}(?:、|\.(?!\d))", r"\([一二三四五六七八九十]+\)", "[①-⑳]"),
    ignored=(
        r"\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?",
        r"[〔\[]\d{4}[〕\]]\s*\d+\s*号",
        r"\(\d{3}(?:\d\d){0,2}\)",
        r"(?:附件|附表|公开表|表)\s*\d+",
    ),
    units=("个百分点", "辆", "台", "套", "台(套)", "个", "项", "平方米", "次", "人", "家", "名", "起", "篇", "小时", "场次", "分钟", "条", "处"),
)
