"""The team: members, invitations, and cashiers with a PIN."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants import invitations, members, second_factor
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Cashier, Invitation, Member, Role
from merchants.pages.people import WHAT_ROLES_DO, InviteForm, ResetForm, RoleForm, roles_for
from merchants.pages.scope import reaches

OPEN = require_http_methods(["GET", "HEAD", "POST"])
ORDER = {str(role): position for position, role in enumerate(Role)}


@members_only(Action.MANAGE_TEAM)
@require_safe
def team(request: HttpRequest, place: Workplace) -> HttpResponse:
    people = Member.objects.filter(merchant=place.merchant, is_active=True).select_related("user")
    people = people.annotate(has_second_factor=second_factor.of_members())
    asked = Invitation.objects.open(timezone.now()).filter(merchant=place.merchant).select_related("invited_by")
    cashiers = Cashier.objects.filter(merchant=place.merchant).order_by("-is_active", "name")
    context = {
        "members": [
            (member, may_change(place, member))
            for member in sorted(
                people.prefetch_related("outlets"),
                key=lambda one: (ORDER[one.role], (one.user.name or one.user.email).lower()),
            )
        ],
        "invitations": [
            (invitation, may_change(place, invitation))
            for invitation in asked.order_by("email").prefetch_related("outlets")
        ],
        "cashiers": [(one, reaches(place, one.outlets.all())) for one in cashiers.prefetch_related("outlets")],
        "asked_of": second_factor.ASKED_OF[place.merchant.second_factor],
        "roles": [(role.label, words) for role, words in WHAT_ROLES_DO.items()],
    }
    return render(request, "team/list.html", context)


def may_change(place: Workplace, row: Member | Invitation) -> bool:
    """Nobody changes those above him, nor those who work where he does not."""
    return Role(row.role) in roles_for(place) and reaches(place, row.outlets.all())


@members_only(Action.MANAGE_TEAM)
@OPEN
def invite(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = InviteForm(request.POST or None, place=place, initial={"role": Role.OPERATOR})
    if form.is_valid():
        try:
            invitations.invite(
                merchant=place.merchant,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                outlets=form.cleaned_data["outlets"],
                site=request.build_absolute_uri("/"),
                by=place.user,
                now=timezone.now(),
                within=place.outlets,
            )
        except ValidationError as error:
            form.add_error("email", error)
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % form.cleaned_data)
            return redirect("team", place.merchant.pk)
    return render(request, "team/invite.html", {"form": form})


@members_only(Action.MANAGE_TEAM)
@require_POST
def invitation_again(request: HttpRequest, place: Workplace, invitation_id: int) -> HttpResponse:
    """A new letter with a new link; the old link stops working."""
    found = invitation_of(place, invitation_id)
    try:
        invitations.invite(
            merchant=place.merchant,
            email=found.email,
            role=Role(found.role),
            outlets=list(found.outlets.all()),
            site=request.build_absolute_uri("/"),
            by=place.user,
            now=timezone.now(),
            within=place.outlets,
        )
    except ValidationError as error:  # the person has joined meanwhile
        messages.error(request, error.messages[0])
        return redirect("team", place.merchant.pk)
    messages.success(request, _("A new letter is on its way to %(email)s; the old link works no more.") % vars(found))
    return redirect("team", place.merchant.pk)


@members_only(Action.MANAGE_TEAM)
@require_POST
def invitation_revoke(request: HttpRequest, place: Workplace, invitation_id: int) -> HttpResponse:
    found = invitation_of(place, invitation_id)
    invitations.revoke(invitation=found, by=place.user, now=timezone.now())
    messages.success(request, _("The invitation for %(email)s is taken back.") % vars(found))
    return redirect("team", place.merchant.pk)


def invitation_of(place: Workplace, invitation_id: int) -> Invitation:
    found = get_object_or_404(Invitation.objects.pending().filter(merchant=place.merchant), pk=invitation_id)
    found.merchant = place.merchant
    if not may_change(place, found):
        raise PermissionDenied("This invitation is somebody else’s.")
    return found


@members_only(Action.MANAGE_TEAM)
@OPEN
def member(request: HttpRequest, place: Workplace, member_id: int) -> HttpResponse:
    found = member_of(place, member_id)
    chosen = found.outlets.all()
    form = RoleForm(request.POST or None, place=place, chosen=chosen, initial={"role": found.role})
    if form.is_valid():
        try:
            members.change_role(
                member=found,
                role=Role(form.cleaned_data["role"]),
                outlets=form.cleaned_data["outlets"],
                by=place.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error("role", error)
        else:
            messages.success(request, _("Saved."))
            return redirect("home" if found.user_id == place.user.pk else reverse("team", args=[place.merchant.pk]))
    context = {
        "form": form,
        "member": found,
        "has_second_factor": second_factor.has_one(found.user),
        "may_reset": place.may(Action.GUARD_LOGIN) and second_factor.may_reset(member=found, by=place.user),
    }
    return render(request, "team/member.html", context)


@members_only(Action.GUARD_LOGIN)
@OPEN
def member_second_factor(request: HttpRequest, place: Workplace, member_id: int) -> HttpResponse:
    """Take the second factor of somebody who has lost it; he sets up a new one at his next login."""
    found = member_of(place, member_id)
    back = reverse("member", args=[place.merchant.pk, found.pk])
    who = found.user.name or found.user.email
    if not second_factor.may_reset(member=found, by=place.user):
        messages.error(request, _("Only the platform’s support can reset this person’s two-factor login."))
        return redirect(back)
    if not second_factor.has_one(place.user):
        messages.error(request, _("First set up the second factor of your own: see “Two-factor login”."))
        return redirect(back)
    form = ResetForm(request.POST or None)
    if form.is_valid():
        second_factor.reset(member=found, by=place.user, now=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Reset. %(who)s gets a letter, and logs in anew.") % {"who": who})
        return redirect(back)
    context = {
        "title": _("Reset the two-factor login of %(who)s?") % {"who": who},
        "sentence": _(
            "Make sure that it is really this person who asks: call him. The codes and the recovery codes stop "
            "working, and all logins end. The password stays."
        ),
        "form": form,
        "verb": _("Reset it"),
        "danger": True,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.MANAGE_TEAM)
@OPEN
def member_remove(request: HttpRequest, place: Workplace, member_id: int) -> HttpResponse:
    found = member_of(place, member_id)
    back = reverse("member", args=[place.merchant.pk, found.pk])
    who = found.user.name or found.user.email
    if request.method == "POST":
        try:
            members.deactivate(member=found, by=place.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect(back)
        messages.success(request, _("%(who)s is no longer in the team.") % {"who": who})
        return redirect("home" if found.user_id == place.user.pk else reverse("team", args=[place.merchant.pk]))
    context = {
        "title": _("Remove %(who)s from the team?") % {"who": who},
        "sentence": _("The access to the shop ends at once. What was done stays in the log, with the name."),
        "figures": [(_("Role"), found.get_role_display())],
        "verb": _("Remove"),
        "danger": True,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


def member_of(place: Workplace, member_id: int) -> Member:
    """Http404 for another merchant's, PermissionDenied for one whom this member may not change."""
    people = Member.objects.filter(merchant=place.merchant, is_active=True).select_related("user")
    found = get_object_or_404(people.prefetch_related("outlets"), pk=member_id)
    found.merchant = place.merchant
    if not may_change(place, found):
        raise PermissionDenied("This member is above, or works elsewhere.")
    return found
