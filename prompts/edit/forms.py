"""The ways to ask for a change, each a row with a sentence that asks so: Chinese, then English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

InstructionKind = Literal[
    "replace", "set", "add", "remove", "deny", "weigh", "stronger", "weaker", "count", "shade", "swap"
]


@dataclass(frozen=True, slots=True)
class Form:
    """A way to ask for a change, with a sentence that asks so. In the pattern `{a}` is the target, `{b}` what it is to
    become, and any other name in braces one of the phrases of the language. `maybe`: it reads so only where the prompt
    has the target."""

    kind: InstructionKind
    pattern: re.Pattern[str]
    example: str
    maybe: bool = False


_Row = tuple[InstructionKind, str, str] | tuple[InstructionKind, str, str, bool]


def _forms(phrases: Mapping[str, str], *rows: _Row) -> tuple[Form, ...]:
    named = {"a": "(?P<a>.+?)", "b": "(?P<b>.+?)", "number": r"(?P<w>\d+(?:\.\d+)?)", **phrases}
    return tuple(Form(kind, re.compile(pattern.format_map(named)), *rest) for kind, pattern, *rest in rows)


_ARROW = r"\s*(?:→|➡|⇒|[-=]>)\s*"

# ── Chinese ───────────────────────────────────────────────────────────────────────────────────────────────────────────

MEASURES = "个只名位条头匹张把朵棵株座支幅块根片双对束杯盘碗顶件本辆艘架栋间群盏瓶篮串枝盆颗粒"
COUNT = rf"(?:\d{{1,3}}|[一二两三四五六七八九十百几]{{1,4}})[{MEASURES}扇面台]"
_PHRASES_ZH = {
    "take": "(?:把|将)",
    "let": "(?:把|将|让)?",
    "not_me": "(?![我你您他她它咱谁这那](?!的))(?!有没)",
    "becomes": r"(?:都|全都|全部|全)?(?:给我)?"
    r"(?:改变|更换|替换|变换|转换|切换|调整|修改|设置|改|换|变|调|转|染|涂|弄|刷|漆|设|挪|搬|移|做|画)"
    r"(?:成|为|作|做|到|至)(?:了)?",
    "away": "(?:[去删移拿取摘脱擦抹除消清拆撤剪剃刮砍扔丢收解卸撕拔关划遮弄搞pP]掉|[移拿带搬弄赶]走|[移拿搬]开|"
    "[抹删除消]去|去除|删除|移除|抹除|擦除|消除|清除|剔除|取消|隐藏|[摘脱取拿]下来?|收起来?|藏起来|[去删拿摘脱拆撤扔]了)",
    "someone": "(?:[她他它]|人物|主角|小?女孩|小?男孩|[女男]人|[女男]生|少[女年]|老人|猫|狗)",
    "put": "(?:加上|加入|加进|添加|增加|添上|画上|放上|补上|加多|多[加放画来]|加|添)",
    "one": "(?P<one>一?(?:[个只点些条顶件张片朵幅把副双束杯]|点儿))?",
    "weight": "(?:的?权重)?",
    "more": "(?:再|更)?",
    "bit": "(?:一点儿?|一些|点儿?|些)",
    "count": f"(?P<b>{COUNT})",
    "counted": f"(?P<b>{COUNT}.+)",
    "haze": "(?P<a>.{0,4}?(?:雨|雪|风|雾|云|烟|火|浪|光|灯|霓虹|雾气|烟雾|火焰|霾))势?",
    "view": "(?P<b>大?(?:全身|半身|特写|近景|中景|远景|全景|正面|侧面|背面|背影|侧脸|俯视|仰视|鸟瞰|平视|广角|夜景)"
    "(?:照|图|像|镜头|视角)?)",
    "arrow": _ARROW,
}
FORMS_ZH = _forms(
    _PHRASES_ZH,
    (
        "swap",
        "{take}?{a}(?:和|跟|与){b}(?:的?位置)?(?:互换|对调|调换|换一下|交换|互相交换)(?:一下)?(?:的?位置)?",
        "把猫和狗对调",
    ),
    (
        "weigh",
        "{take}?{a}的?(?:权重|强度|比重)(?:调整|调|改|设置|设|变|提高|提升|降低|增加|减少|加|减|升|降)?(?:到|成|为|至|是)?"
        r"\s*{number}",
        "把帽子的权重调到1.3",
    ),
    ("replace", "{a}{arrow}{b}", "猫→狗"),
    ("count", "(?:再|还)?(?:多|加|添)(?:画|放|来)?{count}", "再多一只"),
    ("count", "{not_me}{a}(?:(?:再|还)要?(?:多|加|添|来)|多)(?:画|放|来)?{count}", "帽子再多一顶"),
    ("count", "(?:再|要)?(?P<less>减少|减去|减|少|去掉|拿走)(?:画|放|来)?{count}(?P<a>.*?)", "少一只"),
    ("count", "{not_me}{a}(?:再)?(?P<less>减少|减去|减|少)(?:画|放|来)?{count}", "帽子少一顶"),
    (
        "shade",
        "{let}{a}的?(?:颜色|色调)(?:要|调|弄|变|改)?得?{more}(?P<b>[浅淡深暗亮艳])丽?{bit}",
        "帽子颜色浅一点",
    ),
    ("remove", "{take}{a}(?:都|全部|全)?(?:给我?)?(?:{away}|[去删摘脱])", "把帽子去掉"),
    ("remove", "(?:别|不要|不用)(?:再)?[让叫]{someone}(?:再)?{a}", "别让她哭"),
    ("remove", "{away}{a}", "去掉帽子"),
    ("remove", "{haze}(?:也|都)?(?:停|散|散去|散开|退去|消散|熄灭|灭)了?", "雾散了"),
    ("replace", "(?:把|将|让|给|用)?{not_me}{a}(?P<attr>的?颜色)?{becomes}{b}", "把猫换成狗"),
    ("replace", "{take}{a}(?:换|变|改)(?!成|为){b}", "把猫换狗"),
    ("replace", "(?P<a>.*(?P<same>.))变(?P<b>.*(?P=same))", "白发变黑发"),
    ("replace", "{let}{not_me}{a}(?:变得?|改|换|用|弄|染|刷|涂)(?P<b>.{{0,3}}[^换变改]色)的?", "帽子变绿色"),
    ("replace", "{let}{not_me}{a}(?:要|应该是|最好是|得是)(?P<b>.{{1,4}})的", "帽子要绿色的"),
    ("replace", "{a}的颜色(?:是|要|用|为){b}", "帽子的颜色是绿色"),
    ("replace", "{let}{not_me}{a}(?:改|变|剪|留|弄|画)(?:得|成)?(?P<b>[长短大小高矮胖瘦宽窄])", "头发改短"),
    (
        "replace",
        "{let}{not_me}{a}(?:数量|个数)?(?:减少?|增?加|增加|降|升)(?:到|为|至|成){count}",
        "帽子加到三顶",
    ),
    ("replace", "{not_me}{a}(?:只?要|只?留|只有|只剩|来|改|变|换){count}", "帽子只要一顶"),
    ("replace", "{not_me}{a}(?P<b>[红橙黄绿青蓝紫粉黑白灰棕金银][红绿蓝紫灰白]?色)的?", "帽子绿色", True),
    ("set", "只(?:要|留下?|剩下?|有)(?:了)?{counted}", "只留一顶帽子"),
    ("set", "(?:换上|改穿|换穿){one}{b}", "换上汉服"),
    ("replace", "(?P<a>表情|动作|姿势|天气){b}{bit}", "表情严肃一点"),
    (
        "weaker",
        "{let}{a}(?:不要|别|不用|不必)(?:那么|这么|太|过于)(?:亮|多|浓|重|强|深|密|明显|抢眼|大|突出)",
        "雾不要那么浓",
    ),
    ("set", "(?:画面|整体|图片)?(?:{becomes}|要|来点)?{b}的(?:感觉|样子|味道|效果)", "要水墨画的感觉"),
    ("set", "(?:给|来|要|换)一?[个张]{view}", "给个全身"),
    ("set", "(?:{becomes}|改用|改成|换|改){one}{b}", "换成夜景"),
    ("replace", "用{b}(?:代替|替换|取代|换掉){a}", "用狗代替猫"),
    (
        "remove",
        "{not_me}{a}(?:也|都|全部|全)?(?:给我?)?(?:就?不要|别要|就?不需要|不想要|没有?|消失|不见|{away})了?",
        "帽子不要了",
    ),
    ("deny", "(?:别|不要|不)(?:再)?下(?P<a>.?[雨雪])", "别下雪"),
    (
        "deny",
        "(?:(?:不要|别|不再|避免)(?:再)?(?:出现|有)|不要再?有?|别要|别有|不想要|不需要|没有|不带|无需|删|[别不]画){a}",
        "不要帽子",
    ),
    ("deny", "(?:不要?|别|没)(?:再)?(?:戴|穿|拿|背|撑|披|系)着?{a}", "不戴帽子"),
    ("stronger", "(?:加强|增强|强化|突出|强调|加重){a}", "突出帽子"),
    ("weaker", "(?:减弱|弱化|削弱|减轻|淡化|降低|减少){a}{weight}", "减弱雾气"),
    ("weaker", "{let}{haze}(?:太|过于|有点|有些)大", "雾太大"),
    ("weaker", "{let}{haze}{more}(?:小|稀|薄|暗|柔和){bit}", "雾小一点"),
    ("stronger", "{let}{haze}{more}(?:大|密|厚|亮){bit}", "雾大一点"),
    (
        "weaker",
        "{let}{a}(?:太|过于|过分|有点|有些)过?(?:重|浓|强|多|深|艳|抢眼|突出|密|厚|刺眼|明显|显眼|饱和)",
        "红色太重",
    ),
    (
        "stronger",
        "{let}{a}(?:(?:太|过于|有点|有些)(?:淡|弱|轻|少|薄|浅|稀)|不够(?:明显|突出|[浓多强密厚深亮])?|不太?明显)",
        "雾太少",
    ),
    ("stronger", "{let}{a}(?:的?(?:数量|程度))?{weight}{more}(?:强|重|突出|明显|多|浓|深){bit}", "雾气浓一点"),
    ("weaker", "{let}{a}(?:的?(?:数量|程度))?{weight}{more}(?:弱|轻|淡|少|浅){bit}", "雾气淡一点"),
    (
        "stronger",
        "(?:让|把|将|变得|变)?(?P<a>.*?)(?:变得|变)?(?:更|再)+(?P<b>[红橙黄绿青蓝紫粉黑白灰棕金银])色?{bit}?",
        "帽子更红一点",
    ),
    ("replace", "{let}{a}(?:变得|变|更|再)+{b}{bit}", "帽子变大一点"),
    ("replace", "{let}(?![更再]){a}(?P<b>[大小长短高矮宽窄胖瘦亮暗]){bit}", "帽子大一点"),
    ("stronger", "{more}(?:强|重|突出|明显|多|浓|深){bit}", "浓一点"),
    ("weaker", "{more}(?:弱|轻|淡|少|浅){bit}", "淡一点"),
    ("stronger", "(?:再|要|来)?多[来加放]?{bit}{a}", "多一点雾"),
    ("weaker", "(?:再|要)?少[来加放]?{bit}{a}", "少一点雾"),
    (
        "add",
        "(?:在)?(?:[她他它]的?)?(?P<at>.{{0,6}}?(?:旁边|旁|身边|边上|边|前面|后面|背后|上面|上|下面|下|里面|里|左边|右边|远处|天空中|中|表面))(?:再|还)?"
        "(?:加上|加入|添加|增加|添上|画上|放上|要有|得有|多[加画放添来]|"
        "[加画放添](?=[一两三四五几个点些只棵条朵把张盏座])|"
        "[挂摆停种坐站趴躺飘飞贴插铺堆落长写蹲摆点开](?:着|上|满)?(?=[一两三四五六几个只条张幅把朵])){one}{b}",
        "旁边加一顶帽子",
    ),
    ("add", "(?:{put}|来)(?:了)?{one}{b}", "加上一顶帽子"),
    ("add", "多(?=[一两三四五六]|\\d){counted}", "多两顶帽子"),
    ("replace", "要{b}(?:而|,)?不要{a}", "要狗不要猫"),
    ("add", "{not_me}{b}[也都](?:加上|加入|加进去|加进来|添上|画上|放上|补上)", "帽子也加上"),
    ("add", "(?:给|为|在|让)(?:.+?){put}{one}{b}", "给她加上一顶帽子"),
    (
        "add",
        "(?:给|让)(?:.{{0,6}}?)(?P<b>[戴穿拿抱背披系撑骑打举提捧端牵扛挎围配](?:上|着)?.+)",
        "给她戴上帽子",
    ),
    ("replace", "{let}{not_me}{a}[改染变换涂刷](?P<b>[红橙黄绿青蓝紫粉黑白灰棕金银])", "头发染红"),
    ("replace", "{not_me}{a}[变换改]{b}", "夜空变蓝天", True),
    (
        "set",
        "{someone}(?P<b>(?:戴|拿|抱|背|披|系|撑|骑)[上着].+)",
        "女孩戴上帽子",
    ),
    ("set", "{someone}穿[上着]{b}", "女孩穿上汉服"),
    (
        "add",
        "{not_me}.{{1,4}}?加上?(?=[个一两三几只朵条些])(?!个?(?:班|微信|好友|油|群)){one}{b}",
        "帽子加个蝴蝶结",
    ),
    ("deny", "不(?:再)?(?P<a>[牵拿抱看吃喝玩弹打骑坐站哭笑睡跑走跳唱写].{{0,4}})", "不牵马", True),
    ("deny", "(?:别|不要)(?:再)?(?P<a>(?!改|动|变|换|太).{{1,4}})", "别哭", True),
    ("set", "(?:让|叫)(?:她们?|他们?|它们?|人物|女孩|男孩|猫|狗){b}", "让她哭"),
    (
        "set",
        "(?:让|叫)(?:.{{1,4}}?)(?P<b>[站坐躺跪蹲跑跳走笑哭睡飞游举抬闭睁转低回抱拿穿戴骑喝吃弹唱读写挥].*)",
        "让老人站起来",
    ),
)

# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_THE = r"(?:the |her |his |its |their |my |an? |all |any |that |this )?"
_IT = (
    r"(?:it|this|that|me|us|(?:the|this|that|my) (?:picture|image|scene|photo|whole thing|drawing|pic|selfie|portrait))"
)
_BIT = r"(?:(?:a|just a) (?:bit|little|lot|touch) |some |much |slightly )?"
_PHRASES_EN = {
    "the": _THE,
    "it": _IT,
    "who": r"(?:her|him|them|it|this|everything|"
    r"the (?:girl|boy|man|woman|person|character|scene|picture|image|cat|dog))",
    "set": "(?:(?:set|change|put|make) )?",
    "turn": "(?:change|turn|convert|transform|switch|set)",
    "should": "(?:should|must|could|needs? to|has to|have to)",
    "bit": _BIT,
    "not_me": r"(?!(?:i|he|she|it|they|we|you|that|this|there|everyone|nobody|who)\b)",
    "away": "(?:remove|delete|drop|erase|get rid of|do away with|lose|ditch|scrap|skip|omit|cut(?: out)?|"
    "shave(?: off)?|wipe (?:out|away)|hide|eliminate|leave out|crop out|edit out|throw (?:out|away)|stop|extinguish|"
    "blow out|put out|turn off|rub out)",
    "arrow": _ARROW,
}
FORMS_EN = _forms(
    _PHRASES_EN,
    (
        "swap",
        "(?:swap|switch|exchange) (?:the places of )?{the}{a} and {the}{b}(?: around)?",
        "swap the cat and the dog",
    ),
    ("weigh", "{set}(?:the )?weight (?:of|for) {the}{a} (?:to |at |= ?)?{number}", "set the weight of the hat to 1.3"),
    ("weigh", "{set}{the}{a}(?:'s)? weight (?:to |at |is |= ?)?{number}", "set the hat's weight to 1.3"),
    ("replace", "{the}{a}{arrow}{b}", "cat -> dog"),
    ("set", "(?:replace|swap) (?:it|that|this|them) (?:with|for|by) {b}", "replace it with a dog"),
    (
        "replace",
        "(?:replace|swap|exchange|substitute|switch|trade|change) (?:out )?{the}{a} (?:with|for|by) {b}",
        "replace the cat with a dog",
    ),
    ("set", "{turn} (?:{it} )?(?:to|into) {b}", "change it to night"),
    ("replace", "{turn} {the}{a}(?P<attr>'s colou?r)? (?:to|into) {b}", "turn the cat into a dog"),
    (
        "replace",
        "(?:(?:make|draw) {it} |use |have |draw |put )?{b} (?:instead of|rather than|in place of) {the}{a}",
        "a dog instead of the cat",
    ),
    ("replace", "{not_me}{the}{a} to be {b}", "the hat to be green"),
    ("replace", "{the}(?P<a>background|scene|style|sky|weather|season|time)(?: is|:| =) {b}", "background: beach"),
    ("replace", "(?:(?:make|have|turn) )?{not_me}{the}{a} (?:be )?made (?:out )?of {b}", "the hat be made of wool"),
    (
        "set",
        "as (?P<b>(?:an? )?.*(?:painting|art|photo(?:graph)?|drawing|sketch|watercolou?r|anime|comic|manga|cartoon|"
        "render|illustration|print|poster))",
        "as a watercolor",
    ),
    ("stronger", "there {should} be {bit}more {the}{a}", "there should be more fog"),
    ("add", "there {should} be {b}", "there should be a dog"),
    (
        "set",
        "(?:she|he|they) {should} be (?P<b>(?:in|on|at|under|near|inside|outside|by|wearing|holding|sitting|standing|"
        "lying|looking|smiling|crying) .+|smiling|crying|sitting|standing|outdoors|indoors|outside|inside)",
        "she should be in a forest",
    ),
    (
        "set",
        "(?:move|bring|take|put|place) {who} (?:to |into |(?=in |on |at |under |near |out|inside))(?!off|away){b}",
        "move her to a forest",
    ),
    ("remove", "(?:the|her|his|its|their|my) {a} {should} (?:go|disappear|be gone|be removed)", "the hat should go"),
    (
        "replace",
        "(?:the|her|his|its|their|my) {a} {should} (?:be|become|look|turn) {b}",
        "the hat should be green",
    ),
    ("count", "(?:{away}|take away) (?P<less>(?P<b>one|two|three))(?: of)? {the}{a}", "remove one of the hats"),
    ("remove", "(?:{away}|take (?:away|off|out)) {the}{a}", "remove the hat"),
    ("remove", "take {the}{a} (?:off|away|out)", "take the hat off"),
    ("remove", "{not_me}{the}{a} (?:removed|deleted|erased)", "hat removed"),
    (
        "remove",
        "{not_me}{the}{a} (?:(?:has|have) (?:stopped|gone|cleared)|(?:is|are) (?:gone|over)|stops?)",
        "the rain has stopped",
    ),
    (
        "count",
        "(?:add |with |draw |put |give {it} )?"
        "(?P<b>(?:one|two|three|four|five|six|\\d+) (?:more|fewer|less))(?: {a})?",
        "one more hat",
        True,
    ),
    ("count", "(?:add |with |draw |put |give {it} )?(?P<b>another) {a}", "another hat", True),
    ("shade", "(?:make )?{the}{a}(?:'s colou?r)? {bit}(?P<b>lighter|paler|deeper)", "make the hat lighter"),
    (
        "deny",
        "(?:without|no more|no|(?:i )?(?:do not|don't) (?:want|need|show|draw)|(?:not|never) any) (?:more )?{the}{a}",
        "no hat",
    ),
    ("weaker", "(?:too (?:much|many)|{bit}(?:less|fewer)) {the}{a}", "less fog"),
    ("stronger", "(?:not enough|(?:add |with |put |make it )?{bit}more) {the}{a}", "more fog"),
    (
        "weaker",
        "{not_me}{the}{a} (?:is|are|looks?) {bit}too (?:strong|heavy|thick|much|dense|intense|loud|saturated)",
        "the fog is too heavy",
    ),
    ("stronger", "{not_me}{the}{a} (?:is|are|looks?) {bit}too (?:weak|faint|thin|subtle)", "the fog is too thin"),
    ("weaker", "make {the}{a} {bit}(?:weaker|thinner|fainter|subtler|less \\w+)", "make the fog thinner"),
    (
        "stronger",
        "make {the}{a} {bit}(?:stronger|heavier|thicker|denser|more (?:intense|visible|prominent))",
        "make the fog thicker",
    ),
    ("stronger", "(?:emphasi[sz]e|strengthen|stress) {the}{a}", "emphasize the hat"),
    ("weaker", "(?:de-?emphasi[sz]e|weaken|tone down|reduce) {the}{a}", "tone down the fog"),
    ("set", "(?:make|set|put) {it}(?: be| look)?(?: at)?(?: in(?= (?:a |the )?(?:\\w+ )?style))? {b}", "make it night"),
    ("add", "(?:put|add) {b} on (?:her|him|it|them)", "put a hat on her"),
    (
        "add",
        "(?:have|let there be) (?P<b>(?:an?|some|two|three|four|five|six) .+?)(?: in it| there)?",
        "have a dog in it",
    ),
    ("add", r"(?:add|include|insert|put in|put on|give (?:it|her|him|them|the \w+)|put|with) {b}", "add a hat"),
    ("remove", "{not_me}{the}{a} off", "hat off", True),
    ("replace", r"{not_me}{the}(?P<a>[a-z][a-z' -]{{1,30}}?) (?:in)?to {b}", "hat to crown", True),
    ("replace", r"{not_me}{the}(?P<a>[a-z][a-z' -]{{1,30}}?) {should} be {b}", "hat should be green", True),
)  # fmt: skip
