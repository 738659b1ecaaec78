from clients.models.client import Client, Consent, ConsentText, PhoneCheck
from clients.models.imports import ClientImport, ClientImportLine, ClientImportPiece

__all__ = [
    "Client",
    "ClientImport",
    "ClientImportLine",
    "ClientImportPiece",
    "Consent",
    "ConsentText",
    "PhoneCheck",
]
