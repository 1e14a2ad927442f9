"""Plans: there and back as JSON, one code for one plan, and nothing that is none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import BadPlan
from engine.training_plan import KINDS, TrainingPicture, TrainingPlan, planned
from engine.training_presets import OFFLINE, PRESETS

PICTURES = tuple(TrainingPicture(f"{place}.png", f"{place:064x}", "zwx, red") for place in range(20))


def plan(kind: str = "thing", family: str = "sd15", **said: Any) -> TrainingPlan:
    return planned(kind, family, **{"name": "n", "trigger": "zwx", "model": "m", "pictures": PICTURES, **said})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl", "demo"])
def test_every_kind_has_a_preset_for_every_family(kind: str, family: str) -> None:
    made = plan(kind, family)
    assert TrainingPlan.from_json(json.loads(json.dumps(made.to_json()))) == made
    assert 400 <= made.views <= 8000 and bool(made.conv_rank) == (kind == "style" and family != "demo")
    assert made.alpha <= made.rank and (made.text_rate > 0) == (family in ("sd15", "sd2") and kind != "style")


def test_the_length_is_counted_in_views() -> None:
    assert plan().views == 2000 and plan(pictures=PICTURES[:5]).views == 1500  # 100 of each picture, at least 1500
    assert plan(pictures=PICTURES * 3).views == 4000 and plan(steps=7).steps == 7


def test_another_plan_has_another_code() -> None:
    made = plan()
    changed = [replace(made, seed=1), replace(made, pictures=PICTURES[1:]), replace(made, unet_rate=1e-3)]
    assert len({made.code, *(one.code for one in changed)}) == 4 and made.code == plan().code


@pytest.mark.parametrize(
    "said",
    [
        {"steps": -1}, {"batch": 0}, {"rank": 10**9}, {"unet_rate": 0.0}, {"unet_rate": float("nan")},
        {"dropout": 1.5}, {"resolution": 8}, {"optimiser": "Lion"}, {"pictures": ()}, {"snr_gamma": -1.0},
        {"pictures": (replace(PICTURES[0], prior=True),)},
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadPlan):
        plan(**said)


@pytest.mark.parametrize("change", [{"more": 1}, {"steps": "many"}, {"steps": True}, {"pictures": 3}, {"name": None}])
def test_json_that_is_no_plan_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadPlan):
        TrainingPlan.from_json({**plan().to_json(), **change})


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl", "demo"])
def test_every_preset_is_a_plan_for_every_family(preset: str, family: str) -> None:
    pictures = tuple(replace(one, map="m.png") for one in PICTURES) if preset == "controlnet" else PICTURES
    kind = preset if preset in KINDS else "person"
    made = plan(kind, family, preset=preset, pictures=pictures)
    assert TrainingPlan.from_json(json.loads(json.dumps(made.to_json()))) == made
    assert made.offline == (preset in OFFLINE)


def test_the_tutorials_table_is_as_it_is_passed_on() -> None:
    made = plan("person", preset="tutorial")
    assert (made.resolution, made.steps, made.unet_rate, made.rank, made.alpha) == (512, 800, 1e-4, 128, 64.0)
    assert (made.batch, made.accumulate, made.warm, made.fall) == (1, 4, 0.0, 0.0)


def test_models_of_sd_2_are_taught_at_the_size_that_they_draw() -> None:
    sizes = [plan("thing", family, side=side).resolution for family, side in (("sd2", 768), ("sd2", 0), ("sd15", 768))]
    assert sizes == [768, 512, 512]


def test_a_portrait_is_of_a_person_and_a_preset_has_a_name() -> None:
    for said, key in (({"preset": "portrait"}, "train.portrait"), ({"preset": "other"}, "train.not_one_of")):
        with pytest.raises(BadPlan) as refused:
            plan(**said)
        assert refused.value.key == key


def test_what_plans_did_not_say_at_first_changes_no_code_of_theirs() -> None:
    told = plan().to_json()
    assert not {"learns", "vectors", "start", "ema"} & told.keys()
    assert all(set(one) == {"file", "hash", "caption", "prior"} for one in told["pictures"])  # type: ignore[union-attr,arg-type]
    assert plan().code == "6627b77c30df1b68"
    focused = replace(plan(), pictures=(replace(PICTURES[0], focus=(0.5, 0.25)), *PICTURES[1:]))
    assert focused.code != plan().code and TrainingPlan.from_json(json.loads(json.dumps(focused.to_json()))) == focused
