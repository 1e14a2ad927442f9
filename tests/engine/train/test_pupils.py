"""What else learns beside LoRAs: vectors, whole weights, nets; and other ways to take steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, load_file

from engine.adapters import embeddings
from engine.controls import nets
from engine.errors import BadPlan
from engine.files import catalog
from engine.files.identify import identify
from engine.files.safetensors_header import read_header
from engine.models import loading
from engine.models.loaded import Loaded
from engine.train import circles, optimisers
from engine.train.lora_file import WEIGHTS, parts, write
from engine.train.run import TrainingRun
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.training_presets import PRESETS
from tests import tiny_families
from tests.engine.drawing import draw, gap, recipe
from tests.engine.train import plans


def plan_of(folder: Path, learns: str, **changes: Any) -> TrainingPlan:
    said: dict[str, Any] = {"learns": learns, "optimiser": "AdamW", **changes}
    if learns == "controlnet":
        said = {"pictures": circles.laid(folder, 64, 3, 6), "dropout": 0.0, **said}
    return plans.small(folder, **said)


def learnt(loaded: Loaded, plan: TrainingPlan, folder: Path) -> TrainingRun:
    run = TrainingRun(loaded, plan, folder)
    while not run.done:
        run.turn()
    return run


CASES: dict[str, dict[str, Any]] = {
    "inversion": {"learns": "inversion", "vectors": 3},
    "whole": {"learns": "whole", "ema": 0.5, "unet_rate": 1e-4},
    "controlnet": {"learns": "controlnet", "unet_rate": 1e-3},
    "Prodigy": {"learns": "lora", "optimiser": "Prodigy", "unet_rate": 1.0, "text_rate": 1.0},
    "ScheduleFree": {"learns": "lora", "optimiser": "ScheduleFree"},
}


@pytest.mark.parametrize("case", CASES)
def test_what_goes_on_from_a_checkpoint_becomes_the_same_to_the_bit(loaded: Loaded, tmp_path: Path, case: str) -> None:
    plan = plan_of(tmp_path, **{**CASES[case], "steps": 3})
    before = {name: weight.clone() for part in loaded.parts for name, weight in part.state_dict().items()}
    unbroken = TrainingRun(loaded, plan, tmp_path)
    for _ in range(3):
        unbroken.turn()
        unbroken.file()  # a sample on the way changes nothing of what is learnt afterwards
    broken = TrainingRun(loaded, plan, tmp_path)
    broken.turn()
    broken.keep()
    broken.turn()
    broken = TrainingRun(loaded, plan, tmp_path)
    assert broken.step == 1
    while not broken.done:
        broken.turn()
    assert broken.file() == unbroken.file() and broken.losses == unbroken.losses
    after = {name: weight for part in loaded.parts for name, weight in part.state_dict().items()}
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert not any(weight.grad is not None for part in loaded.parts for weight in part.parameters())
    assert not any(module._forward_hooks for part in loaded.parts for module in part.modules())


@pytest.fixture(scope="module")
def singles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    """Tiny models of two families in single files."""
    folder = tmp_path_factory.mktemp("singles")
    loading.quieten()
    for name, pipeline in (("sd15", tiny_families.sd15(halvings=3)), ("sdxl", tiny_families.sdxl(halvings=3))):
        tiny_families.save_single(pipeline, folder / f"{name}.safetensors")
    found = [one for one in catalog.models([folder]) if not one.builtin]
    return {one.name: loading.load(one, torch.device("cpu")) for one in found}


@pytest.mark.parametrize(("family", "names"), [("sd15", {"emb_params"}), ("sdxl", {"clip_l", "clip_g"})])
def test_vectors_are_read_back_as_an_embedding_and_act(
    singles: dict[str, Loaded], tmp_path: Path, family: str, names: set[str]
) -> None:
    loaded = singles[family]
    plan = plan_of(tmp_path, "inversion", vectors=3, steps=2, unet_rate=0.1)
    path = tmp_path / "zwx.safetensors"
    write(path, learnt(loaded, plan, tmp_path).file())
    told = load_file(path)
    assert set(told) == names and {len(one) for one in told.values()} == {3}
    found = identify(path)
    assert found.kind == "embedding" and found.vectors == 3
    known = catalog.Companion("embedding", "zwx", path, family, 3, tuple(one.shape[1] for one in told.values()))
    plain = draw(loaded, [recipe("a zwx", seed=3)])[0]
    embeddings.learn(loaded, [known])
    try:
        ours = draw(loaded, [recipe("a zwx", seed=3)])[0]
    finally:
        embeddings.learn(loaded, [])
    assert gap(plain, ours) > 0.5


def test_vectors_learn_nothing_where_nothing_is_said(loaded: Loaded, tmp_path: Path) -> None:
    run = TrainingRun(loaded, plan_of(tmp_path, "inversion", dropout=1.0, vectors=2), tmp_path)
    before = {name: one.clone() for name, one in run._pupil.tensors().items()}
    run.turn()
    assert run.step == 1 and all(torch.equal(one, before[name]) for name, one in run._pupil.tensors().items())
    assert not any(row.changes.get("dropout", 0.1) for row in PRESETS["inversion"].values())


def test_vectors_begin_as_the_word_that_is_said(loaded: Loaded, tmp_path: Path) -> None:
    run = TrainingRun(loaded, plan_of(tmp_path, "inversion", start="gift", vectors=2), tmp_path)
    (made,) = run._pupil.tensors().values()
    ids = loaded.tokenizer("gift", add_special_tokens=False).input_ids
    word = loaded.text_encoder.get_input_embeddings().weight[ids[0]].detach()
    assert torch.allclose(made[0], word, atol=0.05) and not torch.equal(made[0], made[len(ids) if len(ids) < 2 else 0])


@pytest.mark.parametrize("form", ["file", "folder"])
def test_whole_weights_become_a_model_in_the_form_of_its_own(
    singles: dict[str, Loaded], loaded: Loaded, tmp_path: Path, form: str
) -> None:
    base = singles["sdxl"] if form == "file" else loaded
    path = tmp_path / "made" / ("zwx.safetensors" if form == "file" else "zwx")
    path.parent.mkdir()
    run = learnt(base, plan_of(tmp_path, "whole", steps=2, unet_rate=1e-3), tmp_path)
    for _ in range(2):  # what was killed before it was told writes once more
        run.save(path)
    file = path if form == "file" else path / "unet" / WEIGHTS
    assert read_header(file).metadata["danqing.training_code"] == run.plan.code
    (own,) = [one for one in catalog.models([path.parent]) if not one.builtin]
    made = loading.load(own, torch.device("cpu"))
    wanted = run._pupil.tensors()
    assert all(torch.equal(weight, wanted[name]) for name, weight in made.unet.state_dict().items())
    for part in ("vae", "text_encoder"):
        kept = getattr(base, part).state_dict()
        assert all(torch.equal(weight, kept[name]) for name, weight in getattr(made, part).state_dict().items())
    assert made.schedule["prediction_type"] == base.schedule["prediction_type"]
    assert gap(*(draw(one, [recipe("a zwx", seed=3)])[0] for one in (base, made))) > 0.5
    assert list(path.parent.iterdir()) == [path]


def test_a_model_of_eight_bits_is_refused_before_it_is_learnt_on(
    singles: dict[str, Loaded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = singles["sdxl"]
    path = tmp_path / "eight.safetensors"
    write(path, parts({"a": torch.zeros(2), "b.scale_weight": torch.ones(1)}, {}))
    with pytest.raises(BadPlan) as refused:
        TrainingRun(replace(base, model=replace(base.model, path=path)), plan_of(tmp_path, "whole"), tmp_path)
    assert refused.value.key == "train.eight_bits"


def test_a_mean_of_the_weights_is_written_where_one_is_kept(loaded: Loaded, tmp_path: Path) -> None:
    run = TrainingRun(loaded, plan_of(tmp_path, "whole", ema=0.75, unet_rate=1e-3, warm=0.0), tmp_path)
    first = {name: weight.clone() for name, weight in run._pupil.weights["unet"].items()}
    run.turn()
    for name, mean in run._pupil.tensors().items():
        assert torch.allclose(mean, first[name].lerp(run._pupil.weights["unet"][name], 0.25), atol=1e-6)


def _losses(run: TrainingRun) -> float:
    """What its first four batches cost it now."""
    parts = (part for number in range(4) for part in run._of_batch(run._new, run._order, number, 0))
    return sum(part.item() for part in parts)


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_net_says_nothing_at_first_and_is_read_back_and_guides(
    singles: dict[str, Loaded], loaded: Loaded, tmp_path: Path, form: str
) -> None:
    loaded = singles["sd15"] if form == "file" else loaded
    plan = plan_of(tmp_path, "controlnet", steps=12, batch=3, unet_rate=3e-3, warm=0.0, fall=0.0)
    run = TrainingRun(loaded, plan, tmp_path)
    with torch.no_grad():
        before = _losses(run)
    silent = load(run.file())
    zero = [name for name in silent if "controlnet_down_blocks" in name or "controlnet_mid_block" in name]
    assert zero and not any(silent[name].any() for name in (*zero, "controlnet_cond_embedding.conv_out.weight"))
    while not run.done:
        run.turn()
    with torch.no_grad():  # what it was taught with, again
        after = _losses(run)
    assert after < before
    path = tmp_path / "nets" / ("circles.safetensors" if form == "file" else "circles")
    path.parent.mkdir()
    for _ in range(2):
        run.save(path)
    (found,) = catalog.controlnets([path.parent])
    assert list(path.parent.iterdir()) == [path]
    # Maps are read as they are wanted: those of 50,000 pictures are no memory's.
    assert not any(isinstance(one.map, torch.Tensor) for one in run._new)
    net = nets.load(found, loaded)
    hints = [net.hint(torch.full((1, 3, 64, 64), shade)) for shade in (0.0, 1.0)]
    words = torch.zeros(1, 77, loaded.unet.config.cross_attention_dim)
    said = [net.residuals(torch.zeros(1, 4, 8, 8), torch.tensor([500]), words, hint)[1] for hint in hints]
    assert said[0].abs().max() > 0 and not torch.equal(*said)


def test_a_schedule_free_file_is_the_mean_and_what_learns_is_elsewhere(loaded: Loaded, tmp_path: Path) -> None:
    run = learnt(loaded, plan_of(tmp_path, "lora", optimiser="ScheduleFree", steps=3), tmp_path)
    learning = {name: tensor.clone() for name, tensor in run._pupil.tensors().items()}
    made = load(run.file())
    assert any(not torch.equal(made[name], tensor) for name, tensor in learning.items())
    assert all(torch.equal(tensor, learning[name]) for name, tensor in run._pupil.tensors().items())


def test_what_is_missing_for_an_optimiser_is_said(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(optimisers.PACKAGES, "Prodigy", "no_such_package_here")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name, key in (("Prodigy", "train.no_package"), ("AdamW8bit", "train.eight_bit_card")):
        with pytest.raises(BadPlan) as refused:
            TrainingRun(loaded, plan_of(tmp_path, "lora", optimiser=name), tmp_path)
        assert refused.value.key == key


def test_grey_pictures_of_sixteen_bits_are_no_white_ones(loaded: Loaded, tmp_path: Path) -> None:
    shades = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(64, 0)
    deep = plans.picture(tmp_path, "deep.png", Image.fromarray(shades), "zwx")
    plain = plans.picture(tmp_path, "plain.png", Image.fromarray((shades // 257).astype(np.uint8)), "zwx")
    from engine.train.seen import seen

    one, other = seen(loaded, plans.small(tmp_path), tmp_path, (deep, plain))
    assert torch.allclose(one.latents, other.latents, atol=0.05)


def test_a_part_of_a_picture_is_learnt_from_and_what_counts_is_not_cut_off(loaded: Loaded, tmp_path: Path) -> None:
    from engine.train.seen import seen

    image = Image.new("RGB", (200, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    image.paste("lime", (180, 0, 200, 100))
    shown = plans.picture(tmp_path, "a.png", image, "zwx")
    whole = plans.picture(tmp_path, "b.png", Image.new("RGB", (64, 64), "blue"), "zwx")
    part, plain = seen(loaded, plans.small(tmp_path), tmp_path, (replace(shown, crop=(0.5, 0.0, 0.85, 1.0)), whole))
    assert part.bucket in ((48, 80), (48, 64), (64, 64), (48, 96), (32, 96))
    # SDXL is told what was cut off: half of 200 pixels to the left, in the size that the part was brought to.
    assert part.size[:2].tolist() == [100, 200] and part.size[3] >= 100 * part.bucket[1] / 100 * 0.9
    assert part.latents.mean((0, 2, 3)).allclose(plain.latents.mean((0, 2, 3)), atol=0.2)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"learns": "everything"}, "train.not_one_of"), ({"vectors": 0}, "train.range"),
        ({"learns": "inversion", "text_rate": 1e-4}, "train.text_rate_alone"), ({"ema": 0.9}, "train.failed"),
        ({"learns": "controlnet"}, "train.maps"), ({"dropout": 5.0}, "train.range"), ({"seed": -1}, "train.range"),
        ({"unet_rate": float("nan")}, "train.range"), ({"resolution": 32}, "train.range"),
        ({"bucket_step": 12}, "train.not_one_of"),
    ],
)  # fmt: skip
def test_plans_that_cannot_be_say_why_in_peoples_words(tmp_path: Path, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(BadPlan) as refused:
        plans.small(tmp_path, **changes)
    assert refused.value.key == key


def test_circles_are_drawn_by_code_with_their_maps_and_a_plan(tmp_path: Path) -> None:
    made = circles.laid(tmp_path, 64, 3, 4)
    plan = circles.plan_of(catalog.builtin(), made, 3, 7)
    assert plan.learns == "controlnet" and plan.offline and (plan.steps, plan.resolution) == (7, 128)
    assert TrainingPlan.from_json(plan.to_json()) == plan and len({one.hash for one in plan.pictures}) == 4
    for one in made:
        shown, drawn = (np.asarray(Image.open(tmp_path / name), np.int16) for name in (one.file, one.map))
        inside, ground = (circles.COLOURS[word] for word in one.caption.split()[::3])
        line = np.argwhere(drawn[..., 0] > 128)
        middle = line.mean(axis=0).round().astype(int)
        assert np.abs(shown[tuple(middle)] - inside).max() <= 2 and np.abs(shown[0, 0] - ground).max() <= 2
        assert 0 < len(line) < 64 * 64 / 4


def test_fifty_thousand_circles_are_a_plan_and_what_is_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for family in ("sd15", "sdxl", "demo"):
        model = replace(catalog.builtin(), family=family)
        many = circles.plan_of(model, [TrainingPicture("a", "", "", map="b")] * 50_000, 0, 0)
        assert many.steps * many.batch * many.accumulate >= 8000
    for told in (["--steps", "30000"], ["--model", "gone"], ["--count", "0"]):
        monkeypatch.setattr("sys.argv", ["circles", str(tmp_path / "made"), *told])
        with pytest.raises(SystemExit) as ended:
            circles.main()
        assert ended.value.code == 2 and capsys.readouterr().err
    assert not (tmp_path / "made").exists()
