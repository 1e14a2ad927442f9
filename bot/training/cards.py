"""The cards of a training: one that stands where it was begun and is renewed there, and those that are asked for beside
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot import texts
from bot.chat import Attached, Button, Card, Choice, Field, Say, Select, Shown
from bot.studio.tag_cards import both
from bot.training import learnt_files, sheets
from bot.training.faults import FEW
from bot.training.now import TrainingNow
from bot.training.tag_changes import numbers, tags_of
from bot.training.templates import PORTRAITS, SHAPE, portraits
from engine.training_plan import KINDS
from prompts.errors import Refusal
from prompts.tags import entry_of
from prompts.traditional import chinese, written
from storage.database import Database
from storage.trainings import ENDED, KeptPicture, KeptTraining

SELECT = "training"  # before the id and what is chosen, in the target of a select
USUAL = "usual"  # the preset where none is chosen
COMMON = 8  # tags named on the card
LISTED = 25  # pictures whose tags a card lists, as many as Discord's cards have lines for
MINE = 20  # trainings in a list
STEPS = 10  # files among which one is chosen
BAR = 12  # signs of the bar of progress


async def training_card(db: Database, now: TrainingNow) -> Card:
    """How a training is, in the place of the card that was there before."""
    kept = now.kept
    made = {"draft": _draft, "waiting": _under_way, "running": _under_way, "paused": _under_way}.get(kept.state, _ended)
    return await made(db, now)


# --- a draft ---


async def _draft(db: Database, now: TrainingNow) -> Card:
    kept, pictures = now.kept, _own(now)
    fields = [*_found(kept, pictures), *_said(kept, pictures), Field(Say("training.field.trigger"), _calls(kept))]
    if kept.model:
        fields.append(Field(Say("training.field.model"), kept.model))
    if prior := str(kept.wishes.get("keep") or ""):
        fields.append(Field(Say("training.field.prior"), prior))
    if (one := now.estimate) is not None:
        each = round(one.views / max(1, len(pictures)))
        values = {"steps": one.steps, "each": each, "wait": one.minutes * 60, "cost": one.seconds}
        fields.append(Field(Say("training.field.length"), Say("training.length", values)))
        key = "training.takes" if one.left is None else "training.takes_of"
        fields.append(Field(Say("training.field.takes"), Say(key, {**values, "left": one.left or 0})))
    if now.consent_needed or kept.consent:
        key = "training.agreed" if kept.consent else "train.consent_text"
        fields.append(Field(Say("training.field.consent"), Say(key)))
    if now.refused is not None:
        fields.append(Field(Say("training.field.refused"), now.refused))
    waits = now.consent_needed and not kept.consent
    names = ["train_tags"] if pictures else []
    names += ["train_read"] if any(not one.caption for one in pictures) else []
    names += ["train_agree"] if waits else []
    names += ["train_start"] if now.estimate is not None and not waits else []
    key = "training.draft" if pictures else "training.draft_empty"
    return _card(
        now,
        Say(key, {"name": kept.name, "count": len(pictures)}),
        fields,
        await sheets.of_pictures(db, now),
        (*names, "train_delete"),
        selects=_selects(now),
    )


def _calls(kept: KeptTraining) -> Say | str:
    """The trigger; with a word to whoever chose one that the model knows."""
    return Say("training.common_trigger", {"word": kept.trigger}) if entry_of(kept.trigger) else kept.trigger


def _selects(now: TrainingNow) -> tuple[Select, ...]:
    """What can be chosen of a draft: its kind, and how it is taught."""
    kept = now.kept
    kinds = tuple(Choice(kind, Say(f"training.kind.{kind}")) for kind in KINDS)
    made = [Select(f"{SELECT}.{kept.id}.kind", Say("training.field.kind"), kinds, kept.kind)]
    if len(now.presets) > 1:
        chosen = str(kept.wishes.get("preset") or USUAL)
        names = (USUAL, *(one for one in now.presets if one != USUAL))
        presets = tuple(Choice(one, Say(f"training.preset.{one}")) for one in names)
        made.append(Select(f"{SELECT}.{kept.id}.preset", Say("training.field.preset"), presets, chosen))
    return tuple(made)


async def choices_card(db: Database, now: TrainingNow, what: str) -> Card:
    """The choices of one thing, where a platform has no lists to choose from."""
    kept = now.kept
    chosen = tuple(one for one in (*_selects(now), *_tries(kept)) if one.target.endswith(f".{what}"))
    text = Say(f"training.choose_{what}", {"name": kept.name})
    # As before: only the words and buttons turn.
    shown = await (sheets.of_pictures if kept.state == "draft" else sheets.of_course)(db, now)
    return Card(text=text, pictures=shown, selects=chosen, language=kept.language, panel=True, training=kept.id)


def _found(kept: KeptTraining, pictures: Sequence[KeptPicture]) -> Iterator[Field]:
    """What was found in its pictures, each with the numbers of those that have it."""
    if 0 < len(pictures) < FEW:
        yield Field(Say("training.flag.few"), Say("training.few_told", {"count": len(pictures), "few": FEW}))
    for name in sheets.FLAGS:
        places = [one.place for one in pictures if name in sheets.flags(one)]
        if name == "plain" and len(places) < len(pictures):
            continue  # one background is a fault of all of them
        if places:
            shown = texts.say(kept.language, "training.every") if len(places) == len(pictures) else numbers(places)
            yield Field(Say(f"training.flag.{name}"), shown)


def _said(kept: KeptTraining, pictures: Sequence[KeptPicture]) -> Iterator[Field]:
    """How many have tags, the most common ones, and one that all have: it belongs into the word that calls for it."""
    if not pictures:
        return
    tagged = sum(bool(one.caption) for one in pictures)
    yield Field(Say("training.field.tags"), Say("training.tagged", {"tagged": tagged, "count": len(pictures)}))
    calls = kept.trigger.casefold()
    counted = Counter(tag for one in pictures for tag in tags_of(one.caption) if tag.casefold() != calls)
    if counted:
        common = (f"{both(tag, kept.language)} ×{count}" for tag, count in counted.most_common(COMMON))
        yield Field(Say("training.field.common"), ("、" if chinese(kept.language) else ", ").join(common))
    if everywhere := [tag for tag, count in counted.items() if count == len(pictures) > 2]:
        shown = ("、" if chinese(kept.language) else ", ").join(both(tag, kept.language) for tag in everywhere[:3])
        yield Field(Say("training.field.everywhere"), Say("training.everywhere", {"tags": shown}))


def tags_card(now: TrainingNow, first: int = 1) -> Card:
    """The tags of each picture in two languages, and how to change them."""
    kept, pictures = now.kept, _own(now)
    first = first if len(pictures) > LISTED else 1
    shown = [one for one in pictures if one.place >= first][:LISTED]
    fields = tuple(
        Field(
            Say("training.picture", {"number": one.place}),
            caption_words(one, kept.language) or Say("training.untagged"),
        )
        for one in shown
    )
    more = shown[-1].place + 1 if shown and shown[-1].place < len(pictures) else 0
    buttons = (
        (Button("train_tags", f"{kept.id}.{more}", label=Say("training.further", {"number": more})),) if more else ()
    )
    write = Button("train_write", kept.id)
    return Card(
        text=Say("training.tags", {"name": kept.name, "count": len(pictures)}),
        fields=fields,
        buttons=(write, *buttons),
        language=kept.language,
        training=kept.id,
    )


def caption_words(one: KeptPicture, language: str) -> str:
    """What is said of a picture, in the person's language first and then in the English that is learnt."""
    if not one.caption:
        return ""
    if not chinese(language):
        return f"{one.caption} · {one.source}" if one.source else one.caption
    if one.source:
        return f"{written(one.source, language)} · {one.caption}"
    return ", ".join(both(tag, language) for tag in tags_of(one.caption))


