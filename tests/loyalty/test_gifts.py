"""Points for gifts: what is taken, what is left, and what comes back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from clients.enrolment import enrol
from clients.history import history
from clients.personal.erasing import erase
from loyalty import accounts, cards, confirmation, housekeeping
from loyalty.audit import audit
from loyalty.merging import merge, unmerge
from loyalty.models import Account, Entry, Exchange, Lot, OneTimeCode, Reward
from loyalty.refusals import Refused
from loyalty.rewards import at_till, catalogue, codes, ending, exchanging, offering, pictures
from loyalty.rewards.catalogue import Picture, Terms
from loyalty.sales.request import Answer, Who
from loyalty.standing import standing
from loyalty.wording import words_of
from merchants.models import AuditRecord, OutboxMessage
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory, new_key

TIERS: dict[str, Any] = {
    **ONE_PER_ONE,
    "tiers": [{"id": "bronze", "title": "Бронза"}, {"id": "silver", "title": "Серебро", "spent": "1000"}],
}


def gift(story: TillStory, **said: Any) -> Reward:
    terms = Terms(**({"title": "Кофе в зёрнах", "price": D(200)} | said))
    return catalogue.add(merchant=story.shop.merchant, terms=terms, now=story.now, by=story.shop.owner)


def take(story: TillStory, reward: Reward, account: Account, **more: Any) -> Exchange:
    return exchanging.exchange(
        reward=reward, account=account, channel=Exchange.Channel.CARD, now=story.now, by="test", **more
    )


def why(story: TillStory, reward: Reward, account: Account) -> str:
    with pytest.raises(Refused) as refused:
        take(story, reward, account)
    return str(refused.value.facts.get("why", refused.value.code))


@pytest.fixture
def shop(db: None, story: TillStory) -> Iterator[TillStory]:
    story.publish(TIERS)
    yield story
    wrong = [str(found) for _check, found in audit(now=story.now) if found]
    assert wrong == []


@pytest.fixture
def anna(shop: TillStory) -> Account:
    anna = shop.join()
    shop.give(anna, "500", until=shop.now + dt.timedelta(days=10))
    return anna


def balance(story: TillStory, account: Account) -> D:
    return standing(program_id=story.program_id, account_id=account.pk, now=story.now).balance


def test_points_become_a_gift_and_the_stock_goes_down(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop, left=3)
    row = take(shop, coffee, anna)
    assert (row.state, row.points, row.title) == ("ordered", 200, "Кофе в зёрнах")
    assert balance(shop, anna) == 300
    coffee.refresh_from_db()
    assert (coffee.stock, coffee.left) == (3, 2)
    told = history(program_id=shop.program_id, account_id=anna.pk, words=words_of(shop.program_id), now=shop.now)[0]
    assert (told.kind, told.points, told.title) == ("redeem", -200, "Подарок: Кофе в зёрнах")
    ending.hand_over(exchange=row, now=shop.now, by=shop.shop.operator)
    with pytest.raises(Refused, match="exchange_decided"):
        ending.cancel(exchange=row, now=shop.now, by=shop.shop.operator)
    assert AuditRecord.objects.filter(action="exchange.handed", object_id=str(row.pk)).count() == 1


def test_a_cancelled_gift_gives_the_points_back_with_their_dates(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop, left=1, price=D(450))
    until = Lot.objects.get(account=anna).expires_at
    row = take(shop, coffee, anna)
    assert why(shop, coffee, shop.join("+79160000001")) == "out_of_stock"
    ending.cancel(exchange=row, now=shop.now, by=shop.shop.owner, reason="передумал")
    back = Lot.objects.get(account=anna, origin__isnull=False)
    assert (back.rest, back.expires_at) == (450, until)
    assert balance(shop, anna) == 500
    coffee.refresh_from_db()
    assert coffee.left == 1
    with pytest.raises(Refused, match="exchange_decided"):
        ending.cancel(exchange=row, now=shop.now, by=shop.shop.owner)


def test_points_whose_time_has_passed_come_back_with_days_of_grace(shop: TillStory, anna: Account) -> None:
    row = take(shop, gift(shop), anna)
    shop.later(days=40)
    ending.cancel(exchange=row, now=shop.now, by="test")
    back = Lot.objects.get(account=anna, origin__isnull=False)
    assert back.expires_at is not None
    assert dt.timedelta(days=30) <= back.expires_at - shop.now <= dt.timedelta(days=31)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"enabled": False}, "off"),
        ({"first_day": dt.date(2026, 11, 22)}, "not_yet"),
        ({"last_day": dt.date(2026, 11, 20)}, "over"),
        ({"left": 0}, "out_of_stock"),
        ({"tiers": ("silver",)}, "tier"),
        ({"price": D(501)}, "insufficient_points"),
        ({"asks": "Ваш адрес"}, "note"),
    ],
)
def test_what_keeps_a_client_from_it(shop: TillStory, anna: Account, said: dict[str, Any], expected: str) -> None:
    assert why(shop, gift(shop, **said), anna) == expected
    assert balance(shop, anna) == 500


def test_limits_count_what_was_not_cancelled(shop: TillStory, anna: Account) -> None:
    monthly, once = gift(shop, price=D(10), per_month=1), gift(shop, price=D(10), per_client=1)
    row = take(shop, monthly, anna)
    take(shop, once, anna)
    assert (why(shop, monthly, anna), why(shop, once, anna)) == ("per_month", "per_client")
    ending.cancel(exchange=row, now=shop.now, by="test")
    take(shop, monthly, anna)
    shop.now = dt.datetime(2026, 11, 30, 20, 59, tzinfo=dt.UTC)
    assert why(shop, monthly, anna) == "per_month"
    shop.later(minutes=1)  # December in Moscow
    take(shop, monthly, anna)
    assert why(shop, once, anna) == "per_client"


def test_the_catalogue_says_what_is_missing(shop: TillStory, anna: Account) -> None:
    gift(shop, title="Дорогой", price=D(700), position=2)
    gift(shop, title="Первый", position=1)
    gift(shop, title="Старый", last_day=dt.date(2026, 1, 1))
    gift(shop, title="Для серебра", tiers=("silver",), position=3)
    offers = offering.offers(program_id=shop.program_id, now=shop.now, account=anna)
    told = [(offer.reward.title, offer.reason, offer.missing) for offer in offers]
    assert told == [("Первый", "", 0), ("Дорогой", "points", 200), ("Для серебра", "tier", 0)]
    assert len(offering.offers(program_id=shop.program_id, now=shop.now)) == 3


def test_more_of_a_gift_comes_while_some_are_taken(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop, left=2, price=D(10))
    take(shop, coffee, anna)

    def change(left: int | None, was: int | None, **said: Any) -> Reward:
        coffee.refresh_from_db()
        terms = catalogue.terms_of(coffee)
        new = {name: getattr(terms, name) for name in Terms.__struct_fields__} | said | {"left": left}
        catalogue.edit(reward=coffee, terms=Terms(**new), was_left=was, now=shop.now, by=shop.shop.owner)
        coffee.refresh_from_db()
        return coffee

    # The form had shown two, and one was taken since: five more are put there.
    assert (change(7, 2).left, coffee.stock) == (6, 7)
    assert (change(None, 6).left, coffee.stock) == (None, None)
    row = take(shop, coffee, anna)
    assert not row.from_stock
    assert (change(4, None).left, coffee.stock) == (4, 5)
    ending.cancel(exchange=row, now=shop.now, by="test")
    assert (change(4, 4, price=D(30)).price, coffee.left) == (30, 4)


def test_an_unclaimed_gift_is_cancelled_by_the_sweep(shop: TillStory, anna: Account) -> None:
    kept, forever = gift(shop, claim_days=2, left=1), gift(shop)
    row, other = take(shop, kept, anna), take(shop, forever, anna)
    assert row.claim_until == dt.datetime(2026, 11, 23, 21, tzinfo=dt.UTC)
    shop.now = row.claim_until
    with pytest.raises(Refused, match="exchange_over"):
        ending.hand_over(exchange=row, now=shop.now, by="test")
    assert housekeeping.sweep(now=shop.now) >= 1
    assert housekeeping.sweep(now=shop.now) == 0
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, other.state) == ("cancelled", "ordered")
    assert balance(shop, anna) == 300


def test_the_client_page_sends_its_form_twice(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop)
    first, second = take(shop, coffee, anna, once="k1"), take(shop, coffee, anna, once="k1")
    assert first.pk == second.pk
    assert balance(shop, anna) == 300


def test_blocked_clients_take_nothing(shop: TillStory, anna: Account) -> None:
    accounts.block(account=anna, reason="", now=shop.now, by="test")
    assert why(shop, gift(shop), anna) == "client_blocked"


def test_a_debt_eats_points_that_come_back(shop: TillStory) -> None:
    boris = shop.join("+79160000009")
    sale = shop.sell(boris, "200")
    row = take(shop, gift(shop), boris)
    shop.void(sale)
    assert balance(shop, boris) == -200
    ending.cancel(exchange=row, now=shop.now, by="test")
    assert balance(shop, boris) == 0


# ------------------------------------------------------------ at the till


def ask(story: TillStory, reward: Reward, who: Who, *, key: str = "", **more: Any) -> Answer:
    asked = at_till.Asked(reward.public_id, who, **more)
    return at_till.exchange(
        caller=story.caller, asked=asked, key=new_key(key, f"{who}"), now=story.now, render=lambda row: str(row.pk)
    )


def test_a_phone_alone_takes_no_gift(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop)
    by_phone = Who("phone", shop.phone(anna))
    with pytest.raises(Refused, match="confirmation_required"):
        ask(shop, coffee, by_phone)
    confirmation.send(account=anna, shop="Зерно", points=coffee.price, now=shop.now)
    code = OutboxMessage.objects.get(topic="confirmation.send").payload["text"][:4]
    wrong = "0000" if code != "0000" else "1111"
    with pytest.raises(Refused, match="confirmation_invalid"):
        ask(shop, coffee, by_phone, confirmation=wrong)
    assert balance(shop, anna) == 500
    assert ask(shop, coffee, by_phone, confirmation=code, key="k").status == 201
    assert ask(shop, coffee, by_phone, confirmation=code, key="k").replayed
    with pytest.raises(Refused, match="confirmation_invalid"):
        ask(shop, coffee, by_phone, confirmation=code)
    assert balance(shop, anna) == 300


def test_five_wrong_codes_and_no_more(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop)
    confirmation.send(account=anna, shop="Зерно", points=None, now=shop.now)
    code = OutboxMessage.objects.get(topic="confirmation.send").payload["text"][:4]
    for n in range(5):
        with pytest.raises(Refused, match="confirmation_invalid"):
            ask(shop, coffee, Who("phone", shop.phone(anna)), confirmation=f"{(int(code) + 1 + n) % 10**4:04}")
    with pytest.raises(Refused, match="confirmation_invalid"):
        ask(shop, coffee, Who("phone", shop.phone(anna)), confirmation=code)


def test_a_one_time_code_is_used_up(shop: TillStory, anna: Account) -> None:
    coffee = gift(shop, price=D(10))
    code = cards.issue_code(account=anna, now=shop.now).code
    assert ask(shop, coffee, Who("code", code), key="k", handed=True).status == 201
    assert ask(shop, coffee, Who("code", code), key="k", handed=True).replayed
    with pytest.raises(Refused, match="client_not_found"):
        ask(shop, coffee, Who("code", code))
    assert not OneTimeCode.objects.filter(code=code).exists()
    assert Exchange.objects.get().state == "handed"


def test_a_refused_exchange_leaves_the_code(shop: TillStory, anna: Account) -> None:
    code = cards.issue_code(account=anna, now=shop.now).code
    with pytest.raises(Refused, match="insufficient_points"):
        ask(shop, gift(shop, price=D(900)), Who("code", code))
    assert OneTimeCode.objects.living(shop.now).filter(code=code).exists()


def test_another_merchants_gift_is_not_there(shop: TillStory, anna: Account, cast: Cast) -> None:
    theirs = catalogue.add(
        merchant=cast.bakery.merchant, terms=Terms(title="Батон", price=D(5)), now=shop.now, by=cast.bakery.owner
    )
    with pytest.raises(Refused, match="reward_not_found"):
        ask(shop, theirs, Who("card", shop.card(anna)))


# ------------------------------------------------------------ merged, erased


def test_a_merge_takes_gifts_along_and_back(shop: TillStory, anna: Account) -> None:
    boris = shop.join("+79160000001")
    row = take(shop, gift(shop), anna)
    kept = merge(keep=boris, drop=anna, now=shop.now, by="test")
    row.refresh_from_db()
    assert row.account_id == boris.pk
    ending.cancel(exchange=row, now=shop.now, by="test")
    assert balance(shop, boris) == 500
    unmerge(merge=kept, now=shop.now, by="test")
    row.refresh_from_db()
    assert row.account_id == anna.pk


def test_an_erased_client_leaves_no_words_and_the_gift_is_free(shop: TillStory) -> None:
    olga = enrol(
        program_id=shop.program_id,
        merchant_id=shop.caller.merchant_id,
        phone="+79160000005",
        name="Ольга",
        source="test",
        now=shop.now,
    )
    shop.give(olga.account, "300")
    coffee = gift(shop, left=1, asks="Адрес")
    row = take(shop, coffee, olga.account, note="Лесная, 5, Ольга")
    erase(client=olga, merchant=shop.shop.merchant, source="test", now=shop.now, by=shop.shop.owner)
    row.refresh_from_db()
    coffee.refresh_from_db()
    assert (row.state, row.note, coffee.left) == ("cancelled", "", 1)


# ------------------------------------------------------------ pictures and codes


def picture(size: tuple[int, int] = (1600, 900), kind: str = "JPEG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "#7a4b2a").save(file, kind)
    file.seek(0)
    return file


def test_a_picture_is_drawn_anew_and_small(shop: TillStory) -> None:
    content = pictures.redrawn(picture())
    drawn = Image.open(io.BytesIO(content))
    assert (drawn.format, drawn.size) == ("WEBP", (640, 360))
    coffee = gift(shop)
    terms = catalogue.terms_of(coffee)
    owner: Any = {"now": shop.now, "by": shop.shop.owner, "was_left": None, "terms": terms, "reward": coffee}
    assert catalogue.edit(**owner, picture=Picture(content)) == ["picture"]
    assert list(pictures.digests([coffee.pk])) == [coffee.pk]
    assert catalogue.edit(**owner, picture=Picture(None)) == ["picture"]
    assert pictures.digests([coffee.pk]) == {}
    for upload in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\0" * (2 * 1024 * 1024 + 1)):
        with pytest.raises(ValidationError):
            pictures.redrawn(io.BytesIO(upload))


def test_a_code_is_read_however_it_is_typed() -> None:
    code = codes.new_code()
    assert codes.read(codes.shown(code).lower()) == codes.read(codes.picture(code)) == code
    slip = code[:2] + ("A" if code[2] != "A" else "B") + code[3:]
    assert codes.read(slip) == ""


# ------------------------------------------------------------ at once


@pytest.mark.django_db(transaction=True)
def test_sixteen_clients_and_three_gifts(transactional_db: None, story: TillStory) -> None:
    story.publish(TIERS)
    coffee = gift(story, left=3, price=D(10))
    people = [story.join(f"+7916000{n:04}") for n in range(16)]
    for one in people:
        story.give(one, "15")
    results = at_once(story.program_id, [partial(take, story, coffee, one) for one in people])
    refused = [r for r in results if isinstance(r, Refused)]
    assert (len(results) - len(refused), len(refused)) == (3, 13)
    assert {str(r.facts["why"]) for r in refused} == {"out_of_stock"}
    coffee.refresh_from_db()
    assert coffee.left == 0
    assert Entry.objects.filter(kind="redeem").count() == 3
    assert [str(found) for _check, found in audit(now=story.now) if found] == []


@pytest.mark.django_db(transaction=True)
def test_one_client_at_sixteen_tills(transactional_db: None, story: TillStory) -> None:
    story.publish(TIERS)
    coffee = gift(story, left=50, price=D(10), per_client=2)
    anna = story.join()
    story.give(anna, "45")
    results = at_once(story.program_id, [partial(take, story, coffee, anna) for _n in range(16)])
    assert sum(isinstance(r, Exchange) for r in results) == 2
    card, cheap = Who("card", story.card(anna)), gift(story, price=D(5))
    same = [partial(ask, story, cheap, card, key="same") for _n in range(8)]
    answers = at_once(story.program_id, same)
    assert len({a.text for a in answers if isinstance(a, Answer)}) == 1
    assert all(isinstance(a, Answer) for a in answers)
    assert balance(story, anna) == 20
    assert [str(found) for _check, found in audit(now=story.now) if found] == []
