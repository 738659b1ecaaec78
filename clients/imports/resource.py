"""New clients as a resource of django-import-export: row by row, each with the services that a page would use.

For a few rows, from code or a command. It shares every rule of a row with the path for big files (`widgets`,
`lines.judged`), and a test holds that both write the same. The package has no place for what a big file needs, and that
path has it for itself: rows beside the database in one statement, a mark that moves with each chunk, taking back, and a
dry run whose report does not hold every row in memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from import_export import fields, resources
from import_export.instance_loaders import BaseInstanceLoader

from clients.birthdays import fields_of
from clients.imports.applying import source_of
from clients.imports.choices import Choices, Rules
from clients.imports.columns import TITLES
from clients.imports.lines import CONSENTS, judged, tiers_of, widgets_for
from clients.imports.problems import Problem
from clients.models import Client, ClientImport, Consent
from loyalty import cards, openings
from loyalty.models import Account, BroughtAlong, Card, PlasticCard
from loyalty.sheets import BadCell


class CellField(fields.Field):  # type: ignore[misc]  # the package has no types
    """A field whose complaints are our sentences."""

    def clean(self, row: Mapping[str, Any], **kwargs: Any) -> Any:
        try:
            return super().clean(row, **kwargs)
        except BadCell as bad:
            raise ValueError(Problem(self.column_name, bad.code, value=bad.value, limit=bad.limit).why) from bad


class ClientResource(resources.Resource):  # type: ignore[misc]
    """A dataset's columns are called as in `columns.TITLES`. Who is known by his phone is left as he is; who invited
    whom is not looked at."""

    class Meta:
        import_id_fields = ()
        instance_loader_class = BaseInstanceLoader
        skip_diff = True

    def __init__(self, *, one: ClientImport, choices: Choices, rules: Rules) -> None:
        super().__init__()
        self.one, self.choices, self.rules = one, choices, rules
        self.fields = {
            column: CellField(attribute=column, column_name=column, widget=widget)
            for column, widget in widgets_for(rules, choices).items()
        }

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> None:
        del instance_loader, row

    def init_instance(self, row: Mapping[str, Any] | None = None) -> SimpleNamespace:
        del row
        return SimpleNamespace(**dict.fromkeys(TITLES))

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        del original, row, import_validation_errors
        known = Card.objects.filter(program_id=self.one.program_id, number=instance.phone)
        return instance.phone is not None and known.exists()

    def validate_instance(self, instance: Any, import_validation_errors: Any = None, **_kwargs: Any) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        in_parts = bool(instance.surname or instance.patronymic)
        if problems := judged(instance.__dict__, self.rules, in_parts=in_parts):
            raise ValidationError([problem.sentence for problem in problems])

    def do_instance_save(self, instance: Any, is_create: bool) -> None:  # the package's own
        del is_create
        now = self.rules.now
        account = self._account(instance, now)
        client = Client.objects.create(
            program_id=self.one.program_id,
            account=account,
            name=instance.name or "",
            phone=instance.phone,
            email=instance.email or "",
            **fields_of(instance.birthday),
            note=instance.note or "",
            created_at=account.created_at,
        )
        said = {column: getattr(instance, column) for column in CONSENTS if getattr(instance, column) is not None}
        if self.choices.all_consented:
            said.setdefault("processing", True)
        for column, given in said.items():
            Consent.objects.create(
                program_id=self.one.program_id,
                client=client,
                kind=CONSENTS[column],
                given=given,
                at=now,
                source=source_of(self.one),
            )

    def _account(self, instance: Any, now: dt.datetime) -> Account:
        calendar, until = self.rules.rulebook.calendar, self.choices.tier_until
        tier, manual = tiers_of(instance.__dict__, self.rules)
        visits, spent = instance.visits or 0, instance.spent or 0
        purchases = visits or int(spent > 0)
        joined = calendar.start_of(instance.joined) if instance.joined else now
        program_id = self.one.program_id
        account = Account.objects.create(
            program_id=program_id,
            merchant_id=self.one.merchant_id,
            tier=tier,
            manual_tier=manual,
            manual_tier_until=calendar.end_of(until) if manual and until else None,
            spent=spent,
            visits=visits,
            purchases=purchases,
            first_purchase_at=joined if purchases else None,
            inactive_at=self.rules.inactive_at(),
            **fields_of(instance.birthday),
            tags=list(instance.tags or ()),
            created_at=joined,
        )
        if purchases:
            BroughtAlong.objects.create(
                program_id=program_id,
                account=account,
                spent=spent,
                visits=visits,
                purchases=purchases,
                first_purchase_at=joined,
            )
        self._cards(instance, account, now)
        if instance.points:
            expires = calendar.end_of(instance.expires) if instance.expires else self.rules.expiry(self.choices)
            openings.add_opening(
                program_id=program_id,
                account_id=account.pk,
                merchant_id=self.one.merchant_id,
                points=instance.points,
                expires_at=expires,
                mark=openings.mark_of(self.one.pk),
                actor=source_of(self.one),
                now=now,
            )
        return account

    def _cards(self, instance: Any, account: Account, now: dt.datetime) -> None:
        numbers = {
            Card.Kind.PHONE: [instance.phone] if instance.phone else [],
            Card.Kind.PLASTIC: instance.card or (),
            Card.Kind.VIRTUAL: instance.virtual or (cards.new_number(),),
        }
        for kind, some in numbers.items():
            for number in some:
                waiting = PlasticCard.objects.waiting().filter(program_id=account.program_id, number=number)
                Card.objects.create(
                    program_id=account.program_id,
                    account=account,
                    kind=kind,
                    number=number,
                    batch_id=waiting.values_list("batch", flat=True).first(),
                    created_at=now,
                )
