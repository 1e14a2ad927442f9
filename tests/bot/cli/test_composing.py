"""Lines of the standard input, each answered for itself."""

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli.cli import app, main
from bot.cli.composing import composing, show_lines
from bot.settings.config import Config
from prompts.errors import Refusal
from tests.prompts.edit.instructing import Model, form, serving_aside


async def test_a_line_that_breaks_something_of_ours_is_answered_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config.model_validate({"data": {"folder": str(tmp_path)}})
    monkeypatch.setattr(sys, "stdin", io.StringIO("一只猫\ndeep\n--steps x\n一只狗"))
    async with composing(config, None, "", False) as made:

        async def breaking(text: str):  # type: ignore[no-untyped-def]
            if text == "deep":
                raise RecursionError("too deep")
            return await made(text)

        await show_lines(breaking, "en")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("key") for row in rows] == [None, "cli.unexpected", "option.bad_value", None]
    assert "cat" in rows[0]["positive"] and "dog" in rows[3]["positive"] and "RecursionError" in rows[1]["error"]


@pytest.mark.parametrize(
    ("text", "sentence", "said", "tag", "gone"),
    [
        ("戴红帽子的女孩，白天", "帽子换成皇冠", "戴红皇冠的女孩，白天", "crown", "hat"),
        ("a cat on a chair, day", "make it night", "a cat on a chair, night", "night", "day"),
    ],
)
async def test_a_prompt_is_shown_as_a_sentence_changes_it(
    tmp_path: Path, text: str, sentence: str, said: str, tag: str, gone: str
) -> None:
    config = Config.model_validate({"data": {"folder": str(tmp_path)}})
    async with composing(config, None, "", False, sentence) as made:
        told = (await made(text)).to_json()
    assert told["text"] == said and tag in str(told["positive"]) and gone not in str(told["positive"]).split()


async def test_what_a_sentence_says_of_the_size_is_told_too(tmp_path: Path) -> None:
    config = Config.model_validate({"data": {"folder": str(tmp_path)}})
    async with composing(config, None, "", False, "改成竖图") as made:
        told = (await made("一只猫 --steps 12")).options
    assert told.ratio and told.ratio < 1 and told.steps == 12


async def test_a_sentence_that_finds_nothing_and_one_that_is_never_drawn_are_refused(tmp_path: Path) -> None:
    config = Config.model_validate({"data": {"folder": str(tmp_path)}})
    for sentence, key in (("把狗去掉", "edit.near"), ("", "edit.empty"), ("make her a naked child", "access.minors")):
        async with composing(config, None, "", False, sentence) as made:
            with pytest.raises(Refusal) as refused:
                await made("a girl with a cat")
        assert refused.value.key == key


def test_the_command_takes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("{}", encoding="utf-8")
    arguments = ["prompt", "一只猫在窗台上", "--edit", "猫换成狗", "--json", "--config", "config.yaml"]
    app(arguments, standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    assert told["text"] == "一只狗在窗台上" and "dog" in told["positive"] and "cat" not in told["positive"]


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_says_which_model_read_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    model = Model(form((1, "horse", "dragon"), asks=("a dragon",)))
    sentence = "honestly the horse feels boring, a dragon maybe?"
    with serving_aside(model) as url:
        told = f"{{service: openai, url: '{url}', model: m, timeout: 60}}"
        (tmp_path / "config.yaml").write_text(f"translate: {told}", encoding="utf-8")
        arguments = ["prompt", "a knight on a horse", "--edit", sentence, "--config", "config.yaml"]
        app([*arguments, "--json"] if as_json else arguments, standalone_mode=False)
    out = capsys.readouterr().out
    if as_json:
        row = json.loads(out)
        assert row["positive"].count("a knight on a dragon") == 1 and row["text"] == "a knight on a dragon"
        (fragment,) = [one for part in row["parts"].values() for one in part if one["text"] == "a knight on a dragon"]
        assert fragment["origin"] == "service"
        assert row["notes"][-1]["key"] == "edit.read"
        assert row["notes"][-1]["values"] == {"reader": url.removeprefix("http://"), "asks": "a dragon"}
    else:
        assert "a knight on a dragon" in out and "127.0.0.1" in out


def test_the_command_says_why_no_model_read_the_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    monkeypatch.setattr("bot.cli.cli.err", Console(file=said))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    arguments = ["prompt", "a knight", "--edit", "ditch whatever he wears", "--config", "config.yaml"]
    monkeypatch.setattr(sys, "argv", ["bot.py", *arguments])
    with serving_aside(Model("", status=500)) as url:
        told = f"{{service: openai, url: '{url}', model: m, timeout: 60}}"
        (tmp_path / "config.yaml").write_text(f"translate: {told}", encoding="utf-8")
        with pytest.raises(SystemExit):
            main()
    first, second = said.getvalue().strip().splitlines()
    assert first.startswith("No “whatever he wears” here") and second.endswith("failed (500); did without it.")
