"""One thing of a prompt for another: a cat for a dog, a red hat for a green one, three candles for five."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites, sorts, written_text
from prompts.edit.describing import describe, recolour
from prompts.edit.draft import Change, EditDraft, add, become, instead
from prompts.edit.exclusions import is_haircut
from prompts.edit.forms import COUNT
from prompts.edit.instructions import Instruction
from prompts.edit.meant import done_meanwhile, redone
from prompts.edit.nearest import nearest, not_found, went_before
from prompts.edit.renaming import rename
from prompts.edit.rivals import kind_of, matter, moved, regrown, retaken, slot_of
from prompts.edit.setting import set_words
from prompts.edit.targets import CATEGORIES, KINDS, MOVES, WordReader, matches, person_in, without_presets
from prompts.edit.wording_zh import MEASURE, chinese_of, in_script
from prompts.edit.words import PEOPLE, category_of, head, singular
from prompts.lettering import QUOTED
from prompts.nouns import COMPARED, describes
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_COLOURED: dict[tuple[str, ...], str] = {("hair colour",): "hair", ("eyes colour",): "eyes"}
_HAIR = {"blonde": "golden", "blond": "golden", "brunette": "brown"}  # colours of nothing else
_COUNT = re.compile(COUNT)
_COUNTED_BEHIND = re.compile(f"(?P<what>[^\\d一二两三四五六七八九十百几]{{1,6}})(?P<count>{COUNT})")
_SHAPE = re.compile("(?P<what>[^的]{1,6})(?:的?(?:形状|造型|样式)|形)的?")
_NUMBER = "人数"
_PLACES, _PEOPLE, _ACTS = KINDS["背景"], KINDS["人物"], KINDS["动作"]
_TAGGED = {"girl": "1girl", "boy": "1boy", "woman": "1girl", "man": "1boy"}


async def replace_thing(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Make what the target names into what the value says: another thing, another property of it, another number."""
    found, word = await matches(draft.fragments, one.target, reader)
    if counted := bool(_COUNT.fullmatch(one.value)):  # "女孩改成三个"
        if await _recount(draft, found, one, reader):
            return
        noun = chinese_of(draft.fragments[found[0]].text) if found and one.target in KINDS else one.target
        one = replace(one, value=one.value + noun)
    one, value = await _valued(one, reader)
    if _rewritten(draft, found, one.value):
        return
    if one.target in KINDS and KINDS[one.target] == _ACTS and len(value) == 1 and _another_doing(draft, one, value[0]):
        return
    kind = KINDS.get(one.target) or (one.target in CATEGORIES and (one.target,)) or ()
    if kind == _PEOPLE and len(value) > 1 and (who := [tag for tag in value if _is_somebody(tag)]):
        for tag in value:
            if tag not in who:
                await set_words(draft, tag.text, reader)  # "长发道士": long hair for none, too
        found, value = (await matches(draft.fragments, one.target, reader))[0], tuple(who)
    if not value:
        draft.changes.append(Change("unread", f"{one.target} → {one.value}"))
        return
    if not found and one.target in _LIGHT and not describes(value):
        found = [at for at, each in enumerate(draft.fragments) if each.origin != "preset" and _LIT.search(each.text)]
        if found:
            instead(draft, found, value, one.value)
            return
    if not found:
        await _come(draft, one, value, reader)
        return
    olds = [draft.fragments[at].text for at in found]
    if kind == _PLACES and value[0].text.endswith(" background"):  # who is on a stage still is, before another colour
        backdrops = [at for at in found if draft.fragments[at].text.endswith(" background")]
        found = backdrops or found
        olds = [draft.fragments[at].text for at in found]
    if kind == _PLACES:
        gone = [at for at, each in enumerate(draft.fragments) if at not in found and moved(each.text, value[0].text)]
        found = [*found, *gone]
    if not _tells(value, one.value) and all(
        kind_of(each) in ("colour", "material") or each == "and" for each in value[0].text.split()
    ):
        value = (replace(value[0], text=f"{value[0].text} {word or head(olds[0])}"),)  # "jacket to black leather"
    if not CHINESE.search(one.value) and _is_plant(one.value) and _is_plant(one.target):
        for at in found:
            await rename(draft, at, word, value, one, reader)  # lavender, which is a colour, too, for sunflowers
        return
    told = {at: said for at, old in zip(found, olds, strict=True) if (said := _another(old, value[0].text))}
    if told and len(told) == len(found) and matter(value[0].text) == "weather":
        for at, said in told.items():
            become(draft, at, said, one.value)  # "窗外改成晴天" of the snow out there
        return
    if _tells(value, one.value) and await recolour(draft, found, value[0].text, one, reader):
        return
    sky = _of_a_sky(olds, value[0].text)
    if _tells(value, one.value) and not sky and all(_decides(old, value[0].text) for old in olds):
        instead(draft, found, value, one.value)
    elif _tells(value, one.value) and (one.target not in KINDS or kind == _PEOPLE or sky):
        await describe(draft, found, word, value[0], one, reader)
    elif told:
        for at, said in told.items():
            become(draft, at, said, one.value)
    elif kind == _PEOPLE and olds[0] not in _TAGGED.values() and not CHINESE.search(draft.fragments[found[0]].source):
        for at in found:  # "a girl in a blue dress": only the girl of it
            noun = person_in(draft.fragments[at].text) or head(draft.fragments[at].text)
            await rename(draft, at, singular(PEOPLE.get(noun, noun)), value, replace(one, target=noun), reader)
    elif counted or kind:
        if olds[0] in _TAGGED.values():  # "1girl" is a tag, and so is what it becomes
            value = tuple(replace(tag, text=_TAGGED.get(opposites.plain(tag.text), tag.text)) for tag in value)
        instead(draft, found, value, one.value)
    elif slotted := [tag for tag in value if opposites.slot(tag.text) and head(tag.text) in ("hair", "eyes")]:
        for tag in slotted:
            regrows = {at: said for at in found if (said := regrown(grammar.bare(draft.fragments[at].text), tag.text))}
            for at, said in regrows.items():  # "short black hair" down to the shoulders
                become(draft, at, said, one.value)
            if regrows:
                continue
            same = [at for at in found if opposites.slot(draft.fragments[at].text) == opposites.slot(tag.text)]
            cuts = [at for at in found if is_haircut(draft.fragments[at].text)] if head(tag.text) == "hair" else []
            done = [at for at in found if _hairdo(draft.fragments[at].text)]  # braids
            if same or cuts or done:
                instead(draft, same or cuts or done, (tag,), one.value)
            else:
                add(draft, tag, one.value)
        for tag in value:
            if tag not in slotted and _hairdo(tag.text):  # "粉色双马尾"
                await set_words(draft, tag.text, reader)
    elif head(olds[0]) == category_of(value[0].text) in ("hair", "eyes") and len(value) == 1:
        instead(draft, found, value, one.value)  # "heterochromia" of blue eyes
    else:
        for at in found:
            await rename(draft, at, word, value, one, reader)


