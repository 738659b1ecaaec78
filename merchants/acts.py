"""The acts of the audit log in words. Every code that any app writes stands here; a test holds that."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(enum.StrEnum):
    POINTS = "points"
    SALES = "sales"
    CERTIFICATES = "certificates"
    GIFTS = "gifts"
    CAMPAIGNS = "campaigns"
    RULES = "rules"
    GOODS = "goods"
    TEAM = "team"
    TILLS = "tills"
    SETTINGS = "settings"


GROUPS: Mapping[Group, Promise] = {
    Group.POINTS: _("Clients and points"),
    Group.SALES: _("Receipts"),
    Group.CERTIFICATES: _("Certificates"),
    Group.GIFTS: _("Gifts for points"),
    Group.CAMPAIGNS: _("Campaigns"),
    Group.RULES: _("Rules"),
    Group.GOODS: _("Goods"),
    Group.TEAM: _("Team"),
    Group.TILLS: _("Outlets and tills"),
    Group.SETTINGS: _("Settings"),
}

ACTS: Mapping[Group, Mapping[str, Promise]] = {
    Group.POINTS: {
        "account.adjusted": _("Points added or deducted by hand"),
        "account.adjustment_undone": _("Points by hand undone"),
        "adjustment.asked": _("Points by hand above the limit asked for"),
        "adjustment.approved": _("Points by hand above the limit approved"),
        "adjustment.refused": _("Points by hand above the limit refused"),
        "adjustment.expired": _("Request for points by hand ran out"),
        "adjustment.withdrawn": _("Request for points by hand withdrawn"),
        "account.blocked": _("Client blocked"),
        "account.unblocked": _("Client unblocked"),
        "account.tier_set": _("Tier set by hand"),
        "account.code_issued": _("One-time code shown"),
        "account.referrer_named": _("Who invited the client was named"),
        "account.merged": _("Two clients made one"),
        "account.unmerged": _("Two clients are two again"),
        "activity.approved": _("Points for an action given"),
        "activity.refused": _("Points for an action refused"),
        "clients.exported": _("List of clients downloaded"),
        "client.added": _("Client added"),
        "client.edited": _("Client’s data changed"),
        "client.erasure_asked": _("Client asks to be erased"),
        "client.erasure_dropped": _("Client stays: request to be erased closed"),
        "client.erased": _("Client erased"),
        "client.data_given": _("Client’s data handed out"),
        "client.consent_noted": _("Consent on paper noted"),
        "retention.changed": _("Terms of keeping changed"),
        "retention.done": _("Data erased by term"),
        "client_import.checked": _("File of clients looked through"),
        "client_import.confirmed": _("Loading of clients started"),
        "client_import.loaded": _("Clients loaded from a file"),
        "client_import.stopped": _("Loading of clients stopped"),
        "client_import.dropped": _("File of clients discarded"),
        "client_import.undo_asked": _("Taking back of loaded clients started"),
        "client_import.undone": _("Loaded clients taken back"),
        "receipt_import.checked": _("File of past receipts looked through"),
        "receipt_import.confirmed": _("Loading of past receipts started"),
        "receipt_import.loaded": _("Past receipts loaded from a file"),
        "receipt_import.stopped": _("Loading of past receipts stopped"),
        "receipt_import.dropped": _("File of past receipts discarded"),
        "receipt_import.undo_asked": _("Taking back of past receipts started"),
        "receipt_import.undone": _("Loaded past receipts taken back"),
        "card.bound": _("Card bound to a client"),
        "card.blocked": _("Card of a client blocked"),
        "card.unblocked": _("Card of a client unblocked"),
        "card.replaced": _("Card of a client replaced"),
        "card.given_back": _("Sold card taken back at a till"),
        "card_batch.ordered": _("Batch of cards ordered"),
        "card_batch.downloaded": _("Numbers of a batch of cards downloaded"),
        "card_batch.withdrawn": _("Batch of cards withdrawn"),
        "card_batch.brought_back": _("Batch of cards brought back"),
        "cards.settings_changed": _("Settings of cards changed"),
        "cards.terms_changed": _("Terms of giving cards changed"),
        "segment.made": _("Segment made"),
        "segment.changed": _("Segment changed"),
        "segment.deleted": _("Segment deleted"),
        "segment.frozen": _("List of a segment kept"),
        "segment.thawed": _("Segment found anew at each use again"),
        "client_act.asked": _("Something asked for many clients"),
        "client_act.approved": _("Points for many clients approved"),
        "client_act.refused": _("Points for many clients refused"),
        "client_act.expired": _("Nobody decided in time about something for many clients"),
        "client_act.continued": _("Work for many clients continued"),
        "client_act.done": _("Something done for many clients"),
        "client_act.undo_asked": _("Undoing for many clients started"),
        "client_act.undone": _("Undone for many clients"),
        "client.card_link_renewed": _("Link of the card replaced"),
        "client.card_link_shown": _("Link of the card shown"),
        "client.card_link_sent": _("Link of the card sent"),
    },
    Group.SALES: {
        "entries.exported": _("List of operations with points downloaded"),
        "sales.exported": _("List of receipts downloaded"),
        "sale.corrected": _("Receipt corrected"),
        "sale.attached": _("Receipt given to a client who was forgotten"),
        "sale.moved": _("Receipt moved to another client"),
        "sale.move_undone": _("Moving of a receipt undone"),
        "sale.confirmation_overridden": _("Points taken without a confirmation"),
        "z_report.entered": _("Z-report entered"),
        "z_report.corrected": _("Z-report corrected"),
        "z_report.removed": _("Z-report removed"),
    },
    Group.CERTIFICATES: {
        "certificates.exported": _("List of certificates downloaded"),
        "certificates.issued": _("Certificates issued"),
        "certificate.extended": _("Certificate extended"),
        "certificate.cancelled": _("Certificate cancelled"),
        "certificate.sent": _("Certificate sent"),
        "certificate.printed": _("Certificate printed"),
    },
    Group.GIFTS: {
        "promo_batch.ordered": _("Promo codes made"),
        "promo_batch.stopped": _("Promo codes stopped"),
        "promo_batch.went_on": _("Promo codes go on"),
        "promo_batch.dated": _("Dates of promo codes changed"),
        "promo_batch.taken_out": _("Promo codes taken out: file or print"),
        "promo_codes.exported": _("File of promo codes downloaded"),
        "promo_codes.given": _("Promo codes given to clients"),
        "reward.added": _("Gift added to the catalogue"),
        "reward.changed": _("Gift of the catalogue changed"),
        "exchange.handed": _("Gift handed over"),
        "exchange.cancelled": _("Gift cancelled, points given back"),
        "exchange.confirmation_overridden": _("Points taken for a gift without a confirmation"),
        "exchanges.exported": _("List of gifts taken downloaded"),
    },
    Group.CAMPAIGNS: {
        "campaign.made": _("Campaign made"),
        "campaign.changed": _("Campaign changed"),
        "campaign.started": _("Campaign started"),
        "campaign.paused": _("Campaign paused"),
        "campaign.continued": _("Campaign goes on"),
        "campaign.fired": _("Campaign begun by hand"),
        "campaign.finished": _("Campaign came to its end"),
        "campaign.archived": _("Campaign put into the archive"),
        "campaigns.rules_changed": _("Rules of all campaigns changed"),
        "mailing.planned": _("Mailing asked for"),
        "mailing.paused": _("Mailing paused"),
        "mailing.continued": _("Mailing goes on"),
        "mailing.stopped": _("Mailing stopped"),
        "mailing.done": _("Mailing came to its end"),
        "message_template.made": _("Message template made"),
        "message_template.changed": _("Message template changed"),
        "message_template.removed": _("Message template removed"),
        "message_settings.changed": _("How the shop writes to clients changed"),
    },
    Group.RULES: {
        "draft.saved": _("Draft of the rules saved"),
        "draft.restored": _("Draft of the rules taken from an earlier version"),
        "draft.discarded": _("Draft of the rules discarded"),
        "program.published": _("Rules published"),
        "program.taken_back": _("Rules that had not begun taken back"),
        "back_test.asked": _("Back test started"),
        "back_test.cancelled": _("Back test cancelled"),
        "back_test.deleted": _("Back test deleted"),
    },
    Group.GOODS: {
        "goods.imported": _("Goods loaded from a file"),
        "goods.added": _("Product added"),
        "goods.changed": _("Product changed"),
        "goods.learned": _("Goods taken over from receipts"),
        "goods.category_changed": _("Marks of a category of goods changed"),
    },
    Group.TEAM: {
        "member.joined": _("Joined the team"),
        "member.role_changed": _("Role changed"),
        "member.deactivated": _("Removed from the team"),
        "second_factor.reset": _("Two-factor login reset"),
        "invitation.sent": _("Invitation sent"),
        "invitation.revoked": _("Invitation taken back"),
        "cashier.hired": _("Cashier added"),
        "cashier.changed": _("Cashier changed"),
        "cashier.pin_set": _("New PIN of a cashier"),
        "cashier.dismissed": _("Cashier dismissed"),
        "cashier.brought_back": _("Cashier brought back"),
    },
    Group.TILLS: {
        "outlet.opened": _("Outlet opened"),
        "outlet.changed": _("Outlet changed"),
        "outlet.closed": _("Outlet closed"),
        "outlet.reopened": _("Outlet opened again"),
        "till.registered": _("Till added"),
        "till.renamed": _("Till renamed"),
        "till.switched_off": _("Till switched off"),
        "till.switched_on": _("Till switched on"),
        "till_key.issued": _("Key issued"),
        "till_key.revoked": _("Key revoked or phone disconnected"),
        "device.connected": _("Phone connected to a till"),
    },
    Group.SETTINGS: {
        "shop.started": _("Shop set up"),
        "merchant.opened": _("Shop opened"),
        "merchant.changed": _("Settings of the shop changed"),
        "log.exported": _("Audit log downloaded"),
        "second_factor.asked": _("Who must have a second factor"),
        "program.changed": _("Settings of the programme changed"),
        "hand_limits.changed": _("Limits of points by hand changed"),
        "logo.changed": _("Logo changed"),
        "logo.removed": _("Logo removed"),
        "consent_text.changed": _("Text of a consent changed"),
    },
}
_WORDS: Mapping[str, Promise] = {code: words for acts in ACTS.values() for code, words in acts.items()}

# What the platform's operator adds, changes and deletes in the admin is recorded as «<model>.<verb>».
_IN_ADMIN: Mapping[str, Promise] = {
    "added": _("Added by the platform’s operator"),
    "changed": _("Changed by the platform’s operator"),
    "deleted": _("Deleted by the platform’s operator"),
}


def words_of(action: str) -> Promise | str:
    """The act as a sentence; an unknown one is at least told to be one."""
    if action in _WORDS:
        return _WORDS[action]
    return _IN_ADMIN.get(action.rpartition(".")[2], _("Another act"))


def known(action: str) -> bool:
    return action in _WORDS
