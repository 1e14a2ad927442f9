"""Trainings on tiny models: what goes on becomes what it would have been, and the model is left as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load

from engine.adapters import loras
from engine.errors import BadPlan, TrainingFailed
from engine.files.lora_names import by_layer
from engine.files.tiers import TIERS
from engine.models import loading
from engine.models.loaded import Loaded
from engine.train import run as running
from engine.train.lora_file import write
from engine.train.run import Taken, TrainingRun, rate_share
from engine.train.seen import seen
from engine.train.words import Reader, said
from engine.training_plan import TrainingPlan
from prompts.errors import Refusal
from tests import tiny_families
from tests.engine.drawing import draw, gap, photograph, recipe
from tests.engine.train import plans


def learnt(loaded: Loaded, plan: TrainingPlan, folder: Path) -> bytes:
    """The file of a training that nothing breaks."""
    run = TrainingRun(loaded, plan, folder)
    while not run.done:
        run.turn()
    return run.file()


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    from engine.files import catalog

    folder = tmp_path_factory.mktemp("families")
    loading.quieten()
    for name, pipeline in (
        ("sd15", tiny_families.sd15(halvings=3)),
        ("sd2", tiny_families.sd2(halvings=3)),
        ("sdxl", tiny_families.sdxl(halvings=3)),
    ):
        told = {"modelspec.prediction_type": "v"} if name == "sd2" else None
        tiny_families.save_single(pipeline, folder / f"{name}.safetensors", metadata=told)
    models = [one for one in catalog.models([folder]) if not one.builtin]
    return {one.name: loading.load(one, torch.device("cpu")) for one in models}


def test_a_batch_in_pieces_teaches_what_it_teaches_whole(loaded: Loaded, tmp_path: Path) -> None:
    plan = plans.small(tmp_path, steps=1, batch=3, accumulate=2, snr_gamma=5.0)
    plan = replace(plan, pictures=(*plan.pictures, *(replace(one, prior=True) for one in plan.pictures[:4])))
    whole, thin = (TrainingRun(loaded, plan, tmp_path) for _ in range(2))
    assert [thin.thinner() for _ in range(3)] == [True, True, False]
    asked: list[int] = []
    found = thin._pupil.found
    thin._pupil.found = lambda latents, *told: (asked.append(len(latents)), found(latents, *told))[1]  # type: ignore[method-assign]
    assert whole.turn() is None and thin.turn() is None and set(asked) == {1}
    gradients = [
        [weight.grad for own in run._pupil.weights.values() for weight in own.values()] for run in (whole, thin)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-6)
    one, other = whole.turn(), thin.turn()
    assert one and other and other.loss == pytest.approx(one.loss, rel=1e-5)


@pytest.mark.parametrize("changes", [{}, {"accumulate": 2, "optimiser": "Adafactor", "text_rate": 1e-3, "flips": True}])
def test_what_goes_on_from_a_checkpoint_becomes_the_same_to_the_bit(
    loaded: Loaded, tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole = plans.small(tmp_path, steps=6, **changes)
    unbroken = learnt(loaded, whole, tmp_path)
    broken = TrainingRun(loaded, whole, tmp_path)
    for stop in (3, 5):
        while broken.step < stop:
            broken.turn()
        broken.keep()
        broken.turn()  # in the middle of a step: it is thrown away
        broken = TrainingRun(loaded, whole, tmp_path)
        assert (broken.step, len(broken.losses)) == (stop, stop)
    while not broken.done:
        broken.turn()
    assert broken.file() == unbroken


def test_the_model_is_left_as_it_was(loaded: Loaded, tmp_path: Path) -> None:
    before = {name: weight.clone() for name, weight in loaded.unet.state_dict().items()}
    seen = draw(loaded, [recipe("a zwx"), recipe("a cat", seed=2)])
    hooks = [len(module._forward_hooks) for module in loaded.unet.modules()]
    run = TrainingRun(loaded, plans.small(tmp_path, text_rate=1e-2), tmp_path)
    run.turn()
    during = draw(loaded, [recipe("a zwx"), recipe("a cat", seed=2)])
    while not run.done:
        run.turn()
    assert all(torch.equal(weight, before[name]) for name, weight in loaded.unet.state_dict().items())
    assert [len(module._forward_hooks) for module in loaded.unet.modules()] == hooks
    assert not any(weight.grad is not None for part in loaded.parts for weight in part.parameters())
    again = draw(loaded, [recipe("a zwx"), recipe("a cat", seed=2)])
    assert all(np.array_equal(one, other) for one, other in zip(seen, during, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(seen, again, strict=True))


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_the_file_is_read_by_us_whole_and_by_diffusers_alike(
    families: dict[str, Loaded], family: str, tmp_path: Path
) -> None:
    loaded = families[family]
    plan = plans.small(tmp_path, text_rate=1e-2, conv_rank=2, conv_alpha=2.0, steps=2)
    made = learnt(loaded, plan, tmp_path)
    path = tmp_path / f"zwx-{family}.safetensors"
    write(path, made)
    (lora, *_), *_ = loras.choose(loaded, ((path, 1.0, 1.0),))
    names = by_layer(load(made))
    assert not lora.left and sum(len(own) for own in lora.adapters.values()) == len(names)
    plain, ours = (draw(loaded, [recipe("a zwx", seed=3)], wanted=own)[0] for own in ([()], [((path, 1.0, 1.0),)]))
    assert gap(plain, ours) > 2
    if family == "sd2":  # single files of it are not read offline there
        return
    kind = {"sd15": tiny_families.sd15, "sdxl": tiny_families.sdxl}[family]
    pipeline = kind(halvings=3)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name="zwx")
    from tests.engine.models.test_families import reference

    assert gap(reference(pipeline, recipe("a zwx", seed=3)), ours) <= 1


def test_metadata_tells_what_other_programs_ask_for_and_no_more(loaded: Loaded, tmp_path: Path) -> None:
    from safetensors import safe_open

    path = tmp_path / "zwx.safetensors"
    write(path, learnt(loaded, plans.small(tmp_path, snr_gamma=5.0), tmp_path))
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
    assert told["ss_network_dim"] == "4" and told["ss_network_alpha"] == "2.0" and told["ss_steps"] == "4"
    assert told["ss_network_module"] == "networks.lora" and told["ss_base_model_version"] == "sd_v1"
    assert told["ss_noise_offset"] == "None" and told["ss_cache_latents"] == "True"
    tags = json.loads(told["ss_tag_frequency"])
    ((folder, counts),) = tags.items()
    assert folder.endswith("_zwx") and counts["red"] == 6 and counts["thing 3"] == 1
    assert json.loads(told["ss_bucket_info"])["buckets"]["0"]["count"] in (2, 4)
    assert told["modelspec.architecture"] == "stable-diffusion-v1/lora" and told["modelspec.trigger_phrase"] == "zwx"
    sides = [told[f"ss_{end}_bucket_reso"] for end in ("min", "max")]
    assert sides == ["48", "80"] and told["ss_num_batches_per_epoch"] == "3"
    (dataset,) = json.loads(told["ss_datasets"])
    assert dataset["subsets"][0]["image_dir"] == folder and told["modelspec.tags"].startswith("zwx, red")
    assert str(tmp_path) not in json.dumps(told)


def test_captions_are_words_and_no_grammar(loaded: Loaded, tmp_path: Path) -> None:
    read = Reader(loaded, {})
    plain, _ = read(["smile"])
    weighed, _ = read(["(smile:1.3)"])
    ids = loaded.tokenizer("(smile:1.3)", padding="max_length", max_length=77, return_tensors="pt").input_ids
    assert torch.equal(weighed, loaded.text_encoder(ids)[0]) and not torch.equal(plain, weighed)
    both, _ = read(["word " * 90, "smile"])
    assert both.shape[:2] == (2, 154) and torch.equal(both[1:, :77], plain)


def test_the_trigger_stays_in_front_and_now_and_then_nothing_is_said(tmp_path: Path) -> None:
    plan = plans.small(tmp_path, dropout=0.25)
    texts = [said(plan, plan.pictures[0], (0, number, 0)) for number in range(400)]
    told = [text for text in texts if text]
    assert 60 < texts.count("") < 140 and all(text.startswith("zwx, ") for text in told)
    assert 2 <= len(set(told)) <= 8 and {", ".join(sorted(text.split(", "))) for text in told} == {
        ", ".join(sorted(plan.pictures[0].caption.split(", ")))
    }


def test_rates_rise_and_fall(tmp_path: Path) -> None:
    plan = plans.small(tmp_path, steps=100, warm=0.1, fall=0.5)
    shares = [rate_share(plan, step) for step in range(100)]
    assert 0 < shares[0] < 0.2 and shares[20] == shares[49] == 1.0 and 0 < shares[99] <= 0.02
    assert rate_share(plans.small(tmp_path, warm=0.0, fall=0.0), 3) == 1.0


def broken(run: TrainingRun, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[int], bool]) -> list[Taken | None]:
    """All turns of a run whose losses are no numbers at these steps."""
    plain = running.noising.loss
    count = iter(range(10**6))

    def loss(*told: Any) -> Any:
        return plain(*told) * (float("nan") if wrong(next(count)) else 1.0)

    monkeypatch.setattr(running.noising, "loss", loss)
    turns = []
    while not run.done:
        turns.append(run.turn())
    return turns


def test_losses_that_are_no_numbers_change_nothing_and_take_it_back_once(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun(loaded, plans.small(tmp_path, steps=8), tmp_path)
    run.turn()
    run.keep()
    turns = broken(run, monkeypatch, lambda number: number in (2, 3, 4))
    assert turns.count(None) == 1 and run.done and all(map(np.isfinite, run.losses[-3:]))
    with pytest.raises(TrainingFailed):
        broken(
            TrainingRun(loaded, plans.small(tmp_path, steps=9), mkdir(tmp_path / "b", tmp_path)),
            monkeypatch,
            lambda _: True,
        )


def test_it_goes_back_once_though_it_is_killed_meanwhile(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plans.small(tmp_path, steps=9)
    plain = running.noising.loss
    monkeypatch.setattr(running.noising, "loss", lambda *told: plain(*told) * float("nan"))
    run = TrainingRun(loaded, plan, tmp_path)
    run.turn()
    run.keep()  # one step of the three that are borne
    run = TrainingRun(loaded, plan, tmp_path)
    assert [run.turn() is None for _ in range(2)] == [False, True]  # the third takes it back
    run = TrainingRun(loaded, plan, tmp_path)
    with pytest.raises(TrainingFailed):
        for _ in range(3):
            run.turn()


def test_infinite_gradients_of_halves_only_lower_their_scale(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = running.noising.loss
    monkeypatch.setattr(running.noising, "loss", lambda *told: 1e8 * plain(*told))
    run = TrainingRun(loaded, plans.small(tmp_path, steps=6), tmp_path)
    run._scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    turns = [run.turn() for _ in range(5)]
    assert None not in turns and run._slower == 1.0 and run._scaler.get_scale() == 2.0**115
    run._scaler = torch.amp.GradScaler("cpu", init_scale=2.0**-2)  # which no infinite gradients have brought so low
    run.turn()
    assert run._bad == 1


def test_pictures_that_count_several_times_are_read_once_and_tell_the_size_of_their_file(
    loaded: Loaded, tmp_path: Path
) -> None:
    plan = plans.small(tmp_path)
    wide = plans.picture(tmp_path, "wide.png", photograph(90, 120), "zwx, wide")
    found = seen(loaded, replace(plan, flips=True), tmp_path, (wide, plan.pictures[0], wide))
    assert found[0] is found[2] and found[0] is not found[1]
    assert found[0].size.tolist() == [120, 90, *found[0].size.tolist()[2:4], *reversed(found[0].bucket)]


def test_a_model_whose_unet_has_no_room_is_refused(loaded: Loaded, tmp_path: Path) -> None:
    tier, loaded.tier = loaded.tier, TIERS[-1]
    try:
        with pytest.raises(Refusal) as refused:
            TrainingRun(loaded, plans.small(tmp_path), tmp_path)
    finally:
        loaded.tier = tier
    assert refused.value.key == "train.memory"


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": -1}, {"seed": 2**40}, {"bucket_step": 12}, {"alpha": 0.0}, {"conv_rank": 4}, {"name": "../up"},
        {"unet_rate": 10**400}, {"pictures": [{"file": "/etc/x", "hash": "", "caption": ""}]},
        {"pictures": [{"file": "a.png", "hash": 3, "caption": ""}]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_plan_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BadPlan):
        TrainingPlan.from_json({**plans.small(tmp_path).to_json(), **changes})


def mkdir(folder: Path, pictures: Path) -> Path:
    folder.mkdir()
    for path in pictures.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_checkpoint_that_is_broken_gives_way_to_the_one_before(loaded: Loaded, tmp_path: Path) -> None:
    plan = plans.small(tmp_path)
    run = TrainingRun(loaded, plan, tmp_path)
    for _ in range(2):
        run.turn()
        run.keep()
    whole = (tmp_path / running.CHECKPOINT).read_bytes()
    (tmp_path / running.CHECKPOINT).write_bytes(whole[: len(whole) // 2])
    assert TrainingRun(loaded, plan, tmp_path).step == 1


def test_pictures_and_checkpoints_of_something_else_are_refused(loaded: Loaded, tmp_path: Path) -> None:
    plan = plans.small(tmp_path)
    TrainingRun(loaded, plan, tmp_path).keep()
    with pytest.raises(BadPlan, match="another plan"):
        TrainingRun(loaded, plans.small(tmp_path, seed=9), tmp_path)
    (tmp_path / "0.png").write_bytes((tmp_path / "1.png").read_bytes())
    with pytest.raises(BadPlan, match=r"0\.png"):
        TrainingRun(loaded, plan, tmp_path)
    (tmp_path / "0.png").unlink()
    with pytest.raises(BadPlan, match=r"0\.png"):
        TrainingRun(loaded, plan, tmp_path)
