"""One settings file for every place: what differs between places is in the environment.

Nothing here falls back to something unsafe. A missing SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL
or REDIS_URL stops the start with a sentence, except on a developer's own machine, which says
so with KOPILKA_LOCAL=1 (the launcher in `config.local` does) or DEBUG=1.
"""

import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext

from config.environment import Environment, broker_url, own_address, postgres_parameters
from config.logs import logging_config
from config.sentry import start_sentry

# Generic Django classes (`ModelAdmin[Sale]`) are subscriptable for the type checker only.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()

DEBUG = env.flag("DEBUG")
LOCAL = env.flag("KOPILKA_LOCAL", default=DEBUG)
# Which kind of process this is: "web" gets a connection pool, everything else does not.
PROCESS = env.text("KOPILKA_PROCESS", "command")

SECRET_KEY = env.text("SECRET_KEY", "local-only" if LOCAL else None)
# Older keys still open old sessions and signed links while a key is being replaced.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", "")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver" if LOCAL else None)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "config",
    "merchants",
    "loyalty",
    "clients",
    "campaigns",
    "insights",
    "cashier",
    # Unfold's templates stand in front of the admin's own.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "config.admin_config.PlatformAdminConfig",
    "django.forms",  # its templates, for the renderer below
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "pgtrigger",
    "phonenumber_field",
    "rest_framework",
]

AUTH_USER_MODEL = "merchants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# ---------------------------------------------------------------------------- requests

METRICS_TOKEN = env.text("METRICS_TOKEN", "")

MIDDLEWARE = [
    "config.middleware.RequestMiddleware",
    "config.middleware.SizeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Ours among these step aside for the till API, which has neither cookies nor users.
    "config.middleware.SessionMiddleware",
    "config.middleware.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.AuthenticationMiddleware",
    "merchants.sessions.LastSeenMiddleware",
    "config.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
if METRICS_TOKEN:
    MIDDLEWARE = [
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        *MIDDLEWARE,
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "merchants.context.workplace",
            ],
        },
    },
]

# Fields of forms are drawn by templates of ours (templates/forms).
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# An offline till sends up to 500 receipts at once; nothing honest is larger than this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# ---------------------------------------------------------------------------- database

