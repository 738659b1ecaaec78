"""The little language of messages, in which owners write.

    Здравствуйте, {имя}! У вас {баллы|балл|балла|баллов}.
    {если имя}Здравствуйте, {имя}!{иначе}Здравствуйте!{конец}
    {если баллы >= 100}Хватит на кофе.{конец}

A text is parsed into a tree of `Words`, `Value` and `When`. Nothing is executed, and values are put in as they are:
what a client is called can't become part of the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, TypeAlias

from django.utils.translation import gettext as _
from msgspec import Struct

Sign: TypeAlias = Literal["", ">", ">=", "<", "<=", "="]
DEEPEST: Final = 5
LONGEST: Final = 20_000

_PART = re.compile(r"\{([^{}]*)\}")
_CONDITION = re.compile(r"(?P<name>.+?)\s*(?:(?P<sign>>=|<=|>|<|=)\s*(?P<number>-?\d+(?:[.,]\d+)?))?", re.DOTALL)
IF: Final = ("если", "if")
ELSE: Final = ("иначе", "else")
END: Final = ("конец", "end")


class Words(Struct, frozen=True):
    text: str


class Value(Struct, frozen=True):
    """A variable; with `forms` (one, few, many) its number and the word that fits it."""

    name: str
    forms: tuple[str, ...] = ()


class When(Struct, frozen=True):
    """One text or the other: by whether there is a value, or by how a number compares."""

    name: str
    sign: Sign
    number: Decimal
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node: TypeAlias = Words | Value | When


class Given(Struct, frozen=True):
    """What a variable is for one client: as it is read, and as a number where it is one."""

    text: str
    number: Decimal | None = None


class TextError(Exception):
    """What is wrong with a text, in words for whoever writes it."""


def parse(text: str, names: Mapping[str, str]) -> tuple[Node, ...]:
    """A text as a tree. `names` are the variables by what they may be called (in lower case), each with its key.

    TextError for the first mistake.
    """
    return _Parser(text, names).all()


def written(nodes: Sequence[Node], values: Mapping[str, Given], language: str = "ru") -> str:
    """The text for one client. A variable without a value is nothing."""
    return "".join(_written(node, values, language) for node in nodes)


def used(nodes: Sequence[Node]) -> set[str]:
    """The keys of all variables that a text may need."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Value | When):
            found.add(node.name)
        if isinstance(node, When):
            found |= used(node.then) | used(node.otherwise)
    return found


def missing(nodes: Sequence[Node], values: Mapping[str, Given]) -> set[str]:
    """The variables that are written for this client and have no value."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Value) and not values.get(node.name, Given("")).text:
            found.add(node.name)
        if isinstance(node, When):
            found |= missing(node.then if _holds(node, values) else node.otherwise, values)
    return found


def _written(node: Node, values: Mapping[str, Given], language: str) -> str:
    match node:
        case Words():
            return node.text
        case Value():
            given = values.get(node.name, Given(""))
            if node.forms and given.number is not None:
                return f"{given.text} {node.forms[_form(given.number, language)]}"
            return given.text
        case When():
            return written(node.then if _holds(node, values) else node.otherwise, values, language)


def _holds(node: When, values: Mapping[str, Given]) -> bool:
    given = values.get(node.name, Given(""))
    if not node.sign:
        return bool(given.text) and given.number != 0
    number = given.number if given.number is not None else Decimal(0)
    match node.sign:
        case ">":
            return number > node.number
        case ">=":
            return number >= node.number
        case "<":
            return number < node.number
        case "<=":
            return number <= node.number
        case "=":
            return number == node.number


def _form(number: Decimal, language: str) -> int:
    if language != "ru":
        return 0 if abs(number) == 1 else 2
    if number != number.to_integral_value():
        return 1
    n = abs(int(number))
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


class _Parser:
    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self.names = names
        # Words, and what stands in braces, in turns.
        self.parts = _PART.split(text)
        self.at = 0

    def all(self) -> tuple[Node, ...]:
        nodes = self._nodes(0)
        if self.at < len(self.parts):
            raise TextError(_("“{%(part)s}” stands alone: there is no “{if …}” before it.") % self._part())
        return nodes

    def _part(self) -> dict[str, str]:
        return {"part": self.parts[self.at]}

    def _nodes(self, depth: int) -> tuple[Node, ...]:
        """Up to the end, or to an `{else}` or `{end}`, which is left standing."""
        found: list[Node] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            if self.at % 2 == 0:
                if "{" in part or "}" in part:
                    raise TextError(_("A brace stands alone: a variable begins with “{” and ends with “}”."))
                if part:
                    found.append(Words(part))
                self.at += 1
                continue
            word = part.strip().casefold()
            if word in ELSE + END:
                break
            if word.split(maxsplit=1)[:1] and word.split(maxsplit=1)[0] in IF:
                found.append(self._when(depth))
            else:
                found.append(self._value(part))
                self.at += 1
        return tuple(found)

    def _when(self, depth: int) -> When:
        whole = self.parts[self.at]
        if depth >= DEEPEST:
            raise TextError(_("There are too many conditions inside each other."))
        asked = whole.strip().split(maxsplit=1)
        said = _CONDITION.fullmatch(asked[1].strip()) if len(asked) > 1 else None
        if said is None:
            raise TextError(_("“{%(part)s}”: say on which variable it depends, as in “{if name}”.") % {"part": whole})
        name = self._key(said["name"], whole)
        self.at += 1
        then = self._nodes(depth + 1)
        otherwise: tuple[Node, ...] = ()
        if self._is(ELSE):
            self.at += 1
            otherwise = self._nodes(depth + 1)
        if not self._is(END):
            raise TextError(_("“{%(part)s}” has no “{end}”.") % {"part": whole})
        self.at += 1
        return When(name, said["sign"] or "", _number(said["number"] or "0"), then, otherwise)  # type: ignore[arg-type]

    def _is(self, words: tuple[str, ...]) -> bool:
        return self.at < len(self.parts) and self.parts[self.at].strip().casefold() in words

    def _value(self, part: str) -> Value:
        name, *forms = (one.strip() for one in part.split("|"))
        if forms and (len(forms) != 3 or not all(forms)):
            raise TextError(
                _("“{%(part)s}”: write three forms of the word, for 1, 2 and 5: “{points|point|points|points}”.")
                % {"part": part}
            )
        return Value(self._key(name, part), tuple(forms))

    def _key(self, name: str, part: str) -> str:
        key = self.names.get(name.strip().casefold())
        if key is None:
            raise TextError(_("There is no variable “{%(part)s}”.") % {"part": part.strip()})
        return key


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return Decimal(0)
