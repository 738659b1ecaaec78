from merchants.models.audit import AuditRecord
from merchants.models.cashier import Cashier
from merchants.models.member import Invitation, Member, Role
from merchants.models.merchant import Logo, Merchant, Outlet
from merchants.models.outbox import OutboxMessage
from merchants.models.program import Program
from merchants.models.tenancy import TenantManager
from merchants.models.till import Scope, Till, TillKey
from merchants.models.user import User

__all__ = [
    "AuditRecord",
    "Cashier",
    "Invitation",
    "Logo",
    "Member",
    "Merchant",
    "OutboxMessage",
    "Outlet",
    "Program",
    "Role",
    "Scope",
    "TenantManager",
    "Till",
    "TillKey",
    "User",
]
