from insights.models.backtest import BackTest
from insights.models.campaign_result import CampaignResult
from insights.models.holdout_result import HoldoutResult
from insights.models.receipt_file import ReceiptFile
from insights.models.snapshot import Snapshot
from insights.models.totals import DayTotals, NewClients, PointsDay, RollUp
from insights.models.z_report import ZReport

__all__ = [
    "BackTest",
    "CampaignResult",
    "DayTotals",
    "HoldoutResult",
    "NewClients",
    "PointsDay",
    "ReceiptFile",
    "RollUp",
    "Snapshot",
    "ZReport",
]
