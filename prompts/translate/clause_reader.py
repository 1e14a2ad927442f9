"""A clause of simplified Chinese read into tags by the tables of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.translate.clause_actions import concluded
from prompts.translate.clause_rules import CLAUSE, PHRASES, TESTS, Says
from prompts.translate.draft_tags import ClauseState, DraftTag, placed
from prompts.translate.glossary import Entry
from prompts.translate.manner import merged
from prompts.translate.neighbours import meant_beside
from prompts.translate.noun_modifiers import retouched
from prompts.translate.noun_phrase import NounPhrase
from prompts.translate.roles import ROLES, Token
from prompts.translate.rules import GrammarRule, Match, Patterns, Table
from prompts.translate.segmentation import KeyLengths, KnowsWord, words_of
from prompts.translate.token_patterns import Clause
from prompts.translate.transitive import with_objects
from prompts.translate.translator import Phrase

_COUNTED = frozenset(("animal", "person", "myth", "object", "plant", "food", "vehicle", "building", "clothing"))


def counted_behind(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a clause whose number stands at its end, behind its noun (玫瑰三朵), with it before that."""
    counts = [token for token in tokens if token.role == "count"]
    if len(tokens) < 2 or len(counts) != 1 or tokens[-1] is not counts[0]:
        return list(tokens)
    noun, count = tokens[-2:]
    if noun.role != "noun" or noun.category not in _COUNTED or noun.end != count.start:
        return list(tokens)
    first = len(tokens) - 2
    while first and tokens[first - 1].role == "adjective":
        first -= 1
    start = tokens[first].start
    before = count._replace(start=start, end=start)
    return [*tokens[:first], before, *tokens[first:-2], noun._replace(end=count.end)]


class ClauseReader:
    """Reads clauses by the rows of `clause`, which may ask for the tables of `phrases`."""

    def __init__(self, clause: Sequence[GrammarRule[Says]] = CLAUSE, phrases: Mapping[str, Table] = PHRASES) -> None:
        patterns = Patterns(phrases, TESTS)
        rows = [(rule, patterns.compiled(rule.pattern)) for rule in clause]
        self._rows = {
            role: tuple((pattern.fits, rule.when, rule.action) for rule, pattern in rows if pattern.may_start(role))
            for role in ROLES
        }

    def tags(self, text: str, tokens: Sequence[Token]) -> Sequence[DraftTag]:
        """The tags that the tokens of a clause say, in order."""
        clause = Clause(text, tokens, lambda some: self.tags(text, some))
        state = ClauseState()
        index = 0
        while index < len(tokens):
            for fits, when, action in self._rows[tokens[index].role]:
                if when and not when(state):
                    continue
                nouns: list[NounPhrase] = []
                end = fits(clause, index, nouns)
                if end >= 0:
                    state = action(state, Match(clause, index, end, tuple(nouns)))
                    index = end
                    break
            else:
                index += 1
        state = concluded(state)
        return [tag for tag in state.done + state.pending if tag.text]

    def read(
        self, clause: str, table: Mapping[str, Entry], lengths: KeyLengths, known: KnowsWord | None = None
    ) -> tuple[Phrase, ...]:
        """The tags of a clause in simplified Chinese. Unknown words stay in them as they are; a clause of nothing but
        unknown words comes back as one phrase without an origin."""
        tokens = meant_beside(clause, words_of(clause, table, lengths, known))
        tokens = counted_behind(merged(clause, retouched(clause, with_objects(tokens))))
        meaningful = [token for token in tokens if token.role != "filler"]
        if meaningful and all(token.category == "gap" for token in meaningful):
            return tuple(Phrase(token.tag, token.tag) for token in meaningful)
        found: dict[tuple[str, bool], Phrase] = {}
        for tag in placed(self.tags(clause, tokens)):
            for text in filter(None, tag.text.split(", ")):
                phrase = Phrase(text, clause[tag.start : tag.end], "glossary", tag.part, tag.negative)
                found.setdefault((text, tag.negative), phrase)
        return tuple(found.values())


READER = ClauseReader()
