"""The tag table on Telegram: an inline keyboard by pages, a row of keys for each tag; behind its name all that can be
done to it. At most 8 keys in a row and 100 in all (Telegram's own limits)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from telegram import InlineKeyboardButton

from bot import texts
from bot.chat import Choice, ShownTag, ShownTags
from bot.platforms.telegram.button_codes import callback_data
from bot.studio import tag_words

EACH = 7  # tags of a page: their keys and lines fit on a phone's screen
NAME = 16  # characters of a tag on a key, beside three others
NAMED = 28  # of a neighbour, beside one other
TAG_ADD = "tag_add"  # asks for words that are added to a table
Keys = list[list[InlineKeyboardButton]]


def keys(shown: ShownTags, language: str) -> Keys:
    """The rows under a table, as far as it is looked at."""
    row = tag_words.chosen(shown)
    if shown.view == "add":
        return _add(shown, language)
    if row is None:
        return _list(shown, language)
    return _near(shown, row, language) if shown.view == "near" else _tag(shown, row, language)


def lines(shown: ShownTags, language: str) -> Iterator[tuple[str, str]]:
    """The paragraphs above the keys, each with the HTML tag around it ("" for none)."""
    row = tag_words.chosen(shown)
    if shown.view == "add":
        yield texts.say(language, "tags.add_words"), ""
        return
    if row is not None:
        yield tag_words.heading(row, shown, language), "i"
        yield tag_words.line(row, language), "b"
        if said := tag_words.states(row, language):
            yield said, ""
        return
    number = tag_words.numbers(shown)
    rows = tag_words.pages(shown, EACH)[tag_words.page_of(shown, EACH)]
    for name, group in tag_words.grouped(rows, shown, language):
        yield name, "i"
        for one in group:
            said = tag_words.line(one, language)
            yield (said if one.sign else f"{number[one.id]}. {said}"), "s" if one.off else ""


def _key(label: str, shown: ShownTags, what: str, *more: int | str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=callback_data("tag", shown.target(what, *more)))


def _said(language: str, sign: str, name: str) -> str:
    return f"{sign} {texts.say(language, f'tags.{name}')}"


def _list(shown: ShownTags, language: str) -> Keys:
    number, found = tag_words.numbers(shown), tag_words.pages(shown, EACH)
    at = tag_words.page_of(shown, EACH)
    here = f"p{at}"
    rows: Keys = []
    for one in found[at]:
        if one.sign:
            continue
        name = f"{number[one.id]} {tag_words.short(one, language, NAME)} {tag_words.weight(one)}".strip()
        weights = [_key("−", shown, "less", one.id, here), _key("+", shown, "more", one.id, here)]
        switch = _key("▶" if one.off else "⏸", shown, "off", one.id, here)
        row = [_key(name, shown, "row", one.id), *(weights if one.weighable else []), switch]
        rows.append(row if not one.locked else [_key(f"🔒 {name}", shown, "row", one.id)])
    if len(found) > 1:
        rows.append(
            [
                _key("◀", shown, "page", (at - 1) % len(found)),
                _key(texts.say(language, "tags.page", page=at + 1, pages=len(found)), shown, "page", at),
                _key("▶", shown, "page", (at + 1) % len(found)),
            ]
        )
    rows.append([_key(_said(language, "➕", "add"), shown, "add"), _key(_said(language, "↩", "reset"), shown, "reset")])
    return [*rows, _draw(shown, language)]


def _draw(shown: ShownTags, language: str) -> list[InlineKeyboardButton]:
    label = f"🎨 {texts.say(language, 'button.draw_tags')}"
    return [InlineKeyboardButton(label, callback_data=callback_data("draw_tags", shown.table))]


def _tag(shown: ShownTags, row: ShownTag, language: str) -> Keys:
    def key(sign: str, name: str, what: str) -> InlineKeyboardButton:
        return _key(_said(language, sign, name), shown, what, row.id)

    lock = key("🔓", "unlock", "lock") if row.locked else key("🔒", "lock", "lock")
    star = key("⭐", "unstar", "star") if row.favourite else key("☆", "star", "star")
    back = [_key(_said(language, "⬅", "back"), shown, "page", _page(shown))]
    if row.locked:
        return [[lock, star], back, _draw(shown, language)]
    rows: Keys = []
    if row.weighable:
        now = _key(f"×{row.weight:.3g}", shown, "row", row.id)
        rows.append([_key("−", shown, "less", row.id), now, _key("+", shown, "more", row.id)])
    rows.append([key("▶", "on", "off") if row.off else key("⏸", "off", "off"), lock])
    if row.side != "lora":
        rows.append([key("⬆", "up", "up"), key("⬇", "down", "down")])
    more = [star]
    if row.translated:
        more.insert(0, key("🈯", "translate", "keep") if row.kept else key("🈚", "keep", "keep"))
    rows.append(more)
    last = []
    if row.side == "positive":
        last.append(key("✅", "unblock", "block") if row.blocked else key("🚫", "block", "block"))
    if shown.near:
        last.append(key("🔁", "near_button", "near"))
    return [*rows, *([last] if last else []), back, _draw(shown, language)]


def _page(shown: ShownTags) -> int:
    return tag_words.page_of(shown, EACH)


def _near(shown: ShownTags, row: ShownTag, language: str) -> Keys:
    rows = _choices(shown.near, shown, "swap", row.id)
    return [*rows, [_key(_said(language, "⬅", "back"), shown, "row", row.id)]]


def _choices(choices: Sequence[Choice], shown: ShownTags, what: str, row: int) -> Keys:
    found = []
    for one in choices:
        label = str(one.label)
        label = label if len(label) <= NAMED else label[: NAMED - 1] + "…"
        found.append(_key(label, shown, what, row, one.value))
    return [found[at : at + 2] for at in range(0, len(found), 2)]


def _add(shown: ShownTags, language: str) -> Keys:
    """What can be added at once, and the way to write something else."""
    write = InlineKeyboardButton(
        f"✍ {texts.say(language, 'tags.add')}", callback_data=callback_data(TAG_ADD, shown.table)
    )
    favourites = _choices(shown.favourites[:40], shown, "fav", 0)
    return [[write], *favourites, [_key(_said(language, "⬅", "back"), shown, "page", 0)]]
