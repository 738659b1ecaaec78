from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        from merchants import messages, outbox  # noqa: PLC0415  # models can be imported only now

        outbox.HANDLERS.update(messages.HANDLERS)
