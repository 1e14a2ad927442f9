"""Pictures that follow a pose: the net that there is for the model, and the map drawn at each picture's size."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.studio import nets, pose_files
from engine.control import MOST, Control
from engine.files.catalog import Model
from engine.poses import library, placing, reading
from engine.poses.skeleton import Pose
from engine.recipe import Recipe
from prompts.controls import NONE
from prompts.errors import Refusal
from prompts.posing import AskedPose, asked_pose
from storage import uploads
from storage.database import Database

WORD = "pose"  # the word for controls of this kind
_HASH = re.compile(r"[0-9a-f]{8,64}")


async def meant(db: Database, person: str, asked: AskedPose) -> Pose:
    """The pose that is asked for: of the library, or of a file of the person's whose hash begins so. Raises Refusal
    `pose.unknown`, and as `reading.read` for another file."""
    kept = await uploads.find(db, person, asked.name.lower()) if _HASH.fullmatch(asked.name.lower()) else None
    if kept:
        pose = await asyncio.to_thread(reading.read, await db.files.get(kept))
    else:
        pose = await asyncio.to_thread(lambda: library.find(asked.name).pose)
    return placing.mirrored(pose) if asked.mirrored else pose


async def posed(
    db: Database, person: str, text: str | None, made: Sequence[Recipe], model: Model, folders: Sequence[Path]
) -> tuple[Recipe, ...]:
    """The recipes with the pose that `--pose` asks for, its maps being files of the person's from now on. Raises
    Refusal as `meant`, `control.too_many`, and for a missing net as `nets.chosen`."""
    if not text:
        return tuple(made)
    asked = asked_pose(text)
    pose = await meant(db, person, asked)
    named = asked.control
    guide = await asyncio.to_thread(nets.chosen, replace(named, name=WORD, by=NONE), model, folders)
    maps: dict[tuple[int, int], str] = {}
    found = []
    for recipe in made:
        if len(recipe.controls) >= MOST:
            raise Refusal("control.too_many", count=MOST + 1, limit=MOST)
        size = recipe.width, recipe.height
        if size not in maps:
            maps[size] = await pose_files.drawn(db, person, pose, size, guide.net)
        control = Control(
            guide.net,
            maps[size],
            named.strength,
            named.start,
            named.end,
            mode=named.mode,
            fit=named.fit,
            stages=named.stages,
            type=named.type,
            preprocessor=pose_files.KIND,
        )
        found.append(replace(recipe, controls=(*recipe.controls, control)))
    return tuple(found)
