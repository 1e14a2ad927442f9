"""Words that say what is to become of what is there already, and are no picture of their own."""

from __future__ import annotations

import re

from prompts.edit.clauses import clauses
from prompts.edit.instructions import instructs
from prompts.translate.chinese import CHINESE, simplified

_ORDER_ZH = re.compile(
    r"^(?:请|帮我|麻烦|给我|能不能|可以|可不可以|我想|想要|你)*(?:(?:把|将).|(?:给|让|为).{1,8}(?:加|戴|穿|换|改|变|添)|"
    r"(?:都|全部)?(?:改|换|变|转|转换|转变|修改|调|弄)(?:成|为|到)|改用|去掉|去除|删掉|删除|移除|拿掉|擦掉|加上|加入|添加|增加|加[一个点些只]|"
    r"加.{1,6}$|换.{1,6}$|.{1,8}(?:换成|改成|变成|改为|变为|换为|染成|去掉|不要了))"
)
_ORDER_EN = re.compile(
    r"^(?:(?:please|can you|could you|would you|i want (?:you )?to|now|just)\s+)*"
    r"(?:(?:turn|change|convert|transform|replace|swap|remove|delete|erase|add|get rid of|put on)\b|"
    r"(?:make|paint|colou?r|dye|put|give|set)\s+(?:it|this|that|the|her|his|him|them|their|my|me|us)\b)"
)
# "来一只猫", "把一个女孩画成水彩", "turn a cat into a tiger": of something that was not spoken of before
_NEW = re.compile(
    r"^(?:请|帮我|给我)*(?:来|画|(?:[把将给让]|我?想?要)?[一两几])[一两几]?[个只位名条张朵棵座幅辆匹头]|"
    r"^(?:turn|make|change|draw|have|let) (?:an?|one|some) |^不是.*而是|^[^,，]*着"
)


def orders(clause: str) -> bool:
    """Whether a clause begins with what is to be done: "换成夜景", "please make the hat green"."""
    plain = simplified(clause).strip() if CHINESE.search(clause) else clause.strip().lower()
    return bool((_ORDER_ZH if CHINESE.search(clause) else _ORDER_EN).match(plain)) and instructs(clause)


def of_what_is_there(sentence: str) -> bool:
    """Whether a sentence, with no picture named, can only be about one that is there: it begins with what is to be
    done, or says nothing but that: "背景换成雪山，有雾"; not "一只猫，不要帽子", nor "来一只猫"."""
    parts = list(clauses(sentence))
    if not parts or _NEW.search(simplified(sentence.strip().lower())):
        return False
    return orders(parts[0]) or all(map(instructs, parts))
