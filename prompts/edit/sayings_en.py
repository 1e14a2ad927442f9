"""What people say in English of a picture without a verb of changing, said with one: "she's crying" asks for somebody
who cries, "wake it up" for one who is awake."""

from __future__ import annotations

import re

_WHO = r"(?:it|her|him|them|everyone|everybody|(?:the |that |this )?[a-z]+(?: [a-z]+)?)"
_SHE = r"(?:she|he|it|they|everyone|everybody)"
_IS = rf"{_SHE}(?:'s| is|'re| are| looks?| seems?| must be| should look| feels?)"
_MORE = "(?:a bit |a little |really |very |so |now |all )?"
_PEOPLE = "(?:people|everyone|everybody|persons?|humans?|folks)"
_PLAINLY = tuple(
    (re.compile(said), plainly)
    for said, plainly in (
        (rf"{_IS} (?!not\b|too\b|supposed\b|meant\b|wrong\b|a )(?P<what>{_MORE}[a-z].*)", r"make it \g<what>"),
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
        (r"(?:the )?(?P<what>[a-z ]+?) shouldn't be (?P<how>[a-z]+)", r"make \g<what> not \g<how>"),
    )
)


def only_tells(clause: str) -> bool:
    """Whether a clause says how somebody is, as people say to each other, too: "she is gone"."""
    return _PLAINLY[0][0].fullmatch(clause) is not None or _PLAINLY[1][0].fullmatch(clause) is not None


def said_plainly_in_english(clause: str) -> str:
    """The clause with a verb of changing, where it is one of these sayings; else as it is."""
    for said, plainly in _PLAINLY:
        if match := said.fullmatch(clause):
            return match.expand(plainly)
    return clause
