"""Trainings as JSON, in the words of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import texts
from bot.platforms.web.card_json import Object, sentence
from bot.training import sheets
from bot.training.captions import SaidTag, of_picture
from bot.training.cards import lora, portrait_words, word
from bot.training.curve import smoothed
from bot.training.faults import FEW
from bot.training.flags import CUT
from bot.training.now import TrainingNow
from bot.training.templates import PORTRAITS
from engine.training_plan import KINDS, MAX_PICTURES, MAX_STEPS, MIN_PICTURES
from engine.training_presets import PRESETS
from prompts.prompt import Json
from prompts.tag_names import in_chinese
from prompts.tags import entry_of
from prompts.traditional import chinese, written
from storage.trainings import KeptPicture, KeptSample, KeptTraining

POINTS = 240  # of a curve: a phone has not many more pixels for it
CAN: Mapping[str, tuple[str, ...]] = {
    "draft": ("start",),
    "waiting": ("pause", "stop"),
    "running": ("pause", "stop"),
    "paused": ("go_on", "stop"),
    "done": ("choose", "again"),
    "cancelled": ("choose", "again"),
    "failed": ("go_on", "choose", "again"),
}


def brief(kept: KeptTraining, samples: Sequence[KeptSample] = ()) -> Object:
    """A training in the list."""
    shown = _preview(kept, samples)
    return {
        "id": kept.id,
        "name": kept.name,
        "state": kept.state,
        "step": kept.step,
        "steps": kept.steps,
        "shared": kept.shared,
        "preview": f"/pictures/{shown.picture}.png?size=thumb" if shown else None,
    }


def news(now: TrainingNow) -> Object:
    """Where a training stands, as all open pages of its owner are told."""
    kept = now.kept
    return {
        "id": kept.id,
        "state": kept.state,
        "reason_key": kept.reason,
        "step": kept.step,
        "steps": kept.steps,
        "place": now.waits_at,
        "left": round(now.seconds_left),
        "resting": now.resting,
        "shared": kept.shared,
        "sampled": sum(bool(one.hash) for one in now.samples),
        "curve": _curve(kept),
    }


def whole(now: TrainingNow, models: Sequence[tuple[str, str]], language: str) -> Object:
    """All of a training, with the models (each with its family) that it can be learnt on."""
    kept, samples = now.kept, [one for one in now.samples if one.hash]
    pictures = [one for one in now.pictures if not one.prior]
    family = dict(models).get(kept.model, "sd15")
    preset = str(kept.wishes.get("preset") or kept.kind)
    changes = PRESETS.get(preset, PRESETS["thing"])["sd15" if family == "sd2" else family].changes
    estimate, steps = now.estimate, int(str(kept.wishes.get("steps") or 0))
    shown = _preview(kept, samples)
    choices: Object = {
        "least": MIN_PICTURES,
        "most": MAX_PICTURES,
        "most_steps": MAX_STEPS,
        "kinds": _choices(KINDS, "kind", language),
        "models": [{"value": name, "label": name} for name, _ in models],
        "presets": _choices(("", *now.presets), "preset", language),
    }
    return {
        **news(now),
        "name": kept.name,
        "trigger": kept.trigger,
        "kind": kept.kind,
        "model": kept.model,
        **{name: kept.wishes.get(name) or "" for name in ("preset", "keep", "rank")},
        "seed": kept.wishes.get("seed", ""),
        "steps_said": steps > 0,
        "per_step": int(str(changes.get("batch", 1))) * int(str(changes.get("accumulate", 1))),
        "estimate": {
            "steps": estimate.steps if estimate else steps,
            "seconds": estimate.seconds if estimate else 0,
            "minutes": estimate.minutes if estimate else 0,
            "left": estimate.left if estimate else None,
        },
        "pictures": [_picture(kept, one, language) for one in pictures],
        "notes": _notes(now, pictures, language),
        "consent": {
            "needed": now.consent_needed,
            "text": sentence(language, "train.consent_text", {}),
            "given": texts.say(language, "page.train.consent.given", when=kept.consent.at[:16].replace("T", " "))
            if kept.consent
            else "",
        },
        "reason": sentence(language, kept.reason, kept.reason_values) if kept.reason else "",
        "can": [*CAN[kept.state], *([] if not kept.file else ["unshare" if kept.shared else "share"])],
        "samples": _samples(samples),
        "files": list(now.files),
        "chosen": kept.chosen,
        "file": kept.file,
        "use": f"{word(kept)} {lora(kept)}".strip(),
        "tries": [
            {"label": texts.say(language, f"training.template.{name}"), "text": portrait_words(kept, name)}
            for name in (PORTRAITS if kept.file and kept.kind == "person" else ())
        ],
        "preview": f"/pictures/{shown.picture}.png?size=640" if shown else None,
        "choices": choices,
    }


def _choices(names: Sequence[str], what: str, language: str) -> list[Json]:
    rows: list[Json] = []
    for name in names:
        hint = f"page.train.{what}.{name}.hint"
        known = hint in texts.all_texts(language, hint)
        label = sentence(language, f"page.train.{what}.{name or 'usual'}", {})
        rows.append({"value": name, "label": label, "hint": texts.say(language, hint) if known else ""})
    return rows


def _preview(kept: KeptTraining, samples: Sequence[KeptSample]) -> KeptSample | None:
    """The first sample of the step that was chosen, else the newest."""
    drawn = [one for one in samples if one.hash and one.place < 2]
    chosen = [one for one in drawn if one.step == kept.chosen]
    last = max((one.step for one in drawn), default=0)
    return next(iter(chosen or [one for one in drawn if one.step == last]), None)


def _samples(samples: Sequence[KeptSample]) -> list[Json]:
    rows: dict[int, list[Json]] = {}
    for one in samples:
        told: Object = {"picture": one.picture, "with": one.place < 2, "number": one.place % 2 + 1}
        rows.setdefault(one.step, []).append(told)
    return [{"step": step, "pictures": pictures} for step, pictures in sorted(rows.items())]


def _curve(kept: KeptTraining) -> list[Json]:
    """Step, loss and smoothed loss of at most POINTS points, each the mean of those that it stands for."""
    found = [(at * kept.each, loss) for at, loss in enumerate(kept.losses, 1) if abs(loss) < float("inf")]
    line = smoothed([loss for _, loss in found])
    size = max(1, -(-len(found) // POINTS))
    rows: list[Json] = []
    for at in range(0, len(found), size):
        part = found[at : at + size]
        mean = sum(loss for _, loss in part) / len(part)
        rows.append([part[-1][0], round(mean, 5), round(line[at + len(part) - 1], 5)])
    return rows


# --- pictures ---


def _picture(kept: KeptTraining, one: KeptPicture, language: str) -> Object:
    tags = [_tag(tag, language) for tag in of_picture(one)]
    comma = "，" if chinese(language) else ", "
    left, top, right, bottom = sheets.crop(one) or (0.0, 0.0, 1.0, 1.0)
    crop = left, top, right - left, bottom - top
    return {
        "place": one.place,
        "name": one.name,
        "thumb": f"/trainings/{kept.id}/{one.hash}",
        "width": one.width or 1,
        "height": one.height or 1,
        "crop": [round(side, 4) for side in crop],
        "tags": [*tags],
        "text": comma.join(str(tag["first"]) for tag in tags),
        "flags": _flags(kept, one, 1 - crop[2] * crop[3], language),
    }


def _tag(said: SaidTag, language: str) -> Object:
    """A tag in English (`tag`), and in both languages, the person's first; Chinese as it was said, else as the glossary
    has it."""
    name = said.source or written(in_chinese(said.tag), language)
    both = (name, said.tag) if name and chinese(language) else (said.tag, name)
    return {"tag": said.tag, "first": both[0], "second": both[1]}


def _flags(kept: KeptTraining, one: KeptPicture, lost: float, language: str) -> list[Json]:
    told: list[tuple[str, dict[str, int]]] = [
        (name, {}) for name in ("small", "blurred", "no_face", "many_faces") if one.flags.get(name)
    ]
    if twin := one.flags.get("twin"):
        told.append(("twin", {"number": int(str(twin))}))
    lost = max(lost, float(str(one.flags.get("lost") or 0)))
    if lost > CUT:
        told.append(("lost", {"percent": round(100 * lost)}))
    if one.faces and kept.kind != "person" and not one.flags.get("many_faces"):
        told.append(("face", {}))
    return [texts.say(language, f"page.train.flag.{name}", **values) for name, values in told]


def _notes(now: TrainingNow, pictures: Sequence[KeptPicture], language: str) -> list[Json]:
    """What is to be known of all of them."""
    count = len(pictures)
    if not count or now.kept.state != "draft":
        return []
    told: list[Json] = []
    if count < FEW:
        told.append(texts.say(language, "page.train.note.few", count=count, few=FEW))
    if untagged := sum(not one.caption.strip() for one in pictures):
        told.append(texts.say(language, "page.train.note.untagged", count=untagged))
    if entry_of(now.kept.trigger):
        told.append(texts.say(language, "training.common_trigger", word=now.kept.trigger))
    if all(one.flags.get("plain") for one in pictures):
        told.append(texts.say(language, "page.train.note.plain"))
    if now.refused:
        told.append(sentence(language, now.refused.key, now.refused.values))
    return told