DATABASES: dict[str, dict[str, Any]] = {
    "default": postgres_parameters(env.text("DATABASE_URL", "postgresql:///kopilka" if LOCAL else None))
}
# The sale path prepares its few statements on first use; Django's own cursors never prepare.
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 1)
if PROCESS == "web":
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # Django's condition for having a pool
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.number("DB_POOL_SIZE", 8),
        "timeout": 5,
    }
    # A till is better served by an error than by a cashier who waits: nothing on the web side
    # may hold a lock, or hang, for longer than anybody would stand there.
    DATABASES["default"]["OPTIONS"].setdefault(
        "options", "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    )
else:
    # No pool: Celery closes connections around tasks, and a pool would be torn down with them.
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# ---------------------------------------------------------------------------- cache, work

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0" if LOCAL else None)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # Give the cache a database of its own: clearing it must not clear the broker.
        "LOCATION": env.text("CACHE_URL", REDIS_URL),
        "KEY_PREFIX": "kopilka",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task that nobody has finished is given to somebody else after this long, so no task may
# run for longer: the time limits below stay under it.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 15 * 60, "global_keyprefix": "kopilka:"}
CELERY_TASK_SOFT_TIME_LIMIT = 10 * 60
CELERY_TASK_TIME_LIMIT = 12 * 60
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Work that matters lies in the database; these are nudges. A nudge nobody took expires, so
# that a worker coming back after an hour does not find seven hundred of them.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "deliver the outbox": {
        "task": "merchants.tasks.deliver_outbox",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "sweep what is due": {
        "task": "loyalty.tasks.sweep",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    "roll up the days": {
        "task": "insights.tasks.roll_up",
        "schedule": 15.0,
        "options": {"expire_seconds": 15},
    },
    "measure campaigns": {
        "task": "insights.tasks.measure_campaigns",
        "schedule": 300.0,
        "options": {"expire_seconds": 300},
    },
    "run back tests": {
        "task": "insights.tasks.run_back_tests",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "load clients": {
        "task": "clients.tasks.run_imports",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "make cards": {
        "task": "clients.tasks.make_card_batches",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "make promo codes": {
        "task": "loyalty.tasks.make_promo_codes",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "act for many clients": {
        "task": "clients.tasks.run_acts",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "run campaigns": {
        "task": "campaigns.tasks.run_campaigns",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    "send messages": {
        "task": "campaigns.tasks.send_messages",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "run mailings": {
        "task": "campaigns.tasks.run_mailings",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "ask gateways": {
        "task": "campaigns.tasks.ask_gateways",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    "purge messages": {
        "task": "campaigns.tasks.purge_messages",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
    "forget files of clients": {
        "task": "clients.tasks.forget_imports",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
    "forget people of merges": {
        "task": "clients.tasks.forget_merged",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
    "erase what is over its term": {
        "task": "clients.tasks.keep_terms",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
    "take snapshots": {
        "task": "insights.tasks.take_snapshots",
        "schedule": 60 * 60.0,
        "options": {"expire_seconds": 60 * 60},
    },
    "purge stored answers": {
        "task": "loyalty.tasks.purge",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
    "purge what has served": {
        "task": "merchants.tasks.purge",
        "schedule": 24 * 60 * 60.0,
        "options": {"expire_seconds": 6 * 60 * 60},
    },
}

# ---------------------------------------------------------------------------- language, time

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Moscow"
CELERY_TIMEZONE = TIME_ZONE
USE_I18N = True
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "RU"
PHONENUMBER_DB_FORMAT = "E164"

# ---------------------------------------------------------------------------- people, login

NUM_PROXIES = env.number("NUM_PROXIES", 0 if LOCAL else 1)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# allauth's backend is Django's own, and finds a user by e-mail.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Whether strangers may make an account and open a shop of their own. Invitations work either way.
REGISTRATION_OPEN = env.choice("REGISTRATION", ("open", "closed")) == "open"
ACCOUNT_ADAPTER = "config.accounts.Accounts"
ACCOUNT_SIGNUP_FORM_CLASS = "config.registration.NameForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# A letter asks for it; the login does not wait. An invitation has already proved the address.
ACCOUNT_EMAIL_VERIFICATION = "optional"
# «Your password has been changed»: whoever did not do it learns of it.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Login attempts are counted by address: behind a proxy everybody would share one.
ALLAUTH_TRUSTED_PROXY_COUNT = NUM_PROXIES
MFA_TOTP_ISSUER = "Kopilka"
MFA_ADAPTER = "config.second_factors.SecondFactors"
# Like a password: whoever has not kept them makes new ones.
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A second factor has nothing to do with the mailbox, and accounts made by a command have no proof of theirs.
MFA_ALLOW_UNVERIFIED_EMAIL = True

EMAIL_BACKEND = "django.core.mail.backends.{}.EmailBackend".format("console" if LOCAL else "smtp")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Kopilka <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Where we live, for links in messages that no request is behind: https://kopilka.example.
SITE_URL = env.text("SITE_URL", f"http://localhost:{env.number('PORT', 8000)}" if LOCAL else own_address(ALLOWED_HOSTS))

# The gateway: smsaero, sms.ru, smsc, or a class of your own with `send(phone, text)`. Without one, texts appear where
# the server was started. What the others mean for each gateway is in docs/messages.md.
SMS_BACKEND = env.text("SMS_BACKEND", "console")
SMS_LOGIN = env.text("SMS_LOGIN", "")
SMS_KEY = env.text("SMS_KEY", "")
SMS_SENDER = env.text("SMS_SENDER", "")
SMS_URL = env.text("SMS_URL", "")
# For estimates, where a shop has not said what it pays for one part of a text.
SMS_PRICE = Decimal(env.text("SMS_PRICE", "0"))
# A bot of the installation, by @BotFather.
TELEGRAM_TOKEN = env.text("TELEGRAM_TOKEN", "")
TELEGRAM_BOT = env.text("TELEGRAM_BOT", "").removeprefix("@")
TELEGRAM_SECRET = env.text("TELEGRAM_SECRET", "")
TELEGRAM_URL = env.text("TELEGRAM_URL", "")
# Push messages: a key by `manage.py make_push_key`, and whom push services may write to.
PUSH_KEY = env.text("PUSH_KEY", "")
PUSH_CONTACT = env.text("PUSH_CONTACT", "mailto:noreply@localhost")
PUSH_HOSTS = env.words(
    "PUSH_HOSTS",
    "fcm.googleapis.com,updates.push.services.mozilla.com,.push.services.mozilla.com,.notify.windows.com,"
    "web.push.apple.com,.push.apple.com",
)
# Part of the addresses at which gateways tell us what became of messages; without it nobody may.
HOOK_SECRET = env.text("HOOK_SECRET", "")
# Of one shop, so that one shop's mailing leaves room for the others and stays within a gateway's limit. 0 is no limit.
MESSAGES_PER_SECOND = env.number("MESSAGES_PER_SECOND", 30)
# How many are spoken to at once by one worker.
MESSAGE_THREADS = env.number("MESSAGE_THREADS", 8)

# ---------------------------------------------------------------------------- security

# Behind a proxy that ends TLS and sets (never passes on) X-Forwarded-Proto.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not LOCAL
# Probes speak plain HTTP to the container itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = not LOCAL
X_FRAME_OPTIONS = "DENY"

# ---------------------------------------------------------------------------- static files

STATIC_URL = "/static/"
# Locally the files are served from where they lie: `make run` has no collectstatic to wait for.
STATIC_ROOT = None if LOCAL else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = LOCAL
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# ---------------------------------------------------------------------------- till API

REST_FRAMEWORK = {
    # A view that forgets to say who may call it is open to nobody.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cashier.api.problems.handler",
    "NUM_PROXIES": NUM_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# For each key; 0 means no limit.
TILL_REQUESTS_PER_MINUTE = env.number("TILL_REQUESTS_PER_MINUTE", 3000) or None
SPECTACULAR_SETTINGS = {
    "TITLE": "Kopilka till API",
    "DESCRIPTION": "What a till says to the loyalty programme: find, enrol, quote, sell, give back.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # The structs behind the schema name their own parts.
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # The pages' scripts come from this server; nothing is loaded from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# ---------------------------------------------------------------------------- admin

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Kopilka",
    "SITE_HEADER": "Kopilka",
    "SITE_SYMBOL": "savings",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.admin_site.favicon"}],
    "SITE_URL": None,
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,  # the audit log has the reasons as well
    "STYLES": ["config.admin_site.stylesheet"],
    "DASHBOARD_CALLBACK": "config.dashboard.figures",
    "SIDEBAR": {"navigation": "config.navigation.rooms"},
    # Dark enough on white, and light enough on black, to be read: WCAG AA.
    "COLORS": {"font": {"subtle-light": "var(--color-base-600)"}},
}

# ---------------------------------------------------------------------------- watching

LOGGING = logging_config(
    style=env.text("LOG_FORMAT", "console" if LOCAL else "json"),
    level=env.text("LOG_LEVEL", "INFO"),
)
# Request ids travel into tasks; django_structlog's own request middleware would log the query
# string, where phone numbers stand, so `config.middleware` has another.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# A nudge every five seconds is no news; retries and failures keep their levels.
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
PROMETHEUS_EXPORT_MIGRATIONS = False
start_sentry(env.text("SENTRY_DSN", ""), release=env.text("RELEASE", ""))
