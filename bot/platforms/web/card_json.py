"""Cards and messages as JSON: first without language, to be kept; then in the words of whoever looks."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from bot import texts
from bot.chat import Button, Card, ComparedTable, Field, Say, Shown
from bot.studio import cards
from bot.studio.corrections import CORRECT, doubtful
from bot.studio.mends import MEND, MEND_ALL
from engine.job import Progress
from prompts.doctor import Finding, unsaid
from prompts.prompt import PARTS, Fragment, Json, Note, Prompt
from storage.messages import Message

Object = dict[str, Json]
log = logging.getLogger(__name__)


def sentence(language: str, key: str, values: Mapping[str, object]) -> str:
    """The sentence of a key. A message may be older than the texts: a key that is gone is shown as it is."""
    try:
        return texts.say(language, key, **values)
    except (KeyError, IndexError, ValueError):
        log.warning("no text %s for %s in %s", key, sorted(values), language)
        return key


# --- without language: what storage keeps ---


def _say(say: Say) -> Object:
    return {"key": say.key, "values": dict(say.values)}


def _value(value: Say | str) -> Json:
    return value if isinstance(value, str) else _say(value)


def _button(one: Button) -> Object:
    made: Object = {"action": one.action, "target": one.target, "danger": one.danger}
    return made if one.label is None else {**made, "words": _say(one.label)}


def _progress(progress: Progress) -> Object:
    preview: str | None = None
    if progress.preview:
        preview = "data:image/jpeg;base64," + base64.b64encode(progress.preview).decode()
    return {
        "place": progress.place,
        "seconds_left": round(progress.seconds_left, 1),
        "step": progress.step,
        "steps": progress.steps,
        "picture": progress.picture,
        "pictures": progress.pictures,
        "preview": preview,
    }


def _picture(one: Shown) -> Object:
    return {"id": one.id, "width": one.width, "height": one.height, "drawn": one.id != one.hash}


def _table(table: ComparedTable) -> Object:
    return {
        "columns": list(table.columns),
        "rows": list(table.rows),
        "sheets": list(table.sheets),
        "cells": [_picture(one) for one in table.cells],
        "votes": list(table.votes),
        "job": table.job,
    }


def _beside_table(text: Say) -> Say:
    """The head of a comparison: on the page numbers choose pictures, and these open by themselves."""
    return Say("compare.done_many", text.values) if text.key == "compare.done" else text


def card_body(card: Card) -> Object:
    """A card as the JSON that storage keeps: keys and values instead of words. A line that a select of the card says,
    with its label and what holds, is left out."""
    chosen = [one.label for one in card.selects]
    return {
        "kind": card.kind,
        "text": _say(_beside_table(card.text) if card.table else card.text),
        "job": card.job,
        "state": card.state and str(card.state),
        "progress": _progress(card.progress) if card.progress else None,
        "prompt": card.prompt.to_json() if card.prompt else None,
        "findings": [finding.to_json() for finding in card.findings],
        "recipe": card.recipe.to_json() if card.recipe else None,
        "fields": [
            {"label": _say(line.label), "value": _value(line.value), **_linked(line)}
            for line in card.fields
            if line.label not in chosen
        ],
        "pictures": [_picture(one) for one in card.pictures],
        "table": _table(card.table) if card.table else None,
        "maps": list(cards.followed(card)),
        "buttons": [_button(one) for one in card.buttons],
        "selects": [
            {
                "target": one.target,
                "label": _say(one.label),
                "choices": [{"value": each.value, "label": _value(each.label)} for each in one.choices],
                "chosen": one.chosen,
            }
            for one in card.selects
        ],
        "spoiler": card.spoiler,
        "file": {"name": card.file.name, "address": card.file.address} if card.file else None,
    }


def with_body(kept: Message, body: Object) -> Message:
    """The message with another body."""
    return replace(kept, body=body)


# --- in words ---


def message(kept: Message, language: str) -> Object:
    """A message for the page, in a language."""
    body = person_words(kept.body) if kept.author == "person" else card_words(kept.body, language)
    return {"id": kept.id, "author": kept.author, "created": iso(kept.created), **body}


def person_words(body: Mapping[str, Json]) -> Object:
    """A kept message of a person: the text, the page's own key for it, and thumbnails of the attached pictures."""
    thumb = body.get("thumb")  # of the one picture that messages of earlier versions have
    return {
        "text": body.get("text", ""),
        "key": body.get("key", ""),
        "thumbs": body.get("thumbs") or ([thumb] if thumb else []),
        "over": body.get("over"),
    }


def card_words(body: Mapping[str, Json], language: str) -> Object:
    """A kept card with its words put in."""
    recipe = body.get("recipe")
    return {
        "kind": body.get("kind", "answer"),
        "text": _words(body.get("text"), language),
        "job": body.get("job"),
        "state": body.get("state"),
        "progress": body.get("progress"),
        "understood": _understood(body, language) if body.get("prompt") else None,
        "size": {name: cast(Object, recipe)[name] for name in ("width", "height")} if recipe else None,
        "fields": [
            {**line, "label": _words(line["label"], language), "value": _words(line["value"], language)}
            for line in cast(list[Object], body.get("fields", []))
        ],
        "pictures": body.get("pictures", []),
        "table": body.get("table"),
        "maps": body.get("maps", []),
        "buttons": _buttons(cast(list[Object], body.get("buttons", [])), language, _doubtful(body)),
        "selects": [_select(one, language) for one in cast(list[Object], body.get("selects", []))],
        "spoiler": body.get("spoiler", False),
        "file": body.get("file"),
    }


