"""Plastic cards at the till: bind one to the client who stands there, or take back one that was sold."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cashier.page import saying
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import BindForm, CardBackForm
from cashier.page.panel import panel_of
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.who import Named, account_of, named_by, proves
from loyalty import binding, giving_cards
from loyalty.giving_cards import GiveAt
from loyalty.models import Card
from loyalty.refusals import Refused


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def bind(request: HttpRequest, post: Post, word: str) -> HttpResponse:
    """Sent twice it is bound once: a card that is the client's already is as good as bound."""
    client = named_by(word, post)
    if client is None:
        return see("till")
    back = CardBackForm(request.POST) if "back" in request.POST else None
    form = BindForm(request.POST if request.method == "POST" and back is None else None)
    problem = ""
    if back is not None:
        problem = _take_back(client, back, post)
        if not problem:
            return see("till_sale", word, query="?card_back=1")
    elif form.is_valid():
        try:
            saying.refuse_guessing(post)
            by = f"{post.caller} {post.cashier.name}"
            account = account_of(client, post)
            proven = proves(client, account, post)
            at = GiveAt(post.caller, post.cashier.name, form.cleaned_data["price"])
            number = form.cleaned_data["q"]
            binding.bind(account=account, number=number, now=post.now, by=by, proven=proven, gift=at)
        except MustWaitError as error:
            wait = -(-error.seconds // 60)
            form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": wait})
        except Refused as refused:
            saying.count_guess(post, refused)
            form.add_error("q", saying.sentence_of(refused, post))
        else:
            return see("till_sale", word, query="?bound=1")
    account = account_of(client, post)
    terms = giving_cards.terms(post.caller.program_id)
    context = {
        "form": form,
        "problem": problem,
        "panel": panel_of(client, post),
        "word": word,
        "card_terms": terms,
        "price": f"{terms.price:f}",
        "sold": giving_cards.sold_to(account=account, merchant_id=post.caller.merchant_id),
    }
    return page(request, post, "card", context)


def _take_back(client: Named, form: CardBackForm, post: Post) -> str:
    """The sentence where the card does not come back. Sent twice it has come back once."""
    if not form.is_valid():
        return saying.sentence_of(Refused("card_not_sold"), post)
    account = account_of(client, post)
    card = Card.objects.filter(program_id=post.caller.program_id, account=account, pk=form.cleaned_data["back"]).first()
    number = card.number if card is not None else ""
    try:
        at = GiveAt(post.caller, post.cashier.name)
        by = f"{post.caller} {post.cashier.name}"
        binding.take_back(account=account, number=number, at=at, now=post.now, by=by)
    except Refused as refused:
        return saying.sentence_of(refused, post)
    return ""
