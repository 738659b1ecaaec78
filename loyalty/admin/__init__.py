"""The platform operator's view of the rules and the books."""

from loyalty.admin import accounts, books, certificates, drafts, sales, versions

__all__ = ["accounts", "books", "certificates", "drafts", "sales", "versions"]
