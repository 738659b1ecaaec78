from django.urls import path

from loyalty.pages.rules import constructor, editor, programme, promos, ready, start

urlpatterns = [
    path("start/", start.start, name="start"),
    path("start/sample/", start.start_sample, name="start_sample"),
    path("m/<int:merchant_id>/started/", start.start_done, name="start_done"),
    path("m/<int:merchant_id>/rules/", programme.programme, name="programme"),
    path("m/<int:merchant_id>/promos/", promos.promos_page, name="promos"),
    path("m/<int:merchant_id>/promos/new/", promos.promo_new, name="promo_new"),
    path("m/<int:merchant_id>/rules/edit/", editor.edit, name="programme_edit"),
    path("m/<int:merchant_id>/rules/edit/rules/", constructor.rules_list, name="programme_rules"),
    path("m/<int:merchant_id>/rules/edit/new/", constructor.rule_kinds, name="rule_kinds"),
    path("m/<int:merchant_id>/rules/edit/new/<slug:kind>/", constructor.rule_new, name="rule_new"),
    path("m/<int:merchant_id>/rules/edit/rule/<slug:rule_id>/", constructor.rule_edit, name="rule_edit"),
    path("m/<int:merchant_id>/rules/edit/rule/<slug:rule_id>/delete/", constructor.rule_delete, name="rule_delete"),
    path("m/<int:merchant_id>/rules/edit/receipt/", constructor.rule_receipt, name="rule_receipt"),
    path("m/<int:merchant_id>/rules/edit/templates/", ready.rule_templates, name="rule_templates"),
    path("m/<int:merchant_id>/rules/preview/", editor.preview, name="programme_preview"),
    path("m/<int:merchant_id>/rules/publish/", editor.publish, name="programme_publish"),
    path("m/<int:merchant_id>/rules/discard/", programme.discard, name="programme_discard"),
    path("m/<int:merchant_id>/rules/<int:number>/", programme.version, name="programme_version"),
    path("m/<int:merchant_id>/rules/<int:number>/file/", programme.file, name="programme_file"),
    path("m/<int:merchant_id>/rules/<int:number>/take-back/", programme.take_back, name="programme_take_back"),
    path("m/<int:merchant_id>/rules/<int:number>/restore/", programme.restore, name="programme_restore"),
]
