from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Final

from campaigns.actions.base import Action, Chunk
from campaigns.messages.queueing import Receiver, queue
from campaigns.models import MessageTemplate
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop

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
        receivers = [Receiver(account=one.account, occasion=f"{source}:{one.turn}:{chunk.step}") for one in chunk.turns]
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
