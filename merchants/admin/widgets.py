"""Unfold's inputs under short names, for forms that no model stands behind."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold import widgets

_INPUT = " ".join(widgets.INPUT_CLASSES)


class TextInput(forms.TextInput):
    def __init__(self, **attrs: Any) -> None:
        super().__init__({"class": _INPUT, "autocomplete": "off", **attrs})


class EmailInput(forms.EmailInput):
    def __init__(self, **attrs: Any) -> None:
        super().__init__({"class": _INPUT, "autocomplete": "off", **attrs})


class TextArea(forms.Textarea):
    def __init__(self, **attrs: Any) -> None:
        super().__init__({"class": " ".join(widgets.TEXTAREA_CLASSES), **attrs})


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__({"class": _INPUT, **attrs}, format="%Y-%m-%d")


class Select(forms.Select):
    def __init__(self, **attrs: Any) -> None:
        super().__init__({"class": " ".join(widgets.SELECT_CLASSES), **attrs})


class Checkboxes(forms.CheckboxSelectMultiple):
    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        # The boxes alone: Django gives the widget's own class to the list around them, too.
        option["attrs"]["class"] = " ".join(widgets.CHECKBOX_CLASSES)
        return option
