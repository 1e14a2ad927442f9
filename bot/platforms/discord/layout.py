"""The form of a card on Discord: a line, an embed for what there is to read, and rows of buttons.

Limits (https://discord.com/developers/docs/resources/message): 2000 characters of content; an embed of 4096 of text, 25
fields of 256 + 1024, 6000 in all; five rows of five buttons or one select of 25; labels of 80 and 100 characters.
What does not fit into the embed stands whole in a text file beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from discord.utils import escape_markdown

from bot import texts
from bot.chat import Button, Card
from bot.platforms.discord import custom_ids, markdown, tag_table
from bot.platforms.discord.rest import File, Payload
from bot.studio import cards
from bot.studio.corrections import CORRECT
from bot.studio.mends import MEND, MEND_ALL
from prompts.prompt import Json

CONTENT, TEXT, NAME, VALUE, FIELDS, WHOLE = 2000, 4096, 256, 1024, 25, 6000
ROWS, ROW, CHOICES = 5, 5, 25
LABEL, OPTION = 80, 100
PRIMARY, SECONDARY, SUCCESS, DANGER = 1, 2, 3, 4
COLOURS = {"job": 0x5865F2, "answer": 0x2B2D31, "error": 0xD83C3E}
SIGNS = {
    "again": "🔁", "again_all": "🔁", "refill": "🎲", "vary": "🎲", "vary_strong": "🎲", "upscale": "⬆️", "larger": "🔍",
    "hires": "🔍", "edit": "✏️", "favourite": "🤍", "unfavourite": "❤️", "rename": "🏷️", "with_lora": "➕",
    "without_lora": "✅", "recipe": "ℹ️", "delete": "🗑️", "original": "✉️", "fix_faces": "🙂", "fix_hands": "✋",
    "cancel": "✖️", "retry": "🔁", "use": "🎨", "zoom_out": "🔭", "pan_left": "⬅️", "pan_right": "➡️", "pan_up": "⬆️",
    "pan_down": "⬇️", "draw": "🎨", "mend": "🩹", "mend_all": "🩹", "older": "⏩", "share": "🔗", "unshare": "✖️",
    "correct": "📖", "paint_over": "🖌️", "paper_draw": "🎨", "paper_both": "🎨", "paper_prompt": "📋",
    "paper_compare": "🆚", "same_shape": "✨", "control_stronger": "💪", "control_weaker": "🪶", "show_map": "🗺️",
    "other_map": "🧭", "without_control": "🚫", "compare": "🆚", "compare_again": "🔁", "versus": "🆚",
    "this_one": "📌", "not_this_one": "↩️",
    "tags": "🧩", "draw_tags": "🎨",
    "why": "❓", "why_more": "❓", "use_as_it_stands": "🎨", "use_again": "🎨", "older_prompts": "⏩",
    "read_tags": "🏷️", "draw_read": "🎨", "add_read": "➕", "caption_read": "📝",
    "train_show": "📂", "train_tags": "🏷️", "train_write": "✏️", "train_read": "🔎", "train_agree": "✍️",
    "train_start": "▶️", "train_pause": "⏸️", "train_go_on": "▶️", "train_stop": "⏹️", "train_samples": "🖼️",
    "train_curve": "📉", "train_share": "🔗", "train_unshare": "🔒", "train_download": "💾", "train_again": "🔁",
    "train_use": "🎨", "train_delete": "🗑️",
    "check_drawn": "🔎", "raise_missing": "💪", "split_missing": "✂️", "seeds_missing": "🎲",
}  # fmt: skip
OF_EACH = ("edit", "again", "favourite", "recipe", "original", "delete")  # in the select under several pictures


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """A card's form: the message's payload, and the whole text as a file where it did not fit."""

    payload: Payload
    files: tuple[File, ...] = ()


def lay_out(card: Card, language: str, mention: str = "") -> MessageLayout:
    """The form of a card in a language. `mention` is a person's id whom the message calls."""
    content = markdown.head(card, language)
    if mention:
        content = f"<@{mention}> {content}"
    said, lines = markdown.understood(card, language), markdown.fields(card, language)
    if card.tags:
        said = tag_table.words(card.tags, language)
    embed, fits = _embed(said, lines, COLOURS[card.kind])
    files: tuple[File, ...] = ()
    if not fits or len(content) > CONTENT:
        whole = "\n\n".join([content, said, *(f"{name}\n{value}" for name, value in lines)])
        files = (File("danqing.txt", whole.encode()),)
        content = _cut(content, CONTENT)
    users: list[Json] = [mention] if mention else []
    payload: Payload = {
        "content": content,
        "embeds": [embed] if embed else [],
        "components": list(rows(card, language)),
        "allowed_mentions": {"parse": [], "users": users},
    }
    return MessageLayout(payload, files)


