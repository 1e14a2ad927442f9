"""A wish without what is only polite: "could you please make it night, thanks" asks for night."""

from __future__ import annotations

import re

from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_POLITE_ZH = re.compile(
    r"^(?:请|麻烦|帮忙|帮我|给我|替我|你|能不能|可以|可不可以|我想|我要|想要|希望|然后|接着|同时|并且|并|再|还有|还要|另外|也|最后|"
    r"那就?|稍微|(?:我?(?:想|要|想要)|让我|能|能不能)看[到见清]|[他她它]们?(?:应该|最好|要是|正|得)|能否|可否|我希望|我觉得|我(?=不想?要.)|只(?=[把将改换加去]))+"
)
_ENDING_ZH = re.compile(
    r"(?:吧|吗|呢|啊|呀|哦|哈|啦|呗|嘛|咯|喔|噢|嘞|吖|(?<=的)那[种个款]|(?<![去删摘脱拿拆撤扔掐灭收丢])了|(?<=[外里内上边])去|就好|就行|好吗|谢谢|行吗|可以吗)+$"
)
_POLITE_EN = re.compile(
    r"^(?:(?:please|nah|ok|okay|yeah|um+|well|oh|wait|nope|hey|sorry|"
    r"one (?:small |more |last |other )?thing:?|my [a-z]+ (?:wants?|would like|prefers?|asked for|would prefer|"
    r"would love)(?: to (?:see|have))?|"
    r"there(?:'s| is| are)(?= too)|can you|could you|would you|"
    r"i (?:want|would like) (?:you )?to|i'd like (?:you )?to|"
    r"i(?:'d rather(?: have)?| would rather(?: have)?| meant?|'d like| would like|'d love|'d prefer| want(?:ed)?|"
    r" think)|"
    r"(?:can|could|may|shall|should) (?:we|i)|we could|"
    r"actually|hmm+|maybe|perhaps|how about|what about|what if|why not|"
    r"to(?= an? | the )|(?:to )?see|let me see|show me|now|"
    r"then|also|and|(?:just|only)(?! (?:keep|leave|show|have|the)\b)|"
    r"let's|let us)\s+)+"
)
_ENDING_EN = re.compile(
    r"(?:\s+(?:please|pls|plz|thanks|thank you|instead|for me|now|too|as well|anymore|any more|any longer|"
    r"(?<!looking )(?<!look )at all|after all|this time|tho|though|ok|okay|if you can|if possible))+[.!?]*$"
)
_MUCH = re.compile(r"\b(?:way|much|far|a lot|even|really|so much) (?=[a-z]+er\b|more\b|less\b)")


def lowered(clause: str) -> str:
    """A clause in small letters, but for what is to be written in the picture."""
    parts = re.split(r"([\"“][^\"”]*[\"”])", " ".join(clause.split()))
    return "".join(part if at % 2 else part.lower() for at, part in enumerate(parts))


def plain(clause: str) -> str:
    """A clause without what is only polite."""
    if CHINESE.search(clause):
        return _ENDING_ZH.sub("", _POLITE_ZH.sub("", chinese.sign_by_sign(clause).strip())) or clause
    said = _ENDING_EN.sub("", _POLITE_EN.sub("", lowered(clause)))
    return _MUCH.sub("", said)
