"""Words that are to be read in the picture: 写着“欢迎光临”的招牌, a sign that says "OPEN".

They are taken out of the text before anything reads it, each for a sign that no text has, and put back in quotes and
in the script they were written in: nothing in them is an option, a weight, a comma or a word to be translated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prompts.prompt import Fragment, Note

SIGN = re.compile("[\ue000-\ue0ff]")  # for private use: no script has them
QUOTED = re.compile(r'"[^"]+"')  # as such words stand in a prompt
WITH, _BUBBLE = "with the text ", "speech bubble"
_NEAR = 40  # characters before a quotation that say what it is

_QUOTATION = re.compile(
    r"“(?P<a>[^“”\n]{1,80})”|「(?P<b>[^「」\n]{1,80})」|『(?P<c>[^『』\n]{1,80})』|‘(?P<d>[^‘’\n]{1,80})’"
    r"|\"(?P<e>[^\"\n]{1,80})\"|(?<![A-Za-z0-9])'(?P<f>[^'\n]{1,80})'(?![A-Za-z0-9])|《(?P<title>[^《》\n]{1,80})》"
)
_WRITES = re.compile(
    r"(?P<on>上面|上边|上邊|上头|里面|裡面)?(?:都|还|還|正|分别|分別|用[^,，。、;；]{1,6})?(?:手|书|書)?"
    r"(?:写|寫|印|刻|绣|繡|题|題|喷|噴|贴|貼|涂|塗|刷|标|標|拼|雕|纹|紋|显示|顯示)(?:注|註)?"
    r"(?:着|著|有|上|了|出|成|满|滿)*(?:的?是)?(?:一?[个個行句]|[几幾][个個]字)?[:：]?\s*$"
)
_CALLED = re.compile(
    r"(?:文字|标题|標題|题目|題目|标语|標語|口号|口號|题字|題字|字幕|文案|店名|书名|書名|车牌号?|車牌號?|落款|署名|题词|題詞|logo)"
    r"(?:内容|內容)?(?:是|为|為|叫)?[:：]?\s*$",
    re.IGNORECASE,
)
_BEARER = (
    "招牌|告示牌|指示牌|路牌|木牌|灯牌|燈牌|广告牌|廣告牌|站牌|门牌|門牌|牌匾|牌子|匾额|匾額|横幅|橫幅|条幅|條幅|锦旗|錦旗|旗子|旗帜|旗幟"
    "|海报|海報|黑板|白板|信封|卡片|贺卡|賀卡|纸条|紙條|对联|對聯|春联|春聯|屏幕|霓虹灯|霓虹燈|[tT]恤|灯笼|燈籠|石碑|书法|書法|毛笔字|毛筆字"
)
_BEARS = re.compile(rf"(?:{_BEARER})(?:是|为|為)?[:：]?\s*$")
# “欢迎光临”的招牌: what bears the words stands behind them.
_BORNE = re.compile(
    rf"的?(?:[一两兩几幾]?[个個块塊张張面]|[大小红紅蓝藍黑白绿綠黄黃金旧舊新木铁鐵][色质質制製]?的?|霓虹|木头|木頭)*(?:{_BEARER})"
)
_SPEAKS = re.compile(r"(?:大声|大聲|轻声|輕聲)?(?:说|說|喊|喊道|说道|說道|说着|說著|问道|問道)(?:着|著)?[:：,，]?\s*$")
_LETTERS = re.compile(
    r"的?(?:[一两兩二三四五六七八几幾]?[个個]?(?:大|小|金|红|紅|黑|白|金色|红色|紅色|毛笔|毛筆)?字(?![体體幕母])(?:样|樣)?"
    r"|汉字|漢字|文字)"
)
# Without quotes only where something stands by that is there to be written on.
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9 !?.'&-]{0,30}|[\u4e00-\u9fff]{1,12}"
_UNQUOTED = re.compile(
    rf"(?:写着|写有|寫著|寫有|寫着)(?P<first>{_PLAIN}?)的(?={_BEARER})"
    rf"|(?P<thing>(?:{_BEARER}|蛋糕|墙|牆|[门門])上?[面边邊]?)(?:写着|写有|寫著|寫有|寫着)(?P<last>{_PLAIN})"
    r"(?=\s*(?:$|[,，。;；!！\n]))"
)
_SAYS = re.compile(
    r"\b(?:says?|saying|reads|text|words?|letters|lettering|written|spell(?:s|ing)(?: out)?|caption(?:ed)?|slogan|logo"
    r"|inscription|inscribed|label(?:l?ed)?|phrase|message|titled?|entitled|signs?|signboard|banner|poster|billboard"
    r"|placard|plaque|neon|(?:sign|board|banner|poster|placard|shirt|label|plaque|note) (?:reading|with))"
    r"(?: is| are| of| that says)?[:,]?\s*$",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\s*(?:is |are )?(?:written|printed|painted|embroidered|carved|engraved|(?:neon )?(?:text|sign|logo|lettering))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Lettering:
    """Words to be read in the picture: `source` is all that was written about them, `said` how the prompt has them.
    `follows` says that what they stand on was named before ("一块木牌，上面写着…")."""

    source: str
    words: str
    said: str
    follows: bool = False


def taken_out(text: str) -> tuple[str, Mapping[str, Lettering]]:
    """The text with a sign in the place of each lettering, and what each sign stands for."""
    spare = iter([chr(code) for code in range(0xE000, 0xE100) if chr(code) not in text])
    found: dict[str, Lettering] = {}
    parts: list[str] = []
    end = 0
    for match in [*_QUOTATION.finditer(text)]:
        read = _read(text, match, end)
        if read is None or not (sign := next(spare, "")):
            continue
        start, stop, found[sign] = read
        apart = found[sign].said.startswith(_BUBBLE)
        parts += [text[end:start], f",{sign}," if apart else sign]
        end = stop
    text = "".join([*parts, text[end:]])

    def take(match: re.Match[str]) -> str:
        if not (sign := next(spare, "")):
            return match.group()
        thing, words = match["thing"] or "", match["first"] or match["last"]
        words = _LETTERS.sub("", words) if _LETTERS.search(words) and not _LETTERS.fullmatch(words) else words
        found[sign] = _lettering(match.group()[len(thing) :].removesuffix("的"), words)
        return thing + sign + "的" * bool(match["first"])

    return _UNQUOTED.sub(take, text), found


def _read(text: str, match: re.Match[str], least: int) -> tuple[int, int, Lettering] | None:
    """Where a lettering begins and ends, with the words about it; None for a quotation that is none."""
    words = next(group for group in match.groups() if group is not None)
    if not re.search(r"[^\W_]", words):
        return None
    before, start, stop = text[max(least, match.start() - _NEAR) : match.start()], match.start(), match.end()
    if _SAYS.search(before) or _SAID.match(text, stop):
        return start, stop, Lettering(match.group(), words, _quoted(words))
    verb = _CALLED.search(before) or _WRITES.search(before)
    if speaks := _SPEAKS.search(before):
        start -= len(speaks.group())
        return start, stop, Lettering(text[start:stop], words, f"{_BUBBLE} {WITH}{_quoted(words)}")
    letters = None if match["title"] else _LETTERS.match(text, stop)
    borne = None if match["title"] else _BORNE.match(text, stop)
    if verb is None and letters is None and (match["title"] or not (borne or _BEARS.search(before))):
        return None
    start -= len(verb.group()) if verb else 0
    stop = letters.end() if letters else stop
    on = verb is not None and "on" in verb.groupdict() and verb["on"] is not None
    follows = on and text[least:start].rstrip()[-1:] in (",", "，", "。", ";", "；")
    return start, stop, _lettering(text[start:stop], words, follows)


def _lettering(source: str, words: str, follows: bool = False) -> Lettering:
    return Lettering(source, words, WITH + _quoted(words), follows)


def _quoted(words: str) -> str:
    """The words in quotes, with nothing in them that is syntax."""
    return '"' + re.sub(r"([()\[\]])", r"\\\1", " ".join(re.sub(r'[\\<>{}|"]', " ", words).split())) + '"'


def put_back(fragments: Sequence[Fragment], found: Mapping[str, Lettering]) -> list[Fragment]:
    """The fragments with each lettering in its place; one that says only what is written on the thing before it is said
    with that."""
    made: list[Fragment] = []
    for one in fragments:
        lettering = found.get(one.text)
        if lettering and lettering.follows and made and made[-1].part == "subject" and made[-1].weight == one.weight:
            thing = made[-1]
            text, source = f"{thing.text} {lettering.said}", f"{thing.source}，{lettering.source}"
            made[-1] = replace(thing, text=text, source=source)
        else:
            text = _said(found, one.text)
            source = _source(found, one.source)
            made.append(replace(one, text=text.removeprefix("with the ") if lettering else text, source=source))
    return made


def _said(found: Mapping[str, Lettering], text: str) -> str:
    return SIGN.sub(lambda sign: found[sign.group()].said if sign.group() in found else sign.group(), text)


def _source(found: Mapping[str, Lettering], text: str) -> str:
    return SIGN.sub(lambda sign: found[sign.group()].source if sign.group() in found else sign.group(), text)


def told(notes: Sequence[Note], found: Mapping[str, Lettering]) -> list[Note]:
    """The notes with each lettering in its place, and one that says what models make of them."""
    made = [Note(one.key, {name: _source(found, value) for name, value in one.values.items()}) for one in notes]
    words = "、".join(dict.fromkeys(f"“{one.words}”" for one in found.values()))
    return [*made, Note("note.lettering", {"words": words})]
