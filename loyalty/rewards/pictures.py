"""The picture of a gift. What is uploaded is never passed on: it is read and drawn anew, small."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from typing import BinaryIO, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.models import Reward, RewardPicture
from merchants import logos

SIDE: Final = 640
QUALITY: Final = 82
CONTENT_TYPE: Final = "image/webp"


def redrawn(file: BinaryIO) -> bytes:
    """The upload as a WebP of at most 640 × 640. ValidationError for what is no picture, too large or too wide."""
    try:
        picture = logos.clean(file.read(logos.LARGEST_FILE + 1), side=SIDE)
    except ValidationError as error:
        if error.code == "logo_svg":
            raise ValidationError(_("SVG is not taken: save the picture as PNG, JPEG or WebP."), code="svg") from error
        raise
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=QUALITY)
    return written.getvalue()


def put(*, reward: Reward, content: bytes, now: dt.datetime) -> None:
    """Set or replace it; `content` comes from `redrawn`."""
    RewardPicture.objects.update_or_create(
        program_id=reward.program_id,
        reward=reward,
        defaults={"content": content, "digest": hashlib.sha256(content).hexdigest(), "changed_at": now},
    )


def remove(*, reward: Reward) -> bool:
    return RewardPicture.objects.filter(program_id=reward.program_id, reward=reward).delete()[0] > 0


def digests(rewards: list[int]) -> dict[int, str]:
    """By gift, for their addresses. One query."""
    return dict(RewardPicture.objects.filter(reward__in=rewards).values_list("reward", "digest"))
