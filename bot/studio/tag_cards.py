"""How tags that were read out of a picture look: a table in two languages, ratings and characters apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import texts
from bot.chat import Button, Card, Field, Say
from engine.recipe import Recipe
from engine.tagging import CLIP, DETECTORS, JUDGE, PictureTags, SeenTag, TagKind
from prompts.infotext.infotext import Infotext
from prompts.tag_names import in_chinese
from prompts.traditional import chinese, written

KINDS: Sequence[TagKind] = ("general", "character", "copyright", "artist", "species", "meta")
MOST = 60  # tags of a kind that are shown; the caption has them all
LONGEST = 600  # signs of a recipe's words


def told(found: PictureTags, language: str, recipe: Recipe | Infotext | None = None, left_out: int = 0) -> Card:
    """The card without its buttons; `recipe` is what the picture itself says, `left_out` counts tags that are not told
    here."""
    fields = list(_own(recipe))
    if rated := found.of("rating"):
        values: dict[str, str | int | float] = {"percent": _percent(rated[0]), "name": rated[0].name}
        fields.append(Field(Say("tags.rating"), Say(f"tags.rating.{_rating(rated[0])}", values)))
    for kind in KINDS:
        if tags := found.of(kind):
            lines = [line(one, language, cosine=found.reader.startswith(CLIP)) for one in tags[:MOST]]
            fields.append(Field(Say(f"tags.kind.{kind}"), "\n".join(lines)))
    if left_out:
        fields.append(Field(Say("tags.note"), Say("tags.left_out", {"count": left_out})))
    if found.reader in (DETECTORS, JUDGE):
        fields.append(Field(Say("tags.note"), Say(f"tags.only.{found.reader.replace('-', '_')}")))
    elif found.reader.startswith(CLIP):
        fields.append(Field(Say("tags.note"), Say("tags.only.clip")))
    key = "tags.read" if found.shown else "tags.nothing"
    said: dict[str, str | int | float] = {"count": len(found.shown), "reader": reader(found, language)}
    return Card(text=Say(key, said), fields=tuple(fields))


def line(tag: SeenTag, language: str, *, cosine: bool = False) -> str:
    """A tag in the person's language and in English, and how sure its reader is."""
    score = f"{tag.score:.2f}" if cosine else f"{_percent(tag)}%"
    return f"{both(tag.name, language)}  {score}"


def both(tag: str, language: str) -> str:
    """A tag in two languages, the person's first: "红围巾 red scarf", "red scarf 红围巾"."""
    name = in_chinese(tag)
    if not name:
        return tag
    return f"{written(name, language)} {tag}" if chinese(language) else f"{tag} {name}"


def reader(found: PictureTags, language: str) -> str:
    """Who read, as people know it."""
    if found.reader in (DETECTORS, JUDGE):
        return texts.say(language, f"tags.reader.{found.reader.replace('-', '_')}")
    return found.reader.removeprefix(CLIP)


def words(tags: Sequence[str], language: str) -> str:
    """Some tags in the person's language, in one line."""
    if chinese(language):
        return "、".join(written(in_chinese(tag) or tag, language) for tag in tags)
    return ", ".join(tags)


def buttons(wish: str, kept: str = "") -> tuple[Button, ...]:
    """What can be done with tags that a wish holds; `kept` is the wish with a file that says how it was drawn."""
    own = (Button("paper_draw", kept),) if kept else ()
    return (Button("draw_read", wish), Button("add_read", wish), Button("caption_read", wish), *own)


def as_json(found: PictureTags) -> Mapping[str, object]:
    """What was read, with the Chinese of each tag, for scripts."""
    rows = [{**one.to_json(), "zh": in_chinese(one.name)} for one in found.shown]
    ratings = {one.name: round(one.score, 4) for one in found.of("rating")}
    return {"reader": found.reader, "tags": rows, "rating": found.rating, "ratings": ratings}


def _own(recipe: Recipe | Infotext | None) -> tuple[Field, ...]:
    """What the picture itself says of its words."""
    if recipe is None:
        return ()
    if isinstance(recipe, Recipe):
        program, text, unwanted = "Danqing", recipe.prompt.positive, recipe.prompt.negative
    else:
        program, text, unwanted = recipe.program, recipe.positive, recipe.negative
    lines = [Field(Say("tags.recipe", {"program": program}), text[:LONGEST])] if text else []
    return (*lines, *([Field(Say("recipe.negative"), unwanted[:LONGEST])] if unwanted else []))


def _rating(tag: SeenTag) -> str:
    """The rating's own text, or that of any other."""
    known = texts.all_texts("en", "tags.rating.")
    name = tag.name.casefold()
    return name if f"tags.rating.{name}" in known else "other"


def _percent(tag: SeenTag) -> int:
    return round(100 * tag.score)
