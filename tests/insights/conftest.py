from tests.loyalty.conftest import story

__all__ = ["story"]
