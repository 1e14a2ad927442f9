"""What models of SDXL's kind were trained further from: told by name, by metadata and by the notes beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.files import bases, catalog
from engine.files.catalog import Model
from tests.engine.files.test_identify import STEM, kohya
from tests.model_shapes import checkpoint, write

XL = checkpoint("sdxl")


def model(
    folder: Path, name: str, *, metadata: dict[str, str] | None = None, note: object = None, **more: int
) -> Model:
    write(folder / f"{name}.safetensors", XL | dict.fromkeys(more, (0,)), metadata or {})
    if note is not None:
        (folder / f"{name}.civitai.info").write_text(json.dumps(note), "utf-8")
    return catalog.model(catalog.models([folder]), name)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ponyDiffusionV6XL_v6StartWithThisOne", "pony"),
        ("cyberrealisticPony_v8", "pony"),
        ("ponyRealism_v22", "pony"),
        ("waiNSFWIllustrious_v140", "illustrious"),
        ("illustriousXL_v01", "illustrious"),
        ("novaAnime_ilV60", "illustrious"),
        ("noobaiXLNAIXL_vPred10Version", "noobai"),
        ("illustrious_noobai_mix", "noobai"),
        ("animagine-xl-4.0-opt", "animagine"),
        ("juggernautXL_v9", ""),
        ("ponytail_style", ""),
        ("ponyo-xl", ""),
        ("ponyV7_base", ""),
        ("brazil_v1", ""),
    ],
)
def test_a_name_tells(name: str, base: str, tmp_path: Path) -> None:
    assert model(tmp_path, name).base == base


def test_metadata_and_notes_tell_before_the_name(tmp_path: Path) -> None:
    assert model(tmp_path, "a", metadata={"modelspec.title": "My Pony Mix"}).base == "pony"
    assert model(tmp_path, "pony-like", metadata={"modelspec.title": "Animagine XL 4"}).base == "animagine"
    assert model(tmp_path, "b", note={"baseModel": "Illustrious"}).base == "illustrious"
    assert model(tmp_path, "c", metadata={"modelspec.title": "Pony"}, note={"baseModel": "NoobAI"}).base == "noobai"
    told = model(tmp_path, "d", note={"baseModel": "Pony", "trainedWords": ["score_9", "mine"]})
    assert (told.family, told.base, told.triggers) == ("sdxl", "pony", ("score_9", "mine"))


def test_a_model_gets_what_its_base_wants(tmp_path: Path) -> None:
    def usual(one: Model) -> tuple[str, int, str, float, int]:
        return one.presets, one.steps, one.sampler, one.guidance, one.width

    assert usual(model(tmp_path, "cyberPony")) == ("pony", 25, "Euler a", 7.0, 1024)
    assert usual(model(tmp_path, "noobaiXL_eps")) == ("noobai", 28, "Euler a", 5.5, 1024)
    assert usual(model(tmp_path, "plain")) == ("sdxl", 30, "DPM++ 2M Karras", 6.0, 1024)
    lightning = model(tmp_path, "pony_lightning_4step")
    assert (lightning.base, lightning.steps, lightning.guidance) == ("pony", 4, 1.0)


def test_a_model_that_predicts_v_is_told_by_its_keys_and_metadata(tmp_path: Path) -> None:
    keys = model(tmp_path, "noobaiXL_keys", v_pred=0, ztsnr=0)
    assert (keys.prediction, keys.zero_snr, keys.sampler, keys.guidance) == ("v_prediction", True, "Euler", 4.5)
    said = model(tmp_path, "noobaiXL_said", metadata={"modelspec.prediction_type": "v"})
    assert (said.prediction, said.zero_snr, said.sampler) == ("v_prediction", False, "Euler")
    denied = model(tmp_path, "noobaiXL_denied", metadata={"modelspec.prediction_type": "epsilon"}, v_pred=0)
    assert (denied.prediction, denied.sampler) == ("epsilon", "Euler a")


def test_a_model_of_another_kind_has_no_such_base(tmp_path: Path) -> None:
    write(tmp_path / "pony_old.safetensors", checkpoint("sd15"), {})
    one = catalog.model(catalog.models([tmp_path]), "pony_old")
    assert (one.family, one.base, one.presets) == ("sd15", "", "sd15")


def test_loras_have_a_base_too(tmp_path: Path) -> None:
    write(tmp_path / "a.safetensors", kohya(2048), {"ss_sd_model_name": "ponyDiffusionV6XL_v6.safetensors"})
    write(tmp_path / "b.safetensors", kohya(2048), {"ss_tag_frequency": '{"x": {"score_9": 9, "solo": 9}}'})
    write(tmp_path / "c.safetensors", {f"{STEM}.oft_blocks": (4, 160, 160)}, {})
    (tmp_path / "c.civitai.info").write_text('{"baseModel": "Illustrious", "trainedWords": ["ink"]}', "utf-8")
    write(tmp_path / "pony-old.safetensors", kohya(768), {})
    found = [(one.family, one.base, one.triggers) for one in catalog.loras([tmp_path])]
    assert found == [("sdxl", "pony", ()), ("sdxl", "pony", ()), ("sdxl", "illustrious", ("ink",)), ("sd15", "", ())]
    assert catalog.lineage(catalog.loras([tmp_path])[2]) == "sdxl · Illustrious"


def test_kin_go_together_and_what_is_not_told_goes_with_all() -> None:
    assert bases.akin("illustrious", "noobai") and bases.akin("", "pony") and bases.akin("pony", "pony")
    assert not bases.akin("pony", "illustrious")
