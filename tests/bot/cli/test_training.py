"""What `bot.py train` does before anything is learnt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.cli import training
from bot.cli.training import TrainingWish, train
from bot.settings.config import Config
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

    async def learnt(config: Config, plan: TrainingPlan, folder: Path, *_: Any) -> None:
        assert json.loads((folder / "plan.json").read_text()) == plan.to_json()
        plans[folder.name] = plan

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
