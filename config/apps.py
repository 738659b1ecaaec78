"""Makes this package an app: the place for what belongs to no room of the house."""

from django.apps import AppConfig
from django.core import checks

from config.checks import can_search_in_russian


class WiringConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        checks.register(can_search_in_russian, checks.Tags.database)
