"""The actions of the clause table: each takes a clause's state and a match, and gives the state behind the match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prompts.translate.draft_tags import ClauseState, DraftTag, person_plainly
from prompts.translate.noun_phrase import NounPhrase, described
from prompts.translate.numbers import counted
from prompts.translate.roles import ADVERBS, MOODS, NOUNS, Token
from prompts.translate.rules import Match


def nothing(state: ClauseState, _match: Match) -> ClauseState:
    """A word that says nothing: 很, 请."""
    return state


def waits(state: ClauseState, match: Match) -> ClauseState:
    """An adjective that waits for its noun."""
    return state._replace(adjectives=(*state.adjectives, match.first))


def counts(state: ClauseState, match: Match) -> ClauseState:
    """A number that waits for its noun."""
    return state._replace(number=match.first)


def attributes(state: ClauseState, _match: Match) -> ClauseState:
    """的: the attributes said last wait for their noun."""
    at = len(state.said)
    while at and state.said[at - 1].attribute:
        at -= 1
    return state._replace(said=state.said[:at], pending=state.pending + state.said[at:])


def concluded(state: ClauseState, _match: Match | None = None) -> ClauseState:
    """和: what has been said is finished."""
    state = settled(state)
    return state._replace(done=state.done + state.said, said=())


def settled(state: ClauseState) -> ClauseState:
    """The state without waiting adjectives, which no noun followed: they belong to the noun before them ("头发金色"),
    or stand alone."""
    adjectives = state.adjectives
    if not adjectives:
        return state
    owner, last = state.said[-1] if state.said else None, adjectives[-1]
    if owner and not owner.attribute and owner.category in NOUNS:
        texts = described(owner.text, owner.category, adjectives)
        said = (*state.said[:-1], *(owner._replace(text=text, end=last.end) for text in texts))
    elif owner and owner.category == "verb" and _DISTANT.search(owner.text):  # "远处的地球很小"
        text = described(owner.text, owner.category, adjectives)[0]
        said = (*state.said[:-1], owner._replace(text=text, end=last.end))
    elif len(adjectives) > 1 and last.category == "material":  # "红色天鹅绒": red velvet
        text = described(last.tag, "material", adjectives[:-1])[0]
        said = (*state.said, tag_of(text, last._replace(start=adjectives[0].start)))
    else:
        said = (*state.said, *(tag_of(token.tag, token) for token in adjectives))
    return state._replace(adjectives=(), said=said)


_DISTANT = re.compile(r" in the (?:distance|foreground|background|middle ground)$")


def tag_of(text: str, token: Token) -> DraftTag:
    return DraftTag(text, token.part, token.start, token.end, token.category, attribute=True)


def named(state: ClauseState, match: Match) -> ClauseState:
    """A word that is a tag by itself."""
    state = settled(state)
    return state._replace(said=(*state.said, tag_of(match.first.tag, match.first)))


def at(state: ClauseState, match: Match) -> ClauseState:
    """在, 坐在 …: how somebody is there, if the word says so; the next noun is the place."""
    state = named(state, match) if match.first.tag else settled(state)
    if len(state.said) > 1 and state.said[-1].text == "parked" and state.said[-2].category in ALIVE:
        state = state._replace(said=(*state.said[:-1], state.said[-1]._replace(text="perched")))  # 蝴蝶停在花上
    return state._replace(place=True)


# ── nouns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


_OWN = frozenset(("clothing", "hair", "eyes"))


def _taken(state: ClauseState, noun: NounPhrase) -> tuple[ClauseState, NounPhrase]:
    """The noun with the number and adjectives that waited for it. The number goes by what stands behind a 在, and by
    objects: in 两个在草地上奔跑的小狗 two are the dogs; and by what is somebody's own: in 两个长发女孩 the girls."""
    tags, start = noun.tags, noun.start
    goes_by = state.place or noun.category in _OWN
    if state.number is not None and not goes_by:
        tags, start = (counted(tags[0], state.number), *tags[1:]), min(start, state.number.start)
    if state.adjectives:
        tags = (*described(tags[0], noun.category, state.adjectives), *tags[1:])
    if tags is noun.tags:
        return state, noun
    number = state.number if goes_by else None
    return state._replace(number=number, adjectives=()), noun._replace(tags=tags, start=start)


def place(state: ClauseState, match: Match) -> ClauseState:
    """桌子上: a place."""
    state, noun = _taken(state, match.nouns[0])
    return set_at(state, match, noun)


def hand(state: ClauseState, match: Match) -> ClauseState:
    """手里拿着剑 says no more than 拿着剑, but 肩膀上站着一只鹦鹉 says where."""
    state, noun = _taken(state, match.nouns[0])
    return set_at(state, match, noun) if noun.words in _PERCHES else state._replace(place=False)


_PERCHES = frozenset({"shoulders", "lap", "back"})


def side(state: ClauseState, match: Match) -> ClauseState:
    """左边, 中间 …: a place in the picture, where no noun stands before the word."""
    word = match.first
    if word.end - word.start == 1 or word.tag not in _SIDES:
        return state
    tag = DraftTag(_SIDES[word.tag], "scene_detail", word.start, word.end, "place", attribute=True)
    return state._replace(said=(*state.said, tag), place=False)


# What a word of place says where no noun stands before it.
_SIDES = {
    "to the left of {}": "on the left",
    "to the right of {}": "on the right",
    "in the middle of {}": "in the middle",
    "in front of {}": "in the foreground",
    "behind {}": "in the background",
    "on both sides of {}": "on both sides",
    "in the corner of {}": "in the corner",
    "at the entrance of {}": "at the entrance",
    "in {}'s arms": "in arms",
    "at {}'s feet": "at feet",
}
# The same of a thing that has no arms and no feet.
_LIFELESS = {"in {}'s arms": "in the arms of {}", "at {}'s feet": "at the foot of {}"}


