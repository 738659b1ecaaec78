"""The platform operator's pages; other rooms' admins take their ground from `base`, `acts` and `panels`."""

from merchants.admin import programs, records, teams, tills, users

__all__ = ["programs", "records", "teams", "tills", "users"]
