"""Words of everyday prompts that are one thing, and were read as their parts or as another word."""

from __future__ import annotations

import pytest

from prompts.translate.glossary_translator import Glossary


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        # Food and drink: foreign names, and dishes whose name is no sum of its words.
        ("一杯血腥玛丽", "cup of bloody mary cocktail"),
        ("思慕雪", "smoothie"),
        ("手冲咖啡", "pour-over coffee"),
        ("战斧牛排", "tomahawk steak"),
        ("两只小龙虾", "two crayfish"),
        ("老婆饼", "sweetheart cake"),
        ("龙井虾仁", "longjing shrimp"),
        ("一个女孩吃芝麻糊", "1girl, eating black sesame paste"),
        ("牛丼", "gyudon"),
        # Cars and other brands.
        ("迷你库珀", "mini cooper"),
        ("福特野马", "ford mustang"),
        ("开着吉普车的男人", "1boy, driving jeep"),
        ("勃肯鞋", "birkenstock sandals"),
        # Hair, clothes, faces.
        ("白长直少女", "white hair, long hair, straight hair, 1girl"),
        ("三七分短发的男人", "parted bangs, 1boy, short hair"),
        ("穿小白鞋的女孩", "1girl, white sneakers"),
        ("冷白皮", "pale skin"),
        ("华丽裙摆", "ornate skirt hem"),
        # Buildings, weather, days.
        ("白墙青瓦的房子", "house, white walls and grey tiles"),
        ("飞檐翘角", "upturned eaves"),
        ("日晕", "sun halo"),
        ("早高峰", "rush hour"),
        # Photographs and styles.
        ("毕业照", "graduation photo"),
        ("全家福", "family portrait"),
        ("无人机视角", "drone view"),
        ("侘寂风", "wabi-sabi"),
        ("港片", "hong kong film style"),
        # Painters; a city's own name.
        ("张萱", "zhang xuan style"),
        ("赵孟頫风格", "zhao mengfu style"),
        ("霍普风格的夜景", "edward hopper style, night"),
        ("夜晚的上海", "shanghai, night"),
        # Taiwan and Hong Kong.
        ("冻柠茶", "iced lemon tea"),
        ("帽T", "hoodie"),
        ("八家将", "ba jia jiang temple performers"),
    ],
)
def test_a_thing_that_has_a_name_is_one(clause: str, tags: str) -> None:
    assert ", ".join(phrase.text for phrase in Glossary().translate(clause)) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("小雪豹", "small snow leopard"),
        ("小雪人", "small snowman"),
        ("红毯子上的猫", "cat, on red blanket"),
        ("吉普赛女郎", "1girl, gypsy"),
        ("海上海鸥", "on sea, seagull"),
        ("马远处的山", "horse, mountain in the distance"),
        ("金酒杯", "golden wine glass"),
        ("山竹林", "mountain bamboo forest"),
        ("冰粉色头发", "icy pink hair"),
        ("藕粉色连衣裙", "dusty pink dress"),
    ],
)
def test_and_cuts_no_other_word(clause: str, tags: str) -> None:
    assert ", ".join(phrase.text for phrase in Glossary().translate(clause)) == tags
