from django.urls import URLPattern, path

from clients.pages.public import card, data, gifts, join, posters

urlpatterns: list[URLPattern] = [
    path("join/<int:merchant_id>/", join.join, name="join"),
    path("join/<int:merchant_id>/code/", join.join_code, name="join_code"),
    path("card/<str:token>/", card.card, name="card"),
    path("card/<str:token>/code/", card.card_code, name="card_code"),
    path("card/<str:token>/history/", card.card_history, name="card_history"),
    path("card/<str:token>/consents/", card.card_consents, name="card_consents"),
    path("card/<str:token>/gifts/", gifts.card_gifts, name="card_gifts"),
    path("card/<str:token>/gifts/<uuid:reward_id>/", gifts.card_gift, name="card_gift"),
    path("card/<str:token>/gifts/taken/<uuid:exchange_id>/", gifts.card_gift_taken, name="card_gift_taken"),
    path("card/<str:token>/data/", data.card_data, name="card_data"),
    path("card/<str:token>/manifest.webmanifest", card.card_manifest, name="card_manifest"),
    path("notices/<str:token>/", card.notices_off, name="notices_off"),
    path("m/<int:merchant_id>/poster/", posters.poster, name="poster"),
    path("m/<int:merchant_id>/poster/qr.svg", posters.poster_qr, {"kind": "svg"}, name="poster_svg"),
    path("m/<int:merchant_id>/poster/qr.png", posters.poster_qr, {"kind": "png"}, name="poster_png"),
    path("m/<int:merchant_id>/consents/", posters.consent_texts, name="consent_texts"),
    path("m/<int:merchant_id>/clients/<uuid:client_id>/card/", posters.card_link, name="card_link"),
]
