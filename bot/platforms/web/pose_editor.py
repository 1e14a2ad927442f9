"""Routes of the page's editor of poses: the library, a pose read from any file, and the map drawn from one."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.platforms.web.middleware import SITE, VIEWER, body_of, clean
from bot.studio import posing
from bot.studio.provenance import SIGNS
from engine.poses import library, reading, writing
from engine.poses.skeleton import Pose
from prompts.posing import asked_pose
from prompts.prompt import Json
from storage import uploads

SIDES = (64, 2048)  # pixels of a map


async def named(request: web.Request) -> web.Response:
    """The poses of the library: name, what it is called, and how many they are."""
    language = request[VIEWER].language
    rows = [{"name": one.name, "called": one.called(language), "people": one.people} for one in library.poses()]
    return web.json_response({"poses": rows})


async def one(request: web.Request) -> web.Response:
    """The pose that `name` stands for, as `--pose` would take it: of the library, or in a map of the viewer's own."""
    asked = asked_pose(clean(request.query.get("name", ""))[:120])
    pose = await posing.meant(request.app[SITE].db, request[VIEWER].person.id, asked)
    return web.json_response(writing.openpose(pose))


async def read(request: web.Request) -> web.Response:
    """The people in a file: OpenPose's JSON in any form, or a map made here. Raises Refusal as `reading.read`."""
    content = await request.read()
    pose = await asyncio.to_thread(reading.read, content)
    return web.json_response(writing.openpose(pose))


async def drawn(request: web.Request) -> web.Response:
    """Draw OpenPose's JSON as a map as large as its canvas, which is a file of the viewer's from now on: its hash as
    short as `--pose` takes it, and whole, under which the map is seen."""
    pose = reading.read_json(await body_of(request))
    pose = Pose(pose.people, *(min(max(side, SIDES[0]), SIDES[1]) for side in (pose.width, pose.height)))
    content = await asyncio.to_thread(writing.png, pose, pose.width, pose.height)
    kept = await uploads.add_upload(request.app[SITE].db, request[VIEWER].person.id, content)
    said: dict[str, Json] = {"pose": kept[:SIGNS], "picture": kept, "width": pose.width, "height": pose.height}
    return web.json_response(said)


ROUTES = (
    web.get("/api/poses", named),
    web.get("/api/poses/one", one),
    web.post("/api/poses/read", read),
    web.post("/api/poses/map", drawn),
)
