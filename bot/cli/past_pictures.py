"""What `python bot.py history` shows: the pictures drawn at this machine, as the page's own person has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bot import texts
from bot.settings.config import Config
from bot.studio.picture_filter import described, filtered, read_filter
from prompts.prompt import Json
from storage import people, pictures
from storage.database import Database
from storage.pictures import PictureRow


async def show(
    config: Config, text: str, count: int, before: str | None, language: str, out: Console, *, as_json: bool
) -> None:
    """Print the newest pictures that a line asks for, `before` being the last of those shown earlier."""
    db = await Database.open(config.storage.address, config.data.folder, config.storage.bucket)
    try:
        person = await people.person_of(db, "web", "local")
        known = await pictures.models_used(db, person.id)
        wanted = read_filter(text, datetime.now(UTC).astimezone().date(), known)
        last = await pictures.get(db, before) if before else None
        cursor = pictures.cursor(last) if last else before  # one that is none is refused as such
        page = await filtered(db, person.id, wanted, before=cursor, limit=count)
        if as_json:
            rows: list[Json] = [_object(row, db.files.place(row.hash)) for row in page.pictures]
            print(
                json.dumps({"pictures": rows, "next": page.pictures[-1].id if page.next else None}, ensure_ascii=False)
            )
            return
        what = described(wanted, language)
        if not page.pictures:
            key = "history.nothing" if what else "history.empty"
            out.print(texts.say(language, key, **({"what": what} if what else {})), markup=False)
            return
        table = Table(*(texts.say(language, f"cli.history.{name}") for name in ("day", "size", "model", "text", "id")))
        for row in page.pictures:
            day = row.created.astimezone().strftime("%Y-%m-%d %H:%M")
            text = ("★ " if row.favourite else "") + " ".join(row.recipe.prompt.text.split())
            table.add_row(day, f"{row.width}×{row.height}", row.recipe.model, text, row.id)
        out.print(table)
        if page.next:
            out.print(texts.say(language, "cli.history.more", id=page.pictures[-1].id), markup=False)
    finally:
        await db.close()


def _object(row: PictureRow, file: str) -> dict[str, Json]:
    return {
        "id": row.id,
        "created": row.created.isoformat(),
        "text": row.recipe.prompt.text,
        "model": row.recipe.model,
        "width": row.width,
        "height": row.height,
        "seed": row.recipe.seed,
        "favourite": row.favourite,
        "file": file,
    }
