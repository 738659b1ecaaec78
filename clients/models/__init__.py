from clients.models.client import Client, Consent, ConsentText, PhoneCheck
from clients.models.imports import ClientImport, ClientImportLine, ClientImportPiece
from clients.models.merging import ClientMerge
from clients.models.personal import Erasure, Retention

__all__ = [
    "Client",
    "ClientImport",
    "ClientImportLine",
    "ClientImportPiece",
    "ClientMerge",
    "Consent",
    "ConsentText",
    "Erasure",
    "PhoneCheck",
    "Retention",
]