# --- under way ---


async def _under_way(db: Database, now: TrainingNow) -> Card:
    kept = now.kept
    fields = [Field(Say("training.field.step"), _bar(kept))] if kept.steps else []
    if kept.state != "paused" and now.seconds_left:
        fields.append(Field(Say("training.field.left"), Say("training.left", {"seconds": round(now.seconds_left)})))
    if kept.losses:
        fields.append(Field(Say("training.field.loss"), f"{sheets.loss(kept):.3f}"))
    if kept.seconds:
        fields.append(Field(Say("training.field.seconds"), Say("training.seconds", {"seconds": round(kept.seconds)})))
    fields += _reason(kept)
    values: dict[str, str | int | float] = {"name": kept.name, "place": now.waits_at}
    key = f"training.{kept.state}"
    if kept.state == "running" and now.resting:
        key = "training.resting"
    elif kept.state == "waiting" and now.waits_at:
        key = "training.waiting_at"
    drawn = any(one.hash for one in now.samples)
    names = ["train_go_on" if kept.state == "paused" else "train_pause"]
    names += ["train_stop"] if kept.step else []
    names += ["train_samples"] if drawn else []
    names += ["train_curve"] if kept.losses else []
    return _card(now, Say(key, values), fields, await sheets.of_course(db, now), (*names, "train_delete"))


