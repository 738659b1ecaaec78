from campaigns.models.campaign import (
    Campaign,
    CampaignBatch,
    CampaignMember,
    CampaignPress,
    CampaignSettings,
    CampaignTurn,
)
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
    "CampaignBatch",
    "CampaignMember",
    "CampaignPress",
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
