from django.urls import path

from clients.pages.staff.activities import activities, activity_approve, activity_refuse
from clients.pages.staff.editing import client_block, client_edit, client_new, client_tier
from clients.pages.staff.lists import clients
from clients.pages.staff.one import client
from clients.pages.staff.points import adjust, undo_adjustment_page
from clients.pages.staff.referrer import client_referrer

ONE = "m/<int:merchant_id>/clients/<uuid:client_id>/"
ACTIVITY = "m/<int:merchant_id>/activities/<uuid:activity_id>/"

urlpatterns = [
    path("m/<int:merchant_id>/clients/", clients, name="clients"),
    path("m/<int:merchant_id>/clients/new/", client_new, name="client_new"),
    path("m/<int:merchant_id>/activities/", activities, name="activities"),
    path(f"{ACTIVITY}approve/", activity_approve, name="activity_approve"),
    path(f"{ACTIVITY}refuse/", activity_refuse, name="activity_refuse"),
    path(ONE, client, name="client"),
    path(f"{ONE}edit/", client_edit, name="client_edit"),
    path(f"{ONE}inviter/", client_referrer, name="client_referrer"),
    path(f"{ONE}block/", client_block, name="client_block"),
    path(f"{ONE}tier/", client_tier, name="client_tier"),
    path(f"{ONE}points/", adjust, name="adjust"),
    path(f"{ONE}points/<int:entry_id>/undo/", undo_adjustment_page, name="undo_adjustment"),
]
