"""Fetching from a hub: what is wanted of a repository, what goes wrong on the way, and that nothing half is listed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import close_session
from safetensors.torch import load_file, save

from bot.chat import Card, Request
from bot.models import download, hub, repository
from bot.models.fetching import Fetching
from bot.models.folders import places
from bot.settings.sections.drawing import EngineSection
from engine.files import catalog, model_folders, vae_layers
from engine.files.taggers import taggers
from prompts.errors import Refusal
from storage.jobs import Place
from tests import onnx_files, tiny
from tests.bot.studio.test_studio import House, house
from tests.engine.files.test_identify import kohya
from tests.model_shapes import VAE as SMALL
from tests.model_shapes import write
from tests.patience import until
from tests.peers.hub import Fault, Hub, Repository

NAME = "painters/tiny"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A model as people publish it: half and full precision, old formats, and what else lies about."""
    folder = tiny.make(tmp_path_factory.mktemp("published") / "tiny")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in [name for name in files if name.endswith(".safetensors")]:
        weights = {key: weight.half() for key, weight in load_file(folder / name).items()}
        files[name.replace(".safetensors", ".fp16.safetensors")] = save(weights, {"format": "pt"})
        files[name.replace(".safetensors", ".bin")] = b"pickle"
    more = ("tiny.ckpt", "tiny.safetensors", "unet/model.onnx", "unet/flax_model.msgpack", "README.md")
    return files | dict.fromkeys(more, b"not wanted")


@pytest.fixture
def site(published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.01, 0.01))
    with Hub({NAME: Repository.of(published)}).open() as served:
        close_session()
        yield served
        close_session()


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return places(EngineSection(models=(tmp_path / "models",), loras=(tmp_path / "loras",), vaes=(tmp_path / "vaes",)))


def listed(folders: dict[str, Path]) -> list[str]:
    """All that a person would see."""
    return [find.name for folder in dict.fromkeys(folders.values()) for find in model_folders.finds([folder])]


def install(site: Hub, folders: dict[str, Path], name: str = NAME) -> Path:
    return hub.install(name, folders, endpoint=site.address)


def refused(site: Hub, folders: dict[str, Path], name: str = NAME) -> Refusal:
    with pytest.raises(Refusal) as caught:
        install(site, folders, name)
    return caught.value


