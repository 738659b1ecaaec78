from django.urls import path

from loyalty.pages.rules import editor, programme, start

urlpatterns = [
    path("start/", start.start, name="start"),
    path("start/sample/", start.start_sample, name="start_sample"),
    path("m/<int:merchant_id>/started/", start.start_done, name="start_done"),
    path("m/<int:merchant_id>/rules/", programme.programme, name="programme"),
    path("m/<int:merchant_id>/rules/edit/", editor.edit, name="programme_edit"),
    path("m/<int:merchant_id>/rules/preview/", editor.preview, name="programme_preview"),
    path("m/<int:merchant_id>/rules/publish/", editor.publish, name="programme_publish"),
    path("m/<int:merchant_id>/rules/discard/", programme.discard, name="programme_discard"),
    path("m/<int:merchant_id>/rules/<int:number>/", programme.version, name="programme_version"),
    path("m/<int:merchant_id>/rules/<int:number>/file/", programme.file, name="programme_file"),
    path("m/<int:merchant_id>/rules/<int:number>/restore/", programme.restore, name="programme_restore"),
]
