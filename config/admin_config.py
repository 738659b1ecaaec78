"""Puts our admin site in the place of Django's; a module of its own, so that it is nobody else's default."""

from django.contrib.admin.apps import AdminConfig


class PlatformAdminConfig(AdminConfig):
    default_site = "config.admin_site.PlatformSite"
    default = False
