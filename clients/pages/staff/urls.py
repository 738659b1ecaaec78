from django.urls import path

from clients.pages.staff.activities import activities, activity_approve, activity_refuse
from clients.pages.staff.approvals import approval_approve, approval_refuse, approval_withdraw, approvals_page
from clients.pages.staff.cards import batches as cards
from clients.pages.staff.cards.of_client import client_card_bind, client_card_block, client_card_replace
from clients.pages.staff.editing import client_block, client_edit, client_new, client_tier
from clients.pages.staff.exporting import clients_export
from clients.pages.staff.hand_limits import points_limits
from clients.pages.staff.imports import views as imports
from clients.pages.staff.lists import clients
from clients.pages.staff.merging import client_duplicates, client_merge, client_unmerge
from clients.pages.staff.moving import sale_client, sale_client_back, sale_client_to
from clients.pages.staff.one import client
from clients.pages.staff.personal.consents import client_consents
from clients.pages.staff.personal.data import client_data
from clients.pages.staff.personal.erasing import client_erase, erasure_drop, erasures
from clients.pages.staff.personal.retention import retention
from clients.pages.staff.points import adjust, undo_adjustment_page
from clients.pages.staff.referrer import client_referrer
from clients.pages.staff.segments import acts
from clients.pages.staff.segments.editing import (
    segment_count,
    segment_delete,
    segment_edit,
    segment_freeze,
    segment_new,
)
from clients.pages.staff.segments.lists import segment, segment_export, segments, segments_rfm
from clients.pages.staff.selection import adjust_selected

ONE = "m/<int:merchant_id>/clients/<uuid:client_id>/"
CARDS = "m/<int:merchant_id>/cards/<int:batch_id>/"
IMPORT = "m/<int:merchant_id>/clients/imports/"
SALE = "m/<int:merchant_id>/receipts/<uuid:sale_id>/client/"
SEGMENTS = "m/<int:merchant_id>/clients/segments/"
ACTS = "m/<int:merchant_id>/clients/acts/"
ACTIVITY = "m/<int:merchant_id>/activities/<uuid:activity_id>/"
APPROVAL = "m/<int:merchant_id>/approvals/<uuid:request_id>/"

