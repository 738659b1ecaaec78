"""Templates of messages: made, changed, removed, and looked at before anybody gets them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.conf import settings as installation
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.messages import language, lengths, variables
from campaigns.messages.language import Given, TextError
from campaigns.messages.lengths import Length
from campaigns.messages.variables import BY_KEY, NAMES
from campaigns.messages.writing import Letter, lacking, parsed, write
from campaigns.models import Channel, MessageSettings, MessageTemplate
from clients.models import Client
from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Merchant

Purpose = MessageTemplate.Purpose
MOST: Final = 200


class Content(Struct, frozen=True, kw_only=True):
    """What a template says. `texts` are those of its channels, which are in the order of trying."""

    name: str
    purpose: str
    channels: tuple[str, ...]
    subject: str = ""
    texts: Mapping[str, str]


class NameTakenError(Exception):
    """Another template of the merchant is called so."""


class TooManyError(Exception):
    """So many templates are kept already."""


class Preview(Struct, frozen=True):
    """A text as a client would get it. `missing` are variables without a value; `length` and `cost` are an SMS's."""

    channel: str
    subject: str
    text: str
    missing: tuple[str, ...] = ()
    error: str = ""
    length: Length | None = None
    cost: Decimal = Decimal(0)


def of(merchant: Merchant) -> QuerySet[MessageTemplate]:
    rows = MessageTemplate.objects.filter(program_id=merchant.program_id, merchant=merchant)
    return rows.filter(is_copy=False, removed_at=None).order_by("name", "pk")


def faults(content: Content) -> dict[str, str]:
    """What is wrong with the texts, by field: `subject`, or a channel."""
    found: dict[str, str] = {}
    for field, text in (("subject", content.subject), *content.texts.items()):
        try:
            language.parse(text, NAMES)
        except TextError as error:
            found[field] = str(error)
    if Channel.EMAIL in content.channels and not content.subject.strip():
        found.setdefault("subject", _("A letter needs a subject."))
    for channel in content.channels:
        if not content.texts.get(channel, "").strip():
            found.setdefault(channel, _("Write the text of this channel, or leave the channel out."))
    return found


@transaction.atomic
def make(*, merchant: Merchant, content: Content, now: dt.datetime, by: Actor) -> MessageTemplate:
    """NameTakenError, TooManyError. The texts are checked by `faults` before."""
    require(by, Action.RUN_CAMPAIGNS, merchant=merchant)
    if of(merchant).count() >= MOST:
        raise TooManyError
    template = MessageTemplate(program_id=same_tenant(merchant), merchant=merchant, created_at=now)
    _save(template, content, now)
    _record(template, "message_template.made", now, by)
    return template


@transaction.atomic
def change(*, template: MessageTemplate, content: Content, now: dt.datetime, by: Actor) -> MessageTemplate:
    """Messages that wait are written with the new texts; mailings keep theirs. NameTakenError."""
    require(by, Action.RUN_CAMPAIGNS, merchant=template.merchant)
    _save(template, content, now)
    _record(template, "message_template.changed", now, by)
    return template


@transaction.atomic
def remove(*, template: MessageTemplate, now: dt.datetime, by: Actor) -> None:
    """It can't be chosen any more; what was asked for with it still goes."""
    require(by, Action.RUN_CAMPAIGNS, merchant=template.merchant)
    template.removed_at = now
    template.save(update_fields=["removed_at"])
    _record(template, "message_template.removed", now, by)


def preview(
    content: Content, *, client: Client | None, merchant: Merchant, settings: MessageSettings, now: dt.datetime
) -> list[Preview]:
    """Each channel's text for a client, or for a made-up one; what comes with an occasion is made up, too."""
    values: dict[str, Given] = variables.samples()
    if client is None:
        own = (one for one in variables.VARIABLES if not one.of_details)
        values |= {one.key: Given(one.sample, Decimal(one.sample) if one.is_number else None) for one in own}
        values["shop"] = Given(merchant.name)
    else:
        needed = {one.key for one in variables.VARIABLES}
        values |= variables.values_of([client], merchant, needed, now)[client.account_id]
        values["card"] = _card()
    return [_preview(content, channel, values, merchant, settings) for channel in content.channels]


def of_occasions(template: MessageTemplate, spoken: str) -> list[str]:
    """What the template says that only a campaign knows, as its writers call it: by hand nobody would get it."""
    own = {one.key: Given(one.sample) for one in variables.VARIABLES if not one.of_details}
    tree = parsed(template)
    found: set[str] = set()
    for channel in template.channels:
        found |= lacking(tree, channel, own)
    return sorted(BY_KEY[key].russian if spoken == "ru" else key for key in found)


def price_of(settings: MessageSettings) -> Decimal:
    """Of one part of an SMS: the shop's own, or the installation's."""
    return settings.sms_price if settings.sms_price is not None else installation.SMS_PRICE


def sms_cost(template: MessageTemplate, merchant: Merchant, settings: MessageSettings, now: dt.datetime) -> Decimal:
    """What one text message of a template costs, for a made-up client."""
    content = content_of(template)
    for one in preview(content, client=None, merchant=merchant, settings=settings, now=now):
        if one.channel == Channel.SMS:
            return one.cost
    return Decimal(0)


def letter_to_oneself(
    template: MessageTemplate,
    *,
    client: Client,
    channel: str,
    address: str,
    merchant: Merchant,
    settings: MessageSettings,
    now: dt.datetime,
) -> Letter:
    """What `client` would get, for somebody of the team: with what comes with an occasion made up, and without his
    secrets: neither the link to his card, nor the one that unsubscribes him."""
    own = variables.values_of([client], merchant, {one.key for one in variables.VARIABLES}, now)
    return write(
        parsed(template),
        client=client,
        merchant=merchant,
        settings=settings,
        channel=channel,
        address=address,
        browsers=(),
        values={**variables.samples(), **own[client.account_id], "card": _card()},
        source="test",
        key=uuid.uuid4(),
        is_trial=True,
    )


