"""Logs: one JSON object a line in production, something readable on a developer's machine.

No personal data: nothing here looks at bodies, query strings or names, and Django's own request
log, which quotes full paths, is kept to what the access line does not already say.

Our own lines go straight to standard error: through `logging` each would cost a sale some 60 µs.
What libraries say comes through `logging` and ends up looking the same.
"""

import logging
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Tracebacks as text: as data they would carry local variables, and with them clients' phones.
JSON: list[Processor] = [
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(serializer=lambda event, **_: msgspec.json.encode(event, enc_hook=str)),
]


def console() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain),
        lambda logger, method, line: str(line).encode(),
    ]


def as_text(logger: Any, method: str, line: Any) -> str:
    """`logging` wants text where our own lines are written as the bytes they already are."""
    return bytes(line).decode()


def logging_config(*, style: str, level: str) -> dict[str, Any]:
    last = JSON if style == "json" else console()
    structlog.configure(
        processors=[*SHARED, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, as_text],
                "foreign_pre_chain": [*SHARED, structlog.stdlib.add_logger_name],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # It logs every 4xx with its full path; the access line has the route and the status.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": ["console"], "propagate": False},
            # A line for every nudge of the beat, day and night.
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django_celery_beat": {"level": "WARNING"},
        },
    }
