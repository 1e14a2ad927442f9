"""Tags of pictures: the one function that everything which wants tags asks, `/tags`, the check after drawing and
whatever prepares pictures for a training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from PIL import Image

from engine.files import taggers
from engine.files.taggers import ClipFile, TaggerFile
from engine.taggers import brought, clip, network
from engine.tagging import JUDGE, USUAL_THRESHOLDS, PictureTags, Thresholds, kept, plain


def tags_of(
    images: Sequence[Image.Image],
    reader: str = "",
    limits: Thresholds = USUAL_THRESHOLDS,
    asked: Collection[str] = (),
    *,
    taggers_in: Sequence[Path] = (),
    models: Sequence[Path] = (),
) -> list[PictureTags]:
    """The tags of each of these pictures (any mode and size), in their order; each is looked at by itself, so that a
    picture among others has the same tags as alone. `reader` is a name as `engine.files.taggers.chosen` takes it, ""
    for the first tagger, else the detectors; `asked` are words whose scores are wanted whatever the thresholds.
    Raises Refusal as `chosen` does, and `tags.damaged`, `tags.labels`, `tags.other_list` for a file that is none."""
    found = taggers.chosen(reader, taggers_in, models)
    return [_tags(found, image, limits, asked, models) for image in images]


def _tags(
    reader: TaggerFile | ClipFile | str,
    image: Image.Image,
    limits: Thresholds,
    asked: Collection[str],
    models: Sequence[Path],
) -> PictureTags:
    if isinstance(reader, ClipFile):
        return clip.look(reader, image)
    if isinstance(reader, TaggerFile):
        seen = network.load(reader).look(image)
        known = {plain(tag.name): tag.score for tag in reversed(seen) if tag.kind != "rating"} if asked else {}
        scores = {word: known[plain(word)] for word in asked if plain(word) in known}
        return PictureTags(reader.name, kept(seen, limits), scores)
    if reader == JUDGE:
        return brought.judged(image, limits, asked)
    return brought.looked_at(image, models, limits, asked)
