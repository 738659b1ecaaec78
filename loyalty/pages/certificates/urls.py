from django.urls import URLPattern, path

from loyalty.pages.certificates import public

urlpatterns: list[URLPattern] = [
    path("certificate/<str:token>/", public.certificate, name="certificate_public"),
    path("certificate/<str:token>/certificate.pdf", public.pdf, name="certificate_public_pdf"),
]