_LIGHT = ("灯光", "光线", "光照", "光影", "打光", "光源", "light", "lighting", "lights")
_LIT = re.compile(
    r"\b(?:light|lighting|spotlight|sunlight|moonlight|candlelight|backlighting|backlight|lamplight|glow)$"
)


def _hairdo(text: str) -> bool:
    return category_of(text) == "hair" and head(text) != "hair"


def _is_plant(words: str) -> bool:
    return sorts.is_a(singular(words), "plant") or sorts.is_a(singular(words), "flower")


async def _valued(one: Instruction, reader: WordReader) -> tuple[Instruction, tuple[Fragment, ...]]:
    """The instruction and the tags of its value, with the thing that a mere colour is one of: "背景换成纯白"."""
    if behind := _COUNTED_BEHIND.fullmatch(one.value):
        one = replace(one, value=behind["count"] + behind["what"])  # "企鹅三只"
    if shape := _SHAPE.fullmatch(one.value):
        one = replace(one, value=f"{shape['what']}形状的{one.target}")  # "风筝改成蝴蝶形状"
    plainly = _HAIR.get(one.value, one.value) if "hair" in one.target else one.value
    value = await reader.tags(COMPARED.get(plainly, plainly))
    if one.target not in KINDS and len(value) == 1 and category_of(value[0].text) in ("style", "quality"):
        told = await reader.tags(one.value.removesuffix("的") + "的")  # "复古" is a picture's style
        value = told if describes(told) else value
    if describes(value) and KINDS.get(one.target) == _PLACES:
        noun = "背景" if CHINESE.search(one.value) else " background"
        one = replace(one, value=one.value.removesuffix("的") + noun)
        value = await reader.tags(one.value)
    if describes(value) and (coloured := _COLOURED.get(KINDS.get(one.target, ()))):  # "发色换成粉色"
        value = await reader.tags(f"{value[0].text} {coloured}")
        noun = {"hair": "头发", "eyes": "眼睛"}[coloured]
        said = f"{one.value.removesuffix('的')}{noun}" if CHINESE.search(one.value) else f"{one.value} {coloured}"
        one = replace(one, value=said)
    return one, value


