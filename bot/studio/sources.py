"""The pictures that a request draws over: the uploads that came with it, or the picture that it answers."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import replace

from PIL import Image

from bot.chat import Request, Upload
from bot.people import owned
from bot.studio import painted_mask, painted_regions, recipes
from engine.files.catalog import Model
from engine.pixels import masks
from engine.recipe import Recipe
from prompts import options as said
from prompts import regions
from prompts.controls import of_options
from prompts.errors import Refusal
from prompts.prompt import Options, Prompt
from storage import uploads
from storage.database import Database

_DIGITS = {sign: number for number, sign in enumerate("一二三四五六七八九十", start=1)}
# "第2张 变成水彩", "只改第一张：…", "photo 2: …", "only the first: …"
_WHICH = re.compile(
    r"(?:只|仅)?(?:要|画|畫|改|用)?第\s*(?P<zh>[1-9]|10|[一二三四五六七八九十])\s*(?:张|張|幅|个|個|号|號)(?:图|圖|照片)?[\s,，:：、.。]*"
    r"|(?:only )?(?:photo|picture|image|no\.?|number|#)\s*(?P<en>[1-9]|10)\b[\s,:.]+"
    r"|(?:only )?the (?P<nth>first|second|third|fourth|last)(?: one| photo| picture| image)?\s*[,:.]\s*",
    re.IGNORECASE,
)
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 0}


def chosen(request: Request, text: str) -> tuple[Request, str]:
    """The request with the one of its pictures that the text begins with ("第2张 …", "photo 2: …"), and the rest of the
    text; as they are where it names none. Raises Refusal "album.no_such" for a number there is no picture for."""
    count = len(request.files)
    if count < 2 or (match := _WHICH.match(text)) is None:
        return request, text
    zh, en, nth = match["zh"], match["en"], match["nth"]
    number = _NTH[nth.lower()] or count if nth else _DIGITS.get(zh or "", 0) or int(zh or en)
    if number > count:
        raise Refusal("album.no_such", number=number, count=count)
    return replace(request, files=(request.files[number - 1],)), text[match.end() :]


async def source_pictures(db: Database, request: Request, most: int) -> tuple[recipes.SizedSource, ...]:
    """The pictures to draw over, in order: a picture and its painted copy are one. Raises Refusal "album.too_many" for
    more than `most`."""
    if request.files:
        files = request.files
        if len(files) > 1:
            files = await asyncio.to_thread(painted_mask.paired, files)
        if len(files) > most:
            raise Refusal("album.too_many", count=len(files), limit=most)
        return tuple([await _uploaded(db, request, file) for file in files])
    if request.reply_to:
        row = await owned.picture(db, request.person, request.reply_to)
        return (recipes.SizedSource(row.hash, row.width, row.height),)
    return ()


async def guides(
    db: Database, request: Request, options: Options, found: tuple[recipes.SizedSource, ...]
) -> tuple[tuple[recipes.SizedSource, ...], tuple[recipes.SizedSource, ...]]:
    """Of the pictures that were `found` those to draw over, and those for the controls that the options ask for. Where
    none came for the controls alone, all are for those that need one, and to draw over as well where it is said how
    strongly."""
    if not request.guides and not any(one.pictures for one in of_options(options)):
        return found, ()
    over, given = found, tuple([await _uploaded(db, request, one) for one in request.guides])
    if not given:
        over, given = found if options.strength is not None else (), found
    return over, given


async def region_map(
    db: Database, request: Request, options: Options
) -> tuple[Request, Options, recipes.SizedSource | None]:
    """The map that the colours among the options' regions are of, a file of the person's from now on, the options with
    it, and the request without it: a file that goes with it as such, one that the options name, or the first of its
    files that is painted in these colours. Raises Refusal `over.unknown`, `regions.no_words` for a map of which no
    colour is named, and as `painted_regions.as_map` where none is painted in them."""
    asked = regions.read("regions", options.regions) if options.regions else None
    if asked is None or not asked.colours:
        if request.region_map:
            raise Refusal("regions.no_words")
        return request, options, None
    found = b""
    if request.region_map:
        found = await asyncio.to_thread(painted_regions.as_map, request.region_map.content, asked.colours)
    elif asked.map:
        kept = await db.files.get((await named(db, request.person.id, asked.map)).picture)
        found = await asyncio.to_thread(painted_regions.as_map, kept, asked.colours)
    for file in () if found else request.files:
        try:
            found = await asyncio.to_thread(painted_regions.as_map, file.content, asked.colours)
        except Refusal:
            if file is request.files[-1]:
                raise
        else:
            request = replace(request, files=tuple(one for one in request.files if one is not file))
            break
    if not found:
        return request, options, None
    picture = await uploads.add_upload(db, request.person.id, found)
    return request, replace(options, regions=str(replace(asked, map=picture))), await _sized(db, picture)


async def named(db: Database, person: str, start: str) -> recipes.SizedSource:
    """The file of somebody's whose hash begins so ("--over 3f2a9c11"). Raises Refusal "over.unknown"."""
    found = await uploads.find(db, person, start)
    if found is None or not await db.files.has(found):
        raise Refusal("over.unknown", name=start)
    return await _sized(db, found)


def made(
    request: Request,
    text: str,
    prompt: Prompt,
    options: Options,
    model: Model,
    *,
    over: tuple[recipes.SizedSource, ...],
    shape: recipes.SizedSource | None = None,
    most: int,
) -> tuple[Recipe, ...]:
    """The recipes of a request: as many as were asked for, over each of several pictures one unless more were asked for
    here, in the `shape` of another picture where nothing is said of it. Raises Refusal "album.too_many_each"."""
    if len(over) < 2:
        return recipes.make(prompt, options, model, most=most, source=over[0] if over else None, shape=shape)
    each = request.options.count or said.read_options(text).options.count or 1
    if len(over) * each > most:
        raise Refusal("album.too_many_each", count=len(over), each=each, limit=most)
    options = replace(options, count=each)
    return tuple(one for source in over for one in recipes.make(prompt, options, model, most=most, source=source))


async def _uploaded(db: Database, request: Request, file: Upload) -> recipes.SizedSource:
    found = await _sized(db, await uploads.add_upload(db, request.person.id, file.content))
    if not file.mask:
        return found
    return replace(found, masked=True, mask=await uploads.add_upload(db, request.person.id, file.mask))


async def _sized(db: Database, picture: str) -> recipes.SizedSource:
    width, height, masked = await asyncio.to_thread(_looked_at, await db.files.get(picture))
    return recipes.SizedSource(picture, width, height, masked)


def _looked_at(content: bytes) -> tuple[int, int, bool]:
    """A picture's size, and whether a part of it is marked by being see-through."""
    with Image.open(io.BytesIO(content)) as image:
        return *image.size, image.has_transparency_data and masks.transparent(image) is not None
