"""What `bot.py train` does before anything is learnt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.cli import training, training_wish
from bot.cli.training import forget, train
from bot.cli.training_wish import TrainingWish
from bot.settings.config import Config
from engine.tagging import PictureTags, SeenTag
from engine.training_plan import TrainingPicture, TrainingPlan
from prompts.errors import Refusal
from tests.bot.training.test_folder import grain


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Config, TrainingWish, dict[str, TrainingPlan]]:
    """A configuration, a wish, and the plans by the folders that they are learnt in."""
    (tmp_path / "pictures").mkdir()
    for place in range(5):
        grain(place).save(tmp_path / "pictures" / f"{place}.png")
    plans: dict[str, TrainingPlan] = {}

    async def learnt(config: Config, plan: TrainingPlan, folder: Path, *_: Any) -> tuple[None, list[str]]:
        assert json.loads((folder / "plan.json").read_text()) == plan.to_json()
        plans[folder.name] = plan
        return None, []

    async def with_prior(config: Config, plan: TrainingPlan, folder: Path, text: str, *_: Any) -> TrainingPlan:
        prior = TrainingPicture("prior-00.png", "0", text, prior=True)
        return replace(plan, pictures=(*plan.pictures, prior))

    async def sheet(*_: Any) -> None: ...

    monkeypatch.setattr(training, "_learnt", learnt)
    monkeypatch.setattr(training, "_with_prior", with_prior)
    monkeypatch.setattr(training, "_sheet", sheet)
    config = Config.model_validate({"data": {"folder": tmp_path / "data"}})
    wish = TrainingWish("zwx", tmp_path / "pictures", out=tmp_path / "zwx.safetensors")
    return config, wish, plans


async def learn(config: Config, wish: TrainingWish) -> None:
    await train(config, wish, "en", Console(quiet=True), Console(quiet=True), quiet=True)


async def test_what_is_to_be_kept_is_english_and_makes_another_training(asked: Any) -> None:
    config, wish, plans = asked
    for prior in ("", "a cat", "一只狗"):
        await learn(config, replace(wish, prior=prior))
    assert [[one.caption for one in plan.prior] for plan in plans.values()] == [[], ["a cat"], ["dog"]]


async def test_what_is_there_stays(asked: Any) -> None:
    config, wish, plans = asked
    sheet = wish.out.with_suffix(".png")
    sheet.write_bytes(b"somebody's picture")
    with pytest.raises(Refusal) as refused:
        await learn(config, wish)
    assert (refused.value.key, refused.value.values) == ("train.exists", {"file": str(sheet)})
    (wish.folder / "0.png").unlink()
    with pytest.raises(Refusal) as refused:
        await learn(config, replace(wish, out=None))
    assert refused.value.key == "train.count" and not plans


async def test_two_do_not_learn_the_same_at_once(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config, wish, _ = asked
    begun = asyncio.Event()

    async def learning(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(training, "_learnt", learning)
    first = asyncio.create_task(learn(config, wish))
    await begun.wait()
    with pytest.raises(Refusal) as refused:
        await learn(config, wish)
    assert refused.value.key == "train.running"
    first.cancel()


def seen(monkeypatch: pytest.MonkeyPatch, faces: int, tags: tuple[str, ...] = ()) -> list[str]:
    """Detectors that see so many faces in each picture, or taggers these tags; who was asked."""
    asked: list[str] = []

    async def looked(config: Config, pictures: Any, reader: str) -> list[PictureTags]:
        asked.append(reader)
        boxes = tuple((0.4 + 0.1 * place, 0.1, 0.5 + 0.1 * place, 0.2) for place in range(faces))
        return [PictureTags(reader, tuple(SeenTag(tag, 1.0) for tag in tags), {}, boxes) for _ in pictures]

    monkeypatch.setattr(training_wish, "looked", looked)
    return asked


def whole(wish: TrainingWish, count: int = 5, width: int = 600, height: int = 600) -> None:
    for place in range(count):
        grain(place, width, height).save(wish.folder / f"{place}.png")  # type: ignore[operator]


async def test_a_portrait_is_of_head_and_shoulders(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config, wish, plans = asked
    whole(wish)
    seen(monkeypatch, 1)
    await learn(config, replace(wish, preset="portrait", consent=True))
    (plan,) = plans.values()
    assert plan.kind == "person" and plan.consent
    for one in plan.pictures:
        left, top, right, bottom = one.crop
        assert right - left == pytest.approx(0.3) and bottom - top == pytest.approx(0.3)
        assert left < 0.4 and right > 0.5 and top < 0.1 and bottom > 0.2
    with pytest.raises(Refusal) as refused:
        await learn(config, replace(wish, preset="portrait", kind="style"))
    assert refused.value.key == "train.portrait"


async def test_of_whoever_has_not_agreed_nothing_is_kept(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config, wish, plans = asked
    for faces, consent, key in ((1, False, "train.consent"), (0, True, "train.no_face")):
        seen(monkeypatch, faces)
        with pytest.raises(Refusal) as refused:
            await learn(config, replace(wish, kind="person", consent=consent))
        assert refused.value.key == key and not plans and not (config.data.folder / "trainings").exists()

    async def learnt(*_: Any) -> None:
        raise Refusal("train.consent", count=1)  # of what was said to be a thing

    monkeypatch.setattr(training, "_learnt", learnt)
    with pytest.raises(Refusal):
        await learn(config, wish)
    (folder,) = (config.data.folder / "trainings").iterdir()
    assert [path.name for path in folder.iterdir()] == [training.LOCK]


async def test_much_is_cut_off_only_where_that_is_said_and_never_a_head(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, wish, plans = asked
    whole(wish, width=2400, height=400)
    seen(monkeypatch, 1)
    with pytest.raises(Refusal) as refused:
        await learn(config, wish)
    assert refused.value.key == "train.cut_asked" and refused.value.values["count"] == 5
    await learn(config, replace(wish, cut=True))
    (plan,) = plans.values()
    assert all(one.focus == pytest.approx((0.45, 0.2)) and not one.crop for one in plan.pictures)


async def test_captions_are_read_where_there_are_none(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config, wish, plans = asked
    readers = seen(monkeypatch, 0, ("solo", "smile (happy)"))
    (wish.folder / "0.txt").write_text("a zwx, red hat")
    await learn(config, replace(wish, tags="any"))
    (plan,) = plans.values()
    assert readers == [""]
    assert {one.caption for one in plan.pictures} == {"a zwx, red hat", "zwx, solo, smile (happy)"}


async def test_presets_rates_and_what_is_not_to_be_forgotten_are_in_the_plan(asked: Any) -> None:
    config, wish, plans = asked
    (wish.folder / "reg" / "1_cat").mkdir(parents=True)
    grain(9).save(wish.folder / "reg" / "1_cat" / "r.png")
    await learn(config, replace(wish, preset="inversion", said={"vectors": 7, "start": "gift"}, steps=3))
    await learn(
        config, replace(wish, preset="tutorial", said={"text_rate": 0.0}, out=wish.out.with_name("b.safetensors"))
    )
    first, second = plans.values()
    assert (first.learns, first.vectors, first.start, first.steps) == ("inversion", 7, "gift", 3)
    assert (second.rank, second.alpha, second.steps, second.text_rate, second.fall) == (128, 64.0, 800, 0.0, 0.0)
    assert [(one.caption, one.prior) for one in first.prior] == [("cat", True)]


async def test_what_is_kept_of_a_training_is_deleted_by_its_name(asked: Any) -> None:
    config, wish, _ = asked
    await learn(config, wish)
    await learn(config, replace(wish, name="other", out=wish.out.with_name("other.safetensors")))
    forget(config, "zwx", Console(quiet=True), "en")
    kept = list((config.data.folder / "trainings").iterdir())
    assert [json.loads((path / "plan.json").read_text())["name"] for path in kept] == ["other"]
    with pytest.raises(Refusal) as refused:
        forget(config, "zwx", Console(quiet=True), "en")
    assert refused.value.key == "train.nothing_kept"
