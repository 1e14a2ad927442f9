"""LoRAs that are not there, weigh too much, or lack their word; files made for another kind of model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prompts import options
from prompts.finding import Finding, LoraKnown, Misfit, Spoiled, other
from prompts.prompt import LoraUse, Prompt
from prompts.spelling import sure
from prompts.written_text import SEPARATOR, added, without

WILD = 2.0  # a LoRA's weight beyond which pictures fall apart; what the forms of the chats take, too


def of_loras(prompt: Prompt, known: Sequence[LoraKnown], spoiled: Sequence[Spoiled] = ()) -> Iterator[Finding]:
    """What is wrong with the LoRAs that a prompt names, where these are there and those cannot be used."""
    names = {one.name.casefold(): one for one in known}
    said = f"{prompt.text}, {prompt.positive}".casefold().replace("_", " ")
    for use in prompt.loras:
        there = names.get(use.name.casefold()) or names.get(use.name.casefold().removesuffix(".safetensors"))
        if there is None:
            if broken := next((one for one in spoiled if use.name.casefold() in one.names), None):
                yield Finding(broken.key, broken.values, "error", other(prompt, _without_lora(prompt.text, use.name)))
                continue
            if not names:
                gone = _without_lora(prompt.text, use.name)
                yield Finding("lora.none", {"name": use.name[:80]}, "error", other(prompt, gone))
                continue
            name = names[found].name if (found := sure(use.name, names)) else ""
            fixed = _named(prompt.text, use.name, name) if name else _without_lora(prompt.text, use.name)
            yield Finding("lora.unknown", {"name": use.name[:80], "near": name}, "error", other(prompt, fixed))
            continue
        if there.triggers and not any(_heard(word, said) for word in there.triggers):
            word = there.triggers[0]
            yield Finding("doctor.trigger", {"name": there.name, "words": word}, "warn", added(prompt.text, word))
        wild = max((use.weight, use.text_weight or 0.0), key=abs)
        if abs(wild) > max(WILD, abs(there.weight)):
            weight = there.weight if abs(there.weight) <= WILD else 1.0
            tame = str(LoraUse(use.name, weight)).replace("\\", r"\\")
            tamed = re.sub(_tag(use.name) + "[^<>]*>", tame, prompt.text, flags=re.IGNORECASE)
            values = {"name": there.name, "weight": f"{wild:g}", "instead": f"{weight:g}"}
            yield Finding("doctor.lora_weight", values, "warn", other(prompt, tamed))


def _heard(trigger: str, said: str) -> bool:
    """Whether a trigger is in a text; of one that is a list of tags the first names what was trained."""
    whole = trigger.casefold().replace("_", " ")
    return whole in said or ((first := whole.partition(",")[0].strip()) != "" and first in said)


def _tag(name: str) -> str:
    """What a LoRA's `<lora:…>` begins with."""
    return rf"<\s*(?:lora|lyco)\s*[:：]\s*{re.escape(name)}\s*(?=[:：>])"


def _named(text: str, name: str, instead: str) -> str:
    return re.sub(_tag(name), lambda _: f"<lora:{instead}", text, flags=re.IGNORECASE)


def _without_lora(text: str, name: str) -> str:
    rest = re.sub(_tag(name) + "[^<>]*>", "", text, flags=re.IGNORECASE)
    return re.sub(r"([,，、]\s*)(?=[,，、]|\Z)", "", rest).strip(SEPARATOR)


def of_misfits(prompt: Prompt, misfits: Sequence[Misfit]) -> Iterator[Finding]:
    """Another model, where there is one that takes it; else the text without it."""
    for one in misfits:
        if one.instead:
            fixed: str | None = options.with_flag(prompt.text, "model", one.instead)
        elif one.works:
            fixed = None
        elif one.key.startswith("lora."):
            fixed = _without_lora(prompt.text, one.name)
        elif one.key.startswith("vae."):
            fixed = options.without_flag(prompt.text, "vae")
        else:
            fixed = without(prompt.text, f"embedding:{one.name}") or without(prompt.text, one.name, last=True)
        values = {"name": one.name, "base": one.base, "model": one.model, "family": one.family}
        yield Finding(one.key, values, "hint" if one.works else "error", other(prompt, fixed))
