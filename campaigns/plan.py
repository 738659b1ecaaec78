"""What a campaign is: when, for whom, what, within which limits. Kept as JSON in `Campaign.plan`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from django.utils.translation import gettext
from msgspec import Meta, Struct

from campaigns.actions import AnyAction
from campaigns.actions.base import Action, Cost
from campaigns.triggers import AnyTrigger
from campaigns.triggers.base import Trigger
from campaigns.triggers.calendar import Birthday
from loyalty.engine.fields import field
from loyalty.engine.quantities import ZERO, unit
from loyalty.engine.words import gettext_noop

_ = gettext_noop

MOST_STEPS: Final = 5
MOST_HELD_OUT: Final = Decimal(50)
Count = Annotated[int, Meta(ge=1, le=100_000_000)]
Several = Annotated[int, Meta(ge=1, le=366)]


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after_days` are counted from the step before; the first is done at once."""

    do: AnyAction
    after_days: Annotated[Annotated[int, Meta(ge=0, le=365)], field("days", _("Days after the step before"))] = 0
    unless_bought: Annotated[bool, field("yes", _("Only if nothing was bought since the first step"))] = False

    @property
    def action(self) -> Action:
        return self.do


class Timing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In the programme's time zone."""

    hour: Annotated[
        dt.time, field("time", _("Acts at"), _("What goes by days comes at this time of the shop’s time zone."))
    ] = dt.time(10)
    quiet_from: Annotated[
        dt.time | None, field("time", _("Nothing after"), _("What falls into these hours waits."))
    ] = dt.time(21)
    quiet_to: Annotated[dt.time | None, field("time", _("And before"))] = dt.time(9)
    ends: Annotated[dt.date | None, field("date", _("Last day"), _("Empty: until you stop it."))] = None
    late_days: Annotated[
        Annotated[int, Meta(ge=0, le=30)],
        field("days", _("Catches up for so many days"), _("After a pause; what is older is left out.")),
    ] = 3

    def is_quiet(self, at: dt.time) -> bool:
        low, high = self.quiet_from, self.quiet_to
        if low is None or high is None or low == high:
            return False
        return low <= at or at < high if low > high else low <= at < high


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    once: Annotated[bool, field("yes", _("A client gets it once in all"))] = False
    per_year: Annotated[Several | None, field("count", _("Times a year for a client, at most"))] = None
    cooldown_days: Annotated[Several | None, field("days", _("Not more often than once in so many days"))] = None
    clients: Annotated[Count | None, field("count", _("Budget: clients"))] = None
    points: Annotated[Decimal | None, field("points", _("Budget: points"))] = None
    money: Annotated[Decimal | None, field("money", _("Budget: money of certificates and promo codes"))] = None
    goal: Annotated[
        Count | None, field("count", _("Stop after so many purchases"), _("Of the clients treated, after their turn."))
    ] = None
    per_hour: Annotated[Count | None, field("count", _("Clients an hour, at most"))] = None


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Beside other campaigns."""

    priority: Annotated[
        Annotated[int, Meta(ge=1, le=9)],
        field("count", _("Priority"), _("From 1 to 9: of two for one client on a day the higher comes first.")),
    ] = 5
    when_busy: Annotated[
        Literal["wait", "skip"],
        field(
            "choice",
            _("If the client has had enough that day"),
            choices=(("wait", _("wait for the next day")), ("skip", _("leave him out"))),
        ),
    ] = "wait"
    holdout: Annotated[
        Decimal,
        field(
            "percent",
            _("Held out for comparison, share of clients in %"),
            _("They get nothing, and show what would have happened without the campaign. Ten percent is usual."),
        ),
    ] = ZERO


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    trigger: AnyTrigger = Birthday()
    steps: tuple[Step, ...] = ()
    timing: Timing = Timing()
    limits: Limits = Limits()
    order: Order = Order()

    @property
    def when(self) -> Trigger:
        return self.trigger

    @property
    def cost(self) -> Cost:
        """Of all steps, for one client."""
        costs = [step.action.cost for step in self.steps]
        return Cost(sum((one.points for one in costs), ZERO), sum((one.money for one in costs), ZERO))


def read(stored: Any) -> Plan:
    """msgspec.ValidationError for what is no plan."""
    return msgspec.convert(stored or {}, Plan, strict=False)


def stored(plan: Plan) -> dict[str, Any]:
    """As JSON keeps it; sums are texts."""
    return cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(plan)))


def faults(plan: Plan, *, precision: int = 2) -> Iterator[tuple[str, str, str]]:
    """Where (`trigger`, `step-0`, `limits`, `timing`), which field, and a sentence in the active language."""
    for name, sentence in plan.when.faults():
        yield "trigger", name, gettext(sentence)
    if not plan.steps:
        yield "steps", "", gettext("Say what the campaign does: add a step.")
    for number, step in enumerate(plan.steps):
        for name, sentence in step.action.faults():
            yield f"step-{number}", name, gettext(sentence)
        if step.action.cost.points % unit(precision):
            yield f"step-{number}", "points", gettext("The programme does not count points so finely.")
    if plan.steps and plan.steps[0].after_days:
        yield "step-0", "after_days", gettext("The first step comes at once.")
    if not ZERO <= plan.order.holdout <= MOST_HELD_OUT:
        yield "order", "holdout", gettext("From 0 to 50, please.")
    if (plan.timing.quiet_from is None) != (plan.timing.quiet_to is None):
        yield "timing", "quiet_to", gettext("Say both hours, or neither.")
    elif plan.when.daily and plan.timing.is_quiet(plan.timing.hour):
        yield "timing", "hour", gettext("That is in the quiet hours.")
