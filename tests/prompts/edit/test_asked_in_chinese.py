"""Kinds of wishes as Chinese is spoken, each with several sentences: all that a person asked for is there afterwards,
and nothing else."""

from __future__ import annotations

import pytest

from prompts.edit.edited import edit
from prompts.translate.translator import Translator
from tests.prompts.own import own

pytestmark = pytest.mark.asyncio
Chain = tuple[Translator, ...]

KINDS = {
    "what a new hour, weather or crowd leaves no room for": [
        ("森林里的小溪，阳光透过树叶，一只鹿", "时间改到晚上", "deer, stream, in forest, night"),
        ("海边的灯塔，乌云，闪电", "改成晴天", "lighthouse, seaside, sunny"),
        ("草原，星空，一顶帐篷", "改成白天", "grassland, tent, day"),
        ("教室里空无一人，课桌", "教室里坐满学生", "school desk, in classroom, full of seated student"),
        ("沙滩上的躺椅，没有人", "加一个女孩", "lounge chair, 1girl, on beach"),
    ],
    "a property told behind what came": [
        ("一碗面，木桌", "加一双筷子，红色的", "bowl of noodles, wooden table, red chopsticks"),
        ("海底，一只海龟游过", "海龟换成鲨鱼，要很大的", "big shark, swimming by, underwater"),
        ("一个书架，旁边是椅子", "椅子换成台灯，要复古的", "bookshelf, vintage desk lamp"),
    ],
    "a property told behind its thing, and its opposite gone": [
        ("机器人坐在长椅上", "机器人生锈一点", "rusty robot, sitting, on bench"),
        ("一条街道，路灯", "街道干净点", "clean street, street lamp"),
        ("一只胖胖的猫坐在沙发上", "猫瘦一点", "thin cat, sitting, on sofa"),
        ("女孩，黑色长发", "头发卷一点", "1girl, black hair, long hair, curly hair"),
        ("女孩，黑色头发，白裙", "灯光柔和一点", "1girl, black hair, white dress, soft lighting"),
        ("雨夜，一个撑透明雨伞的女生", "雨伞改成黄色的", "1girl, holding yellow umbrella, rainy night"),
    ],
    "worn or held instead, or too": [
        ("一个穿裙子的女孩站在街边", "换条牛仔裤", "1girl, jeans, standing, roadside"),
        ("一個戴草帽的女孩", "給她換頂貝雷帽", "1girl, beret"),
        ("地铁里，一个男人在打瞌睡", "给他手里加个手机", "1boy, dozing, holding cellphone, in subway"),
    ],
    "this and all of its name, that and not where it is": [
        ("骑士骑着狮子", "狮子不行，换老虎", "knight, riding tiger"),
        ("樱花树下，一个女孩", "树换枫树", "1girl, under maple tree"),
        ("舞者在舞台上跳舞，黑色背景", "背景改成深蓝", "dancer, dancing, on stage, dark blue background"),
    ],
    "something to do, and not somebody else": [
        ("一位老人在湖边喂鸭子", "老人改成看报纸", "elderly person, reading newspaper, lake"),
        ("一个女孩在公园里跑步", "女孩改成荡秋千", "1girl, on swing, in park"),
        ("一只北极熊站在浮冰上", "让它趴着", "polar bear, on stomach, on ice floe"),
        ("图书馆，一个男孩在睡觉", "叫醒他", "1boy, library"),
    ],
    "one of a thing, and so many": [
        ("草原，一匹马", "加座风车", "horse, windmill, grassland"),
        ("一个女孩在街上", "加盏路灯，加棵树", "1girl, tree, street, street lamp"),
        ("一只企鹅穿着燕尾服", "再拿根手杖", "penguin, wearing tailcoat, holding cane"),
        ("茶室，木桌，茶壶", "茶壶旁多两个杯子", "wooden table, teapot, two cups, tea room"),
        ("三个朋友吃烧烤", "一共四个", "four friends, eating barbecue"),
    ],
    "words that only look like others": [
        ("木匠在工作室里，阳光", "木匠年轻点", "young carpenter, in studio, sunlight"),
        ("蒸汽朋克，昏暗的店铺", "店铺明亮点", "steampunk, bright shop"),
        ("一个骑士手里拿着剑", "剑放下", "knight"),
        ("桌上一根蜡烛，花瓶", "蜡烛灭了", "vase, on table"),
        ("一只流浪狗，小巷", "别那么凄凉", "stray dog, alley"),
        ("一個女孩站在海邊，白色裙子", "條裙轉黑色", "1girl, standing, black dress, seaside"),
    ],
    "another of its kind": [
        ("一碗拉面，木桌", "换成一盘饺子", "plate of jiaozi, wooden table"),
        ("草原上的汽车，夕阳", "换成卡车", "truck, on grassland, sunset"),
        ("老闆娘，木頭招牌", "招牌換成霓虹燈的", "female shop owner, neon lights signboard"),
        ("蓝色妖姬花束，玻璃花瓶", "花束改成向日葵", "glass vase, sunflower"),
        ("一个女孩站在桥上", "披风改成黑色", "1girl, standing, black cape, on bridge"),
    ],
    "what goes, and only that": [
        ("一个小姑娘穿着雨靴，下雨", "雨停了", "little girl, rubber boots"),
        ("情侣骑单车，银杏大道", "单车不骑了，牵着手散步", "couple, holding hands, walking, ginkgo leaf avenue"),
        ("废弃游乐园，旋转木马", "不要废弃的", "carousel, amusement park"),
        ("院子里一个男孩，狗在旁边跑", "狗去掉", "1boy, in courtyard"),
        ("古镇，石桥，人群", "游客去掉", "ancient town, stone bridge"),
    ],
    "one gaze, one hairstyle, one posture": [
        ("一个女孩在厨房，扎着丸子头", "头发放下来", "1girl, hair down, kitchen"),
        (
            "一个女学生在樱花树下看手机",
            "让她抬头看花瓣飘落",
            "schoolgirl, looking up, under cherry blossom tree, falling petals",
        ),
        ("少年抱膝坐在天台边缘", "少年站起来", "1boy, standing, rooftop edge"),
        ("瀑布下，少女背对镜头", "让她转过身来面对镜头", "1girl, facing viewer, turning around, under waterfall"),
    ],
    "said in two halves, and in Hong Kong": [
        ("一只小刺猬抱着苹果", "苹果太小了，换个大南瓜", "small hedgehog, holding big pumpkin"),
        ("一位穿红裙的舞女在旋转", "裙子颜色换掉，要墨绿色", "dancer, dark green dress, spinning"),
        ("一個女孩坐喺窗邊飲咖啡", "咖啡轉奶茶", "1girl, sitting, drinking milk tea, by the window"),
    ],
    "one of several, and two of one": [
        ("一只白鹤，芦苇", "改成两只", "two red-crowned cranes, reeds"),
        ("公路，敞篷车，两个女孩", "其中一个女孩改成短发", "convertible, 2girls, short hair, road"),
        ("书法家在写字，砚台", "改成小男孩在写字", "little boy, writing, inkstone"),
    ],
    "behind somebody, and on a wall": [
        ("一个古埃及女王，眼线", "背景加金字塔", "ancient egyptian queen, eyeliner, pyramid"),
        ("客厅，灰色沙发", "墙上挂幅画", "grey sofa, hanging painting, living room, on wall"),
    ],
    "one role, ground or colour for another": [
        ("少年，滑板，涂鸦墙", "少年手里的滑板换成篮球", "graffiti, 1boy, basketball, wall"),
        ("一个光头和尚在瀑布下打坐", "换成长发道士", "long hair, taoist priest, meditation, under waterfall"),
        ("油菜花田里的少女", "换成薰衣草田", "1girl, in lavender field"),
        ("机器人厨师在炒菜，不锈钢厨房", "换成中式厨房", "robot, chef, cooking, chinese kitchen"),
        ("白色沙发，粉色抱枕", "抱枕别要粉色了，换蓝色", "white sofa, blue pillow"),
        ("一辆蓝色甲壳虫汽车停在海边", "车身改成绿色", "green volkswagen beetle, parked, seaside"),
        ("一个小孩拿着气球", "气球改成五颜六色的", "child, holding colorful balloon"),
        ("一个胖厨师在切菜", "厨师瘦一点", "thin chef, cutting"),
        ("舞台上的女歌手，金色裙子", "裙子改短一点", "singer, short golden dress, on stage"),
    ],
    "what people and animals do next": [
        ("两个女孩背靠背坐着", "改成手牵手站着", "2girls, holding hands, standing"),
        ("女剑士单膝跪地", "站起来", "swordswoman, standing"),
        ("一个女警举着枪", "枪收起来，敬个礼", "policewoman, salute"),
        ("一只树懒挂在树上睡觉", "醒醒", "sloth, hanging, on tree"),
        ("書店裡，貓睡在書堆上", "貓醒了", "cat, in bookstore, on pile of books"),
        ("稻草人，乌鸦，麦田", "乌鸦飞走", "scarecrow, wheat field"),
        ("一个男孩在打游戏，房间凌乱", "房间收拾干净", "1boy, playing games, clean room"),
    ],
    "who is there, and who is not": [
        (
            "熙熙攘攘的火车站，女孩坐在行李箱上",
            "火车站空无一人",
            "1girl, sitting, empty train station, on suitcase",
        ),
        ("雪夜街头，一个女孩，光脚", "给她穿上红靴子", "1girl, wearing red boots, snowy night street"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence", "wanted"),
    [pytest.param(*row, id=f"{kind}: {row[1]}") for kind, rows in KINDS.items() for row in rows],
)
async def test_a_kind_of_wish(text: str, sentence: str, wanted: str, translators: Chain) -> None:
    edited = (await edit(text, sentence, translators=translators)).prompt
    assert sorted(own(edited)) == sorted(wanted.split(", "))


@pytest.mark.parametrize(
    ("text", "sentence", "wanted"),
    [
        ("书法家在写字，砚台", "改成小男孩在写字", "小男孩在写字，砚台"),
        ("教室里空无一人，课桌", "教室里坐满学生", "教室里坐满学生，课桌"),
    ],
)
async def test_the_text_says_nothing_twice(text: str, sentence: str, wanted: str, translators: Chain) -> None:
    assert (await edit(text, sentence, translators=translators)).prompt.text == wanted
