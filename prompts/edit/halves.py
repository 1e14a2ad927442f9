"""Wishes said in two halves, put into one: "太暗了，亮一点", "不是猫，是狗", "not a cat, a dog"; and one verb for
several: "replace the cat with a dog and the hat with a crown"."""

from __future__ import annotations

import re

from prompts.edit.forms import COLOURS
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_COLOUR_ZH = "[^,，。;；]{0,4}[色红橙黄绿青蓝紫粉黑白灰棕金银]"
_WORDS_ZH = "[^,，。;；、!！?？\n是不我你您他她它咱谁]{1,12}?"  # what is said of people in the chat is no wish
_A, _B = f"(?P<a>{_WORDS_ZH})", f"(?P<b>{_WORDS_ZH})"
_BEGIN, _END_ZH = r"(?:^|(?<=[,，。;；!！\n]))\s*", r"(?=[,，。;；!！?？\n啦哦呀啊了]|$)"
_MEANT_ZH = "(?:我?(?:想要|要|说|想说|指|想|想画)?的?(?:应该|其实|本来)?(?:就是|是))"
_AMISS = "(?:不对|画?错了|不太?好看|不行|不合适|不太?搭|难看|太丑|丑|太土|太普通|不够好看)(?:了|啊|呀)?"
_CHINESE = tuple(
    (re.compile(said), plainly)
    for said, plainly in (
        ("唔[要好]", "不要"),
        ("冇", "没有"),
        ("转做", "改成"),
        ("变做", "变成"),
        # "不对，…": what follows says all
        (
            rf"{_BEGIN}(?:不对|不是|[搞弄说画]?错了?|不好意思|抱歉|对不起|哦不|等等|等一下|算了)(?:了|啦|哦|呀|啊)?[,，。!！\s]+(?=.)",
            "",
        ),
        # "太暗了，亮一点"
        (
            r"(?P<once>(?:太|过于|有点|有些|不够)[^,，。;；]{1,3})[,，]\s*(?:再|要|更|稍微)?"
            r"[亮暗大小长短高矮淡浓深浅多少弱强轻重](?:一点儿?|一些|点儿?|些)",
            r"\g<once>",
        ),
        # "裙子不要白的，要蓝的"
        (
            rf"(?P<thing>[^,，。;；不别]{{1,8}}?)(?:不要|别|不是|不用)(?:用|要)?{_COLOUR_ZH}的?了?"
            rf"[,，]?\s*(?:而是|是|改成|换成|改|换|用|我?要)(?={_COLOUR_ZH}的?(?:[,，。;；]|$))",
            r"\g<thing>改成",
        ),
        # "苹果太小了，换个大南瓜"
        (
            rf"{_BEGIN}{_A}太[^,，。;；]{{1,2}}了?[,，]\s*换(?:成|(?=一?[个只条件张把辆本杯]))"
            rf"(?!一?[个种](?:颜色|样子|姿势|动作|角度|背景|风格|表情|发型)){_B}{_END_ZH}",
            r"把\g<a>换成\g<b>",
        ),
        # "裙子颜色换掉，要墨绿色"
        (
            rf"(?P<thing>[^,，。;；]{{1,10}}?)的?颜色(?:换掉|换一下|换换|改一下|改掉|不好看|不对|不要了)[,，]\s*(?:要|改成|换成|用)?(?={_COLOUR_ZH})",
            r"\g<thing>改成",
        ),
        # "桥太红了，换个颜色，要白色"
        (
            r"(?P<thing>[^,，。;；]{1,20}?)(?:太[^,，]{1,3}了?[,，])?"
            r"(?:[换改]一?[个种]?颜色[,，]\s*(?:要|改成|换成|用)?|(?<=[,，])(?:要|改成|换成))"
            rf"(?={_COLOUR_ZH})",
            r"\g<thing>改成",
        ),
        # "卫衣太黑了，换个亮黄色"
        (rf"{_BEGIN}{_A}太[^,，。;；]{{1,2}}了?[,，]\s*[换改]成?个?(?={_COLOUR_ZH}的?{_END_ZH})", r"\g<a>改成"),
        # "不是猫，是狗", "是狗不是猫"
        (
            rf"{_BEGIN}(?:不是|不要){_A}[,，]?\s*(?:而是|{_MEANT_ZH}){_B}{_END_ZH}",
            r"把\g<a>换成\g<b>",
        ),
        (rf"{_BEGIN}{_MEANT_ZH}{_B}[,，]?\s*(?:而?不是|不要){_A}{_END_ZH}", r"把\g<a>换成\g<b>"),
        (
            rf"{_BEGIN}(?:我(?:想要|要|说|想说|指|想画)的(?:应该)?是|(?:这里|这)?(?:应该|本来)是)(?=[^,，。;；我你您他她它咱谁]{{1,12}}$)",
            "改成",
        ),
        # "茶不对，应该是清酒"
        (
            rf"{_BEGIN}(?:这|那)?[个只杯条顶件]?{_A}{_AMISS}[,，]\s*(?:我要的是|应该是|要|[换改]成?|用|来)(?!成|为|一?下){_B}{_END_ZH}",
            r"把\g<a>换成\g<b>",
        ),
        # "我不吃香菜，去掉"
        (
            rf"{_BEGIN}(?:我?(?:不|不太|不想|讨厌)(?:吃|喜欢|爱|想要|喝|要))?(?:这|那)?[个顶件条张只些]?(?P<a>[^,，。;；!！?？\n是不我你您他她它咱谁]{{1,8}}?)"
            rf"(?:太[^,，]{{1,3}}了?|不好看|多余|碍眼|很丑|难看|看着[^,，]{{1,4}}|不合适)?[,，]\s*(?:都|给我|帮我)?(?:去掉|删掉|去除|拿掉|删了|去了|弄掉|不要了?|抹掉)(?:吧|好了)?(?=[,，。;；!！?？\n]|$)",
            r"去掉\g<a>",
        ),
        # "我不喜欢这顶帽子，换成皇冠"
        (
            rf"{_BEGIN}我?(?:不喜欢|讨厌|不想要)(?:这|那)?[个顶件条张只]?{_A}[,，]\s*(?:给我|帮我)?[换改]成?{_B}{_END_ZH}",
            r"把\g<a>换成\g<b>",
        ),
        # "把猫和狗换成狐狸和熊": one for the other, in their order
        (
            rf"{_BEGIN}(?:把|将)?{_A}[和跟与]{_B}(?:都|分别)?(?P<how>[换改变][成为])(?P<c>{_WORDS_ZH})[和跟与](?P<d>{_WORDS_ZH}){_END_ZH}",
            r"\g<a>\g<how>\g<c>，\g<b>\g<how>\g<d>",
        ),
        # "让熊猫站起来打太极"
        (
            r"(?P<how>站起来|坐起来|坐下来?|躺下来?|蹲下来?|跪下来?|趴下来?)(?=[^,，。;；！!吧了啊呀\s]{2})",
            r"\g<how>，",
        ),
        (r"^(?:因为|由于)?[^,，]{2,12}[,，]\s*所以(?=.)", ""),
        # "改成冬天下雪": when, and the weather
        (
            r"(?P<when>(?:春天|夏天|秋天|冬天|白天|晚上|夜晚|夜里|早上|清晨|黄昏|傍晚))(?=(?:下着?大?[雨雪]|刮风|起雾)(?:[,，。;；]|$))",
            r"\g<when>，",
        ),
        # "换个姿势，趴着"
        (
            r"[换改]一?[个种]?(?P<kind>姿势|动作|表情|背景|场景|地方|发型|季节|天气|时间|风格|画风)[,，:：]\s*(?:要|改成|换成|改为|比如|用)?"
            "(?=[^,，。;；])",
            r"\g<kind>改成",
        ),
    )
)

