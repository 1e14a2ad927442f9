"""Where somebody's choices stand that come in turn ("{@a|b}", "__@animal__"), so that they go on from request to
request."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import cast

from prompts.prompt import Json
from storage import people
from storage.database import Database

SETTING = "turns"  # kept with what a person chose, though it is nothing to choose
MOST = 200  # choices remembered; those used longest ago are forgotten


def of(settings: Mapping[str, Json]) -> dict[str, int]:
    """Where everything stands, by `turn_of` it; what was used last stands last."""
    return dict(cast(list[tuple[str, int]], settings.get(SETTING) or []))


async def remember(db: Database, person: str, turns: Mapping[str, int]) -> None:
    """Keep where everything stands; nothing is written where it stood so before."""
    kept = list(islice(turns.items(), max(0, len(turns) - MOST), None))
    if kept and kept != list(of({SETTING: await people.setting(db, person, SETTING)}).items()):
        await people.set_setting(db, person, SETTING, [list(one) for one in kept])
