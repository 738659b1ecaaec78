from django.urls import URLPattern, path

from insights import views

urlpatterns: list[URLPattern] = [
    path("m/<int:merchant_id>/", views.dashboard, name="dashboard"),
    path("m/<int:merchant_id>/z/", views.z_report, name="z_report"),
    path("m/<int:merchant_id>/figures/", views.what_figures_mean, name="figures"),
]
