"""What a picture or a text says of how it was drawn: read, and the buttons that draw it, take its words, or compare."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bot.chat import Button, Card, Field, Press, Request, Say, common
from bot.studio import cards, recipes
from bot.studio.mends import mends
from bot.studio.studio import READ, Studio
from engine.pixels import papers, png_recipe
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.infotext.block import written
from prompts.infotext.infotext import Infotext
from prompts.prompt import Options
from storage import pictures, uploads, wishes
from storage.wishes import Wish

OWN_LINES = frozenset({"text", "quality"})  # of a recipe, that say nothing of what another program drew


@dataclass(frozen=True, slots=True)
class Paper:
    """What was read: a recipe of ours, else the infotext of any program."""

    recipe: Recipe | None
    infotext: Infotext | None


def read(content: bytes) -> Paper:
    """What a picture's file says; it takes a moment."""
    return Paper(png_recipe.read_recipe(content), next(iter(papers.infotexts(content)), None))


async def of_file(studio: Studio, asked: Request | Press, content: bytes) -> Card:
    """The card of what a picture's file says. Raises Refusal `paper.none`."""
    paper, kept = await asyncio.to_thread(read, content), ""
    if paper.recipe is not None:
        file = await uploads.add_upload(studio.db, asked.person.id, content)
        kept = await wishes.keep(studio.db, Wish(person=asked.person.id, text="", files=[file]))
    return await of_paper(studio, asked, paper, kept)


async def of_paper(studio: Studio, asked: Request | Press, paper: Paper, kept: str) -> Card:
    """The card of what was read from a file; `kept` is the wish that holds the file. Raises Refusal `paper.none`."""
    if paper.recipe is not None:
        return replace(cards.recipe_card(paper.recipe), buttons=_buttons(kept))
    if paper.infotext is None:
        raise Refusal("paper.none")
    return await of_infotext(studio, asked, paper.infotext, kept)


async def of_infotext(studio: Studio, asked: Request | Press, infotext: Infotext, kept: str = "") -> Card:
    """The card of what an infotext says, as it is called and drawn here, with what is missing; `kept` is the wish that
    holds the file it is from."""
    text = written(infotext)
    prompt, options, model = await studio.understand(asked.person, text, place=common(asked))
    [recipe, *_] = recipes.make(prompt, options, model, most=studio.rules.pictures_per_request)
    findings = await studio.findings(prompt, model)
    wish = await wishes.keep(studio.db, Wish(person=asked.person.id, text=text))
    notes = [Field(Say("paper.note"), Say(one.key, one.values)) for one in recipe.prompt.notes if one.key != READ]
    lacking = [Field(Say("paper.note"), Say(one.key, one.values)) for one in findings if one.severity == "error"]
    lines = [line for line in cards.recipe_fields(recipe) if line.label.key.partition(".")[2] not in OWN_LINES]
    return Card(
        text=Say("paper.read", {"program": infotext.program}),
        fields=(*lines, *notes, *lacking),
        buttons=(*_buttons(kept or wish), *mends(findings, wish)),
    )


async def paper_draw(studio: Studio, press: Press) -> None:
    """Draw what was read, as it was drawn."""
    paper = await _kept(studio, press)
    if paper.recipe is None:
        text = _written(paper)
        await studio.imagine(_request(press, text), text)
        return
    await studio.submit(press, (await _ours(studio, press, paper.recipe),))


async def paper_prompt(studio: Studio, press: Press) -> None:
    """Draw its words alone, in the person's own way."""
    paper = await _kept(studio, press)
    words, negative = _words(paper)
    await studio.imagine(replace(_request(press, words), negative=negative), words)


