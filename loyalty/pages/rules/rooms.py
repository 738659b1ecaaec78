"""What the pages of the rules read: the version in force, the draft beside it, and a receipt of the shop's size."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property

from django.db.models import Avg
from django.utils import timezone

from loyalty import drafts, programs
from loyalty.engine.rulebook import Rulebook
from loyalty.models import ProgramDraft, ProgramVersion, Sale
from loyalty.samples import usual
from loyalty.sentences import Change, Chapter, changes, told
from loyalty.wording import Words, words_on_page
from merchants.doors import Workplace
from merchants.models import Outlet, Program

RECENT = 200
# What is in force where nothing was published yet.
NOTHING = Rulebook()


class Rules:
    """The rules of a workplace's programme. Each part is asked of the database once, when it is first needed."""

    def __init__(self, place: Workplace) -> None:
        self.program: Program = place.program
        self.words: Words = words_on_page(place.program.pk)
        self.live: ProgramVersion | None = (
            ProgramVersion.objects.started(self.program.pk, timezone.now())
            .select_related("published_by")
            .defer("document")
            .first()
        )
        self.draft: ProgramDraft | None = (
            ProgramDraft.objects.filter(program=self.program).select_related("edited_by").first()
        )
        self.outlets: Mapping[str, str] = dict(Outlet.objects.filter(program=self.program).values_list("code", "name"))

    @cached_property
    def waits(self) -> ProgramVersion | None:
        """The version that is published and begins later."""
        return ProgramVersion.objects.scheduled(self.program.pk, timezone.now())

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft else 0

    @property
    def number(self) -> int:
        """Of the version in force; 0 before the first."""
        return self.live.number if self.live else 0

    @property
    def in_force(self) -> Rulebook:
        if self.live is None:
            return NOTHING
        return programs.rulebook_of(self.program.pk, self.live.number)

    @cached_property
    def drafted(self) -> Rulebook | None:
        """The draft, or the rules in force where there is none; None for a draft that can't be read."""
        if self.draft is not None:
            return drafts.rulebook_in(self.program, self.draft.document)
        return drafts.rulebook_in(self.program, drafts.document_of(self.in_force))

    def told(self, rulebook: Rulebook) -> tuple[Chapter, ...]:
        return told(rulebook, self.words, outlets=self.outlets)

    def changes(self, before: Rulebook, after: Rulebook) -> list[Change]:
        return changes(before, after, self.words, outlets=self.outlets)

    def waiting(self) -> list[Change] | None:
        """What the draft would change; None where there is no draft, or it can't be read."""
        drafted = self.drafted if self.draft is not None else None
        return None if drafted is None else self.changes(self.before(drafted), drafted)

    def before(self, drafted: Rulebook) -> Rulebook:
        """What a draft is compared with: before the first version, rules of the same programme that say nothing."""
        return self.in_force if self.live else Rulebook(program=drafted.program)

    @cached_property
    def purchase(self) -> Decimal:
        """A receipt of the shop's usual size, for examples: the average of the last ones, to a round number."""
        recent = Sale.objects.filter(program=self.program, status=Sale.Status.COMMITTED, total__gt=0).order_by("-pk")
        average: Decimal | None = recent[:RECENT].aggregate(average=Avg("total"))["average"]
        if average is None:
            return usual(self.program.currency)
        size = Decimal(10) ** (average.adjusted() - 1) if average >= 10 else Decimal(1)
        return max(size, (average / size).quantize(Decimal(1)) * size)
