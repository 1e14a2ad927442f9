"""Words that mean another thing beside other words: a pencil in a hand is no pencil sketch."""

from __future__ import annotations

import pytest

from prompts.translate.glossary_translator import Glossary


def read(clause: str) -> str:
    return ", ".join("-" * phrase.negative + phrase.text for phrase in Glossary().translate(clause))


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        # What names a way of drawing is the thing itself where it is held or counted.
        ("她拿着铅笔", "holding pencil"),
        ("桌上放着蜡笔和百合", "on table, crayon, lily"),
        ("一束百合", "bouquet of lilies"),
        ("手里的圆珠笔", "ballpoint pen"),
        ("铅笔画的猫", "cat, pencil sketch"),
        # 画 asks for a picture, or is one that hangs there.
        ("墙上挂着一幅画", "on wall, hanging painting"),
        ("女孩在看一幅画", "1girl, looking at painting"),
        ("画一只猫", "cat"),
        ("画一幅水彩画", "watercolor painting"),
        ("旗帜在风中", "flag, in wind"),
        # Parts of a body that are raised, and things that are held up.
        ("右手举起", "raised right hand"),
        ("左爪举起的猫", "cat, raised left paw"),
        ("右手举起火炬", "holding torch in right hand"),
        ("翅膀张开的鹰", "eagle, spread wings"),
        # How somebody looks needs no word for the look.
        ("表情委屈的女孩", "1girl, aggrieved"),
        ("眼神很坚定的男人", "1boy, determined"),
        # Dishes named by how they are cooked.
        ("正在炒饭的厨师", "chef, cooking fried rice"),
        ("大叔在炸鸡腿", "mature male, cooking fried drumstick"),
        ("妈妈在厨房里煎鱼", "mother, in kitchen, cooking fried fish"),
        ("爷爷在院子里烤红薯", "old man, in courtyard, cooking roasted sweet potato"),
        ("桌上有炒饭", "on table, fried rice"),
        # 围着 a table, and a scarf.
        ("围着篝火的孩子们", "children, around campfire"),
        ("围着围巾的女孩", "1girl, scarf"),
        ("披着长发的女孩", "1girl, long hair"),
        ("被风吹乱的长发", "long hair, windswept"),
    ],
)
def test_a_word_is_read_by_its_neighbours(clause: str, tags: str) -> None:
    assert read(clause) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("头上长着鹿角的少年", "1boy, antlers on head"),
        ("头上戴着花环的女孩", "1girl, head wreath"),  # where else
        ("围裙上有油渍", "grease stains on apron"),
        ("白色T恤上印着一只猫", "cat on white t-shirt"),
        ("背后有白色翅膀的女孩", "1girl, white wings on back"),
        ("身后有尾巴的狐狸", "fox, tail"),
        ("背后有一座山", "mountain in the background"),
        ("骑在爸爸脖子上的小孩", "child, riding on shoulders of father"),
        ("穿着男友的大衬衫的女孩", "1girl, boyfriend's big shirt"),
        ("大臣们跪了一地", "court official, kneeling"),
        ("小狗身上穿着毛衣", "puppy, wearing sweater"),
        ("女孩身上披着毯子", "1girl, blanket"),
        ("棒球棒扛在肩膀上", "carrying baseball bat on shoulders"),
        ("小男孩被爸爸举过头顶", "little boy, lifted overhead by father"),
        ("拉着妈妈的衣角", "pulling hem of clothes of mother"),
        ("蝴蝶停在花上", "butterfly, perched, on flower"),
        ("汽车停在路边", "car, parked, roadside"),
        ("左边是穿红裙子的女演员", "actress on the left, red dress"),
        ("胡萝卜鼻子", "carrot nose"),
        ("苹果手里的虫子", "apple, insect"),
    ],
)
def test_what_is_on_somebody_is_said_so(clause: str, tags: str) -> None:
    assert read(clause) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("满墙的涂鸦", "wall covered with graffiti"),
        ("满地金黄的落叶", "ground covered with golden fallen leaves"),
        ("满桌的饺子", "table full of jiaozi"),
        ("满天的星星", "sky full of stars"),
        ("雕花窗边", "by the carved window"),
        ("地铁车厢里", "subway train interior"),
        ("寺庙门前", "in front of the temple door"),
        ("远处的城堡很小", "small castle in the distance"),
    ],
)
def test_what_a_place_is_full_of_and_what_describes_it(clause: str, tags: str) -> None:
    assert read(clause) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("一束阳光", "beam of sunlight"),
        ("一束头发", "lock of hair"),
        ("一束玫瑰", "bouquet of roses"),
        ("一对老夫妻", "elderly couple"),
        ("一对耳环", "pair of earrings"),
        ("一封信", "letter"),
        ("两份早餐", "two breakfasts"),
        ("一摞书", "stack of books"),
        ("一勺蜂蜜", "spoonful of honey"),
        ("一只手", "hand"),
        ("两只手", "two hands"),
    ],
)
def test_measures(clause: str, tags: str) -> None:
    assert read(clause) == tags


def test_who_refuses_is_drawn() -> None:
    assert read("拒绝战斗的士兵") == "-fighting, soldier"


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("没有骑车的人", "-person riding bicycle"),
        ("看不到钓鱼的人", "-person fishing"),
        ("没有五官的人", "faceless person"),
        ("一个不会飞的人", "flightless person"),
        ("没有戴帽子的女孩", "no headwear, 1girl"),
        ("客人们都没注意", "unaware customer"),
    ],
)
def test_who_is_not_there_and_who_does_not(clause: str, tags: str) -> None:
    assert read(clause) == tags
