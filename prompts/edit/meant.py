"""What a change is of that is named by something near it: "窗外" for the snow that is outside, "颜色" for the only
colour, "instead" for what somebody is doing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites
from prompts.edit.draft import EditDraft
from prompts.edit.exclusions import alone
from prompts.edit.instructions import Instruction
from prompts.edit.rivals import kind_of, retaken
from prompts.edit.targets import KINDS, MOVES, WordReader, matches, person_in
from prompts.edit.words import category_of, head, singular
from prompts.nouns import describes
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_COLOURS = ("颜色", "色调", "color", "colour")
_OF_THE_PICTURE = ("黑白", "彩色", "单色", "black and white", "monochrome", "sepia", "grayscale")
_BEINGS = ("person", "animal", "myth")
_ACTS = KINDS["动作"]
_THERE = (
    "(?:还|都|正)?(?:有|是|为|下|飘|放|摆|挂|停|开|长|堆|铺|站|坐)[着满了]*(?:一?[个只张本条盏束朵幅盆杯碗盘片座棵])?"
)


async def meant(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """The instruction with the thing that is meant as its target; as it is, where it names that itself."""
    if one.kind == "set" and one.instead and await _another_doing(draft.fragments, one.value, reader):
        return replace(one, kind="replace", target="动作")
    if one.kind == "set" and one.instead and await _another_hairdo(draft.fragments, one.value, reader):
        return replace(one, kind="replace", target="头发" if CHINESE.search(one.value) else "hair")
    if one.kind == "set" and one.instead and await _another_being(draft.fragments, one.value, reader):
        return replace(one, kind="replace", target="人物")
    if one.kind == "set" and one.instead and (rival := await _another_of_its_kind(draft.fragments, one.value, reader)):
        return replace(one, kind="replace", target=rival)
    if one.kind != "replace":
        return one
    if one.target not in KINDS and one.value.endswith("的") and CHINESE.search(one.target):
        one = replace(one, value=await _of_another(one, reader))
    if one.target not in KINDS and await _is_to_do(draft.fragments, one, reader):
        return replace(one, target="动作")  # "老人改成看报纸": the old man stays
    if one.target in _COLOURS:
        if one.value in _OF_THE_PICTURE:
            return replace(one, kind="set", target="")
        return replace(one, target=_coloured(draft.fragments) or one.target)
    if CHINESE.search(one.target) and one.target[-1] in "上下里中外旁边前后" and draft.text is not None:
        plain = chinese.sign_by_sign(draft.text)
        if found := re.search(
            rf"{re.escape(one.target)}{_THERE}(?P<what>[^，。,；;、的]{{1,8}})(?=[，。,；;]|$)", plain
        ):
            return replace(one, target=found["what"])
    return await _of_a_part(draft, one, reader)


async def is_backdrop(words: str, reader: WordReader) -> bool:
    """Whether words name a background that is nothing but a colour: "plain white background"."""
    if not words.endswith(("background", "backdrop", "背景")):
        return False
    tags = await reader.sure(words)
    told = opposites.plain(tags[0].text).removesuffix(" background").split() if len(tags) == 1 else []
    return bool(told) and all(each in _PLAIN or kind_of(each) in ("colour", "adjective") for each in told)


_PLAIN = ("plain", "simple", "solid", "blank", "clean", "empty", "gradient", "pure")


async def _of_a_part(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """ "美人鱼的尾巴" where nothing is said of the tail yet: it comes with what is told of it."""
    owner, _, part = one.target.rpartition("的" if CHINESE.search(one.target) else "'s ")
    if (
        not owner
        or not part
        or part.endswith(("色", "color", "colour"))
        or (await matches(draft.fragments, part, reader))[0]
    ):
        return one
    if describes(await reader.sure(part)) or not describes(await reader.tags(one.value)):
        return one
    if not (await matches(draft.fragments, owner, reader))[0]:
        return one
    between = "" if CHINESE.search(part) else " "
    return replace(one, kind="add", target="", value=f"{one.value.removesuffix('的')}{between}{part}")


async def _another_being(fragments: Sequence[Fragment], words: str, reader: WordReader) -> bool:
    """Whether words name one being, and the prompt another: it can only be that one which is to be this."""
    tags = await reader.sure(words)
    if tags and _IN_DOING.match(opposites.plain(tags[0].text)):
        return False  # "holding a big fish" is no fish
    own = [one for one in fragments if one.origin != "preset" and (person_in(one.text) or _is_being(one))]
    beings = [each for each in tags if _is_being(each)]
    told = [each.text for each in tags if each not in beings]
    if len(beings) == 1 and all(_IN_DOING.match(each) or alone(each) or opposites.slot(each) for each in told):
        tags = tuple(beings)  # "一个男孩在写字", "长发道士"
    return len(tags) == 1 == len(own) and _is_being(tags[0]) and not _number(own[0].text) and not _number(tags[0].text)


async def _another_hairdo(fragments: Sequence[Fragment], words: str, reader: WordReader) -> bool:
    """Whether words name a hairdo and its colour, and the prompt tells of other hair: "pink twintails"."""
    tags = await reader.sure(words)
    if not tags or any(category_of(each.text) != "hair" for each in tags):
        return False
    coloured = any(kind_of(word) == "colour" for each in tags for word in each.text.split())
    hair = any(head(one.text) == "hair" for one in fragments if one.origin != "preset")
    return coloured and hair and any(head(each.text) != "hair" for each in tags)


def _is_being(one: Fragment) -> bool:
    return one.text in ("1girl", "1boy") or category_of(one.text) in _BEINGS


def _number(text: str) -> bool:
    """Whether a fragment is of several."""
    return re.match(r"(?:[2-9]|two|three|four|five|six|several|many)", text) is not None


def _coloured(fragments: Sequence[Fragment]) -> str:
    """The only colour that a prompt names, or that stands alone in it, in the person's word; else empty."""
    own = [each for each in fragments if each.origin != "preset"]
    bare = [each for each in own if _colours(each) == opposites.plain(each.text).split()]
    told = [each for each in own if _colours(each)]
    found = bare if len(bare) == 1 else told
    if len(found) != 1:
        return ""
    source = chinese.simplified(found[0].source)
    if CHINESE.search(source):
        known = entries()
        words = [source[at:to] for at in range(len(source)) for to in range(min(at + 4, len(source)), at, -1)]
        return next((word for word in words if word in known and known[word].category == "colour"), "")
    return _colours(found[0])[-1]


