"""Taking an import back, a thousand lines at a time, each chunk a transaction that moves the mark.

What nobody has had to do with since is undone: new clients are removed, and their accounts stay as nobody's, with a
counter-entry that names the opening; known clients get back what they had. The others are left as they are and listed:
`moved` (sales, points, certificates), `merged`, `referees` (somebody else was invited by them), `edited`.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from clients.imports import staging
from clients.imports.applying import CHUNK, source_of
from clients.imports.keeper import Keeper
from clients.imports.staging import Span
from clients.models import Client, ClientImport, Consent
from loyalty import ledger, openings

LEFT: Final[dict[str, Promise]] = {
    "moved": _("has bought something or got points since"),
    "merged": _("was merged with another client"),
    "referees": _("has invited others since"),
    "edited": _("was changed by hand since"),
}


def take_back(one: ClientImport, keeper: Keeper) -> None:
    with override(one.program.language):
        reason = gettext("Import taken back: %(file)s") % {"file": one.file_name}
    with transaction.atomic():
        staging.run(staging.sql_of("links"), Span.of(one))
    while one.mark < one.lines:
        span = Span.of(one, one.mark + 1, min(one.mark + CHUNK, one.lines))
        with transaction.atomic():
            keeper.move(span.last)
            _span(one, span, reason, keeper.clock())


def _span(one: ClientImport, span: Span, reason: str, now: dt.datetime) -> None:
    accounts = [
        account
        for (account,) in staging.read(
            "SELECT a.id FROM clients_clientimportline l"
            "  JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account"
            " WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome IN ('fresh', 'change')",
            span,
        )
    ]
    if not accounts:
        return
    ledger.lock_all(program_id=one.program_id, accounts=accounts)
    facts = {"mark": openings.mark_of(one.pk), "source": source_of(one)}
    gone = [account for (account,) in staging.read(staging.sql_of("untouched"), span, **facts)]
    if gone:
        people = Client.objects.filter(program_id=one.program_id, account__in=gone)
        Consent.objects.filter(program_id=one.program_id, client__in=people).delete()
        people.delete()
        openings.close_all(program_id=one.program_id, accounts=gone, actor=source_of(one), reason=reason, now=now)
    staging.run(staging.sql_of("restore"), span, now=now, source=source_of(one), undone=f"{source_of(one)} undo")
    for line, account, entry in staging.read(
        "SELECT l.id, l.account, l.entry FROM clients_clientimportline l"
        " WHERE l.id BETWEEN %(first)s AND %(last)s AND l.entry IS NOT NULL ORDER BY l.account",
        span,
    ):
        if not openings.take_back(
            program_id=one.program_id,
            account_id=account,
            entry_id=entry,
            merchant_id=one.merchant_id,
            actor=source_of(one),
            reason=reason,
            now=now,
        ):
            staging.run("UPDATE clients_clientimportline SET \"left\" = 'moved' WHERE id = %(line)s", line=line)
