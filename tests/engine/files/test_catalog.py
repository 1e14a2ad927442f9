"""What can be drawn with, found in folders; and the sizes a model allows."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files import catalog, compatibility, identify, identity, model_folders, private, sizes
from engine.files.private import PrivateFile
from engine.files.shelf import packed, unpacked
from engine.files.shelf import shelf as files_there
from engine.samplers import SAMPLERS
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from tests.engine.files.test_identify import kohya
from tests.fakes import a_lora
from tests.model_shapes import folder, write


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder(tmp_path / "Zebra", sample_size=64)
    folder(tmp_path / "apple", sample_size=96)
    folder(tmp_path / "deep" / "er" / "grand", "sdxl", sample_size=128)
    folder(tmp_path / "paint", "sd15", "StableDiffusionInpaintPipeline", in_channels=9, sample_size=64)
    folder(tmp_path / "video", "sd15", "TextToVideoSDPipeline")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "model_index.json").write_text("{")
    (tmp_path / "single.safetensors").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


def test_models_are_found_and_the_built_in_one_is_always_there(shelf: Path, tmp_path: Path) -> None:
    found = catalog.models([shelf, tmp_path / "nowhere"])
    assert [(model.name, model.family, model.width) for model in found] == [
        ("apple", "sd15", 768),
        ("grand", "sdxl", 1024),
        ("paint", "sd15", 512),
        ("Zebra", "sd15", 512),
        ("danqing-demo", "demo", 128),
    ]
    assert [model.builtin for model in found] == [False, False, False, False, True]
    assert [model.channels for model in found] == [4, 4, 9, 4, 4]
    assert [model.name for model in catalog.models([shelf / "Zebra"])] == ["Zebra", "danqing-demo"]
    assert all(model.sampler in SAMPLERS for model in found)
    assert (found[-1].path / "unet" / "diffusion_pytorch_model.safetensors").is_file()


def test_the_built_in_one_is_looked_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture and every request asks for all models."""
    looked = list[Path]()
    monkeypatch.setattr(model_folders, "identify", lambda path: looked.append(path) or identify.identify(path))
    model_folders.forget()
    first, again = catalog.models([]), catalog.models([])
    assert first == again and looked == [catalog.DEMO]


def test_what_cannot_be_used_is_named_with_the_reason(shelf: Path) -> None:
    assert {entry.name: entry.key for entry in catalog.skipped([shelf])} == {
        "video": "model.other_kind",
        "torn": "model.no_index",
        "single": "file.damaged",
    }


def test_names_are_found_in_any_case_or_refused_with_the_nearest(shelf: Path) -> None:
    known = catalog.models([shelf])
    assert catalog.model(known, " zebra ").name == "Zebra"
    with pytest.raises(Refusal) as caught:
        catalog.model(known, "aple")
    assert (caught.value.key, caught.value.values) == ("model.unknown", {"name": "aple", "near": "apple"})


def test_loras_lie_in_subfolders_too(tmp_path: Path) -> None:
    (tmp_path / "style").mkdir()
    for name in ("b.safetensors", "style/a.safetensors", "style/水墨.safetensors", "x.pt"):
        write(tmp_path / name, kohya(768))
    found = catalog.loras([tmp_path, tmp_path / "nowhere"])
    assert [lora.name for lora in found] == ["a", "b", "水墨"]
    assert catalog.lora(found, "A.safetensors").path == tmp_path / "style" / "a.safetensors"


def test_a_lora_may_be_called_what_its_trainer_called_it(tmp_path: Path) -> None:
    write(tmp_path / "fancy-000012.safetensors", kohya(768), {"ss_output_name": "水墨画风"})
    write(tmp_path / "other.safetensors", kohya(768), {"ss_output_name": "plain"})
    write(tmp_path / "plain.safetensors", kohya(768), {"ss_output_name": "Other"})
    write(tmp_path / "unnamed.safetensors", kohya(768), {"ss_output_name": ""})
    known = catalog.loras([tmp_path])
    assert [one.alias for one in known] == ["水墨画风", "plain", "Other", ""]
    for name, file in (
        ("水墨画风", "fancy-000012"),
        ("FANCY-000012", "fancy-000012"),
        ("Plain", "plain"),
        ("other", "other"),
    ):
        assert catalog.lora(known, name).name == file  # a file's own name comes first
    uses = catalog.called(known, [LoraUse("水墨画风", 0.5, 0.2), LoraUse("plain"), LoraUse("nobody"), LoraUse("")])
    assert uses == (LoraUse("fancy-000012", 0.5, 0.2), LoraUse("plain"), LoraUse("nobody"), LoraUse(""))
    with pytest.raises(Refusal):
        catalog.lora(known, "")


