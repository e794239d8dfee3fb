"""All settings, from the environment. `python manage.py up` and `voiceops/local` fill in what a laptop needs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE

from voiceops.env import env, envbool, envint, envlist
from voiceops.local import state
from voiceops.local.urls import database_settings, redis_url

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = state.state_dir()
_secrets = state.secrets()

DEBUG = envbool("DEBUG", False)
SECRET_KEY = env("SECRET_KEY") or _secrets.secret_key
ENCRYPTION_KEYS = env("ENCRYPTION_KEYS") or _secrets.encryption_keys

# ── where the world reaches us ───────────────────────────────────────────────────────────────────
# One address: an agency answers on <agency>.<host of it>; https makes stream addresses wss.
PUBLIC_URL = (env("PUBLIC_URL") or state.local_address()).rstrip("/")
_public = urlsplit(PUBLIC_URL)
PUBLIC_SCHEME = _public.scheme
PUBLIC_HOST = _public.hostname or "localhost"
PUBLIC_PORT = _public.port
ALLOWED_HOSTS = ["*"]  # the tenant middleware answers 404 to every host that is not in the Domain table
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "voiceops.views.stale_form"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = PUBLIC_SCHEME == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if envbool("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_SCHEME == "https" else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # an agency's own domain may have subdomains that are not ours
    "security.W008",  # the proxy in front redirects to https
    "security.W021",  # nor is it ours to put on browsers' preload lists
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # an agent's script is one form

# ── applications ─────────────────────────────────────────────────────────────────────────────────
SHARED_APPS = [
    "unfold.apps.BasicAppConfig",  # first: django_tenants has templates of the same names for Django's own admin
    "daphne",
    "django_tenants",
    "tenants.agencies",
    "tenants.people",
    "tenants.audit",
    "tenants.backoffice.apps.BackofficeConfig",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "voiceops",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tenants.backoffice.apps.BackofficeConfig",
    "django.contrib.sessions",
    "allauth.account",
    "tenants.people",
    "tenants.audit",
    "tenants.clients",
    "tenants.usage",
    "agents",
    "calls",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]
TENANT_MODEL = "agencies.Agency"
TENANT_DOMAIN_MODEL = "agencies.Domain"
TENANT_LIMIT_SET_CALLS = True
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "voiceops.reference.ReferenceMiddleware",
    "tenants.agencies.middleware.AgencyMiddleware",
    "tenants.audit.request.AddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.people.middleware.SignInMiddleware",
    "voiceops.zone.ViewerZoneMiddleware",
]
ROOT_URLCONF = "voiceops.urls"
PUBLIC_SCHEMA_URLCONF = "voiceops.urls_platform"
ASGI_APPLICATION = "voiceops.asgi.application"

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
                "csp.context_processors.nonce",
                "voiceops.context.frame",
                "tenants.context.permissions",
            ],
            "builtins": ["voiceops.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ── stores ───────────────────────────────────────────────────────────────────────────────────────
DATABASES = {"default": {**database_settings(), "ENGINE": "django_tenants.postgresql_backend"}}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
REDIS_URL = redis_url()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL}]},
    }
}

# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "after-call-sweep": {"task": "calls.aftercall.tasks.sweep", "schedule": 15.0},
    "call-sweep": {"task": "calls.jobs.sweep_calls", "schedule": 15.0},
    "roll-out-sweep": {"task": "agents.templating.tasks.sweep", "schedule": 60.0},
    "knowledge-sweep": {"task": "agents.knowledge.tasks.sweep", "schedule": 30.0},
    "agencies-sweep": {"task": "agencies.resume_abandoned", "schedule": 60.0},
}

# ── the media plane ──────────────────────────────────────────────────────────────────────────────
MEDIA_WORKERS = envlist("MEDIA_WORKERS", "127.0.0.1:8790")
MEDIA_WORKER_KEY = env("MEDIA_WORKER_KEY") or _secrets.media_worker_key
TICKET_SECONDS = 120
REQUIRE_STREAM_SIGNATURE = envbool("REQUIRE_STREAM_SIGNATURE", False)  # refuse media sockets whose request is unsigned
# Private networks where model servers may be (CIDR). On a laptop that is the laptop and what is around it.
MODEL_NETWORKS = envlist(
    "MODEL_NETWORKS",
    "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16" if PUBLIC_HOST.endswith("localhost") else "",
)

# ── the world outside ────────────────────────────────────────────────────────────────────────────
# Inner hosts and networks (CIDR) that tools and crawled pages may reach all the same, and the ports they may use.
OUTBOUND_ALLOW = envlist("OUTBOUND_ALLOW")
OUTBOUND_PORTS = envlist("OUTBOUND_PORTS", "80,443,1024-65535")

# ── traces ───────────────────────────────────────────────────────────────────────────────────────
# Where the operator wants every agency's traces, without what was said; empty: nowhere.
TRACES_OTLP_ENDPOINT = env("TRACES_OTLP_ENDPOINT").rstrip("/")
TRACES_OTLP_HEADERS = dict(pair.split("=", 1) for pair in envlist("TRACES_OTLP_HEADERS") if "=" in pair)
# Private networks where an agency's collector or Langfuse may be (CIDR).
TRACE_NETWORKS = envlist("TRACE_NETWORKS", ",".join(MODEL_NETWORKS))

# ── recordings ───────────────────────────────────────────────────────────────────────────────────
S3_ENDPOINT_URL = env("S3_ENDPOINT_URL")
S3_BUCKET = env("S3_BUCKET")
S3_REGION = env("S3_REGION", "us-east-1")
S3_ACCESS_KEY = env("S3_ACCESS_KEY")
S3_SECRET_KEY = env("S3_SECRET_KEY")
MEDIA_ROOT = STATE_DIR / "media"
SEGMENT_DIR = STATE_DIR / "segments"
RECORDING_SEGMENT_SECONDS = envint("RECORDING_SEGMENT_SECONDS", 5)

# ── people ───────────────────────────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "tenants.people.adapters.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
EMAIL_BACKEND = env("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", f"VoiceOps <no-reply@{PUBLIC_HOST}>")

# ── pages ────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STATIC_ROOT = STATE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 86_400  # addresses carry the file's hash: {% asset %}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", "ws:" if PUBLIC_SCHEME == "http" else "wss:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
}

UNFOLD = {
    "SITE_SYMBOL": "shield_person",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: f"{STATIC_URL}favicon.svg"}],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#f0f7f6",
            "100": "#d9ebe9",
            "200": "#b5d7d4",
            "300": "#86bcb7",
            "400": "#569b95",
            "500": "#3b807a",
            "600": "#2f6f6a",
            "700": "#275854",
            "800": "#234745",
            "900": "#203c3a",
            "950": "#0d2322",
        }
    },
}

# ── the API ──────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.people.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.MayUseApi"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "tenants.api.paging.Cursor",
    "EXCEPTION_HANDLER": "tenants.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsing.BoundedJSONParser"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "VoiceOps",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "AgentState": "agents.api.resources.STATES",
        "InstanceState": "agents.api.templates.STANDINGS",
        "RollOutItemState": "agents.models.RollOutItem.State",
        "ProviderState": "agents.api.providers.STATES",
        "KeyState": "agents.api.providers.KEY_STATES",
        "KnowledgeState": "agents.api.knowledge.STATES",
        "DocumentState": "agents.models.KnowledgeDocument.State",
        "DocumentSource": "agents.models.KnowledgeDocument.Source",
        "ToolKind": "agents.api.tools.KINDS",
        "ClipKind": "agents.models.clip.VoiceClip.Kind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "opentelemetry": {"level": "CRITICAL"},  # what fails is told by the job that exports
        "twilio": {"level": "WARNING"},
    },
}
