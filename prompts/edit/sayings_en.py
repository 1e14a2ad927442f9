"""What people say in English of a picture without a verb of changing, said with one: "she's crying" asks for somebody
who cries, "wake it up" for one who is awake."""

from __future__ import annotations

import re

from prompts.edit.forms import NUMBERS
from prompts.edit.to_do import IS, STOPS, doing, to_do

_WHO = r"(?:it|her|him|them|everyone|everybody|(?:the |that |this )?[a-z]+(?: [a-z]+)?)"
_SHE = r"(?:she|he|it|they|everyone|everybody)"
_MORE = "(?:a bit |a little |really |very |so |now |all )?"
_ZOOM_OUT = "zoom out|pull back|step back|move back|go back|back up"
_PEOPLE = "(?:people|everyone|everybody|persons?|humans?|folks)"
_PLAINLY = tuple(
    (re.compile(said), plainly)
    for said, plainly in (
        (
            r"zoom (?:in|out|back) (?:to|into|for|on) "
            r"(?P<what>(?:an? )?[a-z -]*(?:shot|view|portrait|close-?up))",
            r"make it \g<what>",
        ),
        (r"zoom (?:way|far|all the way|right|a lot|a bit|a little|much further) (?P<way>in|out)", r"zoom \g<way>"),
        (
            r"(?:have|do|make|want|get|draw|paint|render)? ?(?:it|this|that)(?: done| drawn| painted| rendered)? "
            r"(?P<what>as [a-z].+)",
            r"\g<what>",
        ),
        (
            r"(?:have|make|get|let|show|draw) (?P<who>her|him|it|them|the [a-z]+) "
            r"(?P<what>(?!(?:king|ring|wing|thing|string|ceiling|building|painting|morning|evening|spring)\b)[a-z]+ing\b.*)",
            r"make it \g<what>",
        ),
        (
            rf"(?:have|make|get|let) (?P<who>{_WHO}) (?:to )?look "
            r"(?!(?:up|down|away|back|left|right|out|at|into|to|over|around|like|toward|towards|straight|so|less)\b)"
            r"(?P<how>(?:more |very |really |so |a bit )?[a-z]+)",
            r"make \g<who> \g<how>",
        ),
        (
            r"(?P<what>an? [a-z ]+?) where (?P<old>(?:the )?[a-z ]+?) (?:was|is|used to be|stood|sat)",
            r"replace \g<old> with \g<what>",
        ),
        (
            r"(?:everyone|everybody|they|all of them|people)(?: is| are)?(?: all| now)? (?P<what>[a-z]+ing\b.*)",
            r"make it \g<what>",
        ),
        (
            r"clean (?:up |off |away )(?P<what>(?:the |her |his |its )?(?:dust|dirt|mud|blood|snow|graffiti|"
            r"stains?|mess))",
            r"remove \g<what>",
        ),
        (
            r"(?:restore|repair|fix(?: up)?|renovate|polish|clean) (?P<what>(?:the |her |his |its )[a-z ]+?) so "
            r"(?:that )?(?:it's|it is|they're|they are) "
            r"(?P<how>[a-z]+(?: and [a-z]+)?)",
            r"make \g<what> \g<how>",
        ),
        (r"(?P<who>her|him|them|it|the [a-z]+) (?:in|wearing) (?P<what>an? .+)", r"put \g<who> in \g<what>"),
        (
            r"(?:(?:she|he|it|they|the [a-z]+) (?:should|must) be|(?:make|turn) (?:her|him|it|the [a-z]+)(?: "
            r"into)?) an? (?:teen(?:ager)?|adolescent)",
            "make her teenage",
        ),
        (r"(?:she|he|it|they) (?:should|must|could) be (?P<what>an? .+)", r"turn it into \g<what>"),
        (
            r"(?P<how>straight|short|thick|flat|sharp|soft)en (?P<what>(?:the |her |his |its |their )[a-z ]+)",
            r"make \g<what> \g<how>",
        ),
        (r"lengthen (?P<what>(?:the |her |his |its |their )[a-z ]+)", r"make \g<what> long"),
        (r"curl (?P<what>(?:the |her |his )hair)", r"make \g<what> curly"),
        (r"(?:zoom|move|go|focus|close) in on (?:her|his|its|their|the) face", "make it face close-up"),
        (
            r"(?:(?:show|view|see|draw|make|turn) (?:it|this|that|her|him|them|the [a-z]+) )?(?:(?:seen|shown|"
            r"viewed) )?from the (?P<side>front|side)",
            r"make it \g<side> view",
        ),
        (r"(?:make it )?(?:brightly|well)[ -]lit", "make it bright"),
        (r"(?:a (?:bit|little|lot) |much )?(?P<how>younger|older)", r"make her \g<how>"),
        (
            r"(?:let|have|make|get) (?:her|his|their|the) hair (?:be )?(?P<how>(?:tied|pulled|pinned|swept|put) "
            r"(?:up|back)|up|down)"
            r"(?: neatly| nicely)?",
            r"change the hairstyle to hair \g<how>",
        ),
        (r"make (?P<what>(?:the |her |his |its |their )[a-z ]+?) look like (?P<how>.+)", r"change \g<what> to \g<how>"),
        (
            rf"(?P<count>{NUMBERS}) (?P<what>[a-z]+) (?:is|are|would be|will be) (?:enough|plenty|fine|ok|okay)",
            r"make it \g<count> \g<what>",
        ),
        (
            rf"there (?:should|must|could|need to|ought to) be (?:only |just )?(?P<what>(?:{NUMBERS}) (?!more\b).+)",
            r"make it \g<what>",
        ),
        (
            r"(?:show|view|see|shoot|frame|draw|look at|film) "
            r"(?:it|this|that|her|him|them|everything|the [a-z]+) (?P<what>from (?!the [a-z]+ to)[a-z' -]+)",
            r"make it \g<what>",
        ),
        (
            r"(?:cut|bring|take|get|keep|limit|reduce) (?:it|them|that|this|the \w+) (?:down )?to (?:just |only )?"
            rf"(?P<what>(?:{NUMBERS}) .+)",
            r"make it \g<what>",
        ),
        (
            r"(?P<what>(?!(?:it|that|this|you|we)\b)[a-z0-9].+?) (?:would|might|will|could) (?:look|be|work|feel|fit) "
            r"(?:much |a lot |way |even |so much )?(?:better|nicer|cooler|more fitting)",
            r"make it \g<what>",
        ),
        (
            r"(?P<what>(?!(?:it|that|this|you|we)\b)[a-z].+?) would (?:look|be|feel) (?:really |so |very )?"
            r"(?:nice|good|great|cool|lovely|cute)",
            r"add \g<what>",
        ),
        (
            r"(?:(?:make|do|draw|give me) )?(?:an? |the )?(?P<what>[a-z]+(?: [a-z]+)?) version"
            r"(?: of (?:it|this|that|the same(?: thing)?))?",
            r"make it \g<what>",
        ),
        (
            r"make it (?:pour(?: down)?(?: with rain)?|rain (?:hard|heavily|cats and dogs))|let it pour",
            "make it heavy rain",
        ),
        (
            r"(?:it|this|that|her|him|them) (?:seen |shown |viewed )?"
            r"(?P<what>from (?:above|below|behind|the side|the front|far away|afar|a distance))",
            r"make it \g<what>",
        ),
        (r"(?:it|this|that) (?P<what>as (?:if|an?|the) .+)", r"\g<what>"),
        (r"(?:can|could|should|may) (?:it|this|she|he|they) (?:please )?be (?P<what>.+)", r"make it \g<what>"),
        (r"(?:it |this )?should be (?P<what>an? .+)", r"make it \g<what>"),
        (r"make (?P<who>the [a-z ]+?) (?:out )?of (?P<what>[a-z ]+)", r"\g<who> be made of \g<what>"),
        (
            rf"(?P<what>{NUMBERS})(?: of (?:them|it|those))?(?: is| are|'s| would be) (?:enough|plenty|fine|ok)",
            r"make it \g<what>",
        ),
        (r"(?P<what>(?:at|in|with|during|under) .+?) would (?:look|be|feel) .{0,12}", r"make it \g<what>"),
        (
            r"(?:the )?(?P<what>.+?) (?:doesn't|don't|does not|do not) (?:need|have) to be "
            r"(?:there|here|in (?:it|the \w+))",
            r"remove the \g<what>",
        ),
        (
            r"(?:replace|change|swap) what (?:she|he|it)(?:'s| is) (?P<how>holding|wearing|carrying|eating|riding) "
            r"(?:with|to|for|into) (?P<what>.+)",
            r"make it \g<how> \g<what>",
        ),
        (r"(?:make|turn) them (?:into )?(?P<how>young|old|younger|older)", r"make her \g<how>"),
        (r"(?:in )?(?:full )?color(?:ed|ful)?(?: photo| picture)?", "make it colorful"),
        (
            r"(?P<how>bright|dark)en (?:it|this|the (?:picture|image|scene))(?: up)?(?: a (?:bit|little))?",
            r"make it \g<how>",
        ),
        (
            r"(?P<where>(?:behind|in front of|next to|above|under|beside|around|near) [a-z' ]+?) "
            r"(?:i want|i'd like|put|add|there should be|place) (?P<what>.+)",
            r"add \g<what> \g<where>",
        ),
        (
            r"(?:i )?(?:really )?(?:don't|do not) like (?:the |her |his |its |that )?"
            r"(?P<what>(?!(?:it|this|that|them|him|her|you|me|my|to|how|what)\b)[a-z -]+)",
            r"remove the \g<what>",
        ),
        (
            r"(?:cut|trim|chop|grow|crop|style|wear) (?P<what>(?:the |her |his |their )[a-z]+) (?:out )?"
            r"(?P<how>(?:really |very )?(?:short|shorter|long|longer|straight|curly|wavy))",
            r"make \g<what> \g<how>",
        ),
        (
            r"(?:it(?:'s| is) |the (?:scene|picture) is )?set (?P<where>(?:in|on|at|under|inside|near|during) .+)",
            r"make it \g<where>",
        ),
        (
            r"(?:make (?:it|this) |have it |it should )?(?:look|feel)(?:ing)? like (?:it's |something )?"
            r"(?:from )?(?:an? |the )?(?P<what>[a-z0-9' -]+ (?:movie|film|cartoon|comic|game|anime|manga|show))",
            r"make it \g<what> style",
        ),
        (
            r"make (?:her|him|them) (?P<what>an? (?!bit\b|little\b|lot\b|touch\b|teen)[a-z]+(?: [a-z]+)?)",
            r"turn it into \g<what>",
        ),
        (
            r"(?P<put>(?:put|move|bring|take|place|set|get) (?:her|him|it|them|the [a-z]+)) "
            r"(?:outdoors|outside|indoors|inside) "
            r"(?P<where>(?:on|in|at|by|under|to) .+)",
            r"\g<put> \g<where>",
        ),
        (
            r"(?:it(?:'s| is) |make it )?(?P<weather>sunny|rainy|snowy|foggy|cloudy|stormy|misty) outside",
            r"make it \g<weather>",
        ),
        (r"(?:put|add|place) (?P<what>(?:an? |some |two |three ).+?) there(?: instead)?", r"add \g<what>"),
        (r"shave (?:him|her|his face|them|the (?:man|wizard|guy))(?: clean)?", "remove the beard"),
        (
            r"(?:(?:i(?:'d| would)? )?(?:prefer|like|want|rather have) )?(?:her|him|it|them|the [a-z]+)"
            r" (?:to be|to|be) "
            r"(?P<what>[a-z]+ing\b.*)",
            r"make it \g<what>",
        ),
        (
            r"(?P<how>calm|dry|warm|cool|clean|tidy|clear|light|soften|quiet) (?:down |up |off |out )?"
            r"(?P<what>(?:the |her |his |its |their )[a-z ]+?)(?: down| up| off| out)?",
            r"make \g<what> \g<how>",
        ),
        (
            r"(?P<how>bright|dark)en (?:up )?(?P<what>(?:the |her |his |its |their )[a-z ]+?)(?: up)?",
            r"make \g<what> \g<how>",
        ),
        (r"dress (?P<who>her|him|it|them|the [a-z]+)(?: up)? in (?P<what>.+)", r"put \g<who> in \g<what>"),
        (
            r"dress (?P<who>her|him|it|them|the [a-z]+)(?: up)? as (?P<what>an? .+)",
            r"put \g<who> in \g<what> costume",
        ),
        (
            rf"(?:{_ZOOM_OUT}|show|fit|get|include|see|want to see)(?:.*? (?:see|show|fit|get|include))? "
            r"(?:her|his|its|their|the|all of (?:her|him))(?: (?:whole|full|entire)(?: body| figure| outfit)?| body)"
            r"(?: in| in (?:it|frame|view))?",
            "make it full body",
        ),
        (
            r"(?:.* )?from head to toe|(?:(?:the|her|his|its|their) )?(?:whole|full|entire) (?:body|figure)",
            "make it full body",
        ),
        (r"(?:make it )?(?:look )?more like (?P<what>.+? style)", r"make it \g<what>"),
        (
            r"(?:have|set|place|put|stage) it (?P<where>(?:in|on|at|around|by|near|under|inside|outside) [a-z ]+)",
            r"make it \g<where>",
        ),
        (r"(?:it|this) (?:was|were|is|should be|could be) made (?:out )?of (?P<what>[a-z ]+)", r"make it \g<what>"),
        (
            r"(?:change|turn|make) (?P<what>(?:the )?[a-z ]*?(?:sign|banner|poster|board|label|shirt|title|text)) "
            r"(?:to )?(?:say|read)(?: instead)?:? (?P<words>[\"“‘'].+)",
            r"change the text to \g<words>",
        ),
        (r"let (?:her|his|their) hair down", "change the hairstyle to hair down"),
        (
            r"(?P<what>(?!put |add |try |get |make |use |find |draw |do |give |look |change )(?:an? )?[a-z-]+"
            r"(?: [a-z-]+){0,2}) for (?P<who>him|her|them|the [a-z]+)",
            r"give \g<who> \g<what>",
        ),
        (
            r"(?:it|this|that|he|she)(?:'s| is)(?: actually)? (?P<what>an? (?!bit |little |lot |shame|pity).+?)"
            r"(?: actually| now)?",
            r"turn it into \g<what>",
        ),
        (rf"{_SHE} (?:should|must|needs to|has to) (?:also )?have (?P<what>.+)", r"give her \g<what>"),
        (
            r"(?P<who>the [a-z]+) (?:should|must|needs to|has to) (?:also )?have (?P<what>(?:an? |some |two |"
            r"three ).+)",
            r"give \g<who> \g<what>",
        ),
        (
            r"(?:she|he|it|they|the [a-z]+) (?:shouldn't|should not|must not|mustn't) "
            r"(?:be )?(?:have|wear|hold|carry)(?:ing)? (?:an? |any |the )?(?P<what>[a-z ]+)",
            r"remove the \g<what>",
        ),
        (
            r"(?:she|he|it|they|the [a-z ]+?) (?:should|must|could) (?:just |also |now )?be (?P<what>[a-z]+ing\b.*)",
            r"make it \g<what>",
        ),
        (
            rf"{_SHE} should (?:just |also |now )?be (?P<what>(?!in\b|on\b|at\b|a\b|an\b|gone\b|fine\b|ok)[a-z]+)",
            r"make her \g<what>",
        ),
        (r"make (?P<who>one of (?:them|the [a-z ]+?)) (?P<what>an? .+)", r"turn \g<who> into \g<what>"),
        (
            r"(?:get|bring|put|move|take) (?P<who>her|him|it|them|the [a-z]+) (?:down |up |over |back )?"
            r"(?:onto|on to) (?P<where>.+)",
            r"move \g<who> on \g<where>",
        ),
        (r"it(?:'s| is) (?P<what>rain|snow)ing", r"make it \g<what>"),
        (r"(?:make|have|let) (?:her|him|it|them|the \w+) (?:(?:fall |be )?asleep|go to sleep)", "make it sleeping"),
        (rf"{_SHE} (?:needs?|gets?|wears?|has|could use|wants?) (?P<what>(?:an?|some) .+)", r"give her \g<what>"),
        (r"the (?P<who>[a-z]+) (?:is|are) (?:now |just |only |all )?(?P<what>[a-z]+ing\b.*)", r"\g<who> \g<what>"),
        (rf"{IS} (?!not\b|too\b|supposed\b|meant\b|wrong\b|a )(?P<what>{_MORE}[a-z].*)", r"make it \g<what>"),
        (r"(?:it|this|that)(?:'s| is) (?P<what>(?:an? )?[a-z]+ing?)", r"make it \g<what>"),
        (rf"wake {_WHO} up|wake up {_WHO}", "make it awake"),
        (rf"(?:put|send|lull) {_WHO} to (?:sleep|bed)", "make it sleeping"),
        (
            r"empty (?:it|this|the \w+)(?: out)?|(?:make it|make the \w+) (?:empty|deserted)",
            "get rid of all the people",
        ),
        (
            rf"(?:get rid of|remove|delete|erase|lose|no|without|clear(?: out)?)(?: all)?(?: the)?(?: other)? {_PEOPLE}"
            r"(?: (?:at all|anywhere|please))?",
            "remove people",
        ),
        (r"(?:fill|pack|crowd) (?:it|this|the [a-z ]+?)(?: up)? with (?P<what>.+)", r"add \g<what>"),
        (r"clear (?:(?:up|away|out|off) (?:the )?|the )(?P<what>[a-z ]+?)(?: up| away| out| off)?", r"remove \g<what>"),
        (
            r"(?P<what>(?!(?:take|shave|put|turn)\b)(?:the |her |his )?[a-z]+) off (?:of )?(?:the|her|his|its) [a-z]+",
            r"remove \g<what>",
        ),
        (
            r"(?:just )?(?:the|her|his|their) (?P<what>[a-z ]+) (?:goes|vanishes|disappears|must go|has to go|can go)",
            r"remove the \g<what>",
        ),
        (r"(?:the )?(?P<what>[a-z ]+?) (?:shouldn't|should not) be (?P<how>[a-z]+)", r"make \g<what> not \g<how>"),
        (
            r"(?:[a-z ]+? )?(?:shouldn't|should not|doesn't need to|don't) (?:look|seem|appear|act|be) (?:so |too )?"
            r"(?P<how>[a-z]+)",
            r"not so \g<how>",
        ),
        (
            r"(?:don't|do not|(?:she|he|it|they) (?:shouldn't|should not)) look at (?:the )?(?:viewer|camera)",
            "make it looking away",
        ),
        (
            r"(?:(?:get|move|come|go|bring it|zoom in) )?(?:a (?:bit|little) )?closer (?:to|on|in on) "
            r"(?:her|him|it|them|the [a-z ]+)",
            "make it a close shot",
        ),
    )
)


def said_plainly_in_english(clause: str) -> str:
    """The clause with a verb of changing, where it is one of these sayings; else as it is."""
    clause = re.sub(r" at (?:us|me)$", " at viewer", clause)
    if (stops := STOPS.fullmatch(clause)) and (does := doing(stops["verb"])):
        return f"remove the {does}"
    for said, plainly in _PLAINLY:
        if match := said.fullmatch(clause):
            return match.expand(plainly)
    return to_do(clause) or clause
