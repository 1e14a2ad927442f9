"""The grammar of Chinese clauses as tables of rules. Rows are tried from above; a new way to say something is a row.

`CLAUSE` reads a clause from left to right, and a token that no row takes says nothing. What rows call by name stands in
`PHRASES`. The signs of a pattern are explained in rules.py, roles and categories in roles.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prompts.translate import clause_actions as says
from prompts.translate import denial_actions as denies
from prompts.translate import verb_actions as verbs
from prompts.translate.draft_tags import ClauseState
from prompts.translate.noun_modifiers import one_of
from prompts.translate.noun_phrase import NounPhrase, described, inside
from prompts.translate.numbers import counted
from prompts.translate.roles import JOINED, NAMED_AFTER, PERSONS, STYLES, Token
from prompts.translate.rules import GrammarRule, Match, Table
from prompts.translate.token_patterns import Test
from prompts.translate.verb_objects import FULL, done

# ── tests of a token ──────────────────────────────────────────────────────────────────────────────────────────────────


def _joined(tokens: Sequence[Token], index: int) -> bool:
    """Whether a noun makes one word with the noun before it: 森林小屋 is a forest cabin."""
    left, right = tokens[index - 1], tokens[index]
    if left.tag in PERSONS or right.tag in PERSONS or left.tag.startswith(("on ", "in ", "under ", "beside ")):
        return False
    if right.category == "body" and left.category in ("food", "plant", "object"):  # 胡萝卜鼻子
        return index + 1 == len(tokens) or tokens[index + 1].role not in ("locator", "verb", "wear")
    if right.category in JOINED.get(left.category, frozenset()):
        return True
    called_after = right.category in ("clothing", "body") and right.tag.endswith(NAMED_AFTER)
    return (called_after and left.category not in ("person", "hair", "eyes", "body")) or left.tag == "print"


def _is_cooked(tag: str) -> bool:
    """Whether a dish is named by how it is cooked, as the verb would be: 炒饭 is fried rice, and frying it."""
    return tag.startswith(("stir-fried ", "fried ", "roasted ", "grilled ", "baked ", "steamed ", "boiled ", "stewed "))


TESTS: Mapping[str, Test] = {
    "joined": Test("noun", _joined),
    "done-by": Test("verb", lambda tokens, index: bool(done(tokens[index]))),
    "cooked": Test("noun", lambda tokens, index: tokens[index].category == "food" and _is_cooked(tokens[index].tag)),
    "full": Test("verb", lambda tokens, index: FULL.match(tokens[index].tag) is not None),
    "upon": Test("noun", lambda tokens, index: tokens[index].tag.startswith("on ")),
    "tag-denying": Test("tag", lambda tokens, index: tokens[index].tag.startswith("no ")),
    "noun-denying": Test("noun", lambda tokens, index: tokens[index].tag.startswith("no ")),
    "style-of-things": Test("tag", lambda tokens, index: tokens[index].tag in STYLES),
    "style-of-pictures": Test("tag", lambda tokens, index: tokens[index].part == "quality_style"),
}

# ── noun phrases ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _noun(match: Match) -> NounPhrase:
    """三只黑色的猫: a noun with its number and adjectives."""
    count: Token | None = None
    adjectives: list[Token] = []
    nouns: list[Token] = []
    for token in match.tokens:
        if token.role == "noun":
            nouns.append(token)
        elif token.role == "count":
            count = token
        elif token.role in ("adjective", "conjunction"):
            adjectives.append(token)
    last = nouns[-1]
    words = inside(last.tag, last.category, " ".join(map(one_of, nouns[:-1])))
    tags = described(counted(words, count) if count else words, last.category, adjectives, count)
    place = (match.first.start, last.end, match.end)
    return NounPhrase(tuple(tags), last.category, last.part, *place, words, tuple(adjectives), count)


def _of(match: Match) -> NounPhrase:
    """草莓的蛋糕: a thing described by the thing before 的."""
    first, thing = match.nouns
    tag = f"{described(first.words, first.category, first.adjectives)[0]} {thing.tags[0]}"
    tag = tag if first.number is None else counted(tag, first.number)
    return thing._replace(tags=(tag, *thing.tags[1:]), start=first.start)


def _predicate(match: Match) -> NounPhrase:
    """头发是金色的: a noun and what is said of it behind it."""
    noun = match.nouns[0]
    adjectives = [token for token in match.clause.tokens[noun.behind : match.end] if token.role == "adjective"]
    tags = described(noun.tags[0], noun.category, adjectives)
    return noun._replace(tags=tuple(tags), end=adjectives[-1].end, behind=match.end)


_MODIFIERS = (
    "filler* (count (count | of | filler)*)? (adjective (adjective | count | of | filler | conjunction &adjective)*)?"
)
_INSTEAD = "'而是 但是 但 只要 只有 只画 要 想要 改成 改为 换成 换 却 反而'"
_OF_DENIED = f"(<noun | <tag) of !{_INSTEAD}"  # 没有帽子的…
_OF_QUALITY = f"<adjective of !{_INSTEAD}"  # 不是白色的…

_STATIONS = "(filler* noun-phrase locator of)*"  # 坐在草地上的…: where, before what the verb is about
_VERB = f"(verb | wear) {_STATIONS} filler* noun-phrase"
_MORE = "(conjunction filler* noun-phrase[clothing object food plant gap])*"
_DENIED_THING = "(noun-phrase | tag | adjective)"

PHRASES: Mapping[str, Table] = {
    "noun-phrase": (GrammarRule("noun", f"{_MODIFIERS} noun joined*", _noun, "三只黑色的猫"),),
    "whole-phrase": (
        GrammarRule(
            "thing of a thing",
            "noun-phrase[^owner setting body clothing] of noun-phrase[^person animal hair eyes]",
            _of,
            "草莓的蛋糕",
            over=("thing",),
        ),
        GrammarRule("thing", "noun-phrase", None, "猫"),
    ),
    "subject": (
        GrammarRule(
            "hair is long",
            "whole-phrase[hair eyes body] filler* adjective+ &(of | conjunction | $)",
            _predicate,
            "头发金色的女孩",
            over=("subject",),
        ),
        GrammarRule(
            "sign says",
            "whole-phrase locator? filler* [lettering]",
            _predicate,
            "招牌上\ue000",
            over=("subject",),
        ),
        GrammarRule(
            "dress is red",
            "whole-phrase filler+ adjective+ &(of | conjunction | $)",
            _predicate,
            "裙子是红色的女孩",
            over=("subject",),
        ),
        GrammarRule(
            "flowers in bloom",
            "whole-phrase [participle] adjective* &(of | conjunction | $)",
            _predicate,
            "樱花怒放的蝴蝶",
            over=("subject",),
        ),
        GrammarRule("subject", "whole-phrase", None, "猫"),
    ),
    # Where a denial ends before its clause does.
    "denial-end": (
        GrammarRule("but", _INSTEAD, None, "不要狗而是猫"),
        GrammarRule("its owner", f"{_OF_DENIED} noun-phrase[owner setting object]", None, "不要帽子的女孩"),
        GrammarRule("its style", f"{_OF_DENIED} [style camera]", None, "不要文字的水彩"),
    ),
    "quality-denial-end": (
        GrammarRule("any other", "denial-end", None, "不是猫而是狗"),
        GrammarRule("but is", "'是 就是 才是' (noun-phrase | tag | adjective)", None, "不是猫是狗"),
        GrammarRule("its owner", f"{_OF_QUALITY} noun-phrase[owner setting object]", None, "不是白色的马"),
        GrammarRule("its style", f"{_OF_QUALITY} [style camera]", None, "不是白色的水彩"),
    ),
    # What is denied. A refusal goes to the end of its clause, every other denial to the end of what it denies.
    "scope": (
        GrammarRule(
            "somebody refuses",
            "<'拒绝' (!of !negation any)+ &(of noun-phrase[person animal myth])",
            None,
            "拒绝战斗的士兵",
            over=("refused",),
        ),
        GrammarRule("refused", "<[refusal] (!denial-end !negation any)+", None, "不要帽子和红色", over=("a thing",)),
        GrammarRule(
            "a quality",
            "<'不是 并不是 并非 也不是' (!quality-denial-end !negation any)+",
            None,
            "不是白色的马",
            over=("a thing",),
        ),
        GrammarRule("a property", "<[not] filler* adjective+", None, "不红的花", over=("a thing",)),
        GrammarRule("a state", "filler* [participle material] &of", None, "没开花的树", over=("a thing",)),
        GrammarRule(
            "lacked",
            "<[without] filler* adjective* (noun | tag) &noun-phrase[owner setting object clothing food]",
            None,
            "无纽扣衬衫",
            over=("a thing",),
        ),
        GrammarRule("a deed", f"filler* {_VERB} {_MORE}", None, "没有追着蝴蝶的女孩", over=("a deed alone",)),
        GrammarRule("a deed alone", "filler* (verb | wear)", None, "不追的狗"),
        GrammarRule(
            "a thing",
            f"{_STATIONS} filler* {_DENIED_THING} (conjunction* filler* (noun-phrase[^person] | [negative]))*",
            None,
            "没有帽子和眼镜的女孩",
        ),
    ),
}

# ── clauses ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_CANNOT = "'不着 不了 不下来 不起来 不过来 不出来 不进去'"  # behind a verb
# What stands before a refusal at the end of a clause. 女孩帽子不要 refuses no girl, and 天空云都没有 no sky.
_REFUSED = (
    "(noun-phrase[person animal myth setting] &(filler* (conjunction | negation))"
    " | noun-phrase[^person animal myth setting] | [negative]"
    " | (tag | adjective of?) &(filler* (conjunction | negation))"
    " | (verb | wear) filler* noun-phrase of? &(filler* (conjunction | negation)))"
)
# At most so many, or a clause of nothing but nouns would be read to its end from each of them.
_NEXT = f"filler* conjunction* filler* {_REFUSED}"
_MORE_REFUSED = f"({_NEXT} ({_NEXT} ({_NEXT})?)?)?"
_REFUSAL = "[refusal dropped negation]+ (verb | wear | filler)* $"
_IMPOSSIBLE = "('不可 不行' | '不' '可')"
_TO = "'给 让 替 叫'"
_EYE = "'左眼 左眼睛 左瞳 左边眼睛 左边的眼睛 右眼 右眼睛 右瞳 右边眼睛 右边的眼睛'"
_AT_SIDE = "locator '是 有 为 站着 坐着 躺着 放着 摆着 停着' filler*"
_INSISTED = f"(!{_IMPOSSIBLE} any)"
_THING_AT_SIDE = f"({_AT_SIDE} noun-phrase)"
_BETWEEN = "'中间 之间 当中'"
_WHERE = "!filler ((noun-phrase[person animal myth] of? noun-phrase[body] | noun-phrase) locator? | locator)"
_HELD = "'扛在 背在 抱在 捧在 握在 拿在 搂在 夹在 搭在 挂在 系在 绑在 别在 推到 盖在 蒙在'"
_COOKING = "'炸 煎 烤 煮 蒸 炒 炖 烧 卤 熬'"
_UPON = "'停着 落着 戴着 戴 插着 别着'"

Says = Callable[[ClauseState, Match], ClauseState]

CLAUSE: Sequence[GrammarRule[Says]] = (
    GrammarRule(
        "refused behind",
        f"(noun-phrase locator of)? {_REFUSED} {_MORE_REFUSED} filler* {_REFUSAL}",
        denies.refused_behind,
        "雨伞和帽子不要",
        over=("noun",),
    ),
    GrammarRule(
        "refused by 把",
        f"negation? '把 将' filler* {_REFUSED} {_MORE_REFUSED} filler* {_REFUSAL}",
        denies.refused_behind,
        "别把帽子漏了",
        over=("not",),
    ),
    GrammarRule(
        "insisted on",
        f"'非 非要 非得 非是' {_INSISTED} {_INSISTED}? {_INSISTED}? {_INSISTED}? {_INSISTED}? {_INSISTED}?"
        f" {_IMPOSSIBLE}",
        denies.insisted,
        "非红色帽子不可",
        over=("not",),
    ),
    GrammarRule(
        "nobody goes without",
        "'没有人 没人' filler* [denial]+ (noun-phrase | tag | wear | verb)+",
        denies.everybody,
        "没有人不戴帽子",
        over=("tag",),
    ),
    GrammarRule(
        "two in one",
        "'把 将'? filler* noun-phrase conjunction noun-phrase of? ('把 将' | '在' | filler)* [fused]",
        says.fused,
        "猫和狗的混合体",
        over=("noun",),
    ),
    GrammarRule(
        "eyes unlike",
        f"{_EYE} filler* [colour]+ (filler | conjunction | of)* {_EYE} filler* [colour]+",
        says.unlike_eyes,
        "左眼蓝色右眼金色",
        over=("noun",),
    ),
    GrammarRule(
        "at its sides",
        f"!<preposition noun-phrase? {_THING_AT_SIDE} {_THING_AT_SIDE} {_THING_AT_SIDE}? {_THING_AT_SIDE}? $",
        says.at_its_sides,
        "猫左边是狗右边是兔子",
        over=("place",),
    ),
    GrammarRule(
        "by somebody",
        "'被' filler? filler? !filler noun-phrase filler? filler? (done-by | '围着')",
        verbs.done_by,
        "被狗追的猫",
        over=("particle",),
    ),
    GrammarRule("done", "'被' filler? filler? done-by", verbs.done_by, "被追的猫", over=("particle",)),
    GrammarRule(
        "put somewhere",
        f"'把 将' filler? filler? !filler noun-phrase filler? filler? preposition filler? {_WHERE}",
        verbs.puts,
        "把书放在桌上",
        over=("particle",),
    ),
    GrammarRule(
        "held somewhere",
        f"noun-phrase[clothing object food plant animal] filler? {_HELD} filler? noun-phrase[body] locator?",
        verbs.puts,
        "棒球棒扛在肩膀上",
        over=("noun",),
    ),
    GrammarRule(
        "to something",
        "'把 将' filler? filler? !filler noun-phrase filler? filler? !'变成 化作 化为' (verb | wear)",
        verbs.does_to,
        "把猫抱着",
        over=("particle",),
    ),
    GrammarRule(
        "cooks",
        f"('在 正在 忙着' filler? | <locator) (&cooked noun-phrase | &{_COOKING} noun-phrase[food animal])"
        " !(locator | of !noun-phrase[person animal])",
        verbs.cooks,
        "正在炒饭的厨师",
        over=("particle",),
    ),
    GrammarRule("particle", "filler", says.nothing, "很美丽的猫", over=("noun",)),
    GrammarRule("of", "of", says.attributes, "穿红裙子的女孩"),
    GrammarRule("and", "conjunction", says.concluded, "微笑和女孩"),
    GrammarRule(
        "not to somebody",
        f"('别让 不要让 别给 不要给' | [refusal] {_TO}) filler* noun-phrase[person animal myth]"
        " filler* (verb | wear)? filler* noun-phrase",
        denies.not_done_to,
        "不要给猫戴帽子",
        over=("not",),
    ),
    GrammarRule(
        "nor",
        "(tag-denying | noun-denying) (filler* conjunction filler* noun-phrase[^person animal myth])+",
        denies.denied_on,
        "没有戴帽子和眼镜的女孩",
        over=("noun",),
    ),
    GrammarRule(
        "nobody who",
        "!<(count | of | preposition) '没有 没 不要 不要有 看不到 看不见 别有' (!of !negation any)+ of '人' $",
        denies.nobody_who,
        "没有骑车的人",
        over=("not",),
    ),
    GrammarRule("not", "[denial]+ scope", denies.denied, "没有帽子"),
    GrammarRule("cannot", f"(tag | verb) {_CANNOT}", denies.not_done, "睡不着的女孩", over=("tag",)),
    GrammarRule(
        "nobody does",
        f"'没有人 没人' ('在' | filler)* (tag | {_VERB} !(locator | of) | (verb | wear))",
        denies.done_by_nobody,
        "没有人在看书的图书馆",
        over=("tag",),
    ),
    GrammarRule(
        "somebody's hand",
        "!'抱 抱着 搂着' verb filler? filler? noun-phrase[person animal myth] of noun-phrase[body eyes]"
        " | '拉着 拉 拉住 拽着 拽 扯着 扯 揪着 抓着 抓住 攥着' filler? noun-phrase[person animal myth] of"
        " noun-phrase[clothing]",
        verbs.does_to_part,
        "牵着妈妈的手",
        over=("verb, objects",),
    ),
    GrammarRule(
        "verb, who does",
        "verb filler? filler? count? ((verb | wear) filler? filler? !filler noun-phrase | [pose])"
        " of !locator noun-phrase[person animal myth object clothing]",
        verbs.does_to_doer,
        "牵着一只戴着项圈的小狗",
        over=("verb",),
    ),
    GrammarRule(
        "with a material", "done-by [material] &of", verbs.of_material, "镶满钻石的皇冠", over=("verb, objects",)
    ),
    GrammarRule("of a material", "[material] done-by", verbs.of_material, "水晶构成的龙", over=("adjective",)),
    GrammarRule(
        "riding on somebody",
        "'骑在 骑' filler* noun-phrase[person animal myth] of? noun-phrase[body] locator",
        verbs.rides_on,
        "骑在爸爸脖子上",
        over=("verb, objects",),
    ),
    GrammarRule(
        "somebody's clothes",
        "wear filler* noun-phrase[person] of filler* noun-phrase[clothing]",
        verbs.wears_somebodys,
        "穿着妈妈的裙子",
        over=("verb, objects",),
    ),
    GrammarRule(
        "full of a tag",
        "full filler* (adjective of?)* tag",
        verbs.full_of,
        "满墙的涂鸦",
        over=("verb",),
    ),
    GrammarRule(
        "verb, objects",
        f"{_VERB} !locator {_MORE}",
        verbs.does,
        "戴帽子和围巾",
        over=("verb",),
    ),
    GrammarRule(
        "verb, place",
        f"{_VERB} locator",
        verbs.does_at,
        "抓着树枝上",
        over=("verb",),
    ),
    GrammarRule("verb", f"(verb | wear) &({_STATIONS})", verbs.does_alone, "火焰环绕"),
    GrammarRule("at", "preposition", says.at, "坐在椅子"),
    GrammarRule("style of a thing", "style-of-things &[styled]", says.waits, "科幻实验室", over=("tag",)),
    GrammarRule(
        "style of a picture",
        "style-of-pictures (of? [stylenoun] | 'style Style STYLE')",
        says.named,
        "水墨画风格",
        over=("tag",),
    ),
    GrammarRule("tag", "tag", says.named, "微笑"),
    GrammarRule(
        "place on somebody",
        "noun-phrase[person animal myth] of? noun-phrase[body] locator",
        verbs.on_somebody,
        "坐在爸爸肩膀上",
        over=("place of 在",),
        when=lambda state: state.place,
    ),
    GrammarRule(
        "upon somebody",
        f"(noun-phrase[body] locator | upon) ([pose] | {_UPON}) filler* noun-phrase[animal object plant food]",
        verbs.upon,
        "肩膀上站着鹦鹉",
        over=("hand",),
    ),
    GrammarRule(
        "in hand",
        "'手 双手 左手 右手' '里 中 里面 里头' filler* &count noun-phrase[object clothing plant food vehicle]",
        verbs.held,
        "手里一把伞",
        over=("place",),
    ),
    GrammarRule("hand", "subject[body] locator (of | &(verb | wear | tag))", says.hand, "手里拿着剑", over=("place",)),
    GrammarRule("between", f"subject conjunction subject {_BETWEEN}", says.between, "猫和狗之间", over=("noun",)),
    GrammarRule(
        "its body",
        "noun-phrase[person animal myth] &'身上'",
        says.head,
        "小狗身上穿着毛衣",
        over=("place",),
        when=lambda state: not state.place,
    ),
    GrammarRule("place", "subject of? locator", says.place, "桌子上", over=("noun",)),
    GrammarRule(
        "number of people",
        "count &(filler* adjective* [clothing hair eyes]+ of? noun-phrase[person])",
        says.counts,
        "两个红裙女孩",
        over=("noun",),
    ),
    GrammarRule(
        "things beside",
        "!<noun ('旁边 旁侧 边上 身边 身旁 一旁 附近 周围' (verb | filler)* | '旁边有')"
        " noun-phrase[object vehicle plant building nature]",
        says.things_beside,
        "旁边停着汽车",
        over=("side",),
    ),
    GrammarRule("side", "!<'从 由 自 向 往 朝' locator", says.side, "左边有一棵树"),
    GrammarRule("setting", "subject[setting] &of", says.beside, "森林的小屋", over=("noun",)),
    GrammarRule("its hair", "subject[hair eyes body] &(of any)", says.beside, "长发的女孩", over=("noun",)),
    GrammarRule("place of 在", "subject", says.beside, "坐在椅子", over=("noun",), when=lambda state: state.place),
    GrammarRule("noun", "subject", says.head, "猫"),
    GrammarRule("number", "count", says.counts, "两只和猫"),
    GrammarRule("adjective", "adjective", says.waits, "红色"),
)
