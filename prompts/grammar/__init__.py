"""A1111's prompt syntax, read from any text whatever, in linear time, without ever failing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from prompts.grammar.attention import BREAK, ROUND, SQUARE, attention
from prompts.grammar.embeddings import weighed as embeddings_weighed
from prompts.grammar.faces import is_face, without_angles
from prompts.grammar.full_width import normalise
from prompts.grammar.networks import UNKNOWN as UNKNOWN_NETWORK
from prompts.grammar.networks import loras, networks
from prompts.grammar.pieces import PromptPiece, pieces
from prompts.grammar.runs import Run, bare, between, inner, said
from prompts.grammar.schedule import multicond, schedule

if TYPE_CHECKING:
    from prompts.grammar.mistakes import Hint, hints
    from prompts.grammar.tree import Node, Tree, parse, written

__all__ = [
    "BREAK",
    "ROUND",
    "SQUARE",
    "UNKNOWN_NETWORK",
    "Hint",
    "Node",
    "PromptPiece",
    "Run",
    "Tree",
    "attention",
    "bare",
    "between",
    "embeddings_weighed",
    "hints",
    "inner",
    "is_face",
    "loras",
    "multicond",
    "networks",
    "normalise",
    "parse",
    "pieces",
    "said",
    "schedule",
    "without_angles",
    "written",
]

# The tree takes 20 ms to import, and most prompts are never looked at so closely.
_LATER = dict.fromkeys(("Hint", "hints"), "mistakes") | dict.fromkeys(("Node", "Tree", "parse", "written"), "tree")


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
