from clients.models.client import Client, Consent, ConsentText, PhoneCheck

__all__ = ["Client", "Consent", "ConsentText", "PhoneCheck"]
