"""Buttons under a message: rows of labels with short codes behind them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot import texts
from bot.chat import Button, Card, Say
from bot.platforms.telegram import tag_table
from bot.platforms.telegram.button_codes import callback_data, parse_callback_data
from bot.platforms.telegram.message_html import say, units
from bot.studio import cards
from storage.pictures import PictureRow

COPIED = 256  # characters a copy button holds
PER_ROW, PER_ROW_SHORT, PER_ROW_NAMED = 3, 5, 2
SHORT = 12  # characters of a label of which three stand in a row
NAMED = 30  # characters of a name on a button
MORE, BACK = "more", "back"  # another set of buttons under the same picture
VOTE, TO_SHEET = "vote", "to_sheet"  # and under the same sheet
PICK = "pick"  # shows one picture of a sheet by itself, with all its buttons
CHOSEN = "✓"
LETTERS = {"upscale": "U", "vary": "V"}  # as on Midjourney
SIGNS = {
    "again": "🔄", "again_all": "🔄", "vary": "🎲", "upscale": "🔍", "edit": "✏️", "favourite": "🤍",
    "unfavourite": "❤", "rename": "🏷", "delete": "🗑", "cancel": "✖️", "retry": "🔁", "recipe": "📋", "draw": "🎨",
    "use": "🎨", "share": "🔗", "with_lora": "➕", "without_lora": "✅", "mend": "🩹", "mend_all": "🩹", "older": "⏩",
    "correct": "📖", "paint_over": "🖌", "paper_draw": "🎨", "paper_both": "🎨", "paper_prompt": "📋",
    "paper_compare": "🆚", "same_shape": "✨", "control_stronger": "💪", "control_weaker": "🪶", "show_map": "🗺",
    "other_map": "🧭", "without_control": "🚫", "compare": "🆚", "compare_again": "🔁", "versus": "🆚",
    "this_one": "📌", "not_this_one": "↩️",
    "tags": "🧩", "draw_tags": "🎨",
    "why": "❓", "why_more": "❓", "use_as_it_stands": "🎨", "use_again": "🎨", "older_prompts": "⏩",
    "read_tags": "🏷", "draw_read": "🎨", "add_read": "➕", "caption_read": "📝",
    "train_show": "📂", "train_tags": "🏷", "train_write": "✏️", "train_read": "🔎", "train_agree": "✍",
    "train_start": "▶️", "train_pause": "⏸", "train_go_on": "▶️", "train_stop": "⏹", "train_samples": "🖼",
    "train_curve": "📉", "train_share": "🔗", "train_unshare": "🔒", "train_download": "💾", "train_again": "🔁",
    "train_use": "🎨", "train_delete": "🗑",
    "check_drawn": "🔎", "raise_missing": "💪", "split_missing": "✂", "seeds_missing": "🎲",
}  # fmt: skip


def keyboard(card: Card, language: str, name: str = "", *, inline: bool = False) -> InlineKeyboardMarkup | None:
    """The rows under a card, None for none; `name` is the bot's own, for links to it, `inline` its inline mode."""
    if card.tags:
        return InlineKeyboardMarkup(tag_table.keys(card.tags, language))
    rows = _panel(card, language) if card.selects else []
    if card.table:
        rows += _numbered(card.buttons, language)
    elif len(card.pictures) > 1:
        rows += _sheet(card, language)
    else:
        rows += _listed(card, language) or _short(card.buttons, language)
    if not card.job and card.recipe:
        rows.append(_copies(card, language))
    if card.share and name:
        rows.extend(_sharing(card.share, language, name, inline))
    if card.alone and name:
        rows.append([InlineKeyboardButton(texts.say(language, "telegram.alone"), url=link(name, card.alone))])
    return InlineKeyboardMarkup(rows) if rows else None


def usual(row: PictureRow, language: str) -> InlineKeyboardMarkup:
    """The buttons under a picture that stands alone."""
    return InlineKeyboardMarkup(_short(cards.picture_buttons(row), language))