_WORDS_EN = (
    r"(?!(?:you|me|him|her|them|us|it|yes|no|now|today|that|this)\b)(?:(?:an?|the|some) )?[a-z'-]+(?: [a-z'-]+){0,2}?"
)
_LONGER_EN = _WORDS_EN.replace("{0,2}", "{0,4}")
_MEANT_EN = (
    r"(?:i (?:meant|mean|said|wanted|want|asked for)|(?:it|that|this|they|she|he) (?:should|must) be|"
    r"(?:it|that|this|they)(?:'s| is| was| were| are) (?:supposed to be|meant to be))"
)
_A_EN, _B_EN = rf"(?P<a>{_WORDS_EN})", rf"(?P<b>{_WORDS_EN})"
_START, _STOP = r"(?:^|(?<=[,;.!\n]))\s*", r"(?=[,;.!?\n]|$)"
_NO_THING = (  # "not too dark" tells how, "make it red, not blue" what is to be done
    r"(?!(?:any|so|too|that|enough|really|very|sure|now|yet|make|change|turn|put|add|give|keep|remove|please|can|just|"
    r"she|he|it|they|i|you|we|should|but|and|is|are|do|does|if|why)\b)"
)
_ITS = r"(?:(?:it|that|this|she|he|they)(?:'s| is|'re| are| should be| must be) |make (?:it|her|him|them) )?"
_REASON = re.compile(r"^(?:it's|it is|because|since|as) [^,;.]+, so (?=.)", re.IGNORECASE)  # why, and then what
_EXCHANGE = "replace|swap|exchange|substitute|switch|trade|change"
_ENGLISH = tuple(
    (re.compile(said, re.IGNORECASE), plainly)
    for said, plainly in (
        # "the uniform should be grey, not green": what it is to be says all
        (
            r"(?P<head>\b(?:(?:the|her|his|its|their) [a-z' -]+? (?:should|must|needs to|has to) be|"
            r"(?:make|paint|turn|dye|color|change) (?:the|her|his|its|their) [a-z' -]+?) [a-z-]+(?: [a-z-]+)?),? "
            rf"(?:and |but )?(?:not|no longer|rather than) {_NO_THING}[a-z-]+{_STOP}",
            r"\g<head>",
        ),
        # "swap the cat and the dog for a fox and a bear"
        (
            rf"(?P<verb>\b(?:{_EXCHANGE}|turn)) (?P<a>(?:the |her |his )?[a-z'-]+(?: [a-z'-]+)?) and "
            r"(?P<b>(?:the |her |his )?[a-z'-]+(?: [a-z'-]+)?) (?P<by>with|for|to|into|by) (?P<c>(?:an? |the "
            r")?[a-z'-]+(?: [a-z'-]+)?) and "
            rf"(?P<d>(?:an? |the )?[a-z'-]+(?: [a-z'-]+)?){_STOP}",
            r"\g<verb> \g<a> \g<by> \g<c>, \g<verb> \g<b> \g<by> \g<d>",
        ),
        # "instead of carrots let it have a giant cookie"
        (
            rf"{_START}instead of {_A_EN},? (?:(?:let|make) (?:it|her|him|them) (?:have|hold|eat|wear)|give "
            rf"(?:it|her|him|them)|"
            rf"use|put|add|draw|show|i want|i'd like|make it)(?: it)? (?P<b>{_LONGER_EN}){_STOP}",
            r"replace \g<a> with \g<b>",
        ),
        (_REASON.pattern, ""),
        (r"(?<=[a-z]), so (?=(?:no|an?|the|make|put|give|\w+ \w+) )", ", "),
        (r"(?P<what>\b[a-z]+ version) with (?P<more>.+)$", r"\g<what>, add \g<more>"),
        (
            r" with (?P<more>[a-z ]+? (?:all )?(?:around|everywhere|flying around|in the background|behind "
            r"(?:her|him|it|them)))"
            r"(?: (?:her|him|it|them))?$",
            r", add \g<more>",
        ),
        # "put him in a forest instead of a kitchen"
        (
            r"(?P<head>\b(?:have|make|get|let|put|move|place|set) (?:her|him|it|them|the [a-z]+) "
            rf"(?P<what>(?:(?:in|on|at|under|inside|near|by) |(?!an? |the |it )[a-z]+ (?:an? |the "
            rf"))[^,;.]{{2,60}}?)) (?:instead of|rather than) "
            rf"(?P<a>{_LONGER_EN}){_STOP}",
            r"\g<head> instead, no longer \g<a>",
        ),
        (rf"{_START}(?:sorry|no|nope|oops|wait|wrong|actually|hmm|my mistake|my bad)[,.!]\s+(?=.)", ""),
        (rf"{_START}{_MEANT_EN} {_B_EN},? (?:and )?not {_A_EN}{_STOP}", r"replace \g<a> with \g<b>"),
        (
            rf"{_START}not (?!any |so |too |that |enough ){_A_EN},? (?:but |{_MEANT_EN} |make it )?"
            rf"(?P<b>(?:an?|the) {_WORDS_EN}){_STOP}",
            r"replace \g<a> with \g<b>",
        ),
        (
            rf"{_START}{_ITS}(?P<b>{_NO_THING}{_LONGER_EN}),? (?:and |but )?not {_NO_THING}{_A_EN}{_STOP}",
            r"not \g<a> -> \g<b>",
        ),
        (rf"{_START}{_MEANT_EN} (?={_WORDS_EN} (?:instead of|rather than) )", ""),
        (
            rf"{_START}i (?:don't|do not) (?:like|want) (?P<a>(?:the|that|this|her|his|its|an?) {_WORDS_EN}),? "
            rf"(?:make it|use|try|give (?:me|her|him|it)|change it to|i want|i prefer) (?P<b>{_WORDS_EN}){_STOP}",
            r"change \g<a> to \g<b>",
        ),
        # "different sofa colour, make it mustard yellow"
        (
            r"(?:an? )?(?:different|another|change the|new) (?P<thing>[a-z]+) colou?r[,:]? "
            rf"(?:make it |maybe |say |like )?(?P<b>(?:[a-z]+ )?(?:{COLOURS})){_STOP}",
            r"make the \g<thing> \g<b>",
        ),
        (
            r"(?P<head>\bmake (?:him|her|it|them|(?:the |her |his |its )[\w'-]+) an? (?!bit |little |lot )"
            r"[\w'-]+(?: [\w'-]+)?) and (?P<other>(?:the |her |his |its )[\w'-]+(?: [\w'-]+)?) (?=an? \w)",
            r"\g<head>, change \g<other> to ",
        ),
        # one verb for several
        (
            rf"(?P<head>\b(?P<verb>{_EXCHANGE}) [^,;.]{{1,40}}? (?P<by>with|for) [^,;.]{{1,40}}?)(?:,? and |, )"
            rf"(?!(?:{_EXCHANGE}) )(?=(?:the |her |his |its )?[\w'-]+(?: [\w'-]+){{0,2}}? (?P=by) )",
            r"\g<head>, \g<verb> ",
        ),
        (
            r"(?P<head>\b(?P<verb>turn|make|paint|dye|colou?r|change) (?:the |her |his |its )[\w'-]+(?: [\w'-]+)? "
            rf"(?:to |into )?(?:\w+ )?(?:{COLOURS}|[a-z]{{3,}}er)),? and "
            r"(?P<other>(?:the |her |his |its )[\w'-]+(?: [\w'-]+)?)"
            r" (?:(?:in)?to (?=\w)|(?=an? \w))",
            r"\g<head>, change \g<other> to ",
        ),
    )
)


_LONGEST = 500  # characters: whoever says more than that tells of a whole picture


def in_one(sentence: str) -> str:
    """The sentence with each wish said in one piece, as the forms know it."""
    if len(sentence) > _LONGEST:
        return sentence
    said = chinese.sign_by_sign(sentence) if CHINESE.search(sentence) else sentence
    for pattern, plainly in _CHINESE if CHINESE.search(said) else _ENGLISH:
        said = pattern.sub(plainly, said)
    return said
