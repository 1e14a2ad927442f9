"""The ways to ask for a change in English, each a row with a sentence that asks so."""

from __future__ import annotations

from prompts.edit.forms import ARROW, COLOURS, forms

_THE = r"(?:the |her |his |its |their |my |an? |all |any |that |this |those |these )?"
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
    "colour": f"(?:{COLOURS})",
    "arrow": ARROW,
}
FORMS_EN = forms(
    _PHRASES_EN,
    (
        "swap",
        "(?:swap|switch|exchange) (?:the )?(?P<attr>colou?rs) (?:of|on|between) {the}{a}(?: and {the}{b})?(?: around)?",
        "swap the colors of the hat and the dress",
    ),
    ("swap", "(?:swap|switch) {the}(?P<a>them|both|places|positions)(?: around)?", "swap them"),
    (
        "swap",
        "(?:swap|switch|exchange) (?:the places of )?{the}{a} and {the}{b}(?: around)?",
        "swap the cat and the dog",
    ),
    ("weigh", "{set}(?:the )?weight (?:of|for) {the}{a} (?:to |at |= ?)?{number}", "set the weight of the hat to 1.3"),
    ("weigh", "{set}{the}{a}(?:'s)? weight (?:to |at |is |= ?)?{number}", "set the hat's weight to 1.3"),
    ("replace", "not {the}{a} -> {b}", "not cat -> dog", True),
    ("replace", "{the}{a}{arrow}{b}", "cat -> dog"),
    (
        "replace",
        "{turn} (?:the )?(?P<a>scene|background|backdrop|setting|location|place|scenery|surroundings) (?:to|into) {b}",
        "change the scene to a beach",
    ),
    ("set", "(?:replace|swap) (?:it|that|this|them) (?:with|for|by) {b}", "replace it with a dog"),
    ("set", "{turn} (?:{it} )?(?:to|into) {b}", "change it to night"),
    ("replace", "{turn} {the}{a}(?P<attr>'s colou?r)? (?:to|into) {b}", "turn the cat into a dog"),
    (
        "replace",
        "(?:replace|swap|exchange|substitute|switch|trade|change) (?:out )?{the}{a} (?:with|for|by) {b}",
        "replace the cat with a dog",
    ),
    (
        "replace",
        "(?:(?:make|draw) {it} |give (?:it|her|him|them|the \\w+) |use |have |draw |put )?{b} "
        "(?:instead of|rather than|in place of) {the}{a}",
        "a dog instead of the cat",
    ),
    ("replace", "{not_me}{the}{a}(?<! needs)(?<! has)(?<! ought)(?<! have) to be {b}", "the hat to be green"),
    ("replace", "{not_me}{the}{a} (?:be |is |gets? )?(?:replaced|swapped|exchanged) (?:by|with|for) {b}", "the "
    "hat replaced by a crown"),
    ("replace", "{the}(?P<a>background|scene|style|sky|weather|season|time)(?: is|:| =) {b}", "background: beach"),
    ("replace", "(?:(?:make|have|turn) )?{not_me}{the}{a} (?:be )?made (?:out )?of {b}", "the hat be made of wool"),
    (
        "set",
        "as (?P<b>(?:an? )?.*(?:painting|art|photo(?:graph)?|drawing|sketch|watercolou?r|anime|comic|manga|cartoon|"
        "render|illustration|print|poster))",
        "as a watercolor",
    ),
    ("set", "(?:do|draw|redraw|redo|render|paint) {it}(?: again)? (?:as|in) {b}", "do it as pixel art"),
    (
        "keep",
        "(?:(?:only|just)(?: show| have)?(?= the )|(?:only|just) (?:keep|leave)|(?:keep|leave|show) (?:only|just)|"
        "(?:(?:remove|delete|get rid of|clear|take) )?everything(?: else)?(?: (?:off|from|on|in) the [a-z]+)? "
        "(?:but|except(?: for)?)) {the}{a}(?: in it| there)?",
        "only keep the hat",
    ),
    ("deny", "there (?:shouldn't|should not|must not|mustn't|can't) be (?:any |an? )?{a}", "there shouldn't be a hat"),
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
        "(?:move|bring|take|put|place) (?:{who}|the [a-z]+) (?!(?:on|in) (?:her|him|it|them|me)\\b)"
        "(?:to |into |(?=in |on |at |under |near |out(?:side|doors| [a-z])|inside))(?!off|away){b}",
        "move her to a forest",
    ),
    ("remove", "(?:the|her|his|its|their|my) {a} {should} (?:go|disappear|be gone|be removed)", "the hat should go"),
    (
        "replace",
        "(?:the|her|his|its|their|my) {a} {should} (?:be|become|look|turn) {b}",
        "the hat should be green",
    ),
    ("count", "(?:{away}|take away) (?P<less>(?P<b>one|two|three))(?: of)? {the}{a}", "remove one of the hats"),
    ("remove", "no longer {the}{a}", "no longer a hat"),
    ("remove", "(?:{away}|take (?:away|off|out)) {the}{a}", "remove the hat"),
    ("remove", "take {the}{a} (?:off|away|out)(?: of)?(?: (?:him|her|it|them))?", "take the hat off"),
    ("remove", "{not_me}{the}{a}(?<! be)(?<! is)(?<! are) (?:removed|deleted|erased|gone)", "hat removed"),
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
    (
        "deny",
        "not (?:so |too |that |the |an? )?"
        "(?!(?:only|just|sure|bad|really|quite|me|you|us|yet|now|again|today|here|there|at|my)\\b){a}",
        "not so stern",
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
    ("replace", "{not_me}{the}{a} (?:becomes?|turns? into|changes? (?:in)?to) {b}", "hat becomes a crown", True),
    (
        "set",
        "(?:move|bring|take|put|place) (?:{who}|the [a-z]+) (?P<b>indoors|outdoors|inside|outside)",
        "move them indoors",
    ),
    ("remove", "{not_me}{the}{a} (?:off|out)", "hat off", True),
    ("replace", r"{not_me}{the}(?P<a>[a-z][a-z' -]{{1,30}}?) (?:in)?to {b}", "hat to crown", True),
    ("replace", r"{not_me}{the}(?P<a>[a-z][a-z' -]{{1,30}}?) {should} be {b}", "hat should be green", True),
    (
        "replace",
        "{not_me}{the}(?P<a>(?!(?:an?|the|some|in|and|with)\\b)[a-z]+) (?:in )?(?P<b>{colour}(?:(?: and|,) "
        "{colour})?(?: [a-z]+)?(?: with .+)?)",
        "hat black with white stripes",
        True,
    ),
    (
        "replace",
        "{not_me}{the}(?P<a>[a-z]+) (?:is|are) (?:now )?(?P<b>(?:an? )?(?!not\\b|too\\b|gone\\b).+)",
        "hat is a crown",
        True,
    ),
)  # fmt: skip