def _colours(one: Fragment) -> list[str]:
    return [word for word in opposites.plain(one.text).split() if kind_of(word) == "colour"]


# ── what somebody is doing ────────────────────────────────────────────────────────────────────────────────────────────

_DOING = re.compile(
    r"(?:^|(?<= ))(?!(?:wearing|holding|looking|being|morning|evening|building|ceiling|clothing|king|ring|wing|spring|"
    r"string|painting|drawing|lighting|living|wedding|dining|parking|swing|thing|during|flying fish)\b)[a-z]+ing\b"
    r"(?: (?:an?|the|her|his|its|their))?"
    r"(?: (?!(?:on|in|at|with|under|by|near|of|over|and|through|from|to)\b)[a-z]+){0,2}"
)


_MEANWHILE = re.compile(
    "(?:waiting|talking|chatting|watching|fishing|listening|thinking|playing|reading|eating|drinking|writing|singing|drawing|painting|cooking|knitting)\\b"
)


def done_meanwhile(tag: str) -> bool:
    """Whether somebody may do this and sit, stand or lie as before."""
    return _MEANWHILE.match(opposites.plain(tag)) is not None


async def _another_of_its_kind(fragments: Sequence[Fragment], words: str, reader: WordReader) -> str:
    """The one thing of the prompt that is of the kind of the one thing that words name: the ferris wheel for a
    carousel; empty where there is none, or several."""
    tags = await reader.sure(words)
    kind = _what(tags[0].text) if len(tags) == 1 else ""
    if kind not in _KINDS:
        return ""
    own = [one for one in fragments if one.origin != "preset" and _what(one.text) == kind]
    if len(own) != 1 or opposites.without_lead(own[0].text) != own[0].text or own[0].text.startswith("holding "):
        return ""
    return own[0].source if CHINESE.search(own[0].source) else opposites.plain(own[0].text)


def _what(text: str) -> str:
    """The kind of a thing; of a bowl of noodles the noodles'."""
    thing = text.rpartition(" of ")[2]
    return category_of(thing) or category_of(singular(thing))


_KINDS = ("vehicle", "food", "plant", "animal", "building")


async def _of_another(one: Instruction, reader: WordReader) -> str:
    """The value of "耳环换成翡翠的" with its thing, where that is one thing; as it is, where it is a property."""
    told, thing = await reader.tags(one.value), await reader.tags(one.target)
    whole = one.value.removesuffix("的") + one.target
    made = await reader.sure(whole)
    if len(made) != 1 or len(thing) != 1 or head(made[0].text) != head(thing[0].text):
        return one.value
    plainly = describes(told) and kind_of(told[0].text.split()[-1]) in ("colour", "adjective")
    known = entries().get(one.value.removesuffix("的"))
    return one.value if plainly and (known is None or known.category in ("colour", "adjective")) else whole


async def _is_to_do(fragments: Sequence[Fragment], one: Instruction, reader: WordReader) -> bool:
    """Whether a being of the prompt is to do something, rather than to be something else."""
    tags = await reader.tags(one.value)
    if len(tags) != 1 or not (_IN_DOING.match(opposites.plain(tags[0].text)) or alone(tags[0].text)):
        return False
    found, word = await matches(fragments, one.target, reader)
    if category_of(word) not in (*_BEINGS, ""):
        return False  # the bench of "a girl on a bench"
    return bool(found) and all(
        _is_being(each) or (person_in(each.text) and not _DOING.search(grammar.bare(each.text)))
        for each in (fragments[at] for at in found)
    )


_IN_DOING = re.compile(
    r"(?!(?:wearing|being|flying|sleeping) [a-z]+$)[a-z]{2,}ing\b(?! (?:man|woman|girl|boy|person)\b)"
)


async def _another_doing(fragments: Sequence[Fragment], words: str, reader: WordReader) -> bool:
    tags = await reader.sure(words)
    if len(tags) != 1 or not _DOING.fullmatch(opposites.plain(tags[0].text)):
        return False
    return any(one.origin != "preset" and redone(one.text, tags[0].text) for one in fragments)


def redone(text: str, tag: str) -> str:
    """A fragment with another doing than it tells of: "kids fishing" with swimming; empty where it tells of none but
    how somebody stands or sits, or where the new one is only that."""
    bare, new = grammar.bare(text), opposites.plain(tag)
    if (alone(new) and new not in MOVES) or retaken(bare, new):
        return ""
    for found in _DOING.finditer(bare):
        if not alone(found.group().split()[0]) and kind_of(bare) not in ("place", "style", "expression"):
            return bare[: found.start()] + new + bare[found.end() :]
    return ""
