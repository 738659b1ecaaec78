from campaigns.models.campaign import Campaign, CampaignMember, CampaignSettings, CampaignTurn
from campaigns.models.mailings import Mailing
from campaigns.models.messages import (
    Channel,
    ChannelRefusal,
    Message,
    MessageSettings,
    MessageTemplate,
    PushSubscription,
    TelegramLink,
)

__all__ = [
    "Campaign",
    "CampaignMember",
    "CampaignSettings",
    "CampaignTurn",
    "Channel",
    "ChannelRefusal",
    "Mailing",
    "Message",
    "MessageSettings",
    "MessageTemplate",
    "PushSubscription",
    "TelegramLink",
]