def _rewritten(draft: EditDraft, found: Sequence[int], value: str) -> bool:
    """Whether other words are written now where some were: on the sign that said "OPEN"."""
    words = value.strip(" \"“”‘’'「」『』《》")
    lettered = [at for at in found if QUOTED.search(draft.fragments[at].text)]
    if len(lettered) != 1 or not words or not _SAID.match(value):
        return False
    old = draft.fragments[lettered[0]]
    before = QUOTED.findall(old.text)[0][1:-1]
    said = draft.text.replace(before, words) if draft.text and draft.text.count(before) == 1 else None
    source = old.source.replace(before, words)
    become(draft, lettered[0], old.text.replace(before, words), value, source)
    draft.text = said or draft.text
    return True


_SAID = re.compile("[\"“‘'「『《]")


async def _come(draft: EditDraft, one: Instruction, value: Sequence[Fragment], reader: WordReader) -> None:
    """What becomes of a value whose target the prompt does not name: the picture may have it all the same."""
    if one.target != _NUMBER and (one.target in KINDS or one.target in CATEGORIES):
        await set_words(draft, one.value, reader)
    elif (
        describes(value)
        and (named := await _named(draft, one.target, reader))
        and (_unnamed(named[-1]) or _surely_worn(draft, named[-1]) or _surely_grown(draft, named[-1]))
    ):
        thing = named[-1]
        add(draft, replace(thing, text=f"{value[0].text} {opposites.plain(thing.text)}"), one.value)
    elif (named := await reader.sure(one.target)) and _unnamed(named[-1]) and not describes(value):
        await set_words(draft, one.value, reader)  # "天空改成晚霞", where nothing is said of the sky
    elif await went_before(draft, one.target, reader):
        await set_words(draft, one.value, reader)
    else:
        draft.changes.append(await not_found(draft, one.target, reader))


_ALWAYS = frozenset(
    [
        "hair",
        "eyes",
        "eye",
        "eyebrows",
        "eyelashes",
        "lips",
        "skin",
        "face",
        "nails",
        "sky",
        "ground",
        "floor",
        "wall",
        "walls",
        "background",
        "light",
        "lighting",
    ]
)


def _unnamed(thing: Fragment) -> bool:
    """Whether a picture has a thing that nobody needs to name: somebody's eyes, a sky."""
    return opposites.plain(thing.text).split()[-1] in _ALWAYS


def _of_a_sky(olds: Sequence[str], value: str) -> bool:
    """Whether a colour is said of a sky, which stays one: "把天空改成红色"."""
    return kind_of(value.split()[-1]) == "colour" and all(head(opposites.plain(old)) == "sky" for old in olds)