urlpatterns = [
    path("m/<int:merchant_id>/clients/", clients, name="clients"),
    path("m/<int:merchant_id>/clients/new/", client_new, name="client_new"),
    path("m/<int:merchant_id>/clients/clients.csv", clients_export, {"kind": "csv"}, name="clients_csv"),
    path("m/<int:merchant_id>/clients/clients.xlsx", clients_export, {"kind": "xlsx"}, name="clients_xlsx"),
    path("m/<int:merchant_id>/clients/similar/", client_duplicates, name="client_duplicates"),
    path("m/<int:merchant_id>/clients/erasures/", erasures, name="erasures"),
    path("m/<int:merchant_id>/clients/erasures/<int:erasure_id>/stay/", erasure_drop, name="erasure_drop"),
    path("m/<int:merchant_id>/settings/keeping/", retention, name="retention"),
    path(f"{ONE}erase/", client_erase, name="client_erase"),
    path(f"{ONE}consents/", client_consents, name="client_consents"),
    path(f"{ONE}data.<str:kind>", client_data, name="client_data"),
    path(f"{ONE}merge/<uuid:other_id>/", client_merge, name="client_merge"),
    path(f"{ONE}merges/<int:merge_id>/undo/", client_unmerge, name="client_unmerge"),
    path(IMPORT, imports.client_imports, name="client_imports"),
    path(f"{IMPORT}sample.<str:kind>", imports.client_import_sample, name="client_import_sample"),
    path(f"{IMPORT}receipts/", imports.receipt_imports, name="receipt_imports"),
    path(f"{IMPORT}receipts/sample.<str:kind>", imports.receipt_import_sample, name="receipt_import_sample"),
    path(f"{IMPORT}<int:import_id>/", imports.client_import, name="client_import"),
    path(f"{IMPORT}<int:import_id>/columns/", imports.client_import_columns, name="client_import_columns"),
    path(f"{IMPORT}<int:import_id>/load/", imports.client_import_load, name="client_import_load"),
    path(f"{IMPORT}<int:import_id>/stop/", imports.client_import_stop, name="client_import_stop"),
    path(f"{IMPORT}<int:import_id>/undo/", imports.client_import_undo, name="client_import_undo"),
    path(f"{IMPORT}<int:import_id>/errors.<str:kind>", imports.client_import_errors, name="client_import_errors"),
    path(SEGMENTS, segments, name="segments"),
    path(f"{SEGMENTS}new/", segment_new, name="segment_new"),
    path(f"{SEGMENTS}count/", segment_count, name="segment_count"),
    path(f"{SEGMENTS}rfm/", segments_rfm, name="segments_rfm"),
    path(f"{SEGMENTS}<int:segment_id>/", segment, name="segment"),
    path(f"{SEGMENTS}<int:segment_id>/edit/", segment_edit, name="segment_edit"),
    path(f"{SEGMENTS}<int:segment_id>/delete/", segment_delete, name="segment_delete"),
    path(f"{SEGMENTS}<int:segment_id>/freeze/", segment_freeze, name="segment_freeze"),
    path(f"{SEGMENTS}<int:segment_id>/clients.csv", segment_export, {"kind": "csv"}, name="segment_csv"),
    path(f"{SEGMENTS}<int:segment_id>/clients.xlsx", segment_export, {"kind": "xlsx"}, name="segment_xlsx"),
    path(ACTS, acts.client_acts, name="client_acts"),
    path(f"{ACTS}new/<str:kind>/", acts.client_act_new, name="client_act_new"),
    path(f"{ACTS}<int:act_id>/", acts.client_act, name="client_act"),
    path(f"{ACTS}<int:act_id>/decide/", acts.client_act_decide, name="client_act_decide"),
    path(f"{ACTS}<int:act_id>/undo/", acts.client_act_undo, name="client_act_undo"),
    path("m/<int:merchant_id>/clients/points/", adjust_selected, name="adjust_selected"),
    path("m/<int:merchant_id>/approvals/", approvals_page, name="approvals"),
    path(f"{APPROVAL}approve/", approval_approve, name="approval_approve"),
    path(f"{APPROVAL}refuse/", approval_refuse, name="approval_refuse"),
    path(f"{APPROVAL}withdraw/", approval_withdraw, name="approval_withdraw"),
    path("m/<int:merchant_id>/settings/points/", points_limits, name="points_limits"),
    path("m/<int:merchant_id>/activities/", activities, name="activities"),
    path(f"{ACTIVITY}approve/", activity_approve, name="activity_approve"),
    path(f"{ACTIVITY}refuse/", activity_refuse, name="activity_refuse"),
    path(SALE, sale_client, name="sale_client"),
    path(f"{SALE}back/", sale_client_back, name="sale_client_back"),
    path(f"{SALE}<uuid:client_id>/", sale_client_to, name="sale_client_to"),
    path(ONE, client, name="client"),
    path(f"{ONE}edit/", client_edit, name="client_edit"),
    path(f"{ONE}inviter/", client_referrer, name="client_referrer"),
    path(f"{ONE}block/", client_block, name="client_block"),
    path(f"{ONE}tier/", client_tier, name="client_tier"),
    path(f"{ONE}points/", adjust, name="adjust"),
    path(f"{ONE}points/<int:entry_id>/undo/", undo_adjustment_page, name="undo_adjustment"),
    path(f"{ONE}cards/bind/", client_card_bind, name="client_card_bind"),
    path(f"{ONE}cards/<int:card_id>/block/", client_card_block, name="client_card_block"),
    path(f"{ONE}cards/<int:card_id>/replace/", client_card_replace, name="client_card_replace"),
    path("m/<int:merchant_id>/cards/", cards.card_batches, name="card_batches"),
    path("m/<int:merchant_id>/cards/new/", cards.card_batch_new, name="card_batch_new"),
    path("m/<int:merchant_id>/cards/any-number/", cards.card_any_number, name="card_any_number"),
    path("m/<int:merchant_id>/cards/terms/", cards.card_terms, name="card_terms"),
    path(CARDS, cards.card_batch, name="card_batch"),
    path(f"{CARDS}withdraw/", cards.card_batch_withdraw, name="card_batch_withdraw"),
    path(f"{CARDS}numbers.csv", cards.card_batch_numbers, {"kind": "csv"}, name="card_batch_csv"),
    path(f"{CARDS}numbers.xlsx", cards.card_batch_numbers, {"kind": "xlsx"}, name="card_batch_xlsx"),
    path(f"{CARDS}cards.pdf", cards.card_batch_pdf, name="card_batch_pdf"),
    path(f"{CARDS}errors.csv", cards.card_batch_errors, name="card_batch_errors"),
]
