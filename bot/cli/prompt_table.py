"""The command line's table of a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot import texts
from bot.studio.findings import meters
from prompts.doctor import Finding, unsaid
from prompts.prompt import Prompt


def prompt_table(
    prompt: Prompt, language: str, embeddings: Mapping[str, int], findings: Sequence[Finding] = ()
) -> Group:
    """What was written | tag | part | weight | where from; then the tokens, the negative, the notes, and what the
    doctor found, each with the text put right. `embeddings` says how many tokens each that there is takes."""
    heads = [texts.say(language, f"table.{name}") for name in ("source", "tag", "part", "weight", "origin")]
    table = Table(*heads, box=box.SIMPLE_HEAD)
    for fragment in prompt.fragments:
        table.add_row(
            Text(fragment.source),
            Text(fragment.text, style="bold"),
            texts.say(language, f"page.part.{fragment.part}"),
            f"{fragment.weight:g}",
            texts.say(language, f"page.origin.{fragment.origin}"),
        )
    lines = [Text(f"LoRA {lora}") for lora in prompt.loras]
    if prompt.negative:
        lines.append(Text(f"{texts.say(language, 'recipe.negative')}: {prompt.negative}", style="dim"))
    for key, count in meters(prompt, embeddings).items():
        lines.append(Text(f"{texts.say(language, key)}: {count}", style="dim"))
    notes = unsaid(prompt, findings).notes
    lines += [Text(f"· {texts.say(language, note.key, **note.values)}", style="yellow") for note in notes]
    marks = {"error": ("✗", "red"), "warn": ("!", "yellow"), "hint": ("·", "cyan")}
    for finding in findings:
        mark, style = marks[finding.severity]
        lines.append(Text(f"{mark} {texts.say(language, finding.key, **finding.values)}", style=style))
        if finding.fix:
            label = texts.say(language, "doctor.fix")
            lines.append(Text(f"  {label}: {finding.fix}", style="green"))
    return Group(table, *lines)
