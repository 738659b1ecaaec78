"""Every part that pages are made of, on one page, for those who build pages. Where DEBUG or KOPILKA_LOCAL is on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from merchants.charts import Chart, Series
from merchants.forms import PageForm


class Example(PageForm):
    name = forms.CharField(label="Название", help_text="Так магазин называется на карте клиента.")
    kind = forms.ChoiceField(label="Вид", choices=[("a", "Кофейня"), ("b", "Магазин")])
    when = forms.ChoiceField(label="Сгорают", choices=[("1", "Никогда"), ("2", "Через год")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="Согласен на рассылку", required=False)
    notes = forms.CharField(label="Заметка", widget=forms.Textarea(attrs={"rows": 2}), required=False)


def chart(kind: str, key: str) -> Chart:
    days = [dt.date(2026, 11, n) for n in range(1, 15)]
    return Chart(
        id=key,
        title="Выручка по дням",
        kind=kind,
        label="День",
        labels=[f"{day:%d.%m}" for day in days],
        series=[
            Series(
                "С картой",
                [Decimal(900 + 37 * n % 211) for n in range(14)],
                [f"{900 + 37 * n % 211} ₽" for n in range(14)],
            ),
            Series(
                "Без карты",
                [Decimal(500 + 53 * n % 307) for n in range(14)],
                [f"{500 + 53 * n % 307} ₽" for n in range(14)],
            ),
        ],
    )


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "styleguide.html",
        {
            "form": Example(),
            "wrong": Example({"name": "", "kind": "z"}),
            "charts": [chart("stacked", "chart-a"), chart("line", "chart-b")],
            "rows": [
                SimpleNamespace(
                    name="Анна Петрова", phone="+79161234567", points=Decimal(125), spent=Decimal("12500.50")
                ),
                SimpleNamespace(
                    name="Очень Длинное-Имя Константинопольская", phone="", points=Decimal(-3), spent=Decimal(0)
                ),
            ],
        },
    )