def test_a_trainers_name_for_several_files_is_no_name_for_one(tmp_path: Path) -> None:
    for name in ("ink-000006", "ink-000012"):
        write(tmp_path / f"{name}.safetensors", kohya(768), {"ss_output_name": "水墨"})
    known = catalog.loras([tmp_path])
    assert catalog.called(known, [LoraUse("水墨")]) == (LoraUse("水墨"),)
    with pytest.raises(Refusal) as refused:
        catalog.lora(known, "水墨")
    assert (refused.value.key, refused.value.values["files"]) == ("lora.unclear", "ink-000006, ink-000012")
    assert catalog.lora(known, "ink-000006").name == "ink-000006"


@pytest.mark.parametrize(
    ("width", "height", "near"),
    [(100, 128, "96x128"), (128, 4096, "64x512"), (1200, 800, "512x344"), (0, -8, "64x64"), (10**9, 10**9, "512x512")],
)
def test_sizes_not_allowed_name_the_nearest_good_one(width: int, height: int, near: str) -> None:
    with pytest.raises(Refusal) as caught:
        sizes.check_size(catalog.builtin(), width, height)
    assert caught.value.key == "size.not_allowed"
    assert caught.value.values["near"] == near
    for suggested in (near, str(caught.value.values["best"])):
        sizes.check_size(catalog.builtin(), *map(int, suggested.split("x")))


def test_the_size_a_model_draws_best_has_the_shape_that_was_asked_for(shelf: Path) -> None:
    known = catalog.models([shelf])
    for name, best in (("grand", "1256x840"), ("apple", "944x624"), ("Zebra", "624x416")):
        with pytest.raises(Refusal) as caught:
            sizes.check_size(catalog.model(known, name), 9000, 6000)
        assert caught.value.values["best"] == best


def test_a_lora_has_its_card(tmp_path: Path) -> None:
    write(tmp_path / "ink.safetensors", kohya(2048, 16), {"ss_tag_frequency": '{"a": {"from tags": 3}}'})
    write(tmp_path / "plain.safetensors", kohya(768), {"ss_tag_frequency": '{"a": {"from tags": 3}}'})
    note = {"trainedWords": ["shuimo, ", "wu\ud800chang\0shuo", "\ud800"], "baseModel": "SDXL 1.0"}
    (tmp_path / "ink.civitai.info").write_text(json.dumps(note), encoding="utf-8")
    (tmp_path / "ink.json").write_text('{"activation text": "other", "preferred weight": 0.7}', encoding="utf-8")
    (tmp_path / "ink.preview.png").write_bytes(b"")
    (tmp_path / "plain.json").write_text("[" * 10_000, encoding="utf-8")
    ink, plain = catalog.loras([tmp_path])
    assert (ink.family, ink.rank, ink.triggers, ink.weight) == ("sdxl", 16, ("shuimo", "wuchangshuo"), 0.7)
    assert ink.preview == tmp_path / "ink.preview.png"
    assert (plain.family, plain.words, plain.weight, plain.preview) == ("sd15", ("from tags",), 1.0, None)
    assert plain.triggers == ()
    (tmp_path / "plain.json").write_text('{"activation text": "new"}', encoding="utf-8")
    assert catalog.loras([tmp_path])[1].triggers == ("new",)


def test_a_wrong_pairing_is_refused_naming_both(tmp_path: Path) -> None:
    write(tmp_path / "large.safetensors", kohya(2048))
    folder(tmp_path / "model", cross_attention_dim=768)
    model, [lora] = catalog.model(catalog.models([tmp_path]), "model"), catalog.loras([tmp_path])
    with pytest.raises(Refusal) as caught:
        compatibility.check_lora(model, lora)
    assert caught.value.key == "lora.made_for"
    assert caught.value.values == {"name": "large", "base": "sdxl", "model": "model", "family": "sd15"}
    write(tmp_path / "large.safetensors", kohya(768))
    compatibility.check_lora(model, catalog.loras([tmp_path])[0])


