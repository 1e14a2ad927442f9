"""The tag table on Discord: a list to read, a select of its tags, buttons for the chosen one, a select of what it may
be replaced by. Five rows, at most 17 components of the 40 that a message holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from discord.utils import escape_markdown

from bot import texts
from bot.chat import ShownTag, ShownTags
from bot.platforms.discord import custom_ids
from bot.platforms.discord.rest import Payload
from bot.studio import tag_words
from prompts.prompt import Json

EACH = 25  # tags of a page: a select holds no more
LABEL, OPTION = 80, 100  # characters of a button and of an option
PRIMARY, SECONDARY, SUCCESS, DANGER = 1, 2, 3, 4
TAG_ADD = "tag_add"  # asks for words that are added to a table


def words(shown: ShownTags, language: str) -> str:
    """The rows of the page that is looked at, under their headings; the chosen one is marked."""
    at = tag_words.page_of(shown, EACH)
    number = tag_words.numbers(shown)
    found: list[str] = []
    for name, group in tag_words.grouped(tag_words.pages(shown, EACH)[at], shown, language):
        found.append(f"**{escape_markdown(name)}**")
        for row in group:
            said = escape_markdown(tag_words.line(row, language))
            said = f"~~{said}~~" if row.off else said
            numbered = said if row.sign else f"`{number[row.id]:>2}` {said}"
            found.append(f"➡️ {numbered}" if row.id == shown.chosen else numbered)
    return "\n".join(found)


def rows(shown: ShownTags, language: str) -> Iterator[Payload]:
    """The rows of components."""
    at = tag_words.page_of(shown, EACH)
    page = [row for row in tag_words.pages(shown, EACH)[at] if not row.sign]
    chosen = tag_words.chosen(shown)
    if page:
        yield _select("0", texts.say(language, "tags.rows"), [_option(row, shown, language) for row in page])
    if chosen is not None:
        yield from (_row(found) for found in _touches(shown, chosen, language) if found)
        if shown.near:
            near: list[Json] = [
                {"label": _cut(str(one.label), OPTION), "value": f"tag:{shown.target('swap', chosen.id, one.value)}"}
                for one in shown.near[:EACH]
            ]
            yield _select("1", texts.say(language, "tags.near"), near)
    elif shown.favourites:
        some: list[Json] = [
            {"label": _cut(str(one.label), OPTION), "value": f"tag:{shown.target('fav', 0, one.value)}"}
            for one in shown.favourites[:EACH]
        ]
        yield _select("1", texts.say(language, "tags.favourites"), some)
    yield _row(_last(shown, at, language))


def _option(row: ShownTag, shown: ShownTags, language: str) -> Json:
    name = f"{tag_words.numbers(shown)[row.id]}. {tag_words.line(row, language)}"
    option: dict[str, Json] = {"label": _cut(name, OPTION), "value": f"tag:{shown.target('row', row.id)}"}
    if said := tag_words.states(row, language):
        option["description"] = _cut(said, OPTION)
    return option | ({"default": True} if row.id == shown.chosen else {})


def _touches(shown: ShownTags, row: ShownTag, language: str) -> Sequence[list[Payload]]:
    """What can be done to the chosen tag, in two rows of buttons."""

    def one(sign: str, name: str, what: str, style: int = SECONDARY) -> Payload:
        return _button(f"{sign} {texts.say(language, f'tags.{name}')}", shown, what, row.id, style=style)

    lock = one("🔓", "unlock", "lock", SUCCESS) if row.locked else one("🔒", "lock", "lock")
    star = one("⭐", "unstar", "star", SUCCESS) if row.favourite else one("☆", "star", "star")
    if row.locked:
        return ([lock, star],)
    first = [_button("−", shown, "less", row.id), _button("+", shown, "more", row.id)] if row.weighable else []
    first += [one("▶️", "on", "off", SUCCESS) if row.off else one("⏸️", "off", "off"), lock, star]
    second = [] if row.side == "lora" else [one("⬆️", "up", "up"), one("⬇️", "down", "down")]
    if row.translated:
        second.append(one("🈯", "translate", "keep", SUCCESS) if row.kept else one("🈚", "keep", "keep"))
    if row.side == "positive":
        second.append(one("✅", "unblock", "block", SUCCESS) if row.blocked else one("🚫", "block", "block", DANGER))
    return first, second


def _last(shown: ShownTags, at: int, language: str) -> list[Payload]:
    count = len(tag_words.pages(shown, EACH))
    turns = []
    if count > 1:
        said = texts.say(language, "tags.page", page=(at + 1) % count + 1, pages=count)
        turns = [_button(f"▶ {said}", shown, "page", (at + 1) % count)]
    draw: Payload = {"type": 2, "style": PRIMARY, "custom_id": custom_ids.make("draw_tags", shown.table)}
    add: Payload = {"type": 2, "style": SECONDARY, "custom_id": custom_ids.make(TAG_ADD, shown.table)}
    return [
        {**draw, "label": texts.say(language, "button.draw_tags"), "emoji": {"name": "🎨"}},
        {**add, "label": texts.say(language, "tags.add"), "emoji": {"name": "➕"}},
        _button(f"↩ {texts.say(language, 'tags.reset')}", shown, "reset"),
        *turns,
    ]


def _select(number: str, hint: str, options: Sequence[Json]) -> Payload:
    select: Payload = {
        "type": 3,
        "custom_id": custom_ids.make(custom_ids.PICK, number),
        "placeholder": _cut(hint, OPTION),
        "options": list(options),
    }
    return {"type": 1, "components": [select]}


def _button(label: str, shown: ShownTags, what: str, *more: int | str, style: int = SECONDARY) -> Payload:
    custom = custom_ids.make("tag", shown.target(what, *more))
    return {"type": 2, "style": style, "custom_id": custom, "label": _cut(label, LABEL)}


def _row(buttons: Sequence[Payload]) -> Payload:
    return {"type": 1, "components": list(buttons)}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
