"""Which net and preprocessor a control as asked for stands for, among those that are here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import control_words, preprocessors
from engine.control_words import ControlWord
from engine.files import annotators, catalog, compatibility
from engine.files.catalog import Companion, Model
from engine.preprocessors import Preprocessor
from prompts.controls import NONE, AskedControl
from prompts.errors import Refusal


@dataclass(frozen=True, slots=True)
class ChosenNet:
    """What follows a map, and what makes it: a net by its name, a preprocessor ("" where the picture is a map already),
    and the kind of map, for a net that takes several."""

    net: str
    preprocessor: str
    kind: str


def chosen(asked: AskedControl, model: Model, folders: Sequence[Path]) -> ChosenNet:
    """The net and preprocessor that a control as asked for stands for, with this model. It reads the folders: call it
    in a thread.

    Raises Refusal `control.unknown_word`, what the catalog says of a net that is named, `control.builtin` where the
    built-in model knows only edges, `control.missing` with the file to get, `control.no_preprocessor`.
    """
    nets = catalog.controlnets(folders)
    named = _net(asked, nets, model, folders)
    row = control_words.word(asked.name)
    by = _preprocessor(asked, row)
    if named is not None:
        kind = control_words.trained_for(named) or (row.kinds[0] if row else "")
        kinds: tuple[str, ...] = (kind,) if kind else by.kinds if by else ()
    elif row is not None:
        kinds = row.kinds
    elif by is not None:
        kinds = by.kinds
    else:
        raise Refusal("control.unknown_word", name=asked.name[:40], near=control_words.nearest(asked.name))
    if asked.text and not set(kinds) & set(control_words.WORDS["qr"].kinds):
        raise Refusal("control.no_text", name=asked.name[:40])
    fitting = (named,) if named else tuple(one for one in nets if compatibility.control_fits(one, model))
    for kind in kinds:
        net = named or _following(fitting, kind)
        makers = _makers(asked, row, by, kind, folders)
        if net and (makers or asked.by == NONE or asked.map):
            return ChosenNet(net.name, makers[0].name if makers else "", kind)
    raise _lacking(asked, model, folders, fitting, kinds)


def here(
    asked: Sequence[AskedControl], model: Model, folders: Sequence[Path], pictured: bool
) -> tuple[tuple[AskedControl, ...], list[str]]:
    """The controls that can act with a model, and the names of the nets of the others: where nothing is `pictured`,
    these are all that need a picture. As `chosen`."""
    kept: list[AskedControl] = []
    missing: list[str] = []
    for one in asked:
        acts = pictured or not one.pictured
        with suppress(Refusal):
            chosen(one, model, folders)
            if acts:
                kept.append(one)
                continue
        missing.append(one.net or one.name)
    return tuple(kept), missing


def makers(kind: str, folders: Sequence[Path]) -> tuple[Preprocessor, ...]:
    """What can make maps of a kind here, the best first."""
    return tuple(one for one in preprocessors.for_kind(kind) if can_make(one, folders))


def can_make(one: Preprocessor, folders: Sequence[Path]) -> bool:
    """Whether a preprocessor is here, with the network that it needs, and makes its map of a picture."""
    try:
        annotators.chosen(one, folders)
    except Refusal:
        return False
    return True


def _net(asked: AskedControl, nets: Sequence[Companion], model: Model, folders: Sequence[Path]) -> Companion | None:
    """The net that is named; None where only a word says what it is for."""
    if asked.net:
        net = catalog.controlnet(nets, asked.net, folders)
    else:
        wanted = asked.name.casefold().removesuffix(".safetensors").removesuffix(".pth")
        found = next((one for one in nets if one.name.casefold() == wanted), None)
        if found is None:
            return None
        net = found
    if not compatibility.control_fits(net, model):
        raise Refusal("control.made_for", name=net.name, base=net.family, model=model.name, family=model.family)
    return net


def _preprocessor(asked: AskedControl, row: ControlWord | None) -> Preprocessor | None:
    """The preprocessor that is named, be it in place of a word."""
    if asked.by:
        return None if asked.by == NONE else preprocessors.preprocessor(asked.by)
    if row is None or (asked.net and asked.name not in (row.name, row.zh[0], row.en[0])):
        return preprocessors.named(asked.name)
    return None


def _following(nets: Sequence[Companion], kind: str) -> Companion | None:
    """The net for a kind of map: one of its own before one for several."""
    own = next((one for one in nets if control_words.trained_for(one) == kind), None)
    return own or next((one for one in nets if control_words.follows(one, (kind,))), None)


def _makers(
    asked: AskedControl, row: ControlWord | None, by: Preprocessor | None, kind: str, folders: Sequence[Path]
) -> Sequence[Preprocessor]:
    if asked.text:
        return preprocessors.WRITTEN
    if asked.by == NONE:
        return ()
    if by is not None:
        return (by,) if can_make(by, folders) else ()
    found = makers(kind, folders)
    if row and row.by and not asked.by:
        own = [preprocessors.PREPROCESSORS[name] for name in row.by]
        return [one for one in own if one in found]
    if row and asked.name not in (row.name, row.zh[0], row.en[0]):  # "canny" says more than "edges"
        return sorted(found, key=lambda one: one.name != asked.name.casefold())
    return found


def _lacking(
    asked: AskedControl, model: Model, folders: Sequence[Path], fitting: Sequence[Companion], kinds: Sequence[str]
) -> Refusal:
    """What is missing, by name, and where it belongs."""
    has = next((kind for kind in kinds if _following(fitting, kind)), "")
    if has and asked.by != NONE:
        wanted = preprocessors.for_kind(has)
        files = " / ".join(dict.fromkeys(file for one in wanted for file in one.files))
        return Refusal(
            "control.no_preprocessor", name=asked.name[:40], files=files or has, folder=_place(folders, "detectors")
        )
    if model.builtin:
        return Refusal("control.builtin", name=asked.name[:40], model=model.name)
    file = next((file for kind in kinds if (file := control_words.FILES.get(model.family, {}).get(kind))), "")
    values = {
        "name": asked.name[:40],
        "model": model.name,
        "family": model.family,
        "folder": _place(folders, "controlnets"),
    }
    return Refusal("control.missing" if file else "control.missing_any", **values, **({"file": file} if file else {}))


def _place(folders: Sequence[Path], name: str) -> str:
    """Where a file belongs: the folder for its kind, which usually has that name, else the first of them."""
    return str(next((one for one in folders if one.name == name), next(iter(folders), Path(name))))
