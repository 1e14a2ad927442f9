"""What may become of a prompt: everything in it that says something counts, whatever carries it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from prompts import grammar, options
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from prompts.safety.signs import CHILDREN, Signs, Verdict, read_name, read_signs, read_unwanted, union, verdict
from prompts.sections import sections
from prompts.wildcards.outcomes import outcomes

# What is there for the first steps only, or weighs nothing: "[dress::0.5]", "(dress:-1)".
_GIVEN_UP = re.compile(
    r"\[(?P<a>[^\[\]:|]+):\s*(?:nothing|none|无|)\s*:\s*[\d.]+\]|\((?P<b>[^():]+):\s*(?:-[\d.]+|0(?:\.0+)?)\)"
    r"|\bAND\s+(?P<c>[^:,\n]{1,400}?)\s*:\s*-[\d.]+|\b(?:AND_)?NOT\s+(?P<d>[^:,\n]+)"
    r"|(?<![\w-])[-!](?P<e>[^\W\d_][\w ]*)"
    r"|(?<![\w ])(?P<f> *+\w++(?: ++\w++)*+)\s*+(?:::?\s*-[\d.]+|=\s*(?:false|no|none|off))\b"
)
# The rest of a gap, and of a number longer than any age: it says nothing, and patterns take long for it.
_RUNS = re.compile(r"([^\S\n])[^\S\n]+|(\d{8})\d+")
# What keeps a picture with a child in it decent, in every family's words; none of them is a garment.
DECENT = ("nsfw", "nude", "naked", "nudity", "sexual", "suggestive", "cleavage", "revealing clothes")


def signs(prompt: Prompt, *, folders: Sequence[Path] = (), names: Iterable[str] = ()) -> Signs:
    """What a prompt says: the words of the person and of the assistant, what is denied, every outcome of what is left
    to chance (with the wildcards of `folders`), its LoRAs, and `names`, what else goes into the picture."""
    wanted, refused = _sides(prompt.text, folders)
    texts = read_signs(", ".join(grammar.bare(one.text) for one in prompt.fragments))
    told = read_signs(", ".join(one.source for one in prompt.fragments if one.source)) | read_signs(wanted)
    # What the person denies is meant; in what the model reads, "no nudity" puts nudity.
    meant = (told - {"mentioned"}) | (texts - {"youth"} if told else texts)
    denied = [", ".join(one.text for one in prompt.negatives if one.origin != "preset")]
    denied.append(", ".join(one.source for one in prompt.negatives if one.origin != "preset"))
    return union(
        (
            meant,
            *(read_unwanted(text) for text in (*denied, refused)),
            *(read_name(name) for name in (*(lora.name for lora in prompt.loras if lora.weight), *names)),
        )
    )


def signs_of_text(text: str, folders: Sequence[Path] = ()) -> Signs:
    """What a text as a person wrote it says, before anything is made of it: options, negatives and choices in it, an
    infotext too."""
    wanted, refused = _sides(text, folders)
    return read_signs(wanted) - {"mentioned"} | read_unwanted(refused)


def unwanted(text: str, folders: Sequence[Path] = ()) -> Signs:
    """What a negative prompt as a person wrote it says."""
    return read_unwanted(outcomes(grammar.normalise(text), folders))


def judge(prompt: Prompt) -> Verdict:
    """What becomes of a prompt by itself, without the pictures it is drawn over."""
    return verdict(signs(prompt))


def judge_text(text: str) -> Verdict:
    """What becomes of a text as somebody wrote it."""
    return verdict(signs_of_text(text))


def decent(prompt: Prompt, seen: Signs | None = None) -> Prompt:
    """The prompt, with what keeps it decent in its negative where a child is in the picture."""
    if not (signs(prompt) if seen is None else seen) & CHILDREN:
        return prompt
    there = {grammar.bare(one.text).casefold() for one in prompt.negatives if one.weight >= 1}
    lacking = [word for word in DECENT if word not in there]
    added = tuple(Fragment(word, part="quality_style", origin="preset") for word in lacking)
    return replace(prompt, negatives=prompt.negatives + added) if added else prompt


def _sides(text: str, folders: Sequence[Path]) -> tuple[str, str]:
    """What a text wants and what it does not, with every outcome of its choices."""
    if not text:
        return "", ""
    rest, loras, _ = grammar.networks(_RUNS.sub(r"\1\2", text))
    gone = ", ".join(match[match.lastgroup or 0] for match in _GIVEN_UP.finditer(rest))
    wide = outcomes(grammar.normalise(rest), folders)
    try:
        asked = options.flags(wide)
        wanted, refused, kept = asked.text, asked.negative, asked.kept
    except Refusal:  # an option that is none: all of it is words
        wanted, refused, kept = wide, "", ""
    wanted, more = sections(wanted)
    names = ", ".join(lora.name for lora in loras)
    whole = grammar.bare(wanted)  # "ki(d:1.1)" is a kid
    said = (wanted, whole if whole != wanted else "", kept, names)
    return ", ".join(filter(None, said)), ", ".join(filter(None, (refused, more, gone)))
