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
    "Channel",
    "ChannelRefusal",
    "Mailing",
    "Message",
    "MessageSettings",
    "MessageTemplate",
    "PushSubscription",
    "TelegramLink",
]
