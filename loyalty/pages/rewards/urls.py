from django.urls import URLPattern, path

from loyalty.pages.rewards import exchanges, exporting, one, picture, shelf

HERE = "m/<int:merchant_id>/rewards/"

urlpatterns: list[URLPattern] = [
    path(HERE, shelf.rewards, name="rewards"),
    path(f"{HERE}new/", one.reward_new, name="reward_new"),
    path(f"{HERE}<uuid:reward_id>/", one.reward, name="reward"),
    path(f"{HERE}taken/", exchanges.exchanges, name="exchanges"),
    path(f"{HERE}taken/gifts.csv", exporting.exchanges_export, {"kind": "csv"}, name="exchanges_csv"),
    path(f"{HERE}taken/gifts.xlsx", exporting.exchanges_export, {"kind": "xlsx"}, name="exchanges_xlsx"),
    path(f"{HERE}taken/<uuid:exchange_id>/hand-over/", exchanges.hand_over, name="exchange_hand_over"),
    path(f"{HERE}taken/<uuid:exchange_id>/cancel/", exchanges.cancel, name="exchange_cancel"),
    path("gift-picture/<int:merchant_id>/<str:digest>", picture.picture, name="reward_picture"),
]
