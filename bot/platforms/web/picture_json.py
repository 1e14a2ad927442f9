"""Pictures and favourites as JSON, in the words of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat import Button
from bot.platforms.web.card_json import Object, buttons, fields, iso, understood
from bot.platforms.web.recipe_text import as_text, left_out
from bot.studio import cards
from bot.texts import say
from prompts.prompt import Json
from storage.favourites import Favourite
from storage.pictures import PictureRow


def picture(row: PictureRow) -> Object:
    """A picture as the gallery shows it."""
    return {
        "id": row.id,
        "width": row.width,
        "height": row.height,
        "text": row.recipe.prompt.text,
        "model": row.recipe.model,
        "created": iso(row.created),
        "favourite": row.favourite,
    }


def picture_view(
    row: PictureRow,
    parent: PictureRow | None,
    children: Sequence[PictureRow],
    language: str,
    settings: Mapping[str, Json],
    more: Sequence[Button] = (),
) -> Object:
    """A picture with all that is known of it, for somebody with these settings, and `more` buttons than any has."""
    return {
        **picture(row),
        "code": row.recipe.code,
        "seconds": round(row.seconds, 1),
        "understood": understood(row.recipe.prompt, language),
        "fields": fields(cards.recipe_fields(row.recipe, parent.id if parent else None), language),
        "use": as_text(row.recipe, settings),
        "left": [say(language, f"recipe.{name}") for name in left_out(row.recipe)],
        "parent": picture(parent) if parent else None,
        "children": [picture(child) for child in children],
        "buttons": buttons([*more, *cards.picture_buttons(row)], language),
    }


def favourite(kept: Favourite, settings: Mapping[str, Json]) -> Object:
    """A favourite, with the line that its use puts into the input of somebody with these settings."""
    return {
        "id": str(kept.id),
        "name": kept.name,
        "text": kept.text,
        "use": as_text(kept.recipe, settings) if kept.recipe else kept.text,
        "picture": kept.picture,
        "used": kept.used,
        "created": iso(kept.created),
    }
