"""What a text asks to be guided by: "pose:0.8:0-0.5:mode=control", and how it is read, however people write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from prompts.errors import Refusal
from prompts.option_values import real, refused
from prompts.prompt import Options

MOST = 4  # on one picture
STRENGTHS = (0.0, 2.0)  # as sd-webui-controlnet has them
NUMBERS = (0.0, 4096.0)  # of a preprocessor; what each takes is for its table to say
LONGEST = 120  # characters of a name
NONE = "none"  # as a preprocessor: the picture is a map already
USUAL = -1.0  # of a preprocessor's number: its own
SENT = "sent"  # as a mask: the picture that came behind that of the map
TEXT = "text"  # the part that says what a QR code says: all behind it belongs to it

MODES = {"balanced": "", "prompt": "prompt", "control": "control"}
MODES |= dict.fromkeys(("均衡", "平衡"), "") | dict.fromkeys(("提示词", "提示詞", "文字", "words"), "prompt")
MODES |= dict.fromkeys(("控制", "控制图", "控制圖", "map"), "control")
FITS = {"crop": "", "fill": "fill", "stretch": "stretch"}
FITS |= {"裁剪": "", "填充": "fill", "拉伸": "stretch"}
PASSES = {"both": "", "first": "first", "second": "second", "全部": "", "第一遍": "first", "第二遍": "second"}


@dataclass(frozen=True, slots=True)
class AskedControl:
    """One control as somebody asks for it. `name` is a short word ("pose"), a preprocessor or a net; `net` and `by`
    (the preprocessor) say what a name leaves open, `map` is the beginning of the hash of a map that is there already,
    `text` what a QR code says that the map is made of, `mask` the beginning of the hash of a picture that is white
    where it acts, or `SENT` for one that came behind its own. `strength`, `start`, `end`,
    `mode`, `fit`, `stages`, `type`, `low` and `high` are those of engine/control.py."""

    name: str
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    mode: str = ""
    fit: str = ""
    stages: str = ""
    type: str = ""
    net: str = ""
    by: str = ""
    map: str = ""
    mask: str = ""
    low: float = USUAL
    high: float = USUAL
    text: str = ""

    @property
    def pictured(self) -> bool:
        """Whether it needs a picture that its map is made of."""
        return not (self.map or self.text)

    @property
    def pictures(self) -> int:
        """How many of the pictures that come along are its own."""
        return self.pictured + (self.mask == SENT)

    def __str__(self) -> str:
        """As one would write it, without what stands for itself."""
        said = [self.name.replace(":", " ")]
        if self.strength != 1:
            said.append(_number(self.strength))
        if (self.start, self.end) != (0, 1):
            said.append(f"{_number(self.start)}-{_number(self.end)}")
        usual = {one.name: one.default for one in fields(self)}
        for key, name in _BY_FIELD.items():
            value = getattr(self, key)
            if value != usual[key]:
                said.append(f"{name}={_number(value) if isinstance(value, float) else value.replace(':', ' ')}")
        return ":".join([*said, f"{TEXT}={self.text}"] if self.text else said)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _one_of(known: Mapping[str, str]) -> Callable[[str, str], str]:
    def read(option: str, value: str) -> str:
        if (found := known.get(value.casefold())) is None:
            raise refused(option, value)
        return found

    return read


def _name(option: str, value: str) -> str:
    if not value or len(value) > LONGEST:
        raise refused(option, value[:LONGEST])
    return value


def _hash(option: str, value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{8,64}", value.lower()):
        raise refused(option, value)
    return value.lower()


def _mask(option: str, value: str) -> str:
    return SENT if value.casefold() in (SENT, "附图", "附圖") else _hash(option, value)


def _low(option: str, value: str) -> float:
    return real(option, value, *NUMBERS)


_BY_FIELD = {
    "mode": "mode",
    "fit": "fit",
    "stages": "pass",
    "type": "type",
    "net": "net",
    "by": "by",
    "map": "map",
    "mask": "mask",
    "low": "low",
    "high": "high",
}
_FURTHER: Mapping[str, Callable[[str, str], str | float]] = {
    "mode": _one_of(MODES),
    "fit": _one_of(FITS),
    "pass": _one_of(PASSES),
    "type": _name,
    "net": _name,
    "by": _name,
    "map": _hash,
    "mask": _mask,
    "low": _low,
    "high": _low,
}
_FIELD_OF = {name: key for key, name in _BY_FIELD.items()}
_OTHER_KEYS = {"模式": "mode", "model": "net", "模型": "net", "预处理": "by", "預處理": "by", "preprocessor": "by"}
_OTHER_KEYS |= {"module": "by", "resize": "fit", "阈值": "low", "閾值": "low", "threshold": "low"}
_OTHER_KEYS |= {"内容": TEXT, "內容": TEXT, "蒙版": "mask", "遮罩": "mask"}
_SHARE = r"[0-9]*\.?[0-9]+%?"
_WEIGHT = re.compile(rf"[x×*]?({_SHARE})")
_RANGE = re.compile(rf"({_SHARE})?[-~–—到至]({_SHARE})?")
# Behind a name and a gap only what cannot be meant as words of the prompt: "pose 0.8 a girl", and never "pose 2 girls".
_LOOSE = re.compile(rf"[ \t]+([0-9]*\.[0-9]+%?|[0-9]+%|{_SHARE}[-~–—到至]{_SHARE})(?=[\s,，。;；、]|\Z)")
_QUOTED = r'(?:"([^"\n]*)"|“([^”\n]*)”)'
_WRITTEN = re.compile(rf'{_QUOTED}?([^\s,，、。；"“]*)(?:(?<=[=＝]){_QUOTED})?')
_PART = re.compile(r"[^:：]*")
_END = re.compile(r"(?<=[0-9%])[.!?)]+\Z")


def parted(written: str) -> tuple[str, str]:
    """A control without what its QR code says, and that: "NAME[:weight[:start-end]]=TEXT", "…:text=TEXT" behind other
    parts, or "…:https://…"; the text is all that stands there, "" where none does."""
    at = 0
    while match := _PART.match(written, at):
        name, sign, _ = match.group().replace("＝", "=").partition("=")
        key = name.strip().casefold()
        key, plain = _OTHER_KEYS.get(key, key), key.replace("％", "%")
        named = key == TEXT and at > 0
        if at and not sign and written.startswith("//", match.end() + 1):
            return written[: at - 1], written[at:].strip()
        if sign and (named or not at or _WEIGHT.fullmatch(plain) or _RANGE.fullmatch(plain)):
            head = written[: at if named else at + len(name)]
            return head.rstrip(":： \t"), written[at + len(name) + 1 :].strip()
        at = match.end() + 1
        if at > len(written):
            break
    return written, ""


def asked(text: str, option: str = "") -> AskedControl:
    """One control from "NAME[:weight[:start-end]]" with further "key=value" in any order behind it; a weight may be a
    percentage. For a QR code "=TEXT" stands behind it, as `parted` has it. Raises Refusal `option.bad_value`,
    `option.out_of_range`, `option.further`, `control.range`."""
    option = option or f"--control {text[:LONGEST]}"
    text, says = parted(text)
    text = text.replace("％", "%").replace("：", ":").replace("＝", "=")
    name, *others = (part.strip() for part in text.split(":"))
    found = AskedControl(_name(option, name), text=says)
    for other in filter(None, others):
        key, sign, value = other.partition("=")
        if sign:
            key = _OTHER_KEYS.get(key.strip().casefold(), key.strip().casefold())
            if key not in _FURTHER:
                raise Refusal("option.further", option=option, name=key[:40], names=", ".join((*_FURTHER, TEXT)))
            found = replace(found, **{_FIELD_OF[key]: _FURTHER[key](option, value.strip())})  # type: ignore[arg-type]
        elif weight := _WEIGHT.fullmatch(other):
            found = replace(found, strength=_share(option, weight.group(1), *STRENGTHS))
        elif span := _RANGE.fullmatch(other):
            start, end = (_share(option, one, 0.0, 1.0) if one else None for one in span.groups())
            found = replace(found, start=start or 0.0, end=1.0 if end is None else end)
        else:
            raise refused(option, other)
    if not found.start < found.end:
        raise Refusal("control.range", option=option, start=found.start, end=found.end)
    return found


def _share(option: str, value: str, low: float, high: float) -> float:
    if value.endswith("%"):
        return real(option, value[:-1], low * 100, high * 100) / 100
    return real(option, value, low, high)


def value(text: str, position: int) -> tuple[str, int]:
    """A control at this place of a text, and where it ends: a name, in quotes where it has gaps in it, and what stands
    behind it after a colon or, as far as that cannot be words of the prompt, after a gap: "pose 0.8 0-0.5 a girl". What
    a code says may stand in quotes, too: qr="two words"."""
    match = _WRITTEN.match(text, position)
    if match is None:
        return "", position
    first, end = "".join(filter(None, match.groups())), match.end()
    head, says = parted(first)
    parts = [head]
    while loose := _LOOSE.match(text, end):
        parts, end = [*parts, loose.group(1)], loose.end()
    return (":".join([*parts, f"{TEXT}={says}"]) if says else _END.sub("", ":".join([first, *parts[1:]]))), end


def with_control(options: Options, option: str, value: str) -> Options:
    """One more. Raises Refusal `control.too_many`, and as `asked`."""
    one = str(asked(value, option))
    return with_controls(options, (*(options.controls or ()), one))


def with_controls(options: Options, controls: tuple[str, ...]) -> Options:
    """These and no others. Raises Refusal `control.too_many`."""
    if len(controls) > MOST:
        raise Refusal("control.too_many", count=len(controls), limit=MOST)
    return replace(options, controls=controls)


def of_options(options: Options) -> tuple[AskedControl, ...]:
    """What options ask for."""
    return tuple(map(asked, options.controls or ()))
