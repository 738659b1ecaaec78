from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClientsConfig(AppConfig):
    name = "clients"
    verbose_name = _("Clients")

    def ready(self) -> None:
        from clients import activities, messages  # noqa: PLC0415  # models can be imported only now
        from merchants import doors, outbox  # noqa: PLC0415

        outbox.HANDLERS.update(messages.HANDLERS)
        doors.KNOWN["activities"] = activities.has_any
