"""What somebody sees of his own login: where he is logged in, and that a shop asks for a second factor."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from merchants import sessions
from merchants.doors import workplace_of
from merchants.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is logged in; ends one of the others, or all of them."""
    user = cast("User", request.user)
    current = request.session.session_key
    if request.method == "POST":
        asked = request.POST.get("session", "")
        if asked == "others":
            ended = sessions.end_all(user, but=current)
            said = ngettext("%(n)s other login is ended.", "%(n)s other logins are ended.", ended)
            messages.success(request, said % {"n": ended})
        elif asked.isascii() and asked.isdigit() and len(asked) < 19 and sessions.end(user, session_id=int(asked)):
            messages.success(request, _("This login is ended."))
        else:
            messages.warning(request, _("This login is not there any more."))
        return redirect("sessions")
    found = sessions.of(user, current=current)
    return render(request, "account/sessions.html", {"sessions": found, "others": len(found) > 1})


@never_cache
@login_required
@require_safe
def second_factor_asked(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Instead of the pages of a shop that asks for a second factor, where there is none."""
    place = workplace_of(cast("User", request.user), merchant_id)
    if not place.lacks_second_factor:
        return redirect("home")
    return render(request, "account/second_factor_asked.html", {"merchant": place.merchant})
