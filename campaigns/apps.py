from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from campaigns import in_the_dossier, in_the_log  # noqa: PLC0415
        from campaigns.messages import forgetting  # noqa: PLC0415  # models can be imported only now
        from clients.personal import dossier, traces  # noqa: PLC0415
        from merchants import log  # noqa: PLC0415

        traces.ELSEWHERE.append(forgetting.forget)
        dossier.SECTIONS.extend((*forgetting.SECTIONS, *in_the_dossier.SECTIONS))
        log.FINDERS.update(
            campaign=in_the_log.by_campaign, mailing=in_the_log.by_mailing, messagetemplate=in_the_log.by_template
        )
