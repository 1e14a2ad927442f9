"""What is wrong with pictures that are to be learnt from, told before anything begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat import Say
from bot.training.folder import FolderPicture
from engine.pixels import buckets, likeness
from engine.pixels.sharpness import BLURRED, sharpness

FEW = 10  # pictures below which it becomes little but a copy of them
CUT = 0.12  # of a picture that may be cut off unsaid


def faults(pictures: Sequence[FolderPicture], sizes: Sequence[buckets.Size], least: int) -> tuple[Say, ...]:
    """Too few pictures, too small ones (the shorter side below `least`), blurred ones, those that are there twice, and
    those of which much is cut off. Takes a tenth of a second a picture: call it in a thread."""
    return tuple(_faults(pictures, sizes, least))


def _faults(pictures: Sequence[FolderPicture], sizes: Sequence[buckets.Size], least: int) -> Iterator[Say]:
    if len(pictures) < FEW:
        yield Say("train.few", {"count": len(pictures), "few": FEW})
    for key, found in (
        ("train.small", [one for one in pictures if min(one.size) < least]),
        ("train.blurred", [one for one in pictures if sharpness(one.image) < BLURRED]),
        ("train.cut", [one for one in pictures if buckets.placed(one.size, sizes).lost > CUT]),
    ):
        if found:
            yield Say(key, {"files": _names(found), "count": len(found), "least": least})
    if twins := list(_twins(pictures)):
        yield Say("train.twice", {"files": "; ".join(_names(pair) for pair in twins[:5]), "count": len(twins)})


def _twins(pictures: Sequence[FolderPicture]) -> Iterator[tuple[FolderPicture, FolderPicture]]:
    prints = [likeness.print_of(one.content) for one in pictures]
    readings = [likeness.readings(small) if (small := likeness.opened(one.content)) else [] for one in pictures]
    asked = [likeness.signs(own) for own in readings]
    for place, one in enumerate(pictures):
        for other in range(place):
            if likeness.distance(prints[other], asked[place]) > likeness.NEAR or not readings[other]:
                continue
            if likeness.agreement(readings[place], readings[other][0]) >= likeness.SAME:
                yield pictures[other], one
                break


def _names(pictures: Sequence[FolderPicture]) -> str:
    shown = ", ".join(one.path.name for one in pictures[:5])
    return f"{shown} …" if len(pictures) > 5 else shown
