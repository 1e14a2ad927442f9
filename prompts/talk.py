"""What a text says to the painter and not about the picture: "大佬帮忙跑一张", "谢谢老师", "for me please", (｡･ω･｡)."""

from __future__ import annotations

import re

from prompts.greetings import greeting
from prompts.translate.chinese import CHINESE

# ── faces ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

# A face in brackets, with its arms. Inside are eyes and mouths, no words and no numbers.
_FACE = re.compile(
    r"[ヽヾ╰╮╭┗┏乁〜٩୧ԅ凸φΣεбm\\/☆✧*~～o]{0,3}"
    r"[(（](?=[^()（）\n]*[ωДд▽∀△◡‿︿﹏ﾟ･・≧≦＾^￣°□益皿﹃﹌;；´`｀>＞＜<ಠ•̀๑◕✿╥￣⊙_—∇▔●゜□])"
    r"(?![^()（）\n]*(?:[A-Za-z]{2}|\d|[\u4e00-\u7680\u7682-\u76ca\u76cc-\u9fff]))[^()（）\n,，:：|\[\]]{2,14}[)）]"
    r"[ヽﾉノ╯╭╮┛┓ㄏづっつシゞゝ੭و~～☆★✧♡♥❤♪*/\\︵┻━┴]{0,6}\ufe0f?"
)
_TYPED = (
    r"\^[_.o-]?\^|\^\^|[>＞][_.﹏][<＜]|[Tt][_.][Tt]|=[_.]=|-[_.]-|[Oo0][_.][Oo0]|@[_.]@|[:;][-'^]?[)(DP3]+|[QqTt][AaWwUuVv][QqTt]"
    r"|[Oo][Rr][Zz]|[Uu][Ww][Uu]|[Oo][WwVv][Oo]|XD+|[Ll][Oo][Ll]|www+|2333+|hhh+|哈哈+|嘿嘿+|嘻嘻+|呜呜+|嗚嗚+"
)
_ENDS = r"(?=\s*(?:$|[,，。;；!！?？~～\n]))"
# Behind words only: ">_<" and ":3" alone are tags.
_TYPED_BEHIND = re.compile(rf"(?<=[^\s,，。;；!！?？~～\n(（\[|])(?:\s+|(?<=[^\x00-\x7f]))(?:{_TYPED}){_ENDS}")
_TAG = re.compile(r"\((?:\^_\^|>_<|=_=|@_@|o_o|O_O|\^o\^|-_-|;_;|T_T)\)")


def without_faces(text: str) -> str:
    """The text with blanks where faces are typed; one that stands as a tag among English tags stays."""
    chinese = CHINESE.search(text) is not None

    def blank(face: re.Match[str]) -> str:
        alone = text[: face.start()].rstrip()[-1:] in ("", ",") and text[face.end() :].lstrip()[:1] in ("", ",")
        return face.group() if not chinese and alone and _TAG.fullmatch(face.group()) else " " * len(face.group())

    text = _FACE.sub(blank, text)
    return _TYPED_BEHIND.sub(lambda face: " " * len(face.group()), text)


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_CALLED = (
    "(?:各位|亲爱的|親愛的)?(?:大佬|大神|老师|老師|大哥|老铁|老鐵|兄弟|哥们|姐妹|小助手|助手|机器人|機器人|画师|畫師|太太|大大|楼主|群主|亲|親|宝子|家人"
    "|师傅|師傅|丹青|[Bb]ot|BOT)(?:们|們|大大|老师|老師)?(?:你|您)?(?:好|在吗|在嗎)?"
)
_PLEASE = (
    "(?:请|請|麻烦|麻煩|劳烦|勞煩|拜托|拜託|帮忙|幫忙|帮|幫|给|給|替|为|為|求求|跪求|在线求|求|谁能|誰能|有没有人能?|能不能|能否|可不可以|可以|能"
    "|想要?|我们|我們|我|你|您|一下|再|也)"
)
_MAKE = "(?:跑|整|来|來|出|搞|弄|做|画|畫|绘|繪|生成|跪求|求)"
_ONE = "(?:一|几|幾|两|兩|个|個)?(?:张|張|幅|副|组|組)(?:图片|圖片|图|圖)?(?!纸|紙|脸|臉|嘴|床|桌|椅)(?:的)?"
# What only a request begins with: "机器人，给老人倒茶" is a picture of a robot.
_ASKS = (
    f"(?:请|請|麻烦|麻煩|拜托|拜託|帮忙|幫忙|[帮幫给給替为為]我|求|跪求|谁能|誰能|能不能|能否|可不可以|(?:能|可以)(?:画|畫|帮|幫|给我|給我)|我想要?"
    f"|我要|想要|想看|{_MAKE}{_ONE}|[画畫](?:一)?[个個只隻条條位])"
)
_CALL = re.compile(
    rf"\s*(?:@\S+\s+)?"
    rf"(?:{_CALLED}(?:[\s,，!！~～、:：]+(?={_ASKS})|(?={_PLEASE}{{0,6}}{_MAKE}{_ONE}|请|請|麻烦|麻煩|帮忙|幫忙)))?"
)
_ASK = re.compile(
    rf"\s*(?:{_PLEASE}{{0,6}}(?:{_CALLED})?{_PLEASE}{{0,6}}{_MAKE}{_ONE}[:：,，]?"
    rf"|(?:请|請|麻烦|麻煩|劳烦|拜托|拜託|求求|跪求|求){_CALLED}{_PLEASE}{{0,6}}(?={_MAKE}))"
)
_SO = re.compile(
    r"(?:救命|天哪|天呐|天啊|哇+|啊啊+|哈哈+|呜呜+|6{3,}|yyds|绝了|絕了|好耶|太强了|太強了|牛[逼批啊]*|好棒|太棒了|求求了?|求你了|拜托了?|拜託了?"
    r"|跪谢|跪謝|在线等|爱你|愛你|么么哒|辛苦了?|麻烦了?|麻煩了?|好吗|好嗎|好不好|行不行|行吗|可以吗|可以嗎|可不可以|(?:谢谢|謝謝|感谢|感謝|多谢|多謝)"
    rf"(?:{_CALLED}|了|啦|啊)*|(?i:(?:(?:draw|paint|make|show)(?: me)? )?(?:something|anything|whatever)))"
    r"[啊呀哦呢嘛哟哇哈啦吧呐哒了~～!！。]*"
)
_FOR_ME = re.compile(r"(?i)(?<=\w)\s+(?:for me|for us)(?=(?:[,.!]|\s+(?:please|pls|plz|thanks?|thx)\b|\s*$))")
_PIECE_END = re.compile(r"[,，。;；!！?？\n]+")


def without_talk(text: str) -> str:
    """The text with blanks where it speaks to the painter: as it begins, and in what stands before its first or behind
    its last comma. What is left may be nothing."""
    text = _FOR_ME.sub(lambda said: " " * len(said.group()), without_faces(text))
    start = 0
    for wanted in (_CALL, _ASK):
        if (said := wanted.match(text, start)) is not None:
            start = said.end()
    text = " " * start + text[start:]
    spans, begin = [], start
    for sign in _PIECE_END.finditer(text, start):
        spans.append((begin, sign.start()))
        begin = sign.end()
    spans.append((begin, len(text)))
    for order in (spans, spans[::-1]):
        for first, last in order:
            piece = text[first:last].strip()
            if piece and not _spoken(piece):
                break
            text = text[:first] + " " * (last - first) + text[last:]
    return text.rstrip()


def _spoken(piece: str) -> bool:
    return _SO.fullmatch(piece) is not None or (len(piece) > 1 and greeting(piece))
