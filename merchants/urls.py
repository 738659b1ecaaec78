from django.urls import include, path

from merchants import views

urlpatterns = [
    path("", views.home, name="home"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
    # The choice of language, at the foot of every page.
    path("i18n/", include("django.conf.urls.i18n")),
]
