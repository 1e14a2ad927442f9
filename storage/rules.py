"""Rules: settings that hold for a server, a chat or one person, made by whoever may (bot/people/access.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import delete, select

from prompts.prompt import Json
from storage import tables
from storage.database import Database


def of_server(platform: str, server: str) -> str:
    """The scope of a server or group."""
    return f"server:{platform}:{server}"


def of_person(person: str) -> str:
    """The scope of one person."""
    return f"person:{person}"


async def of(db: Database, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Json]]:
    """The rules of some scopes: scope → key → value, with nothing for a scope that has none."""
    found: dict[str, dict[str, Json]] = {scope: {} for scope in scopes}
    async with db.session() as session:
        for row in await session.scalars(select(tables.ScopedRules).where(tables.ScopedRules.scope.in_(list(scopes)))):
            found[row.scope][row.key] = cast(Json, row.value)
    return found


async def put(db: Database, scope: str, key: str, value: Json) -> None:
    """Make a rule; None takes it away."""
    rule = tables.ScopedRules
    async with db.writing() as session:
        if value is None:
            await session.execute(delete(rule).where(rule.scope == scope, rule.key == key))
            return
        row = db.insert(rule).values(scope=scope, key=key, value=value)
        await session.execute(
            row.on_conflict_do_update(index_elements=["scope", "key"], set_={"value": row.excluded.value})
        )