def _short(buttons: Sequence[Button], language: str) -> list[list[InlineKeyboardButton]]:
    """Rows of what most want, and a button for the menu where there is more."""
    few, more = cards.parted(buttons)
    keys = _labelled(few, language)
    if more:
        keys.append(_plain("telegram.more", MORE, buttons[0].target, language))
    wide = any(one.label and len(key.text) > SHORT for one, key in zip(few, keys, strict=False))
    return _rows(keys, PER_ROW_NAMED if wide else PER_ROW)


def _numbered(buttons: Sequence[Button], language: str) -> list[list[InlineKeyboardButton]]:
    """Rows of numbers, which all do the same, and what else there is beneath them."""
    action = buttons[0].action if buttons else ""
    numbers = _labelled([one for one in buttons if one.action == action], language)
    others = _labelled([one for one in buttons if one.action != action], language)
    return [*_rows(numbers, PER_ROW_SHORT), *_rows(others, PER_ROW)]


def ballot(buttons: Sequence[Button], job: str, language: str) -> InlineKeyboardMarkup:
    """Numbers to vote by, in the place of those under a sheet."""
    return InlineKeyboardMarkup([*_numbered(buttons, language), [_plain("telegram.back", TO_SHEET, job, language)]])


def _listed(card: Card, language: str) -> list[list[InlineKeyboardButton]]:
    """Rows for a card on which one thing can be done to many: each button says what, and to which line."""
    one_thing = len(card.buttons) > 1 and len({one.action for one in card.buttons}) == 1
    if not one_thing or card.findings or any(one.label for one in card.buttons) or len(card.fields) < len(card.buttons):
        return []
    found = []
    for one, line in zip(card.buttons, card.fields, strict=False):
        label = f"{_label(one.action, language)} · {say(language, line.label)}"
        label = label if len(label) <= NAMED else label[: NAMED - 1] + "…"
        found.append(InlineKeyboardButton(label, callback_data=callback_data(one.action, one.target)))
    return _rows(found, PER_ROW_NAMED)


def _panel(card: Card, language: str) -> list[list[InlineKeyboardButton]]:
    """A button for each thing to choose; where there is only one, its choices, with a sign on the one that holds."""
    if len(card.selects) > 1:
        buttons = [Button("choose", one.target, label=one.label) for one in card.selects]
        return _rows(_labelled(buttons, language), PER_ROW)
    select = card.selects[0]
    keys = []
    for choice in select.choices:
        name = choice.label if isinstance(choice.label, str) else say(language, choice.label)
        sign = f"{CHOSEN} " if choice.value == select.chosen else ""
        data = callback_data("set", f"{select.target}.{choice.value}")
        keys.append(InlineKeyboardButton(f"{sign}{name}", callback_data=data))
    return _rows(keys, PER_ROW)


def menu(row: PictureRow, language: str) -> InlineKeyboardMarkup:
    """What else can be done with a picture, in the place of its usual buttons."""
    _, more = cards.parted(cards.picture_buttons(row))
    return InlineKeyboardMarkup(
        [*_rows(_labelled(more, language), PER_ROW), [_plain("telegram.back", BACK, row.id, language)]]
    )


def turned(keys: InlineKeyboardMarkup, pressed: str, action: str) -> InlineKeyboardMarkup:
    """The rows with the button of this code standing for another action, in the language it has."""
    code = parse_callback_data(pressed)
    assert code is not None

    def turn(one: InlineKeyboardButton) -> InlineKeyboardButton:
        if one.callback_data != pressed:
            return one
        label = texts.exchanged(one.text, f"button.{code.action}", f"button.{action}")
        label = f"{SIGNS[action]} {label.removeprefix(SIGNS[code.action]).strip()}"
        return InlineKeyboardButton(label, callback_data=callback_data(action, code.target))

    return InlineKeyboardMarkup([[turn(one) for one in row] for row in keys.inline_keyboard])