def _embed(said: str, lines: Sequence[tuple[str, str]], colour: int) -> tuple[Payload, bool]:
    """As much as an embed holds, and whether that is all."""
    if not said and not lines:
        return {}, True
    text = _cut(said, TEXT)
    fits, left = text == said, WHOLE - len(text)
    fields: list[Json] = []
    for name, value in lines:
        name, short = _cut(name or "·", NAME), _cut(escape_markdown(value) or "·", VALUE)
        if len(fields) == FIELDS or left < len(name) + len(short):
            fits = False
            break
        fits, left = fits and len(short) >= len(value), left - len(name) - len(short)
        fields.append({"name": name, "value": short, "inline": len(value) <= 40})
    embed: Payload = {"color": colour}
    return embed | ({"description": text} if text else {}) | ({"fields": fields} if fields else {}), fits


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


# --- buttons ---


def rows(card: Card, language: str) -> Iterator[Payload]:
    """The rows of what can be pressed: one picture's buttons; the numbered ones of several; a select where one thing
    can be done to many."""
    if card.tags:
        yield from tag_table.rows(card.tags, language)
        return
    mends = [one for one in card.buttons if one.action in (MEND, MEND_ALL, CORRECT)]
    if mends:
        others = tuple(one for one in card.buttons if one not in mends)
        made = [*rows(replace(card, buttons=others), language)]
        if len(mends) > ROW and len(made) < ROWS:
            yield from (*made, _choice_of(mends, language))
        else:
            yield from _with_row(made, _mending(mends, language))
        return
    targets = list(dict.fromkeys(button.target for button in card.buttons))
    if card.selects:
        yield from _panel(card, language)
    elif len(card.buttons) > ROWS * ROW and any(one.label for one in card.buttons):
        yield from _of_numbers(card.buttons, language)
    elif len(targets) < 2 or any(one.label for one in card.buttons) or _all_otherwise(card):
        yield from _of_one(card.buttons, language)
    elif len(card.pictures) > 1:
        yield from _of_many(card, language)
    else:
        yield from _selects([(one, _named(card, at, language)) for at, one in enumerate(card.buttons)], language)


def _mending(mends: Sequence[Button], language: str) -> list[Payload]:
    """Buttons that mend, numbered as the findings are where there are several."""
    several = any(one.action == MEND_ALL for one in mends)
    return [
        button(one, language, f"{label(MEND, language)} {at}" if several and one.action == MEND else "")
        for at, one in enumerate(mends[:ROW], 1)
    ]


def _choice_of(mends: Sequence[Button], language: str) -> Payload:
    """A select of more things to mend than a row has buttons for, numbered as the findings are; all of them first."""
    every = [one for one in mends if one.action != MEND]
    single = [one for one in mends if one.action == MEND]
    pairs = [(one, label(one.action, language)) for one in every]
    pairs += [(one, f"{label(MEND, language)} {at}") for at, one in enumerate(single, 1)]
    [select] = _selects(pairs[:CHOICES], language, MEND)
    return select


def _with_row(made: list[Payload], more: list[Payload]) -> list[Payload]:
    """Rows with some buttons below them; beside those of the last row, as many as it has room for, where a message
    holds no more rows."""
    if len(made) < ROWS:
        return [*made, row(more)]
    last = cast(list[Payload], made[-1]["components"])
    if last[0]["type"] == 2:
        made[-1] = row([*last, *more][:ROW])
    return made


def _of_one(buttons: Sequence[Button], language: str) -> Iterator[Payload]:
    """What most want as buttons, the others in a select."""
    shown, rest = cards.parted(buttons)
    for start in range(0, len(shown), ROW):
        yield row([button(one, language) for one in shown[start : start + ROW]])
    yield from _selects([(one, label(one.action, language)) for one in rest], language)


def _of_numbers(buttons: Sequence[Button], language: str) -> Iterator[Payload]:
    """More buttons than a message holds: those that do the same by their labels in selects, the others beneath."""
    action = Counter(one.action for one in buttons if one.label).most_common(1)[0][0]
    yield from _selects(
        [(one, markdown.say(language, one.label)) for one in buttons if one.action == action and one.label], language
    )
    if others := [button(one, language) for one in buttons if one.action != action]:
        yield row(others[:ROW])


def _panel(card: Card, language: str) -> Iterator[Payload]:
    """A select for each setting while there is room for it; the others have a button that brings their select."""
    whole = card.selects[: ROWS - math.ceil(len(card.buttons) / ROW)]
    for one in whole:
        options: list[Json] = [
            {
                "label": _cut(markdown.say(language, choice.label), OPTION),
                "value": choice.value,
                "default": choice.value == one.chosen,
            }
            for choice in one.choices[:CHOICES]
        ]
        name = markdown.say(language, one.label)
        select: Payload = {"type": 3, "custom_id": custom_ids.make("set", one.target), "options": options}
        yield {"type": 1, "components": [{**select, "placeholder": _cut(name, OPTION)}]}
    others = [Button("choose", one.target, label=one.label) for one in card.selects[len(whole) :]]
    buttons = [button(one, language) for one in (*others, *card.buttons)][: (ROWS - len(whole)) * ROW]
    yield from (row(buttons[at : at + ROW]) for at in range(0, len(buttons), ROW))


