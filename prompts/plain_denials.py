"""The many ways in which English denies or insists, said plainly: "skip the hat" is "no hat"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_DET = r"(?:the|any|an?|all|all the|any of the|her|his|its|their|that|this|those|these|every|extra|such)"
_PLEASE = r"(?:(?:and|but|also|please|so|just|you can|you may|feel free to|i want (?:you )?to|i'd like (?:you )?to) )*"
# Verbs that leave something out; those of the second kind mean another thing without an article ("drop shadow").
_LEAVES_OUT = (
    r"(?:remove|omit|exclude|avoid|get rid of|do away with|leave (?:out|off|away)|take (?:out|away)|filter out"
    r"|refrain from"
    r"|stay away from|steer clear of|spare (?:me|us)|nix|eliminate|i can do without"
    r"|(?:there(?:'s| is) )?no need (?:for|of|to (?:draw|paint|add|include|show|have)))"
)
_OR_ELSE = (
    r"(?:skip|drop|lose|ditch|forget(?: about)?|scrap|cut out|discard|forgo|erase|delete|keep out|take off|ban|forbid"
    r"|go without)"
)
_NEVER = (
    r"(?:(?:do|does|did|must|should|shall|may|can|could|will)(?: not|n't|nt)|don't|dont|can't|cant|cannot|never"
    r"|not to|try not to)"
    r"(?: ever| you| we| please)*"
)
_LEFT_OUT = (
    rf"(?:{_LEAVES_OUT}|{_OR_ELSE}|miss(?: out(?: on)?)?|overlook|neglect|do without|live without|be without|go without"
    r"|leave (?:the house|home) without|be seen without|exist without|dispense with)"
    r"(?: to (?:draw|paint|add|include|show|put(?: in)?|have|give (?:her|him|it|them)))?"
)
_INSISTED = re.compile(
    rf"(?:{_PLEASE}(?:{_NEVER}) (?:{_LEFT_OUT})|why not|how about|what about) (?P<thing>.+)", re.IGNORECASE
)
_INSISTED_OF = re.compile(
    rf"(?P<who>.+?),? (?:(?:who|that|which|she|he|it|they) )?(?:{_NEVER}) (?:{_LEFT_OUT}) (?P<thing>.+)", re.IGNORECASE
)
_NOT_WITHOUT = re.compile(
    r"(?:,? )?\b(?:(?:is |are )?(?:never|not|hardly ever)(?: seen| shown| complete| out)?|nothing|no(?: one"
    r"|body)?(?: \w+)??"
    r"(?: is)?(?: complete)?) without (?=\w)",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    rf"{_PLEASE}(?:{_LEAVES_OUT} (?:{_DET} )*|{_OR_ELSE} (?:{_DET} )+|(?:take|leave) (?={_DET} .+ (?:off|out"
    rf"|away)$)(?:{_DET} )+)"
    r"(?P<thing>.+?)(?: (?:off|out|away))?",
    re.IGNORECASE,
)
_BE = (
    r"(?:(?:is|are|was|were|should|must|may|can|could|need|needs|do|does|did|has|have|to|will|would"
    r"|shall) (?:be )?(?:been )?)?"
)
_THING = r"(?!(?:who|whose|that|which|with|in|at|by|wearing|holding|no|not|without)\b)[\w'-]+"
_DISMISSED = re.compile(
    rf"(?:and |but )?(?:{_DET} )?(?P<thing>{_THING}(?: {_THING}){{0,4}}?)(?:"
    rf" (?:{_BE}(?:not|never)|(?:is|are|was|were|should|must|need|do|does|has|have|wo|ca)n'?t) (?:be )?(?:needed"
    rf"|wanted|necessary|required|allowed|desired|desirable|welcome|appear(?:ing)?|visible"
    r"|included?|show(?:n|ing)?|drawn|present|there|wished(?: for)?|seen|permitted|asked for|acceptable|ok|okay"
    r"|in (?:the |this )?(?:picture|frame|image|shot|scene))"
    rf"| {_BE}(?:unnecessary|unwanted|unneeded|undesired|unwelcome|optional|omitted|excluded|removed|forbidden"
    rf"|prohibited|banned"
    r"|off[ -]limits|left out|absent|not at all)"
    r"| (?:is|are) (?:gone|missing)| (?:(?:is|are) )?nowhere (?:to be seen|in sight|to be found)"
    r"|: ?(?:no|none|nope|never|not needed|n/a)"
    r")(?: please| here| at all| any ?more| in (?:the |this )?(?:picture|frame|image|shot|scene))*",
    re.IGNORECASE,
)
_EMPTY_OF = re.compile(
    r",? (?:that (?:is|are) |which (?:is|are) )?(?:(?:completely|totally|entirely|utterly) )?"
    r"(?:lack(?:s|ing)?|missing(?= (?:an?|the|its|his|her|their|any|all)\b)|(?:stripped|bare|cleared|deprived"
    r"|robbed|rid) of|devoid of|void of|empty of|bereft of|clear of|sans|absent of|in the absence of|free (?:of|from)"
    r"|with the exception of|(?:except|save)(?: for)?|excluding|omitting|apart from|aside from"
    r"|minus(?! sign)) (?:any |the |all )*(?=\w)",
    re.IGNORECASE,
)
_BUT = r"(?:but|except(?: for)?|excluding|besides|other than|save for|apart from|aside from|with the exception of)"
_ANY = r"(?:(?:every|any)(?:thing|body|one)(?: else)?|(?:any|every) [\w'-]+)"
_EXCEPT = re.compile(
    rf"(?:{_ANY},? {_BUT}|(?:all )?(?!but|besides|other){_BUT}) (?:{_DET} )*(?P<thing>(?:(?! (?:is|are|was|has"
    rf"|have|wears?)\b).)+)",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(
    rf"(?P<who>.+?)(?: (?:(?:that|which) (?:is|has)|in|of|with))? {_ANY},? {_BUT} (?:{_DET} )*(?P<thing>.+)",
    re.IGNORECASE,
)
# "Everything is white except a red chair": it is there, and only not white.
_ALL_SO_BUT = re.compile(
    r"(?P<all>(?:everything|everyone|everybody|all|the (?:whole|entire|rest of the) [\w'-]+)\b.*? "
    r"(?:is |are |in )?[\w'-]+),? (?:except|save|but)(?: for)? (?P<thing>(?:an?|the|one|two|his|her|its|their) .+)",
    re.IGNORECASE,
)
_NONE_BUT = re.compile(
    r"(?:and |with )?no(?:thing|body| one)?(?: else)?(?: [\w'-]+)?? "
    r"(?:except(?: for)?|excluding|besides|other than|save for|apart from|aside from) (?P<thing>.+)",
    re.IGNORECASE,
)
_NOTHING_ELSE = re.compile(r"(?:(?P<thing>.+?) )?(?:and |but )?nothing (?:else|more)", re.IGNORECASE)
_UNWILLED = re.compile(
    rf"(?:(?:i|we|you|it|that|and|but|so|please|really|just) )*"
    rf"(?:{_NEVER}|(?:i'd|i would|would|i) (?:rather|prefer) not)(?: to)? "
    r"(?:draw|paint|show|include|want|add|put|have|use|need|like|stand|make|give|see|wish for|render|generate"
    r"|depict|display"
    r"|place|bother with|care for)(?: (?:to )?(?:see|have|be|draw|add|show|include|put|make))?"
    rf"(?: (?:it|her|him|them|me|us)\b(?! hair| eyes))?(?: (?:be|look|wear|wearing|have"
    rf"|to be))?(?: {_DET})* (?P<thing>.+)",
    re.IGNORECASE,
)
_TAKEN_OFF = re.compile(
    r"(?:(?:she|he|they|who) )?(?:took off|(?:has|have|had) taken off) (?:(?:her|his|their|the) )?(?P<thing>.+)",
    re.IGNORECASE,
)
_SEEN_TO = re.compile(
    r"(?:(?:please|and|just) )*(?:make sure|ensure|be sure|see to it)(?: that)?(?: to have)?(?: there(?:'s| is"
    r"| are))?(?: she has| he has)?"
    r" (?=(?:no|not|nobody|nothing|never|without)\b)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(rf"(?:instead of|rather than|in place of) (?:{_DET} )*(?P<thing>[^,]+)", re.IGNORECASE)
_FREE = re.compile(
    r"\b(?!(?:care|hands|toll|duty|royalty|scot|rent|risk|stress|cruelty|trouble|worry|tax|fancy|foot|half)-)"
    r"(?:(?P<thing>[a-z]+)-free|(?:non|un)-?(?P<deed>smiling|smoking|wearing))\b"
    r"(?P<rest>(?: [\w'-]+)*)",
    re.IGNORECASE,
)
_NO_MORE = re.compile(r"\bno more (?!than\b)", re.IGNORECASE)
_LITTLE = re.compile(r"\b(?:hardly|barely|scarcely) any\b", re.IGNORECASE)
_WITHOUT = re.compile(r"(?<!\S)w/o(?= )", re.IGNORECASE)
_AFTERWARDS = re.compile(
    r"(?<=\w) (?:appears?|shows?(?: up)?|(?:is|are) (?:visible|there|shown)|needed|required|wanted|allowed"
    r"|necessary|please|at all|whatsoever|anywhere|whatever|visible|in sight|to be seen"
    r"|in (?:the|this) (?:picture|image|frame|shot))$",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(?:no|without|not a single|zero)\b", re.IGNORECASE)
# What "no" and "not" stand before in figures of speech, in which nothing is denied.
NO_FIGURES = (
    r"longer|more than|man's|doubt|wonder|matter|less than|other than|one(?: else)? but|(?:\w+ )?signs?$|hesitation"
)
NOT_FIGURES = (
    r"only|just|merely|simply|to mention|least|unlike|bad$|wait|help|stop|believe|resist|get enough|take (?:his"
    r"|her|their) eyes"
)


def plainly(text: str) -> str:
    """The phrase with what it denies behind "no" or "without", and what it insists on as a wish; itself where it does
    neither in one of these ways."""
    text = _LITTLE.sub("few", _WITHOUT.sub("without", _SEEN_TO.sub("", text, count=1)))
    for form, said in _FORMS:
        if found := form.fullmatch(text):
            return said(found)
    for form, word in ((_INSISTED_OF, "with"), (_ALL_BUT, "without")):
        if found := form.fullmatch(text):
            return f"{found['who']} {word} {found['thing']}"
    if _NOT_WITHOUT.search(text):
        return _NOT_WITHOUT.sub(" with ", text, count=1).strip()
    if (free := _FREE.search(text)) is not None:
        return f"{text[: free.start()]}{free['rest'].strip()}".strip() + f" without {free['thing'] or free['deed']}"
    text = _NO_MORE.sub("no ", _EMPTY_OF.sub(" without ", text, count=1))
    return _AFTERWARDS.sub("", text) if _NO.search(text) else text


_FORMS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = (
    (_ALL_SO_BUT, lambda found: f"{found['all']} with {found['thing']}"),
    (_NONE_BUT, lambda found: found["thing"]),
    (_NOTHING_ELSE, lambda found: found["thing"] or ""),
    (_INSISTED, lambda found: found["thing"]),
    *(
        (form, lambda found: f"no {found['thing']}")
        for form in (_COMMAND, _DISMISSED, _INSTEAD, _EXCEPT, _UNWILLED, _TAKEN_OFF)
    ),
)
