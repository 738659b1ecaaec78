from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClientsConfig(AppConfig):
    name = "clients"
    verbose_name = _("Clients")

    def ready(self) -> None:
        from clients import activities, audiences, in_the_log, messages  # noqa: PLC0415  # models can be imported only now
        from clients.acts import asking  # noqa: PLC0415
        from loyalty import approvals  # noqa: PLC0415
        from loyalty.promo import audiences as for_codes  # noqa: PLC0415
        from merchants import doors, log, outbox  # noqa: PLC0415

        outbox.HANDLERS.update(messages.HANDLERS)
        for_codes.register(audiences.Segments())
        doors.KNOWN["activities"] = activities.has_any
        doors.KNOWN["approvals"] = lambda _now: approvals.has_any() | asking.any_waits()
        log.FINDERS.update(account=in_the_log.by_account, client=in_the_log.by_client, cardbatch=in_the_log.by_batch)
        log.SEARCHERS.append(in_the_log.meant_by)