def _card() -> Given:
    return Given(BY_KEY["card"].sample)


def content_of(template: MessageTemplate) -> Content:
    return Content(
        name=template.name,
        purpose=template.purpose,
        channels=tuple(template.channels),
        subject=template.subject,
        texts=template.texts,
    )


def _preview(
    content: Content, channel: str, values: Mapping[str, Given], merchant: Merchant, settings: MessageSettings
) -> Preview:
    spoken = merchant.program.language
    try:
        nodes = language.parse(content.texts.get(channel, ""), NAMES)
        subject = language.parse(content.subject, NAMES) if channel in (Channel.EMAIL, Channel.PUSH) else ()
    except TextError as error:
        return Preview(channel, "", "", error=str(error))
    text = language.written(nodes, values, spoken).strip()
    empty = language.missing(nodes, values) | language.missing(subject, values)
    missing = tuple(BY_KEY[key].russian if spoken == "ru" else key for key in sorted(empty))
    head = language.written(subject, values, spoken)
    if channel != Channel.SMS:
        return Preview(channel, head, text, missing)
    length = lengths.length_of(text)
    return Preview(channel, "", text, missing, length=length, cost=length.cost(price_of(settings)))


def _save(template: MessageTemplate, content: Content, now: dt.datetime) -> None:
    template.name, template.purpose = content.name[:80], content.purpose
    template.channels, template.subject = list(content.channels), content.subject
    template.texts, template.changed_at = dict(content.texts), now
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        raise NameTakenError from None


def _record(template: MessageTemplate, action: str, now: dt.datetime, by: Actor) -> None:
    audit.record(
        program_id=template.program_id,
        action=action,
        at=now,
        by=by,
        subject=template,
        details={"merchant": template.merchant_id, "purpose": template.purpose},
    )


def ready() -> Sequence[Content]:
    """Templates to begin with, in Russian: shops change them to their own words."""
    return READY


READY: Final[Sequence[Content]] = (
    Content(
        name="Новинка",
        purpose=Purpose.ADVERTISING,
        channels=("push", "telegram", "email"),
        subject="{если имя}{имя}, у нас новинка{иначе}У нас новинка{конец}",
        texts={
            "push": "Попробуйте первым. На карте {баллы|балл|балла|баллов}.",
            "telegram": "{если имя}{имя}, у{иначе}У{конец} нас новинка! На вашей карте {баллы|балл|балла|баллов}.",
            "email": "{если имя}Здравствуйте, {имя}!{иначе}Здравствуйте!{конец}\n\nУ нас новинка: приходите "
            "попробовать.\n{если баллы > 0}\nНа вашей карте {баллы|балл|балла|баллов}: ими можно "
            "оплатить часть покупки.{конец}"
            "\n\nВаша карта: {карта}",
        },
    ),
    Content(
        name="Давно не виделись",
        purpose=Purpose.ADVERTISING,
        channels=("push", "telegram", "email", "sms"),
        subject="Мы скучаем{если имя}, {имя}{конец}",
        texts={
            "push": "Заходите: на карте {баллы|балл|балла|баллов}.",
            "telegram": "{если имя}{имя}, д{иначе}Д{конец}авно вас не видели! {если баллы > 0}На карте "
            "{баллы|балл|балла|баллов}.{конец}",
            "email": "{если имя}Здравствуйте, {имя}!{иначе}Здравствуйте!{конец}\n\nДавно вас не видели и будем рады "
            "встретить снова.{если баллы > 0} На вашей карте {баллы|балл|балла|баллов}.{конец}\n\nВаша карта: {карта}",
            "sms": "{магазин}: давно не виделись! {если баллы > 0}У вас {баллы|балл|балла|баллов}.{конец}",
        },
    ),
    Content(
        name="Подарок ко дню рождения",
        purpose=Purpose.ADVERTISING,
        channels=("push", "telegram", "email", "sms"),
        subject="С днём рождения{если имя}, {имя}{конец}!",
        texts={
            "push": "Дарим {начислено|балл|балла|баллов}.",
            "telegram": "С днём рождения{если имя}, {имя}{конец}! Дарим {начислено|балл|балла|баллов}.",
            "email": "{если имя}{имя}, п{иначе}П{конец}оздравляем с днём рождения!\n\nДарим вам "
            "{начислено|балл|балла|баллов}: они уже на карте.\n\nВаша карта: {карта}",
            "sms": "{магазин} поздравляет с днём рождения и дарит {начислено|балл|балла|баллов}!",
        },
    ),
    Content(
        name="Баллы скоро сгорят",
        purpose=Purpose.SERVICE,
        channels=("push", "telegram", "email"),
        subject="Скоро сгорят {сгорает|балл|балла|баллов}",
        texts={
            "push": "{сгорает|балл|балла|баллов} сгорят: {дата}.",
            "telegram": "Напоминаем: {сгорает|балл|балла|баллов} сгорят {дата}. Успейте потратить.",
            "email": "{если имя}Здравствуйте, {имя}!{иначе}Здравствуйте!{конец}\n\nНапоминаем: "
            "{сгорает|балл|балла|баллов} сгорят {дата}. Всего на карте {баллы|балл|балла|баллов}."
            "\n\nВаша карта: {карта}",
        },
    ),
)