def _understood(body: Mapping[str, Json], language: str) -> Object:
    findings = tuple(map(Finding.from_json, cast(list[Object], body.get("findings", []))))
    prompt = Prompt.from_json(cast(Object, body["prompt"]))
    shown = understood(prompt, language, findings)
    head = cast(Object, body["text"])
    for row, finding in zip(cast(list[Object], shown["findings"]), findings, strict=True):
        if finding.fix and finding.key == head["key"] and dict(finding.values) == head["values"]:
            row["text"] = sentence(
                language, "page.fix.text", {"text": finding.put_right(prompt.text)}
            )  # the head says what is wrong
    return shown


def _words(value: Json, language: str) -> str:
    if isinstance(value, dict):
        return sentence(language, str(value["key"]), cast(Object, value["values"]))
    return str(value or "")


def _doubtful(body: Mapping[str, Json]) -> str:
    """The first word of a card's prompt that may want to be corrected, as it was read; "" for none."""
    prompt = body.get("prompt")
    return next(iter(doubtful(Prompt.from_json(cast(Object, prompt)))), "") if prompt else ""


def _buttons(row: Sequence[Mapping[str, Json]], language: str, written: str = "") -> list[Json]:
    """With labels, whether they go into the menu, and whether what they stand for is on; the page's own download is the
    original, and its own button beside each finding brings the text put right. `written` stands ready in the question
    of the one that corrects a word."""
    shown = [one for one in row if one["action"] not in ("original", MEND, MEND_ALL)]
    _, seldom = cards.parted([Button(str(one["action"]), str(one["target"])) for one in shown])
    menu = {one.action for one in seldom}
    return [
        {
            **{name: value for name, value in one.items() if name != "words"},
            "label": _words(one.get("words") or {"key": f"button.{one['action']}", "values": {}}, language),
            "more": one["action"] in menu,
            "on": one["action"] in cards.ON.values(),
            **({"written": written} if one["action"] == CORRECT else {}),
        }
        for one in shown
    ]


def _select(one: Mapping[str, Json], language: str) -> Object:
    choices = cast(list[Object], one["choices"])
    return {
        **one,
        "label": _words(one["label"], language),
        "choices": [{**each, "label": _words(each["label"], language)} for each in choices],
    }


def buttons(row: Sequence[Button], language: str) -> list[Json]:
    """Buttons with their labels."""
    return _buttons([_button(one) for one in row], language)


def understood(prompt: Prompt, language: str, findings: Sequence[Finding] = ()) -> Object:
    """What was understood: the words written, the three parts with weights and origins, the negative, the notes, and
    what the doctor found, each with the text put right."""
    changes = [note for note in prompt.notes if note.key.startswith("edit.")]
    prompt = unsaid(replace(prompt, notes=tuple(note for note in prompt.notes if note not in changes)), findings)
    return {
        "text": prompt.text,
        "raw": prompt.raw,
        "parts": [
            {
                "name": part,
                "label": sentence(language, f"page.part.{part}", {}),
                "fragments": [_fragment(one, language) for one in prompt.part(part)],
            }
            for part in PARTS
            if prompt.part(part)
        ],
        "negative": [_fragment(one, language) for one in prompt.negatives],
        "loras": [{"name": lora.name, "weight": lora.weight} for lora in prompt.loras],
        "notes": [_note(note, language) for note in prompt.notes],
        "changes": [{"kind": note.key.removeprefix("edit."), "text": _note(note, language)} for note in changes],
        "findings": [
            {
                "severity": one.severity,
                "text": sentence(language, one.key, one.values),
                "fix": one.fix,
                "put_right": one.put_right(prompt.text),
            }
            for one in findings
        ],
    }


def _fragment(one: Fragment, language: str) -> Object:
    return {
        "text": one.text,
        "weight": one.weight,
        "origin": one.origin,
        "origin_label": sentence(language, f"page.origin.{one.origin}", {}),
        "source": one.source,
    }


def _note(note: Note, language: str) -> str:
    return sentence(language, note.key, note.values)


def fields(lines: Sequence[Field], language: str) -> list[Json]:
    """Labelled lines; `name` is the label's key without its prefix, so that the page knows the seed."""
    return [
        {
            "name": line.label.key.rpartition(".")[2],
            "label": sentence(language, line.label.key, line.label.values),
            "value": line.value
            if isinstance(line.value, str)
            else sentence(language, line.value.key, line.value.values),
            **_linked(line),
        }
        for line in lines
    ]


def _linked(line: Field) -> Object:
    return {"picture": line.picture} if line.picture else {}


def iso(moment: datetime) -> str:
    """A moment as ISO 8601, to the second."""
    return moment.isoformat(timespec="seconds")
