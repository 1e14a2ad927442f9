"""What a thing is called, without whose it is, where it is and which one: "帽子" of "她头上的那顶帽子"."""

from __future__ import annotations

import re

_LEAD = re.compile(
    r"^(?:(?:她们?|他们?|它们?|人物|画面|图片|图(?!书)|画(?![风法家布框板笔]))(?:身上|头上|手上|手里|脸上|里面|里|中|上)?的?(?=.)|那|这|所有的?|"
    r"全部的?|任何|the |her |his |its |their |my |all |any )+"
)
_THAT_ONE = re.compile("的?[那这][个只条件顶位名朵本辆匹]$")
_MEASURE = re.compile(r"^(?:[一那这两几]?[个只顶条件张片朵幅把副双])(?=.)(?!子)")


_ON_THEM = re.compile("^.{0,4}?(?:手[里中上]|头上|身上|脖子上|怀里|肩上|脚上|腰间|脸上)的(?=.)")
_ALSO = re.compile("(?<=.)(?:也|(?<![成首古京故旧国])都|稍微|稍)+$")


def thing_name(words: str) -> str:
    """The name of a thing without whose it is and which one."""
    words = _ON_THEM.sub("", words.strip())
    words = _LEAD.sub("", words) or words
    words = {"车身": "车", "机身": "飞机", "船身": "船"}.get(words, words)
    words = _THAT_ONE.sub("", _ALSO.sub("", words)) or words
    return (_MEASURE.sub("", words) or words).removesuffix("的").strip()
