from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoyaltyConfig(AppConfig):
    name = "loyalty"
    verbose_name = _("Loyalty")

    def ready(self) -> None:
        from loyalty import approval_letters  # noqa: PLC0415  # models can be imported only now
        from loyalty.certificates import in_the_log, letters  # noqa: PLC0415
        from loyalty.promo import in_the_log as promo_in_the_log  # noqa: PLC0415
        from merchants import log, outbox  # noqa: PLC0415

        outbox.HANDLERS.update(letters.HANDLERS)
        outbox.HANDLERS.update(approval_letters.HANDLERS)
        log.FINDERS.update(promobatch=promo_in_the_log.by_batch, certificate=in_the_log.by_certificate)
