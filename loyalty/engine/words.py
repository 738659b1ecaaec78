"""Marks for the sentences of the vocabulary: they stand beside what they are about and are translated elsewhere.

The engine says nothing itself. `loyalty.rule_sentences` and `loyalty.explanations` put a marked sentence into the
reader's language.
"""

from __future__ import annotations

from msgspec import Struct


class Plural(Struct, frozen=True):
    """A sentence in two forms; the field `by` counts: a number, or the length of a list. In `missed`, where the fields
    are not known any more, it is `count`."""

    one: str
    many: str
    by: str


Text = str | Plural
# Of several sentences that one is said which has a place for most of what there is to say.
Says = Text | tuple[Text, ...]


def gettext_noop(text: str) -> str:
    return text


def ngettext(one: str, many: str, by: str) -> Plural:
    return Plural(one, many, by)
