from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import override

from campaigns.actions.base import Action, Chunk
from campaigns.actions.codes import codes_given
from campaigns.messages.queueing import Receiver, queue
from campaigns.models import MessageTemplate
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop
from loyalty.promo.shown import code_shown, worth
from loyalty.templatetags.kopilka import through
from loyalty.wording import words_of

_ = gettext_noop

# A reminder that could not be sent for so long is none any more.
GOOD_FOR: Final = dt.timedelta(days=2)


class SendMessage(Action, frozen=True, kw_only=True, tag="message"):
    """A message by one of the templates. Who has not agreed to it, or has had enough of them, gets none: the campaign
    goes on for him without it."""

    title = _("Send a message")
    hint = _("By e-mail, SMS, Telegram or push: as the template says, and the client allows.")
    says = _("send the message %(template)s")

    template: Annotated[int, field("count", _("Template"))] = 0

    def give(self, chunk: Chunk) -> None:
        rows = MessageTemplate.objects.filter(program_id=chunk.program_id, merchant=chunk.merchant, removed_at=None)
        template = rows.filter(pk=self.template).first()
        if template is None:
            return
        source = chunk.actor
        details = _details(chunk) if chunk.step else {}
        receivers = [
            Receiver(one.account, f"{source}:{one.turn}:{chunk.step}", details.get(one.turn, {})) for one in chunk.turns
        ]
        queue(
            merchant=chunk.merchant,
            template=template,
            receivers=receivers,
            source=source,
            now=chunk.now,
            expires_at=chunk.now + GOOD_FOR,
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.template:
            yield "template", _("Choose a template.")


def _details(chunk: Chunk) -> dict[int, dict[str, str]]:
    """The promo code that a step before has given, what it is good for and until when."""
    given = codes_given(chunk.program_id, chunk.campaign, chunk.turns, chunk.step)
    if not given:
        return {}
    words = words_of(chunk.program_id)
    program = chunk.merchant.program
    with override(program.language), timezone.override(ZoneInfo(program.time_zone)):
        return {
            turn: {
                "code": code_shown(code.batch, code.code),
                "gift": worth(code.batch, words),
                "date": through(code.ends_at),
            }
            for turn, code in given.items()
        }
