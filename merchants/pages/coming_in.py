"""Where to go after the login, and how to join a team."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from merchants import invitations
from merchants.access import every_tenant, tenant
from merchants.doors import Workplace
from merchants.forms import SignUpForm
from merchants.keys import digest_of, program_of
from merchants.models import Invitation, Member, User
from merchants.navigation import entries


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first page that the role may open; with several shops, or `?choose`, a list to choose from."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.path)
    # A person's memberships are in any number of programmes.
    with every_tenant():
        memberships = list(Member.objects.active().of(request.user).order_by("merchant__name", "pk"))
    if not memberships and request.user.is_staff:
        return redirect("admin:index")
    doors = [(member, first_page(member)) for member in memberships]
    if len(doors) == 1 and doors[0][1] and "choose" not in request.GET:
        return redirect(doors[0][1])
    return render(request, "merchants/home.html", {"doors": doors, "start": reverse("start")})


def first_page(member: Member) -> str:
    """Where the member's work begins; empty where his role may open nothing."""
    place = Workplace(member.user, member, member.merchant, member.program, None)
    found = entries(place, current="")
    return found[0].url if found else ""


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation: join with the account one has, or make one."""
    program_id = program_of(token, "in")
    if program_id is None:
        return over(request)
    with tenant(program_id):
        found = Invitation.objects.open(timezone.now()).by_digest(digest_of(token))
        return over(request) if found is None else welcome(request, found)


def over(request: HttpRequest) -> HttpResponse:
    return render(request, "merchants/invitation_over.html", status=404)


def welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if isinstance(request.user, User):
        return join(request, invitation, request.user)
    if User.objects.filter(email=invitation.email.lower()).exists():
        return render(request, "merchants/invitation_log_in.html", {"invitation": invitation})
    return sign_up(request, invitation)


def join(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if user.email != invitation.email.lower():
        return render(request, "merchants/invitation_other.html", {"invitation": invitation}, status=403)
    if request.method == "POST":
        try:
            member = invitations.accept(invitation=invitation, user=user, now=timezone.now())
        except ValidationError:  # somebody was faster: the same person in another window
            return over(request)
        return redirect(first_page(member) or "home")
    return render(request, "merchants/invitation_join.html", {"invitation": invitation})


def sign_up(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            member = invitations.sign_up(
                invitation=invitation,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error("password", error)
        else:
            login(request, member.user)
            return redirect(first_page(member) or "home")
    return render(request, "merchants/invitation_sign_up.html", {"invitation": invitation, "form": form})
