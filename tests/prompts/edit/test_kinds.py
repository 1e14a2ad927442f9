"""Kinds of wishes, each with several sentences: what is there afterwards, and what is gone."""

from __future__ import annotations

import pytest

from prompts.edit.edited import edit
from prompts.edit.instructions import instructs
from prompts.errors import Refusal
from prompts.translate.translator import Translator
from tests.prompts.own import becomes

pytestmark = pytest.mark.asyncio
Chain = tuple[Translator, ...]

KINDS = {
    "what comes instead of what went": [
        ("一个厨师端着一盘鱼", "鱼不要了，改成一碗面", "一个厨师端着一碗面"),
        ("一个穿和服的女孩在看烟花", "不要和服了，换成T恤", "一个穿T恤的女孩在看烟花"),
        ("一个男人端着一杯咖啡", "咖啡不要了，换成啤酒", "一个男人端着一杯啤酒"),
        ("a girl eating an apple under a tree", "remove the apple, put a banana instead",
         "a girl eating a banana under a tree"),
        ("女孩，帽子，白天", "帽子去掉，换成夜晚", "女孩，夜晚"),
    ],
    "so many, and no other weather": [
        ("三只小鸭子在池塘里游泳", "改成五只", "五只小鸭子在池塘里游泳"),
        ("三只猫在睡觉", "要一只", "一只猫在睡觉"),
        ("一个蛋糕，上面插着六根蜡烛", "蜡烛八根", "一个蛋糕，上面插着八根蜡烛"),
        ("一个魔法师站在悬崖上，暴风雨", "不要暴风雨，来个大晴天", "一个魔法师站在悬崖上，大晴天"),
        ("一只鹿在喝水", "要有萤火虫", "一只鹿在喝水，萤火虫"),
    ],
    "how people ask in passing": [
        ("a black cat on a rooftop", "make the cat way bigger", "a big black cat on a rooftop"),
        ("a room full of books, a sleeping raven", "the raven becomes a white owl",
         "a room full of books, a sleeping white owl"),
        ("a lighthouse on a cliff", "actually, do it as pixel art", "a lighthouse on a cliff, pixel art"),
        ("pancakes with butter and berries", "butter out", "pancakes with berries"),
        ("a family having a picnic outdoors", "move them indoors", "a family having a picnic indoors"),
    ],
    "more and fewer": [
        ("国王坐在王座上，旁边站着两个卫兵", "卫兵再多一个", "国王坐在王座上，旁边站着三个卫兵"),
        ("两只猫趴在窗台上", "再多一只", "三只猫趴在窗台上"),
        ("树上停着三只鸟", "加多两只鸟", "树上停着五只鸟"),
        ("桌子上有四个苹果", "少一个", "桌子上有三个苹果"),
        ("two birds on a branch", "one more bird", "three birds on a branch"),
        ("two birds on a branch", "remove one of the birds", "one bird on a branch"),
    ],
    "another shade of a colour": [
        ("一个穿深绿色毛衣的男生在喝咖啡", "毛衣颜色浅一点", "一个穿浅绿色毛衣的男生在喝咖啡"),
        ("一个女孩穿着红色裙子", "裙子颜色深一点", "一个女孩穿着深红色裙子"),
        ("a man in a dark green sweater", "make the sweater lighter", "a man in a light green sweater"),
        ("a girl with a red hat", "帽子颜色艳一点", "a girl with a bright red hat"),
        ("三只猫，蓝色的天空", "天空颜色深一点", "三只猫，深蓝色的天空"),
        ("三只猫，蓝色的天空", "把天空改成红色", "三只猫，红色的天空"),
    ],
    "one time, pose and framing for another": [
        ("an empty street in the morning", "make it evening", "an empty street in the evening"),
        ("an empty street in the morning", "make it night", "an empty street at night"),
        ("a girl running in a field", "have her sleep instead", "a girl sleeping in a field"),
        ("a man standing in the rain, short hair", "make him sit", "a man sitting in the rain, short hair"),
        ("close-up of a flower, dew", "zoom out", "wide shot of a flower, dew"),
        ("portrait of an old sailor, close-up", "zoom out, full body", "portrait of an old sailor, full body"),
        ("a fox standing in the snow", "have it sit instead", "a fox sitting in the snow"),
        ("photo of a cat on a fence", "turn it into an anime drawing", "an anime drawing of a cat on a fence"),
        ("an old man reading a newspaper", "make him young", "a young man reading a newspaper"),
    ],
    "one of several": [
        ("左边的女孩红发，右边的女孩黑发", "左边女孩的头发改成金色", "左边的女孩金发，右边的女孩黑发"),
        ("一个女孩坐在左边，一个男孩坐在右边，中间放着蛋糕", "男孩换成机器人",
         "一个女孩坐在左边，一个机器人坐在右边，中间放着蛋糕"),
        (
            "two girls, the left one with red hair, the right one with black hair",
            "make the left one's hair blonde",
            "two girls, the left one with blonde hair, the right one with black hair",
        ),
        (
            "a boy in a blue shirt and a girl in a white dress",
            "make the girl's dress yellow",
            "a boy in a blue shirt and a girl in a yellow dress",
        ),
        ("two cats, the left one black, the right one white", "make the right one orange",
         "two cats, the left one black, the right one orange"),
    ],
    "one for the other": [
        ("猫坐在左边，狗坐在右边", "把猫和狗对调", "猫坐在右边，狗坐在左边"),
        ("左边一只白猫，右边一只黑狗，草地", "猫和狗换个位置", "右边一只白猫，左边一只黑狗，草地"),
        ("a cat on the left, a dog on the right", "swap the cat and the dog", "a cat on the right, a dog on the left"),
    ],
    "as people say it": [
        ("夜市，攤位，人群", "人群拿掉啦", "夜市，攤位"),
        ("一個男生戴著眼鏡在看書", "眼鏡唔要", "一個男生在看書"),
        ("一个女孩坐着喝茶", "茶换成咖啡呗", "一个女孩坐着喝咖啡"),
        ("女孩，黑发，校服", "头发染红，校服换成泳衣", "女孩，红发，泳衣"),
        ("一座红色的桥", "桥太红了，换个颜色，要白色", "一座白色的桥"),
        ("一辆红色跑车，公路", "红色改成黑色", "一辆黑色跑车，公路"),
        ("一个老人坐在河边钓鱼，清晨", "让老人站起来", "一个老人站在河边钓鱼，清晨"),
        ("a woman with brown eyes and long black hair", "I want her hair shorter",
         "a woman with brown eyes and short black hair"),
    ],
    "one thing meant, not the other": [
        ("一只柴犬戴着围巾坐在雪地里", "不对，是猫不是狗", "一只猫戴着围巾坐在雪地里"),
        ("一個男孩在彈鋼琴", "我說的是女孩，不是男孩", "一個女孩在彈鋼琴"),
        ("一个小男孩在草地上放风筝，蓝天", "不对，我要的是小女孩", "一个小女孩在草地上放风筝，蓝天"),
        ("一朵玫瑰，水珠", "不喜欢玫瑰，换成向日葵", "一朵向日葵，水珠"),
        ("一个穿白色连衣裙的女孩站在海边", "连衣裙不要白的，要淡蓝的", "一个穿淡蓝连衣裙的女孩站在海边"),
        ("一盘寿司，木桌，茶", "茶不对，应该是清酒", "一盘寿司，木桌，清酒"),
        ("女孩戴着红色蝴蝶结", "蝴蝶结别用红色，用黄色", "女孩戴着黄色蝴蝶结"),
        ("two dogs running on the beach", "I meant cats, not dogs", "two cats running on the beach"),
        ("a golden retriever on the porch", "it should be a husky, not a golden retriever", "a husky on the porch"),
        ("a castle on a hill, sunny day", "sorry, I meant a lighthouse instead of a castle",
         "a lighthouse on a hill, sunny day"),
        ("a bear catching salmon in a river", "I don't want a bear, use a wolf", "a wolf catching salmon in a river"),
        ("a white horse galloping on the beach", "I'd rather have a black one", "a black horse galloping on the beach"),
    ],
    "one of several of a kind": [
        ("两个机器人在下棋", "其中一个换成老人", "一个机器人和一个老人在下棋"),
        ("三隻貓坐在沙發上", "其中一隻換成狗", "兩隻貓和一隻狗坐在沙發上"),
        ("two cats on a sofa", "turn one of them into a dog", "a cat and a dog on a sofa"),
        ("two men shaking hands in an office", "one of them should be a woman",
         "a man and a woman shaking hands in an office"),
    ],
    "one verb for several": [
        ("a boy holding a balloon", "make the balloon a kite and the boy a girl", "a girl holding a kite"),
        ("a woman in a black coat walking through snow", "replace the coat with a cape and the snow with rain",
         "a woman in a cape walking through rain"),
        ("a red vintage car in front of a diner at night", "turn the car blue and the time to dusk",
         "a blue vintage car in front of a diner at dusk"),
        ("a robot and a child holding hands", "make the robot taller and the child a girl",
         "a tall robot and a girl holding hands"),
        ("女孩，粉色头发，白色裙子", "粉色头发和白色裙子分别改成蓝色头发和黑色裙子", "女孩，蓝色头发，黑色裙子"),
    ],
    "something else done": [
        ("kids fishing by a lake, summer morning", "have them swim instead", "kids swimming by a lake, summer morning"),
        ("a boy reading under a tree", "have him play the flute instead", "a boy playing the flute under a tree"),
        ("操场上几个学生在打篮球", "改成踢足球", "操场上几个学生在踢足球"),
        ("少年坐在屋顶看星星", "动作改成弹吉他", "少年坐在屋顶看星星，弹吉他"),
        ("a chef holding a knife in a kitchen", "no knife, he should hold a pan instead",
         "a chef holding a pan in a kitchen"),
    ],
    "what is named by where it is, or as a colour": [
        ("女孩对着笔记本电脑工作，窗外是雪", "窗外改成樱花", "女孩对着笔记本电脑工作，窗外是樱花"),
        ("可爱的小龙，绿色，抱着蛋", "颜色改成蓝色", "可爱的小龙，蓝色，抱着蛋"),
        ("宇航员骑着自行车", "颜色换成黑白", "宇航员骑着自行车，黑白"),
        ("海底世界，美人鱼，珊瑚", "美人鱼的尾巴改成粉色", "海底世界，美人鱼，珊瑚，粉色尾巴"),
        ("a cat sleeping on a blue sofa, lamp", "different sofa colour, make it mustard yellow",
         "a cat sleeping on a mustard yellow sofa, lamp"),
    ],
    "one of two who is named by where she is": [
        ("a girl on the left with black hair, a girl on the right with brown hair",
         "give the girl on the left blue hair",
         "a girl on the left with blue hair, a girl on the right with brown hair"),
        ("左边的女孩红发，右边的女孩黑发", "给左边的女孩换成蓝色头发", "左边的女孩蓝发，右边的女孩黑发"),
    ],
    "only the hair of a sentence": [
        ("an elf archer with silver hair, green cloak, forest", "change her hair colour to black and lose the cloak",
         "an elf archer with black hair, forest"),
        ("a woman with long blonde hair in a red dress", "short black hair instead",
         "a woman with short black hair in a red dress"),
    ],
    "several in a line": [
        ("女孩，黑色头发，白裙，教室，白天", "头发金色、裙子黑色，教室换成咖啡馆，改晚上",
         "女孩，金色头发，黑裙，咖啡馆，晚上"),
        ("女孩戴着帽子，穿着大衣，雪地", "大衣换成毛衣，帽子保留", "女孩戴着帽子，穿着毛衣，雪地"),
        ("a cat on a chair, a lamp, night", "remove the lamp and make it day", "a cat on a chair, day"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence", "wanted"),
    [pytest.param(*row, id=f"{kind}: {row[1]}") for kind, rows in KINDS.items() for row in rows],
)
async def test_a_kind_of_wish(text: str, sentence: str, wanted: str, translators: Chain) -> None:
    await becomes(text, sentence, wanted, translators, "加上雪花")


@pytest.mark.parametrize(
    "sentence",
    [
        "不是我，是他",
        "他说的是你不是我",
        "应该是你",
        "i said you, not me",
        "it should be fine",
        "不对，我没有",
        "i don't like it",
        "i don't like this one",
        "666",
        "she works hard",
        "they sleep all day",
        "that would be nice",
        "good for him",
        "not bad",
        "not today",
        "nice",
    ],
)
async def test_people_who_put_each_other_right_ask_for_nothing(sentence: str) -> None:
    assert not instructs(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("一只熊猫在吃竹子", "裙子换成红色"),
        ("一个男孩在踢足球", "把狗去掉"),
        ("a snowy village with a church", "paint the car yellow"),
        ("a cup of coffee beside a laptop", "make the hat red"),
        ("a cup of coffee beside a laptop", "replace the dog with a cat"),
        ("一座灯塔，海浪", "把汽车换成自行车"),
        ("一座灯塔，海浪", "猫和狗对调"),
    ],
)
async def test_what_is_not_there_is_refused_with_what_is(text: str, sentence: str, translators: Chain) -> None:
    with pytest.raises(Refusal) as refused:
        await edit(text, sentence, translators=translators)
    assert refused.value.key == "edit.near" and refused.value.values["after"]
