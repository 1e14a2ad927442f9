"""The actions of verbs in the clause table: what is done, to whom, by whom, and where."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts.translate.clause_actions import ALIVE, set_at, settled, tag_of, worn
from prompts.translate.draft_tags import ClauseState, DraftTag
from prompts.translate.noun_phrase import NounPhrase
from prompts.translate.numbers import counted, plural
from prompts.translate.roles import NOUNS, Token
from prompts.translate.rules import Match
from prompts.translate.verb_objects import done, done_to, meant, passive


def on_somebody(state: ClauseState, match: Match) -> ClauseState:
    """坐在爸爸肩膀上: on shoulders of father."""
    state, (who, part) = settled(state), match.nouns
    text = match.tokens[-1].tag.format(_part_of(part.text, who))
    tag = DraftTag(text, "subject", who.start, match.tokens[-1].end, "place", attribute=True)
    return state._replace(said=(*state.said, *state.pending, tag), pending=(), place=False)


def _part_of(part: str, who: NounPhrase) -> str:
    return f"{part} of {_as_object(who)}"


def _as_object(noun: NounPhrase) -> str:
    """A noun inside a phrase, where "1girl" is no tag: "carrying girl"."""
    return re.sub(r"\b1(?=girl|boy)", "", noun.text)


def does(state: ClauseState, match: Match) -> ClauseState:
    """A verb with its objects, each a tag: 穿着红裙子和白鞋."""
    verb, agent = match.first, state.said[-1] if state.said else None
    state, objects = _stations(settled(state), match)
    if agent and passive(verb.tag) and _acts(match, verb) and agent.category in _AGENTS and not agent.attribute:
        # "月光照亮了房间": what stands before does it
        state = _alone(state, verb)
        tags = (DraftTag(noun.text, noun.part, noun.start, noun.end, noun.category) for noun in objects)
        return state._replace(said=(*state.said, *tags))
    for noun in objects:
        tag = _object(meant(match.clause.text[verb.start : verb.end], verb, noun), noun)
        if tag.bare and _wearer(state) == "person":
            tag = worn(tag)
        state = state._replace(said=(*state.said, tag))
    return state


def _object(verb: Token, noun: NounPhrase) -> DraftTag:
    bare = ", ".join(noun.tags)
    if verb.role == "wear":
        return DraftTag("wearing " + noun.text, verb.part, verb.start, noun.end, "verb", bare, attribute=True)
    if verb.tag == "{}":
        return DraftTag(bare, noun.part, verb.start, noun.end, "verb", attribute=True)
    said = verb.tag.partition(" ")[0] == noun.text.partition(" ")[0]  # 抽着烟斗: no more than "smoking pipe"
    text = noun.text if said else verb.tag.format(_as_object(noun))
    return DraftTag(text, verb.part, verb.start, noun.end, "verb", attribute=True)


_AGENTS = NOUNS - {"body"} | {"gap"}  # "用手遮住太阳": with the hand, and not by it


def _acts(match: Match, verb: Token) -> bool:
    """Whether what is done has its doer before it: "雪覆盖了房子", but "房子覆盖着雪"."""
    return not verb.tag.startswith("covered") or not match.clause.text[verb.start : verb.end].endswith(("着", "满"))


def done_by(state: ClauseState, match: Match) -> ClauseState:
    """被狗追: what is done, and by whom."""
    state, verb = settled(state), match.tokens[-1]
    text = done(verb).format(_doers(done(verb), match.nouns[0])) if match.nouns else done_to(verb)
    tag = DraftTag(text, verb.part, match.first.start, verb.end, "verb", attribute=True)
    return state._replace(said=(*state.said, tag))


def does_to_doer(state: ClauseState, match: Match) -> ClauseState:
    """牵着一只戴着项圈的小狗: leading puppy wearing collar."""
    state, verb, (*things, who) = settled(state), match.first, match.nouns
    count = next((one for one in match.tokens if one.role == "count"), None)
    whom = counted(who.tags[0], count) if count is not None else who.tags[0]
    own = next(one for one in match.tokens[1:] if one.role in ("verb", "wear") or one.category == "pose")
    doing = " ".join(_doing(own, thing, match) for thing in things) or own.tag
    whom = f"{whom} {doing}" if things or " " in doing else f"{doing} {re.sub(r'^1(?=girl|boy)', '', whom)}"
    said = _object(meant(match.clause.text[verb.start : verb.end], verb, who), who._replace(tags=(whom, *who.tags[1:])))
    return state._replace(said=(*state.said, said._replace(bare="", end=who.end)))


def _doing(verb: Token, thing: NounPhrase, match: Match) -> str:
    verb = meant(match.clause.text[verb.start : verb.end], verb, thing)
    return f"with {thing.text}" if verb.tag == "{}" and verb.role == "verb" else _object(verb, thing).text


def of_material(state: ClauseState, match: Match) -> ClauseState:
    """水晶构成的: made of crystal."""
    state, (verb, material) = settled(state), sorted(match.tokens, key=lambda token: token.role != "verb")
    tag = DraftTag(
        done(verb).format(material.tag), verb.part, match.first.start, match.tokens[-1].end, "verb", attribute=True
    )
    return state._replace(said=(*state.said, tag))


def _doers(done: str, noun: NounPhrase) -> str:
    """Who does it; one thing alone surrounds nobody."""
    many = done.startswith("surrounded") and noun.number is None and noun.category in ("animal", "plant", "person")
    return plural(_as_object(noun)) if many else _as_object(noun)


def does_to(state: ClauseState, match: Match) -> ClauseState:
    """把猫抱着: a verb behind its object."""
    state, verb, noun = settled(state), match.tokens[-1], match.nouns[0]
    tag = _object(meant(match.clause.text[verb.start : verb.end], verb, noun), noun)
    return state._replace(said=(*state.said, tag._replace(start=match.first.start, end=verb.end)))


def puts(state: ClauseState, match: Match) -> ClauseState:
    """把书放在桌上: a thing and where it is put, as one tag."""
    thing, behind = match.nouns[0], match.tokens[-1]
    how = next(one.tag for one in match.tokens if one.role == "preposition")
    where = [noun for noun in match.nouns[1:] if behind.role != "locator" or noun.start < behind.start]
    spot = _part_of(where[1].text, where[0]) if len(where) > 1 else "".join(noun.text for noun in where)
    place = behind.tag if behind.role == "locator" else spot
    place = place.format(spot) if where else _NOBODYS.sub("", place)  # 怀里: in arms
    if not _PLACED.match(place):
        place = f"in {place}"
    text = f"{how} {thing.text}" if how in ("holding", "carrying") else f"{thing.text} {how}".strip()
    tag = DraftTag(f"{text} {place}", "subject", match.first.start, behind.end, "verb", attribute=True)
    state = settled(state)
    return state._replace(said=(*state.said, tag))


_NOBODYS = re.compile(r"\{\}'s | \{\}(?!')")
_PLACED = re.compile(r"(?:on|in|under|beside|behind|between|above|around|near|at|opposite|outside|deep in) ")


def does_to_part(state: ClauseState, match: Match) -> ClauseState:
    """牵着妈妈的手: holding hand of mother."""
    state, verb, (who, part) = settled(state), match.first, match.nouns
    verb = meant(match.clause.text[verb.start : verb.end], verb, part)
    text = verb.tag.format(_part_of("hand" if part.text == "hands" else part.text, who))
    return state._replace(said=(*state.said, DraftTag(text, verb.part, verb.start, part.end, "verb", attribute=True)))


def upon(state: ClauseState, match: Match) -> ClauseState:
    """肩膀上站着鹦鹉: parrot on shoulder."""
    state, (*places, thing) = settled(state), match.nouns
    where = match.first.tag
    for place in places:
        where = match.clause.tokens[place.behind].tag.format(place.text.removesuffix("s"))
    tag = DraftTag(f"{thing.text} {where}", "subject", match.first.start, thing.end, "verb", attribute=True)
    return state._replace(said=(*state.said, tag))


def held(state: ClauseState, match: Match) -> ClauseState:
    """手里一把伞: holding umbrella."""
    state, thing = settled(state), match.nouns[-1]
    tag = DraftTag(f"holding {thing.text}", "subject", match.first.start, thing.end, "verb", attribute=True)
    return state._replace(said=(*state.said, tag))


def does_at(state: ClauseState, match: Match) -> ClauseState:
    """A verb and where: 抓着树枝上 is one tag."""
    state, _ = _stations(settled(state), match)
    verb = match.first
    if verb.tag == "{}" or verb.role == "wear" or verb.part == "scene_detail":
        return state
    if not state.said:
        return _alone(state, verb)
    last = state.said[-1]
    text = verb.tag.format("").strip() + " " + last.text
    return state._replace(said=(*state.said[:-1], last._replace(text=text, part=verb.part)))


def does_alone(state: ClauseState, match: Match) -> ClauseState:
    """A verb without an object."""
    state, _ = _stations(settled(state), match)
    return state if match.first.role == "wear" else _alone(state, match.first)


def _alone(state: ClauseState, verb: Token) -> ClauseState:
    last = state.said[-1] if state.said else None
    if last and last.category in _AGENTS and passive(verb.tag):  # "火焰环绕": the noun stands before
        said = last._replace(text=verb.tag.format(last.text), part=verb.part, category="verb", attribute=True)
        return state._replace(said=(*state.said[:-1], said))
    text = _OPEN_END.sub("", verb.tag.format("").strip())
    return state._replace(said=(*state.said, tag_of(text, verb))) if text else state


_OPEN_END = re.compile(r" (with|for|at|on|by|of|to)$")


def _stations(state: ClauseState, match: Match) -> tuple[ClauseState, Sequence[NounPhrase]]:
    """The state with the places said that stand between a verb and its objects, and the objects."""
    tokens, nouns = match.clause.tokens, match.nouns
    for number, noun in enumerate(nouns):
        if noun.behind == len(tokens) or tokens[noun.behind].role != "locator":
            return state, nouns[number:]
        after = tokens[noun.behind + 1].role if noun.behind + 1 < len(tokens) else ""
        if noun.category == "body" and after in ("verb", "wear", "of", "tag"):
            state = state._replace(place=False)  # as `hand`
        else:
            state = set_at(state, match, noun)
    return state, ()


def _wearer(state: ClauseState) -> str:
    """The category of whoever the clause is about: of the last one named who can wear or hold something."""
    return next((tag.category for tag in reversed(state.done + state.said) if tag.category in ALIVE), "")