def _plain(key: str, action: str, target: str, language: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(texts.say(language, key), callback_data=callback_data(action, target))


def _rows(buttons: Iterable[InlineKeyboardButton], width: int) -> list[list[InlineKeyboardButton]]:
    every = list(buttons)
    return [every[at : at + width] for at in range(0, len(every), width)]


def _label(action: str, language: str) -> str:
    return f"{SIGNS.get(action, '')} {texts.say(language, f'button.{action}')}".strip()


def _said(label: Say, language: str) -> str:
    return texts.say(language, label.key, **label.values)


def _labelled(buttons: Sequence[Button], language: str) -> list[InlineKeyboardButton]:
    """Buttons with their labels, numbered where several do the same to different things."""
    many = Counter(button.action for button in buttons)
    seen: Counter[str] = Counter()
    found = []
    for button in buttons:
        seen[button.action] += 1
        number = f" {seen[button.action]}" if many[button.action] > 1 else ""
        label = _said(button.label, language) if button.label else _label(button.action, language) + number
        found.append(InlineKeyboardButton(label, callback_data=callback_data(button.action, button.target)))
    return found


def _sheet(card: Card, language: str) -> list[list[InlineKeyboardButton]]:
    """Rows for several pictures on one sheet: U1, U2 …, V1, V2 …, a number to see each by itself, then what is for all
    of them. Where there is only one thing to do, the numbers do that."""
    by_action: defaultdict[str, dict[str, Button]] = defaultdict(dict)
    for button in card.buttons:
        by_action[button.action][button.target] = button
    ids = [picture.id for picture in card.pictures]
    whole = {action for action, found in by_action.items() if set(ids) <= set(found)}
    rows: list[list[InlineKeyboardButton]] = []

    def numbers(action: str, letter: str = "") -> None:
        row = (
            InlineKeyboardButton(f"{letter}{at}", callback_data=callback_data(action, id))
            for at, id in enumerate(ids, start=1)
        )
        rows.extend(_rows(row, PER_ROW if len(letter) > 1 else PER_ROW_SHORT))

    for action, letter in LETTERS.items():
        if action in whole:
            numbers(action, letter)
    only = next(iter(whole)) if len(whole) == 1 else ""
    numbers(only or PICK, f"{_label(only, language)} " if only else "")
    others = [button for button in card.buttons if button.action not in whole]
    rows.extend(_rows(_labelled(others, language), PER_ROW))
    return rows


def link(name: str, share: str) -> str:
    """The address under which a bot opens what is shared."""
    return f"https://t.me/{name}?start={share}"


def opening(share: str, language: str, name: str) -> InlineKeyboardMarkup:
    """The button under a shared picture in another chat."""
    sign = f"{SIGNS['draw']} {texts.say(language, 'button.draw')}"
    return InlineKeyboardMarkup([[InlineKeyboardButton(sign, url=link(name, share))]])


def _copies(card: Card, language: str) -> list[InlineKeyboardButton]:
    assert card.recipe is not None
    row = [_copy("telegram.copy_seed", str(card.recipe.seed), language)]
    if 0 < units(card.recipe.prompt.text) <= COPIED:
        row.append(_copy("telegram.copy_prompt", card.recipe.prompt.text, language))
    return row


def _sharing(share: str, language: str, name: str, inline: bool) -> list[list[InlineKeyboardButton]]:
    """The link to send or to copy, and the picture itself by inline mode."""
    address = link(name, share)
    send = f"https://t.me/share/url?url={quote(address, safe='')}"
    first = [InlineKeyboardButton(texts.say(language, "telegram.share"), url=send)]
    if inline:
        first.append(InlineKeyboardButton(texts.say(language, "telegram.share_here"), switch_inline_query=share))
    return [first, [_copy("telegram.copy_link", address, language)]]


def _copy(key: str, text: str, language: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(texts.say(language, key), copy_text=CopyTextButton(text))
