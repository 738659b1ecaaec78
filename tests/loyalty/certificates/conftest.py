from __future__ import annotations

from collections.abc import Iterator

import pytest

from loyalty.audit import audit
from tests.loyalty.certificates.desk import Desk
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@pytest.fixture
def desk(story: TillStory) -> Iterator[Desk]:
    """A shop that issues certificates. In the end its books must be right."""
    story.publish(ONE_PER_ONE)
    yield Desk(story)
    wrong = [str(found) for _check, found in audit(now=story.now) if found]
    assert wrong == []
