"""The one settings file. Environments differ by environment variables only; importing it never raises."""

import os
from pathlib import Path
from typing import Any

import environ

from paritycheck.config import env, keeping
from paritycheck.config.mail_url import mail
from paritycheck.config.openapi import SPECTACULAR
from paritycheck.config.sso import single_sign_on

PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY_TEMPLATES = PACKAGE.parent / "templates"

SECRET_KEY = env.secret("SECRET_KEY", "stand-in-that-the-system-checks-refuse-to-serve-with")
PEPPER = env.secret("PEPPER", "stand-in")
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
PORT = env.integer("PORT", 8000)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SITE_NAME = env.text("SITE_NAME", "paritycheck")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
METRICS_TOKEN, REVOCATIONS_FILE, PG_BIN = map(env.text, ("METRICS_TOKEN", "REVOCATIONS_FILE", "PG_BIN"))
SERVED_BY_TLS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "paritycheck.apps.ParitycheckConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "paritycheck.api.body.BodyMiddleware",
    "paritycheck.config.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "paritycheck.web.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "paritycheck.tasks.wake.WakeMiddleware",
]

ROOT_URLCONF = "paritycheck.config.urls"
WSGI_APPLICATION = "paritycheck.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [REPOSITORY_TEMPLATES if REPOSITORY_TEMPLATES.is_dir() else PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["paritycheck.web.tags", "paritycheck.web.drawing"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "paritycheck.web.frame.frame",
            ],
        },
    },
]

# --- PostgreSQL: the queue of record, and the broker unless BROKER_URL says otherwise ---

DATABASE_URL = env.text("DATABASE_URL", "postgres:///paritycheck")
STATEMENT_TIMEOUT_S = env.integer("STATEMENT_TIMEOUT_S", 30)


def _database(**session: str) -> dict[str, Any]:
    """A connection kept open and checked, with these session parameters."""
    config = dict(env.url("DATABASE_URL", DATABASE_URL, environ.Env.db_url_config))
    options = dict(config.pop("OPTIONS", {}))
    flags = " ".join(f"-c {name}={value}" for name, value in session.items())
    return {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "STATEMENT_TIMEOUT_S": STATEMENT_TIMEOUT_S,
        **config,
        "ENGINE": "paritycheck.config.postgresql",
        "OPTIONS": {"server_side_binding": True, "connect_timeout": "4", **options, "options": flags},
    }


_SESSION = {
    "idle_in_transaction_session_timeout": "60s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "client_connection_check_interval": "2s",  # ends a killed worker's statement that waits for a lock
}
DATABASES = {
    "default": _database(**_SESSION),
    # Heartbeats alone commit without waiting: a crashed PostgreSQL may forget the last 0.3 s of them. One that meets a
    # report of its instance waits as long as that report may.
    "heartbeat": {**_database(**_SESSION, synchronous_commit="off", lock_timeout="2s"), "TEST": {"MIRROR": "default"}},
}
KEEP_DAYS = keeping.days()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery ---

BROKER_URL = env.text("BROKER_URL")
CELERY_BROKER_URL = BROKER_URL or "pgmq://localhost"  # conn_string below decides; without a host kombu warns
if BROKER_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
    }
    if not BROKER_URL.startswith(("redis", "valkey", "sentinel")):
        CELERY_BROKER_TRANSPORT_OPTIONS = {}
else:
    _conninfo, _libpq = env.pgmq_conninfo(DATABASE_URL)
    os.environ.update(_libpq)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "init_extension": False,
        "wait_time_seconds": 0,
        "visibility_timeout": 300,
        "polling_interval": 5,
        "pool_size": 1,
        "use_notify": False,
        "conn_string": _conninfo,
    }
CELERY_BROKER_POOL_LIMIT = 2
CELERY_BROKER_CONNECTION_TIMEOUT = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "paritycheck"
CELERY_TASK_ROUTES = {"paritycheck.deliver_message": {"queue": "deliver"}}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False  # an idle worker has nothing to put back
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- Mail ---

