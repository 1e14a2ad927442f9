"""The actions of denials in the clause table: what is not to be seen, and what is after all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from prompts.translate.clause_actions import named, settled, tag_of
from prompts.translate.draft_tags import ClauseState, DraftTag
from prompts.translate.roles import Token
from prompts.translate.rules import Match


def denied(state: ClauseState, match: Match) -> ClauseState:
    """不要, 没有 …: what the words behind it say is not to be seen; behind two of them (不要没有帽子) it is."""
    words = [token for token in match.tokens if token.role == "negation"]
    said = match.clause.within(match.tokens[len(words) :])
    if _undone(match, words):
        return _wished(state, said)
    return _unwanted(settled(state), said, words[0].start)


def refused_behind(state: ClauseState, match: Match) -> ClauseState:
    """雨伞和帽子不要: what stands before the refusal is not to be seen, unless that is denied itself (帽子不要漏了); in
    背景行人不要 not the background itself."""
    at = [index for index, token in enumerate(match.tokens) if token.role == "negation"]
    words = [match.tokens[index] for index in at]
    start = next(
        index for index, token in enumerate(match.tokens) if token.role in ("noun", "tag", "adjective", "count")
    )
    said = match.clause.within(match.tokens[start : next(index for index in at if index > start)])
    if _undone(match, words):
        return _wished(state, said)
    return _unwanted(settled(state), [tag for tag in said if tag.text != "background"] or said, match.first.start)


def insisted(state: ClauseState, match: Match) -> ClauseState:
    """非红色帽子不可: what one cannot do without."""
    end = -2 if match.tokens[-1].end - match.tokens[-1].start == 1 else -1  # 不可 in two signs
    return _wished(state, match.clause.within(match.tokens[1:end]))


def everybody(state: ClauseState, match: Match) -> ClauseState:
    """没有人不戴帽子: all of them do."""
    denial = next(index for index, token in enumerate(match.tokens) if token.role == "negation")
    return _wished(state, match.clause.within(match.tokens[denial + 1 :]))


def _undone(match: Match, words: Sequence[Token]) -> bool:
    """Whether of several denials one is denied by another: 不要没有, but 不要不要 is said twice, and meant once."""
    texts = [match.clause.text[token.start : token.end] for token in words]
    return sum(left != right for left, right in pairwise(texts)) % 2 == 1


def _wished(state: ClauseState, said: Sequence[DraftTag]) -> ClauseState:
    state = settled(state)
    return state._replace(said=(*state.said, *(tag._replace(attribute=True) for tag in said)))


def nobody_who(state: ClauseState, match: Match) -> ClauseState:
    """没有骑车的人: nobody rides a bicycle; who does not is not asked for."""
    said = match.clause.within(match.tokens[1:-2])
    last = match.tokens[-1]
    doing = " ".join(tag.text for tag in said) or last.tag
    person = tag_of(f"person {doing}" if said else doing, last)
    return _unwanted(settled(state), [person], match.first.start)


def denied_on(state: ClauseState, match: Match) -> ClauseState:
    """没有戴帽子和眼镜: what denies by itself, and goes on denying."""
    return _unwanted(named(state, match), match.clause.within(match.tokens[1:]), match.first.start)


def not_done_to(state: ClauseState, match: Match) -> ClauseState:
    """不要给猫戴帽子: the cat is there, and does not wear one."""
    who = match.nouns[0]
    tags = (DraftTag(text, who.part, who.start, who.end, who.category) for text in who.tags)
    state = settled(state)
    deed = match.clause.within(match.clause.tokens[who.behind : match.end])
    return _unwanted(state._replace(said=(*state.said, *tags)), deed, match.first.start)


def done_by_nobody(state: ClauseState, match: Match) -> ClauseState:
    """没有人在看书: nobody is there, and what nobody does is not to be seen."""
    return _unwanted(named(state, match), match.clause.within(match.tokens[1:]), match.first.start)


def not_done(state: ClauseState, match: Match) -> ClauseState:
    """睡不着: what somebody cannot do is not to be seen."""
    return _unwanted(settled(state), match.clause.within(match.tokens[:1]), match.first.start)


def _unwanted(state: ClauseState, said: Sequence[DraftTag], start: int) -> ClauseState:
    unwanted = (tag._replace(text=tag.bare or tag.text, start=start, attribute=False, negative=True) for tag in said)
    return state._replace(done=(*state.done, *unwanted))