def test_a_model_comes_whole_once_and_in_half_precision(site: Hub, folders: dict[str, Path]) -> None:
    seen: list[tuple[int, int]] = []
    found = hub.install(NAME, folders, lambda done, total: seen.append((done, total)), site.address)
    assert found == folders["checkpoint"] / "tiny"
    [model] = [model for model in catalog.models([folders["checkpoint"]]) if not model.builtin]
    assert (model.name, model.family) == ("tiny", "sd15")
    weights = sorted(file for file in site.files() if file.endswith(".safetensors"))
    assert weights == [
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]
    assert not {".bin", ".onnx", ".msgpack", ".ckpt", ".md"} & {Path(file).suffix for file in site.files()}
    total = sum(path.stat().st_size for path in found.rglob("*") if path.is_file())
    assert seen[-1] == (total, total) and [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert [path.name for path in folders["checkpoint"].iterdir()] == ["tiny"], "nothing else is left behind"
    asked = len(site.asked)
    assert install(site, folders) == found
    assert len(site.asked) == asked + 1, "only the list was asked for"


def test_a_cut_line_goes_on_where_it_broke(site: Hub, folders: dict[str, Path]) -> None:
    site.faults = [Fault("unet/diffusion_pytorch_model.fp16.safetensors", times=8, cut=40_000, pause=0.001)]
    place = install(site, folders)
    ranges = [one.range for one in site.asked if one.path.startswith("/large/") and "/unet/" in one.path]
    assert len(ranges) == 5 and ranges[0] == "" and all(ranges[1:])
    published = site.repositories[NAME].files["unet/diffusion_pytorch_model.fp16.safetensors"]
    assert (place / "unet" / "diffusion_pytorch_model.fp16.safetensors").read_bytes() == published.content


def test_an_interruption_leaves_nothing_to_see_and_the_next_run_goes_on(
    site: Hub, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    # Ctrl-C while it waits for a line that broke: in the middle of a file, however large the pieces are that come.
    site.faults = [Fault("unet/diffusion_pytorch_model.fp16.safetensors", times=2, cut=40_000)]
    with monkeypatch.context() as patched:
        patched.setattr(download, "time", SimpleNamespace(sleep=interrupted))
        with pytest.raises(KeyboardInterrupt):
            hub.install(NAME, folders, endpoint=site.address)
    assert listed(folders) == []
    before = [one.path for one in site.asked]
    site.asked.clear()
    seen: list[int] = []
    place = hub.install(NAME, folders, lambda done, total: seen.append(done), site.address)
    again = [one for one in site.asked if one.path in before and "/large/" in one.path]
    assert [one for one in again if one.range], "a file goes on from its middle"
    assert not [one for one in again if not one.range], "and none is begun anew"
    assert listed(folders) == ["tiny"] and seen[-1] == sum(one.stat().st_size for one in place.rglob("*.*"))


def test_another_revision_is_begun_anew(site: Hub, folders: dict[str, Path], published: dict[str, bytes]) -> None:
    site.faults = [Fault("vae/diffusion_pytorch_model.fp16.safetensors", times=99, code=503)]
    assert refused(site, folders).key == "hub.network"
    site.faults.clear()
    changed = dict(published)
    changed["model_index.json"] = changed["model_index.json"].replace(b"{\n", b"{ ", 1)  # as long as before
    site.repositories[NAME] = Repository.of(changed)
    assert (install(site, folders) / "model_index.json").read_bytes().startswith(b"{ ")
    assert [path.name for path in folders["checkpoint"].iterdir()] == ["tiny"]


def test_a_range_that_is_not_heeded_begins_anew(site: Hub, folders: dict[str, Path]) -> None:
    unet = "unet/diffusion_pytorch_model.fp16.safetensors"
    large = site.repositories[NAME].files[unet].sha256
    path = f"/large/{large}/{unet}"
    site.faults = [Fault(path, cut=90_000, pause=0.001), Fault(path, whole=True)]
    seen: list[int] = []
    place = hub.install(NAME, folders, lambda done, total: seen.append(done), site.address)
    assert (place / unet).read_bytes() == site.repositories[NAME].files[unet].content
    assert seen[-1] == sum(one.stat().st_size for one in place.rglob("*.*"))


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_hub_that_is_busy_for_a_moment_is_asked_again(code: int, site: Hub, folders: dict[str, Path]) -> None:
    site.faults = [Fault(f"/api/models/{NAME}", times=2, code=code, retry_after=0)]
    site.faults += [Fault("unet/config.json", times=3, code=code)]
    assert install(site, folders).is_dir()


@pytest.mark.parametrize(
    ("fault", "key", "reason"),
    [
        (Fault(f"/api/models/{NAME}", times=99, code=503), "hub.network", "HTTP 503"),
        (Fault("unet/config.json", times=99, code=429), "hub.network", "HTTP 429"),
        (Fault("vae/config.json", times=99, code=404), "hub.network", "HTTP 404"),
        (Fault("vae/diffusion_pytorch_model.fp16.safetensors", times=99, cut=0), "hub.network", ""),
        (Fault("vae/diffusion_pytorch_model.fp16.safetensors", times=99, spoilt=True), "hub.checksum", ""),
    ],
)
def test_what_goes_on_failing_is_said(fault: Fault, key: str, reason: str, site: Hub, folders: dict[str, Path]) -> None:
    site.faults = [fault]
    refusal = refused(site, folders)
    assert refusal.key == key and str(refusal.values.get("reason", "")).startswith(reason)
    assert listed(folders) == []
    site.faults.clear()
    assert install(site, folders).is_dir()


def test_a_hub_that_is_not_there_is_not_waited_for(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSES", (60.0,))
    with pytest.raises(Refusal) as caught:
        hub.install(NAME, folders, endpoint="http://127.0.0.1:9")
    assert (caught.value.key, caught.value.values["reason"]) == ("hub.network", "ConnectError")


def test_who_may_have_it(site: Hub, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = site.repositories[NAME]
    site.tokens, model.gated = {"hf_reader", "hf_other"}, True
    assert refused(site, folders).key == "hub.gated"
    for token, key in (("hf_other", "hub.forbidden"), ("hf_nobody", "hub.token")):
        monkeypatch.setenv("HF_TOKEN", token)
        refusal = refused(site, folders)
        assert refusal.key == key and token not in str(refusal.values)
    model.readers = {"hf_reader"}
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert install(site, folders).is_dir()
    assert {one.token for one in site.asked if one.path.startswith("/large/")} == {""}, "the token is the hub's alone"
    assert refused(site, folders, "painters/nothing").key == "hub.unknown"
    model.private = True
    monkeypatch.delenv("HF_TOKEN")
    assert refused(site, folders).key == "hub.unknown"


def test_a_full_disk_is_said_before_anything_is_fetched(
    site: Hub, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000))
    refusal = refused(site, folders)
    assert refusal.key == "hub.space" and float(str(refusal.values["needed"])) > 1
    assert site.files() == [] and listed(folders) == []


def test_a_folder_that_cannot_be_made_is_said(site: Hub, folders: dict[str, Path]) -> None:
    folders["checkpoint"].parent.mkdir(exist_ok=True)
    folders["checkpoint"].write_text("a file")
    assert refused(site, folders).key == "hub.write"


def test_nothing_is_written_over(site: Hub, folders: dict[str, Path]) -> None:
    other = folders["checkpoint"] / "tiny"
    other.mkdir(parents=True)
    (other / "mine.txt").write_text("mine")
    assert refused(site, folders).key == "hub.taken"
    assert [path.name for path in other.iterdir()] == ["mine.txt"] and site.files() == []


def test_two_do_not_fetch_the_same_at_once(site: Hub, folders: dict[str, Path]) -> None:
    keys: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        if not keys:
            keys.append(refused(site, folders).key)

    hub.install(NAME, folders, meanwhile, site.address)
    assert keys == ["hub.busy"] and listed(folders) == ["tiny"]


def test_what_cannot_be_drawn_with_is_refused_by_its_small_files(site: Hub, folders: dict[str, Path]) -> None:
    site.repositories["a/flow"] = Repository.of(
        {
            "model_index.json": b'{"_class_name": "FlowPipeline"}',
            "unet/config.json": b"{}",
            "unet/diffusion_pytorch_model.safetensors": b"large",
        }
    )
    assert refused(site, folders, "a/flow").key == "model.other_kind"
    assert "unet/diffusion_pytorch_model.safetensors" not in site.files()
    site.repositories["a/odd"] = Repository.of({"odd.safetensors": b"no weights at all"})
    assert refused(site, folders, "a/odd").key == "file.damaged"
    assert list(folders["checkpoint"].iterdir()) == []


def test_files_go_where_their_kind_lies(site: Hub, folders: dict[str, Path], tmp_path: Path) -> None:
    ink = write(tmp_path / "x.safetensors", kohya(768)).read_bytes()
    layers = dict(vae_layers.wanted_by(SMALL))
    vae = write(tmp_path / "y.safetensors", layers).read_bytes()
    site.repositories["a/ink"] = Repository.of({"pytorch_lora_weights.safetensors": ink, "README.md": b""})
    site.repositories["a/two"] = Repository.of(
        {"v1.safetensors": ink, "deep/v2.safetensors": vae, "config.json": b"{}"}
    )
    site.repositories["a/soft-vae"] = Repository.of(
        {
            "config.json": json.dumps(SMALL.config | {"_class_name": "AutoencoderKL"}).encode(),
            "diffusion_pytorch_model.safetensors": vae,
            "diffusion_pytorch_model.bin": b"",
        }
    )
    assert install(site, folders, "a/ink") == folders["lora"] / "ink.safetensors"
    refusal = refused(site, folders, "a/two")
    assert refusal.key == "hub.which" and "a/two/deep/v2.safetensors" in str(refusal.values["files"])
    assert install(site, folders, "a/two/deep/v2.safetensors") == folders["vae"] / "v2.safetensors"
    assert install(site, folders, "a/soft-vae") == folders["vae"] / "soft-vae"
    assert refused(site, folders, "a/two/v3.safetensors").key == "hub.nothing"
    assert sorted(listed(folders)) == ["ink", "soft-vae", "v2"]


def test_paths_that_lead_out_are_not_believed(site: Hub, folders: dict[str, Path]) -> None:
    site.repositories["a/out"] = Repository.of({"../../out.safetensors": b"x", "/tmp/out.safetensors": b"x"})
    assert refused(site, folders, "a/out").key == "hub.nothing"


def test_each_part_is_wanted_once() -> None:
    files = [
        "model_index.json", "v1-5.ckpt", "v1-5.safetensors", "safety_checker/model.safetensors",
        "unet/config.json", "unet/diffusion_pytorch_model.non_ema.safetensors",
        "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors",
        "unet/diffusion_pytorch_model.safetensors.index.fp16.json",
        "unet/diffusion_pytorch_model.safetensors.index.json",
        "unet/diffusion_pytorch_model-00001-of-00001.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.bin", "tokenizer/merges.txt", "tokenizer/vocab.json",
    ]  # fmt: skip
    assert repository.choose("a/b", files) == [
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors.index.fp16.json",
        "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.bin", "tokenizer/merges.txt", "tokenizer/vocab.json",
    ]  # fmt: skip
    assert repository.choose("a/b", ["x.safetensors", "x.ckpt"]) == ["x.safetensors"]
    for names, key in ((["x.safetensors", "y.safetensors"], "hub.which"), (["x.ckpt"], "hub.nothing")):
        with pytest.raises(Refusal) as caught:
            repository.choose("a/b", names)
        assert caught.value.key == key


@pytest.mark.parametrize("name", ["", "only", "a/b/c", "https://x/y", "a/b/../../c.safetensors"])
def test_names_that_are_no_repository(name: str, folders: dict[str, Path]) -> None:
    with pytest.raises(Refusal) as caught:
        hub.install(name, folders)
    assert caught.value.key == "hub.name"


async def asked(at: House, text: str, *, admin: bool = True) -> Card:
    person = replace(await at.person("boss"), admin=admin)
    key = f"fetch-{next(at.numbers)}"
    await at.desk.request(Request(person=person, place=Place("fake", "boss"), text=text, key=key))
    return at.chat.messages[key]


async def test_an_admin_has_a_model_fetched_from_a_chat(site: Hub, folders: dict[str, Path], tmp_path: Path) -> None:
    site.faults = [Fault("unet/diffusion_pytorch_model.fp16.safetensors", times=2, pause=0.05)]
    async with house(tmp_path / "house") as at:
        at.studio.fetching = Fetching(folders, site.address)
        assert (await asked(at, f"/admin fetch {NAME}", admin=False)).text.key == "admin.not_you"
        assert (await asked(at, "/admin fetch")).text.key == "hub.idle"
        assert (await asked(at, f"/admin fetch {NAME}")).text.key == "hub.begun"
        await until(lambda: at.studio.fetching.done > 0)
        under_way = (await asked(at, "/admin 下载")).text
        assert under_way.key == "hub.under_way" and 0 <= int(under_way.values["share"]) < 100
        assert (await asked(at, "/admin fetch a/other")).text.key == "hub.busy"
        await until(lambda: any(card.text.key == "hub.fetched" for card in at.chat.messages.values()))
        assert listed(folders) == ["tiny"]
        await asked(at, "/admin fetch painters/nothing")
        await until(lambda: any(card.text.key == "hub.unknown" for card in at.chat.messages.values()))


async def test_the_end_of_the_program_does_not_wait_for_a_model(
    site: Hub, folders: dict[str, Path], tmp_path: Path
) -> None:
    site.faults = [Fault("unet/diffusion_pytorch_model.fp16.safetensors", times=99, pause=0.2)]
    async with house(tmp_path / "house") as at:
        at.studio.fetching = Fetching(folders, site.address)
        await asked(at, f"/admin fetch {NAME}")
        await until(lambda: at.studio.fetching.done > 0)
    assert not at.studio.fetching.busy and listed(folders) == []
    site.faults.clear()
    assert install(site, folders).is_dir()


def test_half_precision_weights_are_what_they_were(site: Hub, folders: dict[str, Path]) -> None:
    [unet] = (install(site, folders) / "unet").glob("*.safetensors")
    assert {weight.dtype for weight in load_file(unet).values()} == {torch.float16}


def test_a_tagger_comes_with_its_list_into_its_own_folder(site: Hub, folders: dict[str, Path], tmp_path: Path) -> None:
    made = onnx_files.known_tagger(tmp_path / "published")
    files = {name: (made / name).read_bytes() for name in ("model.onnx", "selected_tags.csv")}
    site.repositories["taggers/wd-tiny"] = Repository.of({**files, "model.safetensors": b"other", "README.md": b""})
    site.repositories["taggers/half"] = Repository.of({"selected_tags.csv": b""})
    folders = {**folders, "tagger": tmp_path / "taggers"}
    found = install(site, folders, "taggers/wd-tiny")
    assert found == tmp_path / "taggers" / "wd-tiny" and sorted(one.name for one in found.iterdir()) == sorted(files)
    [one] = taggers([tmp_path / "taggers"])
    assert one.name == "wd-tiny"
    assert install(site, folders, "taggers/wd-tiny") == found
    assert refused(site, folders, "taggers/half").key == "hub.nothing"
