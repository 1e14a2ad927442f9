"""The command line as a person uses it: the shipped program, in a folder of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, EulerDiscreteScheduler, StableDiffusionControlNetPipeline
from PIL import Image

from bot.texts import say
from engine.files.catalog import COMPANIONS, DEMO
from engine.files.identify import identify
from engine.pixels import png_recipe
from engine.recipe import Recipe
from tests.engine.train import totem
from tests.patience import PATIENCE
from tests.running import ROOT
from tests.stories.conftest import Here


def bot(
    folder: Path, *arguments: str, language: str = "en_US.UTF-8", stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DANQING_")}
    environ |= {
        "DANQING_DATA_FOLDER": str(folder / "data"),
        "LC_ALL": language,
        "COLUMNS": "200",
        "DANQING_WEB_PORT": "0",
    }
    command = [sys.executable, str(ROOT / "bot.py"), *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=PATIENCE,
    )


def test_a_chinese_line_becomes_a_file(tmp_path: Path) -> None:
    options = "--out cat.png --steps 8 --seed 3 --quality fast"
    done = bot(tmp_path, "imagine", "一只橘猫，水彩", *options.split(), language="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "种子: 3" in done.stdout and "cat.png" in done.stdout
    assert "画质: fast：约" in done.stdout
    content = (tmp_path / "cat.png").read_bytes()
    recipe = png_recipe.read_recipe(content)
    assert recipe and recipe.seed == 3 and recipe.prompt.text == "一只橘猫，水彩"
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (128, 128)
        assert image.info["parameters"].startswith(recipe.prompt.positive)
        assert "Steps: 8" in image.info["parameters"] and "Seed: 3" in image.info["parameters"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("你好", say("zh", "hello.title").splitlines()[0]),
        ("谢谢！", say("zh", "hello.thanks")),
        ("/help draw", say("zh", "help.draw")),
        ("／帮助 改图", say("zh", "help.change")),
    ],
)
def test_who_says_hello_or_asks_for_help_is_answered_in_words(
    text: str, words: str, tmp_path: Path, here: Here
) -> None:
    done = here("imagine", text, language="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(words) and not list(tmp_path.glob("*.png"))
    for line in done.stdout.splitlines():
        if line.startswith("python bot.py imagine"):  # what it proposes can be typed
            assert line.count('"') == 2
    assert json.loads(here("imagine", text, "--json").stdout)["answer"]


def test_a_command_that_shows_pictures_says_where_they_lie(drawn_here: Here) -> None:
    assert drawn_here("imagine", "a red apple", "--steps", "1").returncode == 0
    shown = drawn_here("imagine", "/history").stdout.splitlines()
    assert len(shown) == 2 and Path(shown[1]).is_file()


def test_a_command_that_there_is_not_names_the_nearest(here: Here) -> None:
    done = here("imagine", "/histroy", language="zh_CN.UTF-8")
    assert done.returncode == 1 and "/history" in done.stderr and not done.stdout


def test_every_option_reaches_the_recipe(tmp_path: Path, drawn_here: Here) -> None:
    options = (
        "--size 64x128 --steps 3 --sampler euler_a --guidance 2.5 --seed 9 --negative blurry --count 2 --raw --json"
    )
    done = drawn_here("imagine", "(red:1.2) apple", *options.split(), "--out", "apple.png", "--model", str(DEMO))
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)["pictures"]
    assert (first["file"], second["file"]) == ("apple.png", "apple-2.png")
    assert (first["seed"], second["seed"]) == (9, 10)
    recipe = png_recipe.read_recipe((tmp_path / "apple.png").read_bytes())
    assert recipe is not None
    assert (recipe.width, recipe.height, recipe.steps, recipe.sampler, recipe.guidance) == (64, 128, 3, "Euler a", 2.5)
    assert (recipe.prompt.positive, recipe.prompt.negative, recipe.prompt.raw) == ("(red:1.2) apple", "blurry", True)
    assert recipe.model == DEMO.name


def test_a_picture_is_drawn_over(tmp_path: Path, drawn_here: Here) -> None:
    Image.new("RGB", (128, 128), (250, 240, 10)).save(tmp_path / "yellow.png")
    done = drawn_here(
        "imagine", "a lemon", "--image", "yellow.png", "--strength", "0.2", "--steps", "10", "--out", "x.png"
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "x.png") as image:
        red, green, blue = image.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert min(red, green) > 150 and blue < 120


def test_words_hold_where_a_map_is_painted(tmp_path: Path, drawn_here: Here) -> None:
    image = Image.new("RGB", (192, 96), "white")
    image.paste("#0a14f0", (96, 0, 192, 96))
    image.paste("#e01020", (0, 0, 96, 96))
    image.save(tmp_path / "map.jpg", quality=70)
    said = (
        "imagine",
        "blue: a blue umbrella | red: a red mushroom",
        "--regions-map",
        "map.jpg",
        "--seed",
        "1",
        "--json",
    )
    done = drawn_here(*said, "--out", "x.png")
    assert done.returncode == 0, done.stderr
    recipe = Recipe.from_json(json.loads(done.stdout)["pictures"][0]["recipe"])
    assert recipe.regions and recipe.regions.places == ("blue", "red") and recipe.width > recipe.height
    with Image.open(tmp_path / "x.png") as picture:
        left, right = np.array_split(np.asarray(picture.convert("RGB"), np.int16), 2, axis=1)
    assert ((left[..., 0] - left[..., 2]) > 80).sum() > 4 * ((right[..., 0] - right[..., 2]) > 80).sum(), "red is left"
    refused = drawn_here("imagine", "a cat", "--regions-map", "map.jpg")
    assert refused.returncode == 1 and "red: a cat" in refused.stdout + refused.stderr


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' schedulers
def test_a_picture_follows_another_and_a_finished_map_is_drawn_as_by_diffusers(
    tmp_path: Path, drawn_here: Here
) -> None:
    blocks = np.kron(np.random.default_rng(0).random((8, 8)) > 0.6, np.ones((16, 16), bool))
    Image.fromarray(blocks).convert("RGB").save(tmp_path / "a=b.png")
    said = ("imagine", "red", "--raw", "--seed", "3", "--steps", "6", "--sampler", "Euler", "--guidance", "4", "--json")
    made = drawn_here(*said, "--control", "边缘:0.8:0-0.5=a=b.png", "--out", "made.png")
    assert made.returncode == 0, made.stderr
    [control] = Recipe.from_json(json.loads(made.stdout)["pictures"][0]["recipe"]).controls
    assert (control.net, control.preprocessor, control.strength, control.end) == ("demo-edges", "edges", 0.8, 0.5)
    assert control.source and control.picture != control.source
    half = Image.new("L", (64, 64))
    half.paste(255, (0, 0, 32, 64))
    half.save(tmp_path / "left.png")
    for option, name in (("--control", "边缘:蒙版=left.png:0.8"), ("--control-map", "demo-edges:0.9:mask=left.png")):
        masked = drawn_here(*said, option, f"{name}=a=b.png", "--out", "masked.png")
        assert masked.returncode == 0, masked.stderr
        [control] = Recipe.from_json(json.loads(masked.stdout)["pictures"][0]["recipe"]).controls
        kept = next((tmp_path / "data").rglob(f"{control.mask}*")).read_bytes()
        assert kept == (tmp_path / "left.png").read_bytes() and control.strength in (0.8, 0.9)
    done = drawn_here(*said, "--control-map", "demo-edges:0.9=a=b.png", "--out", "map.png")
    assert done.returncode == 0, done.stderr
    [control] = Recipe.from_json(json.loads(done.stdout)["pictures"][0]["recipe"]).controls
    assert (control.net, control.preprocessor, control.strength) == ("demo-edges", "", 0.9)
    net = ControlNetModel.from_pretrained(COMPANIONS / "demo-edges", dtype=torch.float32)
    judge = StableDiffusionControlNetPipeline.from_pretrained(
        DEMO, controlnet=net, safety_checker=None, dtype=torch.float32, local_files_only=True
    )
    judge.scheduler = EulerDiscreteScheduler.from_config(judge.scheduler.config)
    judge.set_progress_bar_config(disable=True)
    with Image.open(tmp_path / "a=b.png") as shown, Image.open(tmp_path / "map.png") as drawn:
        expected = judge(
            "red",
            image=shown.convert("RGB"),
            num_inference_steps=6,
            guidance_scale=4.0,
            controlnet_conditioning_scale=0.9,
            generator=torch.Generator("cpu").manual_seed(3),
        ).images[0]
        gap = np.abs(np.asarray(drawn.convert("RGB"), np.int16) - np.asarray(expected, np.int16))
    assert gap.max() <= 2


def test_a_code_is_made_of_a_text_and_read_back_in_the_picture(tmp_path: Path, drawn_here: Here) -> None:
    shutil.copytree(COMPANIONS / "demo-edges", tmp_path / "controlnets" / "demo-qrcode_monster")
    said = ("imagine", "a castle", "--steps", "2", "--size", "256x256", "--seed", "3", "--out", "x.png")
    for more in (("--control", "qr:0.9=https://example.org:80/x"), ("--control", "二维码:text=two words")):
        done = drawn_here(*said, *more)
        assert done.returncode == 0, done.stderr
        says = more[1].partition("=")[2]
        # The net was made for edges: what it makes of a code is read by nobody, and that is told.
        assert say("en", "map.qr_read", text=says) in done.stdout and "demo-qrcode_monster" in done.stdout
        assert say("en", "note.qr_unreadable", text=says, seed="3") in done.stdout
    within = drawn_here("imagine", "/control qr 0 https://example.org a castle", *said[2:])
    assert within.returncode == 0, within.stderr
    assert say("en", "map.qr_read", text="https://example.org") in within.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("imagine", ""), "draw"),
        (("imagine", "a cat", "--control", "edges"), "canny:0.8=photo.png"),
        (("imagine", "a cat", "--control", "edges=gone.png"), "gone.png"),
        (("imagine", "a cat", "--control", "edges:mask=left.png=gone.png"), "gone.png"),
        (("imagine", "cat", "--sampler", "Eulr"), "Euler"),
        (("imagine", "cat", "--model", "danqing-dem"), "danqing-demo"),
        (("imagine", "cat", "--size", "wide"), "512x768"),
        (("imagine", "cat", "--size", "100x100"), "96x96"),
        (("imagine", "cat", "--lora", "nothing:0.5"), "nothing"),
        (("imagine", "cat", "--out", "nowhere/cat.png"), "nowhere"),
        (("imagine", "cat", "--image", "missing.png"), "missing.png"),
        (("imagine", "cat", "--config", "missing.yaml"), "missing.yaml"),
        (("prompt",), "--stdin"),
    ],
)
def test_mistakes_get_a_sentence(tmp_path: Path, here: Here, arguments: tuple[str, ...], words: str) -> None:
    done = here(*arguments)
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not list(tmp_path.glob("*.png*"))


def test_a_damaged_picture_is_refused(tmp_path: Path, drawn_here: Here) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    done = drawn_here("imagine", "cat", "--image", "broken.png")
    assert done.returncode == 1 and done.stderr.strip() and "Traceback" not in done.stderr


def test_prompt_says_what_was_understood(tmp_path: Path, here: Here) -> None:
    done = here("prompt", "一只戴红色帽子的橘猫，水彩，不要文字", "--json")
    made = json.loads(done.stdout)
    assert set(made) >= {"positive", "negative", "parts", "loras", "options", "notes"}
    assert set(made["parts"]) == {"quality_style", "subject", "scene_detail"}
    fragments = [fragment for part in made["parts"].values() for fragment in part]
    assert {"text", "weight", "origin", "source"} <= set(fragments[0])
    assert "watercolor" in made["positive"] and "text" in made["negative"]
    table = bot(tmp_path, "prompt", "一只橘猫，水彩", language="zh_CN.UTF-8").stdout
    assert "水彩" in table and "watercolor" in table


def test_prompt_reads_lines(tmp_path: Path) -> None:
    done = bot(tmp_path, "prompt", "--stdin", "--json", stdin="一只橘猫\n\n(red:1.3) apple, 竖图\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3
    assert rows[0]["text"] == "一只橘猫" and "cat" in rows[0]["positive"]
    assert rows[1]["key"] == "prompt.empty"
    assert rows[2]["options"]


def test_every_line_is_answered_whatever_the_others_are(tmp_path: Path) -> None:
    hostile = [
        "x" * 5000,
        "没有帽子" * 325,
        "\x00",
        "[a:b:0.5" * 300,
        "<lora:",
        "不要" * 325 + "文字",
        "((((" * 300,
        "{" * 900 + "a|b" + "}" * 900,
        "--steps none",
        "\udcff\udcfe",
    ]
    lines = [line for one in hostile for line in (one, "一只橘猫")]
    done = bot(tmp_path, "prompt", "--stdin", stdin="\n".join(lines))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(rows) == len(lines)
    assert all("cat" in row["positive"] for row in rows[1::2])
    assert all("positive" in row or row["error"] for row in rows)


def test_what_was_drawn_is_found_again(drawn_here: Here) -> None:
    for seed, size in (("1", "64x128"), ("2", "128x64")):
        done = drawn_here("imagine", "橘猫", "--size", size, "--steps", "1", "--seed", seed, "--out", f"{seed}.png")
        assert done.returncode == 0, done.stderr
    found = json.loads(drawn_here("history", "今天", "--json").stdout)
    assert [one["seed"] for one in found["pictures"]] == [2, 1] and found["next"] is None
    assert "64×128" in drawn_here("history", "竖图", "猫", language="zh_CN.UTF-8").stdout
    assert "no picture" not in (shown := drawn_here("history", "--count", "1").stdout) and "--before" in shown
    (first,) = json.loads(drawn_here("history", "--count", "1", "--json").stdout)["pictures"]
    behind = json.loads(drawn_here("history", "--before", first["id"], "--json").stdout)
    assert [one["seed"] for one in behind["pictures"]] == [1]
    nothing = drawn_here("history", "昨天", "横图", language="zh_CN.UTF-8").stdout
    assert nothing.startswith("没有找到：") and "横图" in nothing
    assert drawn_here("history", "--before", "nonsense").returncode == 1


def test_every_option_of_a_text_is_one_of_the_terminal(tmp_path: Path, drawn_here: Here) -> None:
    given = ("--steps", "1", "--plain", "--style", "ink-wash", "--no", "red hat", "--fix=face", "--json")
    done = drawn_here("imagine", "猫", "--size", "64x64", *given)
    assert done.returncode == 0, done.stderr
    recipe = json.loads(done.stdout)["pictures"][0]["recipe"]
    assert recipe["steps"] == 1 and recipe["fixes"] and recipe["prompt"]["text"] == "猫"
    assert "note.expanded" not in str(recipe["prompt"]["notes"]) and "red hat" in str(recipe["prompt"]["negatives"])
    for words, named in ((("--plian",), "--plain"), (("dog",), "dog"), (("--out", "x.txt"), "x.txt")):
        refused = drawn_here("imagine", "cat", *words)
        assert refused.returncode == 1 and named in refused.stdout + refused.stderr
    assert not (tmp_path / "x.txt").exists()


def test_a_command_says_that_options_beside_it_are_not_used(here: Here) -> None:
    plain, beside = here("imagine", "/help"), here("imagine", "/help", "--steps", "3")
    assert say("en", "cli.beside") in beside.stdout and say("en", "cli.beside") not in plain.stdout
    assert "--margins 0/0/64/0" in here("imagine", "--help", language="zh_CN.UTF-8").stdout


def test_models_and_check(drawn_here: Here) -> None:
    assert "danqing-demo" in drawn_here("models").stdout
    done = drawn_here("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "danqing-demo" in done.stdout


def test_a_wrong_setting_stops_the_start_naming_its_place(tmp_path: Path, here: Here) -> None:
    (tmp_path / "config.yaml").write_text("web:\n  prot: 80\n")
    asked = [(command, "--config", "config.yaml") for command in ("run", "check", "models")]
    for done in (bot(tmp_path, *asked[0]), *(here(*arguments) for arguments in asked)):
        assert done.returncode == 1
        assert all(word in done.stderr for word in ("config.yaml", "2", "prot", "port")), done.stderr


@pytest.mark.parametrize("command", ["imagine", "prompt"])
def test_what_is_never_drawn_is_refused_in_a_sentence(tmp_path: Path, here: Here, command: str) -> None:
    done = here(command, "小女孩，不要衣服", language="zh_CN.UTF-8")
    assert done.returncode == 1 and say("zh", "access.minors") in done.stdout + done.stderr
    assert "Traceback" not in done.stderr and not list(tmp_path.glob("*.png"))


def test_the_owners_lists_and_words_are_judged_where_a_prompt_is_only_shown(tmp_path: Path, here: Here) -> None:
    lists = tmp_path / "data" / "wildcards"
    lists.mkdir(parents=True)
    (lists / "fruit.txt").write_text("apple\nnude\n", "utf-8")
    done = here("prompt", "a little girl, __fruit__")
    assert done.returncode == 1 and say("en", "access.minors") in done.stdout + done.stderr


def test_a_lora_is_learnt_from_a_folder_and_shown_on_a_sheet(tmp_path: Path, drawn_here: Here) -> None:
    (tmp_path / "totems").mkdir()
    for place, (image, background) in enumerate(totem.pictures(5)):
        image.save(tmp_path / "totems" / f"{place}.png")
        (tmp_path / "totems" / f"{place}.txt").write_text(
            f"a zwx，{background} background" if place else "一个 zwx，红色的背景"
        )
    wrong = drawn_here("train", "zwx", "nowhere", language="zh_CN.UTF-8")
    assert wrong.returncode == 1 and "nowhere" in wrong.stderr and "Traceback" not in wrong.stderr
    done = drawn_here("train", "zwx", "totems", "--steps", "2", "--seed", "5", "--out", "zwx.safetensors", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["trigger"], told["steps"], told["pictures"]) == ("zwx", 2, 5)
    identity = identify(tmp_path / "zwx.safetensors")
    assert identity.triggers == ("zwx",) and identity.family == "demo"
    with Image.open(tmp_path / told["sheet"]) as image:
        assert image.width > 4 * 128 and image.height > 2 * 128  # four seeds, without and with
    # The same again is known to be done; another training does not write over it.
    again = drawn_here("train", "zwx", "totems", "--steps", "3", "--out", "zwx.safetensors")
    assert again.returncode == 1 and "zwx.safetensors" in again.stderr


def test_a_comparison_is_a_sheet_whose_cells_are_their_recipes_drawn_alone(tmp_path: Path, drawn_here: Here) -> None:
    words = ["a red apple", "steps=3,5 cfg=2,4", "--raw", "--seed", "7", "--out", "sheet.png", "--json"]
    done = drawn_here("compare", *words, language="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert [cell["values"] for cell in cells] == [{"steps": s, "cfg": c} for c in (2, 4) for s in (3, 5)]
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image.convert("RGB")).astype(int)
    options = "--raw --seed 7 --steps 5 --guidance 4 --out one.png"
    alone = drawn_here("imagine", "a red apple", *options.split())
    assert alone.returncode == 0, alone.stderr
    left, top, width, height = cells[3]["box"]
    with Image.open(tmp_path / "one.png") as image:
        one = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(sheet[top : top + height, left : left + width] - one).max() <= 1
    assert Recipe.from_json(cells[3]["recipe"]).steps == 5
    codes = [Recipe.from_json(cells[at]["recipe"]).code for at in (0, 3)]
    told = drawn_here("compare", *codes, "--out", "both.png", language="zh_CN.UTF-8")
    assert told.returncode == 0 and "步数: 3 → 5" in told.stdout and "引导强度: 2 → 4" in told.stdout, told.stderr
    with Image.open(tmp_path / "both.png") as image:
        assert image.width > 2 * width
    wrong = drawn_here("compare", "a cat", "stpes=3", language="zh_CN.UTF-8")
    assert wrong.returncode == 1 and "steps" in wrong.stderr and "Traceback" not in wrong.stderr
