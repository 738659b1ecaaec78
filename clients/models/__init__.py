from clients.models.client import Client, Consent

__all__ = ["Client", "Consent"]