EMAIL_URL = env.text("EMAIL_URL")
_mail = mail(EMAIL_URL)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = _mail.get("EMAIL_HOST") or ""
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 15
# What the backend of a provider is given, its token among it; SMTP's has none.
EMAIL_OPTIONS: dict[str, Any] = _mail.get("OPTIONS") or {}
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"{SITE_NAME} <paritycheck@localhost>")

# --- Channels: the keys that seal their secrets (the first seals, each opens), and where requests may go ---

FIELD_KEY = env.words("FIELD_KEY", [])
OIDC_ISSUERS = [issuer.rstrip("/") for issuer in env.words("OIDC_ISSUERS", [])]
WEBHOOK_ALLOW_CIDRS = env.words("WEBHOOK_ALLOW_CIDRS", [])
WEBHOOK_CA_FILE = env.text("WEBHOOK_CA_FILE")

# --- People ---

AUTH_USER_MODEL = "paritycheck.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:projects"
LOGOUT_REDIRECT_URL = "web:sign-in"
PASSWORD_RESET_TIMEOUT = 3600

# --- Signing in: by django-allauth, of which web/signing mounts what is needed. Nobody signs up ---

TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, least=0)
ACCOUNT_ADAPTER = "paritycheck.web.signing.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator or the provider vouches for addresses
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
# Of sign-ins the failed ones count, and so of pipelines' id tokens.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "10/m/ip,5/15m/key",
    "reset_password": "10/m/ip,3/15m/key",
    "id_token_refused": "60/m/ip",
}

MFA_ADAPTER = "paritycheck.web.signing.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1

# Single sign-on by OpenID Connect, on when issuer and client are named; E011 says so where it is half-set.
OIDC_NAME = env.text("OIDC_NAME", "single sign-on")
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_DOMAINS = [domain.lower().lstrip("@") for domain in env.words("OIDC_DOMAINS", [])]
OIDC_NEW_USERS = env.choice("OIDC_NEW_USERS", "NO", ("NO", "NONE", "VIEWER", "MEMBER")).lower()
OIDC_ONLY = env.choice("OIDC_ONLY", "NO", ("NO", "YES")) == "YES"
OIDC_ON = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)
SOCIALACCOUNT_ADAPTER = "paritycheck.web.signing.adapters.ProviderAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form's redirect to another site is refused by our policy; the state guards it
SOCIALACCOUNT_PROVIDERS = single_sign_on(OIDC_NAME, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)

# --- Browser security: cookies carry the strictest prefix that the scheme allows ---

SESSION_ENGINE = "paritycheck.config.sessions"
SESSION_COOKIE_NAME = "__Host-session" if SERVED_BY_TLS else "paritycheck-session"
CSRF_COOKIE_NAME = "__Host-csrf" if SERVED_BY_TLS else "paritycheck-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVED_BY_TLS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if SERVED_BY_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SERVED_BY_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SERVED_BY_TLS else None
SECURE_SSL_REDIRECT = SERVED_BY_TLS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if "://" in PUBLIC_URL else []
CSRF_FAILURE_VIEW = "paritycheck.web.errors.csrf_failure"

# --- Files, language, cache ---

STATIC_URL = "/static/"
# Where collectstatic writes, in images that run it; without it whitenoise serves the files where they are.
STATIC_ROOT = Path(env.text("STATIC_ROOT")) if env.text("STATIC_ROOT") else None
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
# What limits sign-ins is counted here, for all processes together. The bound is there so that nobody who makes entries
# pushes out those that lock an account; expired ones go first.
_table = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "paritycheck_cache"}
CACHES = {"default": {**_table, "OPTIONS": {"MAX_ENTRIES": 50_000}}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- REST API ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["paritycheck.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["paritycheck.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "paritycheck.api.pagination.CursorPages",
    "EXCEPTION_HANDLER": "paritycheck.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = SPECTACULAR

LOGGING_CONFIG = "paritycheck.config.logs.configure"
LOGGING: dict[str, Any] = {"level": LOG_LEVEL}
