from clients.models.client import Client, Consent, ConsentText, PhoneCheck
from clients.models.imports import ClientImport, ClientImportLine, ClientImportPiece, ReceiptImportLine
from clients.models.merging import ClientMerge
from clients.models.personal import Erasure, Retention
from clients.models.segments import ClientAct, ClientActLine, Segment, SegmentMember

__all__ = [
    "Client",
    "ClientAct",
    "ClientActLine",
    "ClientImport",
    "ClientImportLine",
    "ClientImportPiece",
    "ClientMerge",
    "Consent",
    "ConsentText",
    "Erasure",
    "PhoneCheck",
    "ReceiptImportLine",
    "Retention",
    "Segment",
    "SegmentMember",
]
