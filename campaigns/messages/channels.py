"""A written message is handed to its gateway. Nothing here touches the database: it runs in several threads at once."""

from __future__ import annotations

import smtplib
import threading
from email.utils import formataddr, parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from campaigns.messages.writing import Letter
from campaigns.models import Channel
from clients import card_links
from merchants import sms
from merchants.gateways import push, telegram
from merchants.gateways.answers import (
    AnswerLost,
    GatewayError,
    Handed,
    NobodyThere,
    NotNow,
    Refused,
    Trouble,
)
from merchants.messages import one_line

logger = structlog.get_logger(__name__)

EMAIL: Final = "email"
_own = threading.local()


def gateway_of(channel: str) -> str:
    """The name by which the gateway is kept beside a message."""
    match channel:
        case Channel.SMS:
            return sms.gateway().name
        case Channel.TELEGRAM:
            return telegram.NAME
        case Channel.PUSH:
            return push.NAME
    return EMAIL


def deliver(letter: Letter) -> Handed:
    """GatewayError; whatever else goes wrong is ours, and like an answer that was lost."""
    match letter.channel:
        case Channel.EMAIL:
            return _email(letter)
        case Channel.SMS:
            sender = letter.sender or settings.SMS_SENDER
            taken = sms.gateway().send(letter.address, letter.text, key=letter.key, sender=sender, again=letter.again)
            return taken or Handed()
        case Channel.TELEGRAM:
            return telegram.send(int(letter.address), letter.text)
    return _push(letter)


def attempt(letter: Letter) -> Handed | GatewayError:
    """The same, with what went wrong as the answer."""
    try:
        return deliver(letter)
    except GatewayError as error:
        return error
    except Exception as error:  # noqa: BLE001  # a gateway's adapter of somebody's own, or a mistake of ours
        # Its words may quote a phone.
        logger.error("message_failed", channel=letter.channel, error=type(error).__name__)  # noqa: TRY400
        return AnswerLost()


def message_id(letter: Letter) -> str:
    """The same letter sent twice has the same id: mailboxes show it once."""
    return f"{letter.key}@{urlsplit(card_links.site()).hostname or 'localhost'}"


def _email(letter: Letter) -> Handed:
    connection = _connection()
    headers = {"Message-ID": f"<{message_id(letter)}>", "Auto-Submitted": "auto-generated"}
    if letter.off:
        headers |= {"List-Unsubscribe": f"<{letter.off}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=formataddr((one_line(letter.sender), address)),
        to=[letter.address],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers,
        connection=connection,
    )
    mail.attach_alternative(letter.html, "text/html")
    try:
        connection.send_messages([mail])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        close()
        raise _of_mail(error) from error
    return Handed(message_id(letter))


def _connection() -> Any:
    """Each thread keeps one open for the letters that follow."""
    connection = getattr(_own, "mail", None)
    if connection is None:
        connection = get_connection()
        try:
            connection.open()
        except smtplib.SMTPAuthenticationError as error:
            raise Trouble("wrong_key") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Trouble("unreachable") from error
        _own.mail = connection
    return connection


def close() -> None:
    """Of this thread."""
    connection, _own.mail = getattr(_own, "mail", None), None
    if connection is not None:
        try:
            connection.close()
        except (smtplib.SMTPException, OSError):
            return


def _of_mail(error: Exception) -> GatewayError:
    match error:
        case smtplib.SMTPRecipientsRefused():
            answers = list(error.recipients.values())
            if any(code < 500 for code, _said in answers):
                return NotNow()
            # 5.2 is a full mailbox, 5.7 a rule against us (RFC 3463): somebody is there.
            is_rule = any(said.lstrip().startswith((b"5.2.", b"5.7.")) for _code, said in answers)
            return Refused("rejected") if is_rule else NobodyThere("bad_address")
        case smtplib.SMTPSenderRefused():  # no letter of ours is taken: none of them is to blame
            return Trouble("rejected")
        case smtplib.SMTPDataError():
            return Refused("rejected") if int(error.smtp_code) >= 500 else NotNow()
        case smtplib.SMTPResponseException():
            return NotNow()
        case ValueError():  # a line break in a header, an address that is none
            return Refused("bad_address")
    return AnswerLost()


def _push(letter: Letter) -> Handed:
    """To each browser of the client's: one that takes it is enough. Those that have unsubscribed are told of."""
    failed: GatewayError = NobodyThere("unsubscribed")
    taken, gone = False, []
    for browser in letter.browsers:
        try:
            push.send(browser, title=letter.subject, text=letter.text, link=letter.link, tag=str(letter.key))
        except Trouble as error:  # of the service that this browser names: others have others
            failed = NotNow(error.why)
        except NobodyThere:
            gone.append(browser.endpoint)
        except GatewayError as error:
            failed = error
        else:
            taken = True
    if taken:
        return Handed(gone=tuple(gone))
    failed.gone = tuple(gone)
    raise failed