def between(state: ClauseState, match: Match) -> ClauseState:
    """猫和狗之间: a place between two things."""
    left, right = match.nouns
    text = f"between {_plainly(left)} and {_plainly(right)}"
    tag = DraftTag(text, "scene_detail", left.start, match.tokens[-1].end, "place", attribute=True)
    state = settled(state)
    return state._replace(said=(*state.said, *state.pending, *_people(left, right), tag), pending=(), place=False)


def things_beside(state: ClauseState, match: Match) -> ClauseState:
    """旁边停着汽车: things around what the picture is about."""
    state, noun = _taken(state, match.nouns[-1])
    tags = (tag._replace(part="scene_detail") for tag in _tags(noun))
    return state._replace(said=(*state.said, *tags), place=False)


def at_its_sides(state: ClauseState, match: Match) -> ClauseState:
    """猫左边是狗右边是兔子: things at the sides of the first, or of the picture."""
    sides = [index for index, token in enumerate(match.tokens) if token.role == "locator"]
    things = match.nouns[-len(sides) :]
    middle = None if match.first.role == "locator" else match.nouns[0]
    said = [] if middle is None else [*_tags(middle)]
    for index, thing in zip(sides, things, strict=True):
        template = match.tokens[index].tag
        where = template.format(_plainly(middle)) if middle else _SIDES.get(template, template.format("it"))
        text = f"{_plainly(thing)} {where}"
        said.append(DraftTag(text, "subject", match.tokens[index].start, thing.end, "beside"))
    state = settled(state)
    return state._replace(done=(*state.done, *state.said, *said), said=())


def _tags(noun: NounPhrase) -> Iterator[DraftTag]:
    return (DraftTag(text, noun.part, noun.start, noun.end, noun.category) for text in noun.tags)


def fused(state: ClauseState, match: Match) -> ClauseState:
    """猫和狗的混合体: a hybrid of cat and dog."""
    left, right = match.nouns
    text = f"{match.tokens[-1].tag} of {_plainly(left)} and {_plainly(right)}"
    tag = DraftTag(text, "subject", left.start, match.tokens[-1].end, "myth")
    state = settled(state)
    return state._replace(said=(*state.said, *state.pending, tag), pending=())


def unlike_eyes(state: ClauseState, match: Match) -> ClauseState:
    """左眼蓝色右眼金色: heterochromia, and which is which."""
    said = [DraftTag("heterochromia", "subject", match.first.start, match.tokens[-1].end, "eyes", attribute=True)]
    eye = match.first
    for token in match.tokens:
        if token.role == "noun":
            eye = token
        elif token.category == "colour":
            said.append(DraftTag(f"{token.tag} {eye.tag}", "subject", eye.start, token.end, "eyes", attribute=True))
    state = settled(state)
    return state._replace(said=(*state.said, *said))


def set_at(state: ClauseState, match: Match, noun: NounPhrase) -> ClauseState:
    tokens = match.clause.tokens
    locator = tokens[noun.behind + (tokens[noun.behind].role == "of")]
    template = locator.tag
    if noun.category not in ALIVE:
        template = _LIFELESS.get(template, template)
    if template == "in the middle of {}" and noun.number and noun.number.number != 1:
        template = "between {}"
    text = noun.text if noun.text in ADVERBS else template.format(_plainly(noun))
    kind = "beside" if noun.category in ALIVE else "place"
    if noun.category == "clothing" and template == "on {}":  # 围裙上有油渍
        kind = "upon"
    tag = DraftTag(text, "scene_detail", noun.start, locator.end, kind, attribute=True)
    return state._replace(said=(*state.said, *state.pending, *_people(noun), tag), pending=(), place=False)


def _people(*nouns: NounPhrase) -> Sequence[DraftTag]:
    """The people that a place is said by ("behind a boy"): they are in the picture, too."""
    return [
        DraftTag(noun.tags[0], noun.part, noun.start, noun.end, "someone", attribute=True)
        for noun in nouns
        if noun.category == "person"
    ]


def _plainly(noun: NounPhrase) -> str:
    """The noun as it is called in a phrase: "1girl" is a girl there."""
    return person_plainly(noun.tags[0]) if noun.category == "person" else noun.text


def beside(state: ClauseState, match: Match) -> ClauseState:
    """森林的…, 在森林: a noun that says where or whose, and is not what the clause is about."""
    state, noun = _taken(state, match.nouns[0])
    part = "scene_detail" if state.place and noun.part != "quality_style" else noun.part
    tags = (DraftTag(text, part, noun.start, noun.end, noun.category, attribute=True) for text in noun.tags)
    return state._replace(said=(*state.said, *tags), place=False)


def head(state: ClauseState, match: Match) -> ClauseState:
    """A noun that the clause is about, with the attributes that led to it."""
    state, noun = _taken(state, match.nouns[0])
    tags = tuple(DraftTag(text, noun.part, noun.start, noun.end, noun.category) for text in noun.tags)
    said, pending = state.said, state.pending
    if noun.category == "person":
        said, pending = tuple(map(worn, said)), tuple(map(worn, pending))
    first = len(said)
    while noun.category in ALIVE and first and said[first - 1].category in MOODS:
        first -= 1  # "优雅女人": the person first, then how
    return state._replace(done=state.done + said[:first], said=(*tags, *said[first:], *pending), pending=())


ALIVE = frozenset({"person", "animal", "myth"})


def worn(tag: DraftTag) -> DraftTag:
    """The tag as it is said of a person: "red hat" for "wearing red hat"."""
    return tag._replace(text=tag.bare) if tag.bare else tag