async def paper_compare(studio: Studio, press: Press) -> Card:
    """What is otherwise in the person's own way, line by line, and the button that draws both where something is."""
    theirs, mine = await _both(studio, press)
    usual = {line.label.key: line for line in cards.recipe_fields(mine)}
    differing = []
    for line in cards.recipe_fields(theirs):
        other = usual.pop(line.label.key, None)
        if line.label.key.partition(".")[2] in OWN_LINES or (other and other.value == line.value):
            continue
        both = {"theirs": _shown(line), "mine": _shown(other)}
        differing.append(Field(line.label, Say("paper.otherwise", both)))
    differing += [
        Field(one.label, Say("paper.otherwise", {"theirs": "—", "mine": _shown(one)})) for one in usual.values()
    ]
    return Card(
        text=Say("paper.differs" if differing else "paper.same"),
        fields=tuple(differing),
        buttons=(Button("paper_both", press.target),) if differing else (),
    )


async def paper_both(studio: Studio, press: Press) -> None:
    """Draw it as it was drawn and in the person's own way, with one seed, side by side."""
    most = studio.rules.pictures_per_request
    if most < 2:
        raise Refusal("count.not_allowed", count=2, limit=most)
    theirs, mine = await _both(studio, press)
    await studio.fitting(theirs.prompt, await studio.model(theirs.model))
    await studio.submit(press, (theirs, mine))


async def _both(studio: Studio, press: Press) -> tuple[Recipe, Recipe]:
    """The recipe that was read, and the person's own for its words, with its seed."""
    paper = await _kept(studio, press)
    most, place = studio.rules.pictures_per_request, common(press)
    if paper.recipe is not None:
        theirs = await _ours(studio, press, paper.recipe)
    else:
        prompt, options, model = await studio.understand(press.person, _written(paper), place=place)
        [theirs, *_] = recipes.make(prompt, options, model, most=most)
    words, negative = _words(paper)
    given = Options(seed=theirs.seed)
    prompt, options, model = await studio.understand(press.person, words, negative=negative, given=given, place=place)
    [mine, *_] = recipes.make(prompt, replace(options, count=None), model, most=most)
    return theirs, mine


async def _ours(studio: Studio, press: Press, recipe: Recipe) -> Recipe:
    """A recipe that can be drawn by this person. Raises Refusal, for one drawn over what is not theirs, too."""
    for file in recipe.files:
        theirs = await pictures.owned(studio.db, press.person.id, file)
        if not theirs or not await studio.db.files.has(file):
            raise Refusal("sent.base")
    await studio.fitting(recipe.prompt, await studio.model(recipe.model))
    return recipe


async def _kept(studio: Studio, press: Press) -> Paper:
    wish = await wishes.get(studio.db, press.target)
    if wish is None:
        raise Refusal("press.unknown")
    if wish.files:
        return await asyncio.to_thread(read, await studio.db.files.get(wish.files[0]))
    return Paper(None, reading.read(wish.text))


def _words(paper: Paper) -> tuple[str, str]:
    """The prompt and the negative, as they were written; of a recipe of ours what its person said, without the style
    and the words that their way of drawing added."""
    if paper.recipe is not None:
        drawn = paper.recipe.prompt
        prompt = drawn.own if drawn.own.positive else drawn
        return " ".join([prompt.positive, *map(str, prompt.loras)]), prompt.negative
    if paper.infotext is None:
        raise Refusal("paper.none")
    return paper.infotext.positive, paper.infotext.negative


def _written(paper: Paper) -> str:
    """The infotext, as A1111 writes it."""
    if paper.infotext is None:
        raise Refusal("paper.none")
    return written(paper.infotext)


def _request(press: Press, text: str) -> Request:
    return Request(person=press.person, place=press.place, text=text, key=press.key, room=press.room)


def _shown(line: Field | None) -> str:
    if line is None:
        return "—"
    return line.value if isinstance(line.value, str) else str(line.value.values.get("name", ""))


def _buttons(wish: str) -> tuple[Button, ...]:
    return tuple(Button(action, wish) for action in ("paper_draw", "paper_prompt", "paper_compare"))