def _bar(kept: KeptTraining) -> str:
    full = min(BAR, BAR * kept.step // max(1, kept.steps))
    return f"{'▓' * full}{'░' * (BAR - full)} {kept.step} / {kept.steps}"


# --- ended ---


async def _ended(db: Database, now: TrainingNow) -> Card:
    kept = now.kept
    fields: list[Field] = []
    if kept.file:
        fields.append(Field(Say("training.field.use"), use_words(now)))
        if kept.chosen and kept.chosen != kept.step:
            fields.append(Field(Say("training.field.chosen"), Say("training.step", {"step": kept.chosen})))
        fields.append(Field(Say("training.field.seen"), Say("training.shared" if kept.shared else "training.private")))
    if kept.steps:
        fields.append(Field(Say("training.field.step"), f"{kept.step} / {kept.steps}"))
    if kept.seconds:
        fields.append(Field(Say("training.field.seconds"), Say("training.seconds", {"seconds": round(kept.seconds)})))
    fields += _reason(kept)
    names = ["train_use"] if kept.file else []
    names += ["train_go_on"] if kept.state == "failed" else []
    names += ["train_samples"] if any(one.hash for one in now.samples) else []
    names += ["train_curve"] if kept.losses else []
    names += ["train_unshare" if kept.shared else "train_share", "train_download"] if kept.file else []
    text = Say(f"training.{kept.state}", {"name": kept.name, "file": kept.file})
    return _card(
        now,
        text,
        fields,
        await sheets.of_course(db, now),
        (*names, "train_again", "train_delete"),
        selects=_tries(kept),
    )


def _tries(kept: KeptTraining) -> tuple[Select, ...]:
    """Portraits to try, of a person who was learnt."""
    if not kept.file or kept.kind != "person":
        return ()
    choices = tuple(Choice(name, Say(f"training.template.{name}")) for name in PORTRAITS)
    return (Select(f"{SELECT}.{kept.id}.template", Say("training.field.template"), choices, ""),)


def portrait_words(kept: KeptTraining, name: str) -> str:
    """A text that draws a portrait of who was learnt. Raises Refusal `press.unknown`."""
    if name not in PORTRAITS:
        raise Refusal("press.unknown")
    return f"{portraits(word(kept))[name]} {lora(kept)}".strip() + f" --ar {SHAPE}"


def use_words(now: TrainingNow) -> str:
    """A line to draw with what was learnt: what the first picture shows, in the words that were learnt."""
    kept = now.kept
    first = next((one.caption for one in _own(now) if one.caption), "")
    rest = [tag for tag in tags_of(first) if kept.trigger.casefold() not in tag.casefold()][:2]
    return f"{', '.join([word(kept), *rest])} {lora(kept)}".strip()


def word(kept: KeptTraining) -> str:
    """What calls for what was learnt: an embedding is called by the name of its file."""
    return kept.file if learnt_files.is_word(kept) else kept.trigger


def lora(kept: KeptTraining) -> str:
    """How its LoRA is written in a text; an inversion is called by its word alone."""
    if learnt_files.is_word(kept):
        return ""
    return f"<lora:{kept.file}:1>"


def _reason(kept: KeptTraining) -> list[Field]:
    if not kept.reason:
        return []
    values = {name: value for name, value in kept.reason_values.items() if isinstance(value, str | int | float)}
    label = "training.field.anew" if kept.state == "running" else "training.field.reason"
    return [Field(Say(label), Say(kept.reason, values))]


# --- beside it ---


async def samples_card(db: Database, now: TrainingNow) -> Card:
    """All samples, and the steps whose file can be taken."""
    kept = now.kept
    steps = _spread([step for step in now.files if step != now.kept.chosen])
    ended = bool(kept.file) or kept.state in ENDED
    buttons = tuple(
        Button("train_choose", f"{kept.id}.{step}", label=Say("training.choose", {"step": step})) for step in steps
    )
    shown = await sheets.of_samples(db, now)
    text = Say("training.samples" if ended else "training.samples_so_far", {"name": kept.name})
    text = text if shown else Say("training.no_samples", {"name": kept.name})
    return Card(text=text, pictures=shown, buttons=buttons if ended else (), language=kept.language, training=kept.id)


async def curve_card(db: Database, now: TrainingNow) -> Card:
    """The curve alone, with what it tells and what it does not."""
    kept = now.kept
    shown = await sheets.of_curve(db, now)
    text = Say("training.curve" if shown else "training.no_curve", {"name": kept.name})
    return Card(text=text, pictures=shown, language=kept.language, training=kept.id)


def file_card(name: str, content: bytes, language: str, address: str = "") -> Card:
    """The LoRA's file."""
    return Card(text=Say("training.file", {"file": name}), file=Attached(name, content, address), language=language)


def list_card(mine: Sequence[KeptTraining]) -> Card:
    """Somebody's trainings, newest first, with a button to see each."""
    if not mine:
        return Card(text=Say("training.none"))
    shown = mine[:MINE]
    lines = tuple(Field(Say("training.line", {"name": one.name}), Say(*_line(one))) for one in shown)
    buttons = tuple(Button("train_show", one.id, label=Say("training.line", {"name": one.name})) for one in shown)
    return Card(text=Say("training.mine", {"count": len(mine)}), fields=lines, buttons=buttons)


def others_card(found: Sequence[tuple[KeptTraining, str]]) -> Card:
    """Asks a moderator which of these trainings, each with whose it is, are to be deleted."""
    buttons = tuple(
        Button("train_delete", one.id, danger=True, label=Say("training.others_line", {"name": one.name, "who": who}))
        for one, who in found[:MINE]
    )
    return Card(text=Say("training.others"), buttons=buttons)


def delete_card(kept: KeptTraining) -> Card:
    """Asks whether all of it is to be deleted."""
    button = Button("train_delete", kept.id, danger=True)
    return Card(text=Say("training.sure", {"name": kept.name}), buttons=(button,), language=kept.language)


def gone_card(language: str) -> Card:
    """What stands where a training stood that was deleted: nothing of it."""
    return Card(text=Say("training.gone_here"), language=language, stays=True)


def moved_card(name: str, language: str) -> Card:
    """What stands where the card of a training stood that now stands further down."""
    return Card(text=Say("training.moved", {"name": name}), language=language, stays=True)


def _line(one: KeptTraining) -> tuple[str, dict[str, str | int | float]]:
    return f"training.line.{one.state}", {"step": one.step, "steps": one.steps, "file": one.file}


def _spread(steps: Sequence[int]) -> list[int]:
    """The last of many, spread evenly."""
    if len(steps) <= STEPS:
        return [*steps]
    return [steps[round(at * (len(steps) - 1) / (STEPS - 1))] for at in range(STEPS)]


def _own(now: TrainingNow) -> list[KeptPicture]:
    return [one for one in now.pictures if not one.prior]


def _card(
    now: TrainingNow,
    text: Say,
    fields: Sequence[Field],
    pictures: tuple[Shown, ...],
    names: Sequence[str],
    selects: tuple[Select, ...] = (),
) -> Card:
    kept = now.kept
    buttons = tuple(Button(name, kept.id, danger=name == "train_delete") for name in names)
    return Card(
        text=text, fields=tuple(fields), pictures=pictures, buttons=buttons, selects=selects, language=kept.language,
        stays=True, training=kept.id,
    )  # fmt: skip
