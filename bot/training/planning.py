"""What goes into the plan for pictures that somebody wants learnt: a trigger word, captions in English, and nothing
that is not to be learnt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat import Say
from bot.training.folder import FolderPicture
from engine.files.catalog import Model
from engine.training_plan import FAMILIES
from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Options
from prompts.safety.judge import judge_text
from prompts.tags import entry_of
from prompts.translate.translator import Translator

_NAME = re.compile(r"[^\W_][\w .()-]{0,79}")
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9¹²³]")  # Windows' own, whatever they end in
LONGEST_NAME = 200  # bytes; a file's name has 255 of them, and more is put behind it
_CHINESE = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True, slots=True)
class Captioned:
    """A picture with what is said of it, in English: what is written of it, the trigger in front."""

    picture: FolderPicture
    caption: str


def check_name(name: str) -> str:
    """A LoRA's name, which becomes a file's. Raises Refusal `train.name`."""
    name = name.strip()
    reserved = _RESERVED.fullmatch(name.partition(".")[0].strip().lower())
    if not _NAME.fullmatch(name) or name.endswith(".") or reserved or len(name.encode()) > LONGEST_NAME:
        raise Refusal("train.name", name=name[:80])
    return name


def check_model(model: Model) -> str:
    """The family of a model that a LoRA can be learnt on. Raises Refusal `train.model`."""
    if model.family not in FAMILIES or model.channels != 4:
        raise Refusal("train.model", name=model.name)
    return model.family


def trigger_of(said: str, name: str) -> tuple[str, Say | None]:
    """The word that will call for what is learnt: the one that is said, else the name; and what is to be known of it.
    Raises Refusal `train.trigger` for what is no word of the encoders' alphabet."""
    word = " ".join((said or name).lower().replace("_", " ").split())
    if not re.fullmatch(r"[a-z0-9][a-z0-9 '-]{0,39}", word):
        raise Refusal("train.trigger", word=word[:40])
    return word, Say("train.common_trigger", {"word": word}) if entry_of(word) else None


async def captioned(
    pictures: Sequence[FolderPicture], trigger: str, translators: Sequence[Translator], *, person: bool
) -> tuple[list[Captioned], tuple[Say, ...]]:
    """The pictures with their captions, Chinese ones in English; where nothing is written, the trigger and what the
    folder is called. What is not to be forgotten is told without the trigger. Raises Refusal `access.minors` or
    `train.adult` for what is not to be learnt."""
    made: list[Captioned] = []
    without = 0
    for one in pictures:
        text = one.caption or one.named
        without += not (one.caption or one.prior)
        _check(text, one, person=person)
        said = [tag.strip() for tag in re.split("[,，、]", await english(text, translators)) if tag.strip()]
        if one.prior:
            made.append(Captioned(one, ", ".join(said)))
            continue
        calls = [tag for tag in said if re.search(rf"\b{re.escape(trigger)}\b", tag.lower())][:1]
        rest = [tag for tag in said if tag not in calls]
        made.append(Captioned(one, ", ".join([*(calls or [trigger]), *rest])))
        _check(made[-1].caption, one, person=person)
    return made, (Say("train.no_captions", {"count": without}),) if without else ()


def _check(text: str, picture: FolderPicture, *, person: bool) -> None:
    verdict = judge_text(text) if text else ""
    if verdict == "never":
        raise Refusal("access.minors")
    if verdict == "adult" and person:
        raise Refusal("train.adult", file=picture.path.name)


async def english(text: str, translators: Sequence[Translator]) -> str:
    """What is said of a picture, in English where it has Chinese in it."""
    if not _CHINESE.search(text):
        return text
    prompt, _ = await compose(text, translators=translators, given=Options(plain=True))
    # What is said of a picture is not to be drawn: nothing is added.
    return ", ".join(fragment.text for fragment in prompt.fragments if fragment.origin != "preset")
