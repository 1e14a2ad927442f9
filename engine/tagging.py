"""Tags read out of pictures: the words that both sides of the wall know, thresholds, and what is kept above them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, Self, cast

from prompts.errors import Refusal
from prompts.prompt import Json

TagKind = Literal["general", "character", "rating", "copyright", "artist", "species", "meta"]

# The numbers of `selected_tags.csv`: the WD taggers have 0, 4 and 9; taggers of other sites' pictures the others, too.
CATEGORIES: Mapping[int, TagKind] = {
    0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "species", 7: "meta", 9: "rating",
}  # fmt: skip
RATINGS = ("general", "sensitive", "questionable", "explicit")
ADULT = frozenset({"questionable", "explicit"})  # nakedness and sex; "sensitive" is swimwear and the like

# What reads where the owner has no tagger. The judge knows the built-in model's own pictures, and nothing of others.
DETECTORS, JUDGE = "detectors", "danqing-demo"
CLIP = "clip:"  # before the name of a CLIP

FaceBox = tuple[float, float, float, float]
MOST_ASKED = 400  # words that one reading is asked about
# A face made of signs ("^_^", "o_o", ">_<") is no two words with a line between them.
_WORD = re.compile(r"[a-z0-9]{2}", re.IGNORECASE)
_SIGNS = re.compile(r"(?<!\\)([()\[\]{}])")
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SeenTag:
    """A tag as people write it ("red scarf", "^_^"), how sure its reader is (0…1; of a CLIP the cosine), its kind."""

    name: str
    score: float
    kind: TagKind = "general"

    def to_json(self) -> dict[str, Json]:
        return {"name": self.name, "score": round(self.score, 4), "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a tag counts, by kind (those of copyrights, artists and the like count as general's);
    `mcut` puts general's and character's where the scores part most instead (Largeron et al. 2012)."""

    general: float = 0.35
    character: float = 0.85
    rating: float = 0.0
    mcut: bool = False

    def of(self, kind: TagKind) -> float:
        return self.character if kind == "character" else self.rating if kind == "rating" else self.general


USUAL_THRESHOLDS = Thresholds()


def threshold(name: str, value: float) -> float:
    """A threshold as it may be. Raises Refusal `tags.threshold`."""
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise Refusal("tags.threshold", name=name, value=f"{value:g}")
    return value


@dataclass(frozen=True, slots=True)
class PictureTags:
    """What a `reader` sees in one picture, the surest first of each kind. `asked` has the score of every word asked
    about that it knows, whatever the thresholds: what it does not know is not in it. `faces` are where the detectors
    see some: left, top, right and bottom in shares of the picture."""

    reader: str
    tags: tuple[SeenTag, ...] = ()
    asked: Mapping[str, float] = field(default_factory=dict)
    faces: tuple[FaceBox, ...] = ()

    def of(self, kind: TagKind) -> tuple[SeenTag, ...]:
        return tuple(one for one in self.tags if one.kind == kind)

    @property
    def shown(self) -> tuple[SeenTag, ...]:
        """All but the ratings."""
        return tuple(one for one in self.tags if one.kind != "rating")

    @property
    def rating(self) -> str:
        """The likeliest rating, "" where its reader rates nothing."""
        return max(self.of("rating"), key=lambda one: one.score).name if self.of("rating") else ""

    def to_json(self) -> dict[str, Json]:
        told: dict[str, Json] = {
            "reader": self.reader,
            "tags": [one.to_json() for one in self.tags],
            "asked": {name: round(score, 4) for name, score in self.asked.items()},
        }
        return {**told, "faces": [[round(one, 4) for one in box] for box in self.faces]} if self.faces else told

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """Raises KeyError, TypeError for what `to_json` did not make."""
        rows = cast(list[dict[str, str | float]], value["tags"])
        tags = tuple(SeenTag(str(one["name"]), float(one["score"]), cast(TagKind, one["kind"])) for one in rows)
        faces = cast(list[FaceBox], value.get("faces", []))
        return cls(
            str(value["reader"]),
            tags,
            cast(dict[str, float], value["asked"]),
            tuple((a, b, c, d) for a, b, c, d in faces),
        )


def kept(tags: Iterable[SeenTag], limits: Thresholds) -> tuple[SeenTag, ...]:
    """The tags at or above their thresholds, the surest first."""
    found = list(tags)
    if limits.mcut:
        limits = replace(limits, general=_mcut(found, "general"), character=max(0.15, _mcut(found, "character")))
    above = (one for one in found if one.score >= limits.of(one.kind))
    return tuple(sorted(above, key=lambda one: -one.score))


def _mcut(tags: Iterable[SeenTag], kind: TagKind) -> float:
    """The middle of the widest gap between the scores of a kind; no limit where there are not two."""
    scores = sorted((one.score for one in tags if one.kind == kind), reverse=True)
    gaps = [(high - low, (high + low) / 2) for high, low in pairwise(scores)]
    return max(gaps)[1] if gaps else 0.0


def said(name: str) -> str:
    """A tag of a list as people write it: "red_scarf" with spaces, faces as they are."""
    name = name.strip()
    return name.replace("_", " ") if _WORD.search(name) else name


def plain(text: str) -> str:
    """A word or tag in the one form by which it is compared: "A red_scarf" is "red scarf"."""
    text = text.replace("\\", "")
    spaced = said(" ".join(text.split()))
    return _ARTICLE.sub("", " ".join(spaced.split()).casefold())


def caption(tags: Sequence[str], *, trigger: str = "", underscores: bool = False, escaped: bool = True) -> str:
    """The text that trainers such as kohya's read beside a picture: the trigger word first, then the tags, each once;
    with spaces in them unless `underscores`; brackets `escaped` as prompts need them."""
    made = []
    for tag in dict.fromkeys(tags):
        text = tag.replace(" ", "_") if underscores else tag
        made.append(_SIGNS.sub(r"\\\1", text) if escaped else text)
    return ", ".join(dict.fromkeys(one for one in (trigger.strip(), *made) if one))
