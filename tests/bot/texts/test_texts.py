"""Every word is there, in every language, and somebody says it."""

from __future__ import annotations

import re
from string import Formatter

import opencc
import pytest

from bot.buttons.actions import ACTIONS
from bot.buttons.presses import PRESSES
from bot.commands.table import COMMANDS
from bot.texts import FOLDER, LANGUAGES, NAMES, duration, language_called, language_of, say, texts
from prompts.traditional import written
from tests.running import ROOT

PROGRAM = [
    path.read_text("utf-8")
    for room in ("bot", "engine", "prompts", "storage")
    for path in (ROOT / room).rglob("*")
    if path.suffix in {".py", ".js", ".html"} and "versions" not in path.parts
]
WRITTEN = {
    "zh-TW": "台群",
    "zh-HK": "說悅閱脫銳稅溫群床峰抬啟戶",
}  # signs that people write otherwise than the standard
FOREIGN = (
    *(
        "擴充套件",
        "許可權",
        "箇",
        "畫素",
        "平臺",
        "賬",
        "映象",
        "繫",
        "默認",
        "信息",
        "文件夾",
        "服務器",
        "內存",
        "顯存",
    ),
    *("屏幕", "鏈接", "配置", "搜索", "保存", "打開", "菜單", "進程", "軟件包", "採樣", "區域性", "頻道里", "視訊"),
)
KEY = r"[a-z_]+(?:\.[a-z_]+)+"
SAID = re.compile(rf"""(?:Refusal|Say|Note|notice|say)\(\s*(?:\w+\(?\)?, )?f?"({KEY})\"""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_the_same_sentences_with_the_same_values() -> None:
    first, *others = (texts(language) for language in LANGUAGES)
    for other in others:
        assert set(first) == set(other)
        assert [key for key in first if fields(first[key]) != fields(other[key])] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sentence_is_there_twice(language: str) -> None:
    keys = re.findall(r"^([\w.-]+):", (FOLDER / f"{language}.yaml").read_text("utf-8"), re.M)  # the last would count
    assert sorted(keys) == sorted(set(keys))


def test_every_sentence_that_is_said_exists() -> None:
    said = {key for text in PROGRAM for key in SAID.findall(text)}
    assert len(said) > 100
    assert said - set(texts("en")) == set()
    for name in (*ACTIONS, *PRESSES):
        assert f"button.{name}" in texts("en")
    for command in COMMANDS:
        assert {f"command.{command.name}", f"command.{command.name}.usage"} <= set(texts("en"))


def test_every_sentence_is_said_somewhere() -> None:
    """A key stands whole in the program, or is put together from a beginning that stands there."""
    program = "\n".join(PROGRAM)
    beginnings = set(re.findall(rf'["`]({KEY.removesuffix("+")}*\.)(?:\{{|\$\{{|")', program))
    beginnings |= set(re.findall(r"""["'`]((?:[a-z_]+\.)+)(?:\{|\$\{|["'])""", program))
    silent = [
        key
        for key in texts("en")
        if not re.search(rf'["`]{re.escape(key)}["`]', program) and not any(key.startswith(one) for one in beginnings)
    ]
    assert silent == []


def test_chinese_sentences_are_chinese() -> None:
    same = [key for key, text in texts("zh").items() if text == texts("en")[key] and re.search("[a-z]{4} [a-z]", text)]
    assert same == []


@pytest.mark.parametrize("language", ["zh-TW", "zh-HK"])
def test_traditional_sentences_hold_no_simplified_sign(language: str) -> None:
    convert = opencc.OpenCC({"zh-TW": "s2tw", "zh-HK": "s2hk"}[language]).convert
    allowed = {sign for text in WRITTEN[language] for sign in text}
    found = {key: text for key, text in texts(language).items() if {s for s in text if convert(s) != s} - allowed}
    assert found == {}
    assert not [key for key, text in texts(language).items() if re.search("[\ue000-\uf8ff“”‘’]", text)]


@pytest.mark.parametrize("language", ["zh-TW", "zh-HK"])
def test_traditional_sentences_say_what_people_there_say(language: str) -> None:
    """Words of the mainland, and words that a converter makes of them out of place."""
    wrong = re.compile("|".join(FOREIGN))
    assert [f"{key}: {text}" for key, text in texts(language).items() if wrong.search(text)] == []


def test_a_text_of_its_own_beats_the_converter() -> None:
    assert written("没有写入权限，请检查配置文件夹", "zh-TW") == "沒有寫入權限，請檢查設定資料夾"
    assert written("向左扩展“一个中文词”，分辨率", "zh-TW") == "向左擴展「一個中文詞」，解析度"
    assert written("网络连接断开，频道里的视频质量", "zh-HK") == "網絡連線斷開，頻道裏的影片質素"
    assert written("权限", "zh") == "权限" and written("a cat", "zh-TW") == "a cat"


def test_a_language_is_found_by_what_people_call_it() -> None:
    said = {"繁體": "zh-TW", "ZH-tw": "zh-TW", "正體中文": "zh-TW", "香港": "zh-HK", "英文": "en", "English": "en"}
    assert {name: language_called(name) for name in said} == said
    assert all(language_called(name) == code for code, name in NAMES.items()) and language_called("klingon") == ""


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *(("zh-Hant-TW", "zh-TW"), ("zh-hant", "zh-TW"), ("zh_TW.UTF-8", "zh-TW"), ("zh-Hant-HK", "zh-HK")),
        *(("zh-mo", "zh-HK"), ("yue", "zh-HK"), ("zh-Hans-HK", "zh"), ("zh_CN.UTF-8", "zh"), ("zh", "zh")),
        *(("en-GB", "en"), ("fr", "en")),
    ],
)
def test_the_nearest_language(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_values_may_have_any_name() -> None:
    assert "2" in say("en", "queue.full", limit=2)


def test_a_language_has_one_kind_of_quotes() -> None:
    """Curly ones, corners in traditional Chinese; straight ones stand in commands that people copy only."""
    others = {"en": '["「」『』‘]', "zh": "[\"'「」『』‘]"}
    for language in LANGUAGES:
        odd = re.compile(others.get(language, "[\"'“”‘’]"))
        said = {key: re.sub(r"pip install (-e )?'[^']*'", "", text) for key, text in texts(language).items()}
        assert [key for key, text in said.items() if odd.search(text)] == []


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0 秒", "0 s"),
        (3.24, "3.2 秒", "3.2 s"),
        (61, "61 秒", "61 s"),
        (90, "2 分钟", "2 min"),
        (3600, "1 小时", "1 h"),
        (5 * 3600 + 60, "5 小时 1 分钟", "5 h 1 min"),
        (2 * 86400 + 30, "2 天", "2 d"),
        (3 * 86400 + 4 * 3600 + 59, "3 天 4 小时", "3 d 4 h"),
    ],
)
def test_a_length_of_time_has_no_parts_that_are_nothing(seconds: float, chinese: str, english: str) -> None:
    assert duration("zh", seconds) == say("zh", "info.since", seconds=seconds) == chinese
    assert duration("en", seconds) == english


def test_no_sentence_counts_seconds_or_minutes_by_itself() -> None:
    """What the program says of time goes through `duration`; a fixed number of minutes or days is said as it is."""
    fixed = {"link.code", "link.too_many_tries", "forget.ask"}
    own = [
        key
        for language in LANGUAGES
        for key, text in texts(language).items()
        if re.search(r"\{(?:seconds|minutes|days)\}", text)
    ]
    assert set(own) <= fixed


def test_a_length_of_time_may_be_written_as_a_text() -> None:
    assert say("en", "access.cooldown", seconds="1.5") == say("en", "access.cooldown", seconds=1.5)
