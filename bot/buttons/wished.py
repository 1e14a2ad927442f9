"""What a button comes back to that was asked for before and kept (`Studio.keep`), asked for again."""

from __future__ import annotations

from bot.chat import Press, Request, Upload
from bot.studio.studio import Studio
from prompts.prompt import Options
from storage.wishes import Wish


async def request_of(studio: Studio, press: Press, wish: Wish, text: str, options: Options) -> Request:
    """The wish with this text and these options beside it, as a request of whoever pressed. Raises Refusal where a
    file of it is gone."""
    return Request(
        person=press.person,
        place=press.place,
        text=text,
        key=press.key,
        files=tuple([Upload("", await studio.db.files.get(file)) for file in wish.files]),
        reply_to=wish.reply_to,
        options=options,
        negative=wish.negative,
        room=press.room,
    )
