"""Bind a plastic card to the client who stands there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cashier.page import saying
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import BindForm
from cashier.page.panel import panel_of
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.who import account_of, named_by, proves
from loyalty import binding
from loyalty.refusals import Refused


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def bind(request: HttpRequest, post: Post, word: str) -> HttpResponse:
    """Sent twice it is bound once: a card that is the client's already is as good as bound."""
    client = named_by(word, post)
    if client is None:
        return see("till")
    form = BindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            saying.refuse_guessing(post)
            by = f"{post.caller} {post.cashier.name}"
            account = account_of(client, post)
            proven = proves(client, account, post)
            binding.bind(account=account, number=form.cleaned_data["q"], now=post.now, by=by, proven=proven)
        except MustWaitError as error:
            wait = -(-error.seconds // 60)
            form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": wait})
        except Refused as refused:
            saying.count_guess(post, refused)
            form.add_error("q", saying.sentence_of(refused, post))
        else:
            return see("till_sale", word, query="?bound=1")
    return page(request, post, "card", {"form": form, "panel": panel_of(client, post), "word": word})