def test_files_are_looked_into_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counting(path: Path) -> identity.Identity:
        looked.append(path.name)
        return identify.identify(path)

    monkeypatch.setattr(model_folders, "identify", counting)
    for number in range(20):
        write(tmp_path / f"{number}.safetensors", kohya(768))
    model_folders.news()
    assert len(catalog.loras([tmp_path])) == len(catalog.loras([tmp_path])) == len(looked) == 20
    kept = model_folders.news()
    assert len(kept) == 20 and model_folders.news() == ()
    write(tmp_path / "7.safetensors", kohya(2048, 32))
    assert catalog.lora(catalog.loras([tmp_path]), "7").family == "sdxl"
    assert looked[20:] == ["7.safetensors"]
    monkeypatch.setattr(model_folders, "_known", {})
    model_folders.recall(kept)  # as after a new start: all but the one that has changed since
    catalog.loras([tmp_path])
    assert looked[21:] == ["7.safetensors"]


def test_hashes_are_those_people_know(tmp_path: Path) -> None:
    path = write(tmp_path / "a.safetensors", kohya(768))
    assert list(model_folders.unhashed([tmp_path])) == [path]
    assert model_folders.digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    assert list(model_folders.unhashed([tmp_path])) == []
    assert catalog.loras([tmp_path])[0].hash == model_folders.digest(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    write(tmp_path / "x.safetensors", kohya(768))
    assert [lora.name for lora in catalog.loras([tmp_path])] == ["x"]


def test_names_that_are_no_text_are_named_and_the_others_used(tmp_path: Path) -> None:
    for place in (b"\xff\xfe.safetensors", b"ink-\xff/model_index.json"):
        path = tmp_path / os.fsdecode(place)
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    write(tmp_path / "x.safetensors", kohya(768))
    assert [lora.name for lora in catalog.loras([tmp_path])] == ["x"]
    skipped = catalog.skipped([tmp_path])
    assert [(entry.name, entry.key) for entry in skipped] == [
        ("ink-\ufffd", "file.name"),
        ("\ufffd\ufffd", "file.name"),
    ]
    assert all(str(entry.path).encode() for entry in skipped)
    assert list(model_folders.unhashed([tmp_path])) == [tmp_path / "x.safetensors"]


def test_files_that_may_not_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may read everything, so the disk is played."""

    def locked(path: Path) -> identity.Identity:
        if path.stem == "locked":
            raise PermissionError(path)
        return identify.identify(path)

    monkeypatch.setattr(model_folders, "identify", locked)
    for name in ("locked", "open"):
        write(tmp_path / f"{name}.safetensors", kohya(768))
    assert [lora.name for lora in catalog.loras([tmp_path])] == ["open"]
    assert [(entry.name, entry.key) for entry in catalog.skipped([tmp_path])] == [("locked", "file.locked")]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    write(tmp_path / "a" / "x.safetensors", kohya(768))
    assert [lora.name for lora in catalog.loras([tmp_path])] == ["x"]


def test_a_private_lora_is_private_wherever_else_it_lies(tmp_path: Path) -> None:
    """A copy on another machine, or in a folder that the settings put behind another since it was learnt."""
    a_lora(tmp_path / "loras", "Totem")
    elsewhere = unpacked(packed(files_there((tmp_path / "loras",), ())), "machine")
    mine = PrivateFile(tmp_path / "first" / "totem.safetensors", "ann")
    try:
        model_folders.lies_elsewhere("machine", elsewhere.finds)
        for folders in ([], [tmp_path / "loras"]):
            private.keep([mine], tmp_path / "made")
            assert not catalog.loras(folders) and not catalog.skipped(folders)
            with private.seen_by("ann"):
                assert [one.name for one in catalog.loras(folders)] == ["Totem"]
            private.keep([replace(mine, shared=True)], tmp_path / "made")
            assert [one.name for one in catalog.loras(folders)] == ["Totem"]
        private.keep([replace(mine, half=True)], tmp_path / "made")
        assert [one.name for one in catalog.loras([tmp_path / "loras"])] == ["Totem"], "one along the way has no name"
        private.keep([mine], tmp_path / "made")
        assert not private.hidden(tmp_path / "totem.safetensors", "checkpoint"), "nobody may hide an owner's model"
    finally:
        private.forget()
        model_folders.forget()
