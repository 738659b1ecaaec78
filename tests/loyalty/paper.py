"""A page of HTML as a test reads it: its text, the text of an element, and what a browser would send of its fields."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from django.http import QueryDict

VOID = {"input", "br", "meta", "link", "img", "hr", "use"}


class Paper(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._fields: list[tuple[str, str, str]] = []
        self._select: list[tuple[str, bool]] | None = None
        self._area: str | None = None
        self._name = ""
        self.feed(html)

    @property
    def text(self) -> str:
        return squeezed("".join(self._text))

    def beside(self, element: str) -> str:
        """The text of the element with this id."""
        return squeezed(self.ids.get(element, f"nothing beside {element}: {self.text}"))

    def fields(self, form: str = "") -> QueryDict:
        """The fields with what they hold, of the form with this id or of the whole page."""
        data = QueryDict(mutable=True)
        for inside, name, value in self._fields:
            if inside == form or not form:
                data.appendlist(name, value)
        return data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag not in VOID:
            self._open.append((tag, given.get("id", "")))
        if "id" in given:
            self.ids.setdefault(given["id"], "")
        if tag == "input" and "name" in given:
            kind = given.get("type", "text")
            if kind not in {"checkbox", "radio"} or "checked" in given:
                value = given.get("value", "on" if kind == "checkbox" else "")
                self._fields.append((self._form(), given["name"], value))
        elif tag == "textarea":
            self._area, self._name = "", given.get("name", "")
        elif tag == "select":
            self._select, self._name = [], given.get("name", "")
        elif tag == "option" and self._select is not None:
            self._select.append((given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # Browsers leave the first line break out.
            self._fields.append((self._form(), self._name, self._area.removeprefix("\n")))
            self._area = None
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._select if selected] or [self._select[0][0]]
            self._fields.append((self._form(), self._name, chosen[0]))
            self._select = None
        if tag not in VOID:
            while self._open and self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if any(tag in {"script", "style"} for tag, _id in self._open):
            return
        if self._area is not None:
            self._area += data
        self._text.append(data + " ")
        for _tag, element in self._open:
            if element:
                self.ids[element] += data + " "

    def _form(self) -> str:
        return next((element for tag, element in reversed(self._open) if tag == "form"), "")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