def _of_many(card: Card, language: str) -> Iterator[Payload]:
    """U and V for each picture, the usual in a select, everything behind each picture's number, and what is for all."""
    pictures = [picture.id for picture in card.pictures]
    offered = {(one.target, one.action): one for one in card.buttons}
    together = [button(one, language) for one in card.buttons if one.target not in pictures]
    if len(pictures) <= ROW:
        for letter, action, style in (("U", "upscale", PRIMARY), ("V", "vary", SECONDARY)):
            found = [(at, offered.get((target, action))) for at, target in enumerate(pictures, 1)]
            if numbered := [button(one, language, f"{letter}{at}", style) for at, one in found if one]:
                yield row(numbered)
        pairs = [
            (one, f"{at} · {label(one.action, language)}")
            for action in OF_EACH
            for at, target in enumerate(pictures, 1)
            if (one := offered.get((target, action)) or offered.get((target, cards.ON.get(action, ""))))
        ]
        yield from _selects(pairs[:CHOICES], language)
        shows = [button(Button(custom_ids.SHOW, target), language, f"🖼️ {at}") for at, target in enumerate(pictures, 1)]
        last = [*shows, *together]
        yield from (row(last[at : at + ROW]) for at in range(0, len(last), ROW))
        return
    numbers = [(Button(custom_ids.SHOW, target), texts.say(language, "discord.number", number=at)) for at, target in
               enumerate(pictures, 1)]  # fmt: skip
    yield from _selects(numbers, language)
    if together:
        yield row(together)


def _selects(pairs: Sequence[tuple[Button, str]], language: str, name: str = "") -> Iterator[Payload]:
    """Selects of what to do, with its label; where that is one thing, the select says what. Raises ValueError for more
    than a message holds. `name` tells a select from another of the message."""
    if len(pairs) > ROWS * CHOICES:
        raise ValueError(f"{len(pairs)} things to do are too many for a message")
    actions = {one.action for one, _ in pairs}
    hint = "discord.more" if len(actions) > 1 else "discord.show" if custom_ids.SHOW in actions else ""
    for number, start in enumerate(range(0, len(pairs), CHOICES)):
        options: list[Json] = [
            {"label": _cut(name, OPTION), "value": f"{_pressed(one)}:{one.target}", **_sign(one.action)}
            for one, name in pairs[start : start + CHOICES]
        ]
        select: Payload = {
            "type": 3,
            "custom_id": custom_ids.make(custom_ids.PICK, name or str(number)),
            "placeholder": texts.say(language, hint) if hint else label(pairs[0][0].action, language),
            "options": options,
        }
        yield {"type": 1, "components": [select]}


def _named(card: Card, at: int, language: str) -> str:
    """The label of a button on a card without pictures: the label of the line of the same number, behind its action
    where there are several."""
    one = card.buttons[at]
    lines = markdown.fields(card, language)
    about = lines[at][0] if len(lines) >= len(card.buttons) else one.target
    alone = len({other.action for other in card.buttons}) == 1
    return about if alone else f"{label(one.action, language)} · {about}"


def turned(rows: Sequence[Payload], custom: str, action: str) -> list[Payload]:
    """Rows with the button of this id, or the entry of this value, standing for another action, in the language it
    has."""
    pressed = custom_ids.parse_id(custom) or custom_ids.parse_id(f"{custom_ids.VERSION}:{custom}")
    assert pressed is not None
    one = Button(action, pressed.target)

    def turn(part: Payload) -> Payload:
        name = texts.exchanged(str(part.get("label", "")), f"button.{pressed.action}", f"button.{action}")
        if part.get("custom_id") == custom:
            return {**button(one, texts.LANGUAGES[0], name), **_sign(action)}
        if part.get("value") == custom:
            return {"label": name, "value": f"{action}:{one.target}", **_sign(action)}
        made = dict(part)
        for inside in made.keys() & {"components", "options"}:
            made[inside] = [turn(each) for each in cast(list[Payload], part[inside])]
        return made

    return [turn(row) for row in rows]


def row(buttons: Sequence[Payload]) -> Payload:
    """A row of up to five buttons."""
    return {"type": 1, "components": list(buttons)}


def button(one: Button, language: str, name: str = "", style: int = SECONDARY) -> Payload:
    """A button; a dangerous one asks first."""
    style = DANGER if one.danger else SUCCESS if one.action in cards.ON.values() else style
    made: Payload = {"type": 2, "style": style, "custom_id": custom_ids.make(_pressed(one), one.target)}
    if not name and one.label is not None:
        name = _cut(markdown.say(language, one.label), LABEL)
    return {**made, "label": name} if name else {**made, "label": label(one.action, language), **_sign(one.action)}


def _pressed(one: Button) -> str:
    return custom_ids.ASK + one.action if one.danger else one.action


def label(action: str, language: str) -> str:
    """The words on a button."""
    return _cut(texts.say(language, f"button.{action}"), LABEL)


def _all_otherwise(card: Card) -> bool:
    """Whether every button does something else, so that they stand for no list, whatever they are about."""
    return len({one.action for one in card.buttons}) == len(card.buttons)


def _sign(action: str) -> Mapping[str, Json]:
    return {"emoji": {"name": SIGNS[action]}} if action in SIGNS else {}