def _is_somebody(one: Fragment) -> bool:
    return bool(person_in(one.text)) or category_of(one.text) in ("person", "animal", "myth")


def _surely_worn(draft: EditDraft, thing: Fragment) -> bool:
    """Whether a thing is worn, and there is somebody who may wear it, though nobody said so."""
    people = any(person_in(one.text) for one in without_presets(draft.fragments))
    return people and category_of(thing.text) == "clothing"


def _surely_grown(draft: EditDraft, thing: Fragment) -> bool:
    """Whether a thing is a part of a body, and there is some being that may have it: a mermaid's tail."""
    noun = singular(head(thing.text))
    beings = any(_is_somebody(one) for one in without_presets(draft.fragments))
    return beings and (sorts.kind_of(noun) == "body" or noun in ("tail", "wing", "horn", "fur", "scale", "beak"))


def _tells(value: Sequence[Fragment], said: str) -> bool:
    """Whether a value is only a property; "camel" is, 骆驼 is not."""
    entry = entries().get(said.removesuffix("的")) if CHINESE.search(said) else None
    return describes(value) and (entry is None or entry.category not in ("animal", "food", "plant", "object"))


async def _named(draft: EditDraft, target: str, reader: WordReader) -> tuple[Fragment, ...]:
    """The tags of a thing that only the picture has yet; empty where the word may be a slip of one in the prompt."""
    doubtful = nearest(draft.fragments, target) and not await reader.sure(target)
    return () if doubtful else await reader.tags(target)


async def _recount(draft: EditDraft, found: Sequence[int], one: Instruction, reader: WordReader) -> bool:
    """Another number of the same things, with all else that is told of them: "一只白兔" becomes "两只白兔"."""
    for at in found:
        old = draft.fragments[at]
        source = chinese.simplified(old.source)
        said = one.value + source[measure.end() :] if (measure := MEASURE.match(source)) else one.value + source
        done = source.removesuffix(one.target)
        if not measure and 0 < len(done) <= 2 and re.match(r"[a-z]+ing ", opposites.plain(old.text)):
            said = done + one.value + one.target  # "喂猫": three of them are fed
        made = await reader.sure(said) if CHINESE.search(source) else ()
        if len(made) != 1 or made[0].text == old.text:
            return False
        draft.fragments[at] = replace(made[0], weight=old.weight, part=old.part, source=said)
        draft.changes.append(Change("replaced", old.text, made[0].text))
        if draft.text is not None:
            draft.text = written_text.put(draft.text, old.source, in_script(draft.text, said))
    return bool(found)


def _another_doing(draft: EditDraft, one: Instruction, value: Fragment) -> bool:
    """Whether this is done now, in place of what was: playing the guitar for reading. Whoever sits, still does."""
    for at, old in enumerate(draft.fragments):
        if old.origin != "preset" and (said := redone(old.text, value.text)):
            become(draft, at, said, one.value)
            return True
    moving = [at for at, old in enumerate(draft.fragments) if opposites.plain(old.text) in MOVES - {"sleeping"}]
    if done_meanwhile(value.text) and moving:
        instead(draft, moving, (value,), one.value)  # "动作改成唱歌" of who dances
        return True
    if done_meanwhile(value.text):
        add(draft, value, one.value)
        return True
    return False


def _another(old: str, new: str) -> str:
    """A fragment with other hair, another time or weather in it: "outside the window rain" with snow; empty where it
    has none."""
    if head(old) not in ("hair", "eyes") and (said := regrown(grammar.bare(old), new)):
        return said
    return retaken(old, new) if matter(new) in ("time", "season", "weather") else ""


def _decides(old: str, value: str) -> bool:
    """Whether a property is itself what takes the place: "sunny" of the rain, a rainbow of an overcast sky."""
    return opposites.slot(value) == slot_of(old) is not None or slot_of(old) in ("weather", "time", "season")
