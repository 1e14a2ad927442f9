"""A1111's infotext: a prompt, "Negative prompt: …" and a last line of fields; read as people paste it, and written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from prompts.infotext.infotext import Infotext

# What a last line begins with or goes on with; anything else may be a prompt that has colons.
_LEADING = (
    "Steps|Sampler|Schedule type|CFG scale|Seed|Size|Face restoration|Model|Model hash|Clip skip|Distilled CFG Scale"
    "|Image CFG scale|Denoising strength|VAE|VAE hash|Version|App|Parser|Civitai resources|Created Date"
)
_COLON = "[^\\S\\n]*[:：]"
_LINE = re.compile(
    rf"(?P<begins>^[^\S\n]*|(?<=[\s,，。、;；]))Steps{_COLON}[^\S\n]*\d+[^\S\n]*[,，]\s*(?=(?:{_LEADING}){_COLON})",
    re.IGNORECASE | re.MULTILINE,
)
_OTHER_STEPS = re.compile(r"(?:hires|adetailer|refiner|second pass)[^\S\n]+\Z", re.IGNORECASE)
_KNOWN = re.compile(rf"(?:^|[,，])[^\S\n]*(?:{_LEADING}){_COLON}", re.IGNORECASE)
_NAME = re.compile(r"\s*(\w[\w +./()#-]{0,60}?)[^\S\n]*([:：])")
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"(?=\s*(?:[,，]|\Z))', re.DOTALL)
_UNQUOTED = re.compile(r"[^,]*")
_UNQUOTED_WIDE = re.compile(r"[^,，]*")
# Typed on a Chinese keyboard, where a known field says so; in a value these signs are the value's own.
_WIDE = re.compile(rf"\b(?:{_LEADING})[^\S\n]*：|，\s*(?:{_LEADING}){_COLON}", re.IGNORECASE)
_NEGATIVE = "(?:negative prompt|负面提示词|負面提示詞|反向提示词|反向提示詞|负向提示词|負向提示詞)"
_NEGATIVE_LINE = re.compile(rf"^[^\S\n]*{_NEGATIVE}{_COLON} ?", re.IGNORECASE | re.MULTILINE)
_NEGATIVE_FOLDED = re.compile(rf"(?<=[\s,，。;；]){_NEGATIVE}{_COLON} ?", re.IGNORECASE)
_POSITIVE = re.compile(
    r"\A\s*(?:(?:positive )?prompt|正面提示词|正面提示詞|正向提示词|正向提示詞|提示词|提示詞)[:：]\s*", re.IGNORECASE
)
_TEMPLATE = re.compile(r"^(?:Negative )?Template:", re.MULTILINE)
_FLAG = re.compile(r"(?:^|\s)(?:--|—)(?=[A-Za-z])")
_FENCE = re.compile(r"\A\s*```\w*\n?(.*?)\n?```\s*\Z", re.DOTALL)
# Written by Civitai and its extension as they are, without the quotes that A1111 puts around what has commas.
_BARE_JSON = frozenset({"Civitai resources", "Civitai metadata", "Hashes"})
_MOST = 400  # fields of a line; only a hostile one has more


@dataclass(frozen=True, slots=True)
class Pasted:
    """An infotext in a text, and what somebody wrote beneath it."""

    infotext: Infotext
    beneath: str = ""


def found(text: str) -> Pasted | None:
    """The infotext that a text is, however a chat or a person folded it; None where it has neither a line of fields
    nor a "Negative prompt:" at the beginning of a line."""
    text = _unwrapped(text.replace("\r\n", "\n")).strip()
    start = _line_start(text)
    if start is None:
        if not _NEGATIVE_LINE.search(text):
            return None
        positive, negative = _prompts(text)
        return Pasted(Infotext(positive, negative))
    line, rest = _line_and_rest(text[start:])
    templates, beneath = _templates(rest)
    fields = pairs(line)
    if templates:
        last, said = _without_flags(templates[-1])
        templates, beneath = (*templates[:-1], last), f"{beneath}\n{said}".strip()
    elif fields:
        name = next(reversed(fields))
        fields[name], said = _without_flags(fields[name])
        beneath = f"{said}\n{beneath}".strip()
    above = text[: start - 1] if text[:start].endswith("\n") else text[:start].rstrip()
    positive, negative = _prompts(above)
    return Pasted(Infotext(positive, negative, fields, _source(fields), templates), beneath)


def pairs(line: str) -> dict[str, str]:
    """The fields of a line, "Name: value, Name: value": quotes taken off, JSON as it stands. What has no colon is its
    own value, as A1111 writes what is merely on."""
    made: dict[str, str] = {}
    position, wide = 0, _WIDE.search(line) is not None
    while position < len(line) and len(made) < _MOST:
        match = _NAME.match(line, position)
        if match is None:
            alone, position = _value(line, position, _UNQUOTED)
            if alone.strip():
                made[alone.strip()] = alone.strip()
            position += 1
            continue
        name, position = match.group(1), match.end()
        position += line[position : position + 1] == " "
        value, position = _value(line, position, _UNQUOTED_WIDE if wide else _UNQUOTED)
        made[name] = value
        position = len(line) if position >= len(line) else position + 1
    return made


def written(infotext: Infotext) -> str:
    """The text that A1111 writes for it, and any program reads that reads A1111's."""
    lines = [infotext.positive] if infotext.positive else []
    if infotext.negative:
        lines.append(f"Negative prompt: {infotext.negative}")
    if infotext.fields:
        lines.append(last_line(infotext.fields))
    return "\n".join((*lines, *infotext.templates))


