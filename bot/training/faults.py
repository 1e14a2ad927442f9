"""What is wrong with pictures that are to be learnt from, told before anything begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat import Say
from bot.training.flags import CUT, PictureFlags, listed
from bot.training.folder import FolderPicture
from prompts.errors import Refusal

FEW = 10  # pictures below which it becomes little but a copy of them


def faults(pictures: Sequence[FolderPicture], found: Sequence[PictureFlags], least: int) -> tuple[Say, ...]:
    """Too few pictures, too small ones (the shorter side below `least`), blurred ones, those that are there twice,
    those of which much is cut off, persons without a face or with several, and one background behind all of them, as
    their flags say."""
    return tuple(_faults(pictures, found, least))


def _faults(pictures: Sequence[FolderPicture], found: Sequence[PictureFlags], least: int) -> Iterator[Say]:
    if len(pictures) < FEW:
        yield Say("train.few", {"count": len(pictures), "few": FEW})
    for key, wrong in (
        ("train.small", [one.small for one in found]),
        ("train.blurred", [one.blurred for one in found]),
        ("train.cut", [one.lost > CUT for one in found]),
        ("train.faceless", [one.no_face for one in found]),
        ("train.faces", [one.many_faces for one in found]),
    ):
        if count := sum(wrong):
            names = listed(pictures, (place for place, one in enumerate(wrong) if one))
            yield Say(key, {"files": names, "count": count, "least": least})
    if twins := [(place, one.twin - 1) for place, one in enumerate(found) if one.twin]:
        named = "; ".join(f"{pictures[other].path.name}, {pictures[place].path.name}" for place, other in twins[:5])
        yield Say("train.twice", {"files": named, "count": len(twins)})
    if count := sum(one.plain for one in found):
        yield Say("train.one_background", {"count": count, "all": len(pictures)})


def check_person(found: Sequence[PictureFlags], *, consent: bool) -> None:
    """Raises Refusal `train.no_face` where not half of the pictures of a person show a face, `train.consent` where
    nobody has agreed to being learnt."""
    shown = sum(bool(one.faces) for one in found)
    if 2 * shown < len(found):
        raise Refusal("train.no_face", count=len(found) - shown)
    if not consent:
        raise Refusal("train.consent", count=shown)


def check_cut(pictures: Sequence[FolderPicture], found: Sequence[PictureFlags]) -> None:
    """Raises Refusal `train.cut_asked` where so much of a picture would be cut off that somebody has to be asked."""
    much = [place for place, one in enumerate(found) if one.lost > CUT]
    if much:
        raise Refusal("train.cut_asked", files=listed(pictures, iter(much)), count=len(much))
