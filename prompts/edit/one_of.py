"""One of several of a kind made into another: "其中一个换成老人" of two robots, "turn one of them into a dog"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompts import opposites, written_text
from prompts.edit.draft import Change, EditDraft
from prompts.edit.instructions import Instruction
from prompts.edit.numerals import in_chinese, in_english, number
from prompts.edit.targets import WordReader, without_presets
from prompts.edit.wording_zh import MEASURE, in_script
from prompts.edit.words import category_of, head, singular, words_of
from prompts.nouns import describes, with_articles
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_ONE_ZH = re.compile("(?:其中|当中|里面)的?(?:有?一)[个只位名条匹头](?P<noun>.*)")
_ONE_EN = re.compile(r"one of (?:them|the (?:(?:two|three|four|five) )?(?P<noun>[a-z]+))")
_SEVERAL = re.compile(r"\b(?P<count>two|three|four|five|six) (?P<noun>[a-z]+)\b", re.IGNORECASE)


async def one_of(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether one of several was to become something else, and did."""
    asked = _ONE_ZH.fullmatch(one.target) or _ONE_EN.fullmatch(one.target)
    if one.kind != "replace" or asked is None or draft.text is None:
        return False
    value = await reader.tags(one.value)
    texts = list(_parted(draft, one.value, asked["noun"] or ""))
    own = ("hair", "eyes", "clothing", "pose", "expression", "verb")  # what one has or does is not what one is
    if (
        not value or describes(value) or category_of(value[0].text) in own or len(texts) != 1
    ):  # none is counted, or it is not said which of them are meant
        return False
    made = await reader.prompt(texts[0])
    if made is None or without_presets(made.negatives) != without_presets(draft.negatives):
        return False
    after = without_presets(made.fragments)
    heads = {singular(word) for each in after for word in words_of(each.text)}
    if any(singular(head(each.text)) not in heads for each in (*value, *without_presets(draft.fragments))):
        return False
    presets = [each for each in draft.fragments if each.origin == "preset"]
    draft.text, draft.fragments = texts[0], [*presets, *after]
    draft.changes.append(Change("replaced", one.target, opposites.plain(value[0].text)))
    return True


def _parted(draft: EditDraft, value: str, noun: str) -> Iterator[str]:
    """The text with one of the several as something else, for every several in it that the noun may mean."""
    text = draft.text or ""
    if not CHINESE.search(text):
        for found in _SEVERAL.finditer(text):
            if noun and singular(noun) != singular(found["noun"].lower()):
                continue
            left = number(found["count"].lower()) - 1
            rest = f"a {singular(found['noun'])}" if left == 1 else f"{in_english(left)} {found['noun']}"
            new = re.sub("^(?:an?|the) ", "", value)
            yield with_articles(f"{text[: found.start()]}{rest} and a {new}{text[found.end() :]}")
        return
    for each in without_presets(draft.fragments):
        source = chinese.sign_by_sign(each.source)
        measure = MEASURE.match(source)
        count = number(measure.group()[:-1]) if measure else 0
        place = written_text.place_of(text, each.source)
        if measure is None or count < 2 or place is None or (noun and not source.endswith(noun)):
            continue
        sign = measure.group()[-1]
        new = value if MEASURE.match(value) else f"一{sign}{value}"
        said = f"{in_chinese(count - 1)}{sign}{source[measure.end() :]}和{new}"
        yield text[: place[0]] + in_script(text, said) + text[place[1] :]