def last_line(fields: Mapping[str, str]) -> str:
    """The fields in one line, quoted by A1111's rule."""
    return ", ".join(
        name if name == value else f"{name}: {value if name in _BARE_JSON else quoted(value)}"
        for name, value in fields.items()
    )


def quoted(value: str) -> str:
    """A value as A1111 quotes it: as a JSON string where it has a comma, a colon or a line break."""
    return json.dumps(value, ensure_ascii=False) if any(sign in value for sign in ",:\n") else value


def _unwrapped(text: str) -> str:
    """Without the fence of a block of code, and the signs of a quotation, in which chats show it."""
    if fence := _FENCE.match(text):
        text = fence.group(1)
    lines = text.split("\n")
    if len(lines) > 1 and all(line.startswith(">") for line in lines if line.strip()):
        text = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    return text


def _line_start(text: str) -> int | None:
    """Where the line of fields begins: at the last "Steps: …" that begins a line, else at the last one in a line, else
    where the last line has three fields, as in A1111."""
    starts = [
        match
        for match in _LINE.finditer(text)
        if match["begins"]
        or match.start() == 0
        or not _OTHER_STEPS.search(text[max(0, match.start() - 20) : match.start()])
    ]
    whole = [match for match in starts if match.start() == 0 or text[match.start() - 1] == "\n"]
    if starts:
        start = (whole or starts)[-1].start()
        begin = text.rfind("\n", 0, start) + 1
        return begin if _KNOWN.match(text[begin:start]) else start  # other fields may stand before the steps
    head = text[: template.start()].rstrip() if (template := _TEMPLATE.search(text)) else text
    begin = head.rfind("\n") + 1
    return begin if len(_KNOWN.findall(head[begin:])) >= 3 else None


def _line_and_rest(text: str) -> tuple[str, str]:
    """The line of fields, put together again where a chat broke it, and what stands beneath."""
    line, _, rest = text.partition("\n")
    while rest:
        following, _, after = rest.partition("\n")
        if _TEMPLATE.match(following) or not (
            (line.rstrip().endswith((",", "，")) and _NAME.match(following)) or _KNOWN.match(following)
        ):
            break
        line, rest = f"{line.rstrip()}{'' if line.rstrip().endswith((',', '，')) else ','} {following}", after
    return line.rstrip(), rest


def _templates(rest: str) -> tuple[tuple[str, ...], str]:
    starts = [match.start() for match in _TEMPLATE.finditer(rest)]
    if not starts:
        return (), rest.strip()
    ends = [*starts[1:], len(rest)]
    return tuple(rest[start:end].rstrip("\n") for start, end in zip(starts, ends, strict=True)), rest[
        : starts[0]
    ].strip()


def _prompts(text: str) -> tuple[str, str]:
    head = _NEGATIVE_LINE.search(text) or _NEGATIVE_FOLDED.search(text)
    positive, negative = (text[: head.start()], text[head.end() :]) if head else (text, "")
    if head and positive.endswith("\n"):
        positive = positive[:-1]
    elif head:
        positive = positive.rstrip(" \t,，")
    return _POSITIVE.sub("", positive), negative


def _value(line: str, position: int, unquoted: re.Pattern[str]) -> tuple[str, int]:
    """A value and where it ends."""
    sign = line[position : position + 1]
    if sign == '"':
        if match := _QUOTED.match(line, position):
            try:
                value = str(json.loads(match.group(), strict=False))
            except ValueError:  # A1111 before 1.5 wrote other strokes as they are
                value = match.group()[1:-1]
            return value, match.end()
        if line.find('"', position + 1) < 0:  # cut off by a chat
            return line[position + 1 :], len(line)
    if sign and sign in "[{":
        try:
            _, end = json.JSONDecoder().raw_decode(line, position)
            return line[position:end], end
        except (ValueError, RecursionError):
            pass
    match = unquoted.match(line, position)
    return (match.group(), match.end()) if match else ("", position)


def _without_flags(last: str) -> tuple[str, str]:
    """What stands last, and the options that somebody put behind it: "v1.9.4 --count 4"."""
    flag = _FLAG.search(last)
    return (last[: flag.start()], last[flag.start() :].strip()) if flag else (last, "")


def _source(fields: Mapping[str, str]) -> str:
    """The program that wrote such fields."""
    version, app = fields.get("Version", "").casefold(), fields.get("App", "").casefold()
    for name, source in _SOURCES.items():
        if name in version or name in app:
            return source
    if re.match(r"f\d", version) or version == "neo" or "reforge" in version:
        return "forge"
    if not version and any(name.startswith(("Civitai ", "Created Date")) for name in fields):
        return "civitai"
    return "a1111"


_SOURCES = {
    "danqing": "danqing",
    "novelai": "novelai",
    "sd.next": "sdnext",
    "comfyui": "comfyui",
    "fooocus": "fooocus",
    "swarmui": "swarmui",
    "easydiffusion": "easydiffusion",
    "easy diffusion": "easydiffusion",
    "invokeai": "invokeai",
    "draw things": "drawthings",
}
