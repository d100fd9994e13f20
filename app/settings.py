"""Every setting of the installation. No other module reads the environment.

What finance may choose (accounts, items, rules, schedules) is not here but in `core/config.py`.
"""

import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed)]
Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class StripeAccount(BaseModel):
    """One Stripe account; its name is the `<ACCOUNT>` of the variable, in lower case."""

    api_key: SecretStr
    webhook_secrets: Secrets = ()
    api_base: str = "https://api.stripe.com"
    livemode: bool | None = None
    requests_per_second: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _livemode_and_rate(self) -> "StripeAccount":
        """Stripe allows 100 requests a second in live mode and 25 in test mode (docs.stripe.com/rate-limits)."""
        if self.livemode is None:
            self.livemode = "_live_" in self.api_key.get_secret_value()
        self.requests_per_second = self.requests_per_second or (80.0 if self.livemode else 20.0)
        return self


class NetSuiteAccount(BaseModel):
    """The NetSuite account. Hosts follow from the account id unless given."""

    account_id: str
    api_base: str = ""
    restlet_base: str = ""
    auth: Literal["oauth2", "tba"] = "oauth2"
    client_id: str = ""
    certificate_id: str = ""
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    certificate_file: Path | None = None
    consumer_key: str = ""
    consumer_secret: SecretStr = SecretStr("")
    token_id: str = ""
    token_secret: SecretStr = SecretStr("")
    concurrency: int = Field(default=4, ge=1, le=100)
    time_zone: str | None = None
    callback_secrets: Secrets = ()
    restlet_script: str = "customscript_tieout_restlet"
    restlet_deploy: str = "customdeploy_tieout_restlet"
    void_with: Literal["restlet", "credit_memo"] = "restlet"
    batch_with: Literal["rest", "restlet"] = "rest"
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    live: bool | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone, e.g. America/New_York")
        return value or None

    @model_validator(mode="after")
    def _hosts_and_mode(self) -> "NetSuiteAccount":
        host = self.account_id.lower().replace("_", "-")
        self.api_base = (self.api_base or f"https://{host}.suitetalk.api.netsuite.com").rstrip("/")
        self.restlet_base = (self.restlet_base or f"https://{host}.restlets.api.netsuite.com").rstrip("/")
        if self.live is None:
            self.live = re.search(r"(_SB\d*|_RP\d*)$|^TSTDRV", self.account_id.upper()) is None
        return self

    def signing_key(self) -> str:
        """The PEM text of the M2M private key. Raises ValueError when none is configured."""
        if self.private_key is not None:
            return self.private_key.get_secret_value().replace("\\n", "\n")
        if self.private_key_file is not None:
            return self.private_key_file.read_text()
        raise ValueError("NETSUITE__PRIVATE_KEY or NETSUITE__PRIVATE_KEY_FILE is needed for AUTH=oauth2")

    def names(self, account: str) -> bool:
        """Whether a path segment means this account; `1234567_SB1` and `1234567-sb1` are the same."""
        return account.lower().replace("_", "-") == self.account_id.lower().replace("_", "-")


class IdentityProvider(BaseModel):
    """OpenID Connect: people sign in where they already have an account."""

    issuer: str
    client_id: str
    client_secret: SecretStr = SecretStr("")
    label: str = "Single sign-on"
    scopes: str = "openid email profile"
    allowed_domains: Addresses = ()
    default_role: Literal["", "viewer", "operator", "admin"] = ""
    role_claim: str = ""
    role_values: Addresses = ()

    @field_validator("issuer")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if not re.match(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?", value):
            raise ValueError("it has to begin with https://")
        return value

    @model_validator(mode="after")
    def _values_name_roles(self) -> "IdentityProvider":
        for each in self.role_values:
            if each.partition("=")[2] not in ("viewer", "operator", "admin"):
                raise ValueError(f"OIDC__ROLE_VALUES: {each!r} is not VALUE=ROLE, with role viewer, operator or admin")
        return self

    def role_of(self, value: str) -> str | None:
        """The role that a value of the claim stands for."""
        return {name: role for name, _, role in (each.partition("=") for each in self.role_values)}.get(value)


class Settings(BaseSettings):
    """Read from the environment, then from `.env`; `.env.example` explains each."""

    model_config = SettingsConfigDict(env_file=".env", env_nested_delimiter="__", extra="ignore")

    database_url: str = ""
    broker_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr | None = None
    data_dir: Path = Path(".tieout")
    initial_config: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    session_idle_minutes: int = Field(default=120, ge=1)
    session_hours: int = Field(default=12, ge=1)
    demo: bool = False
    receiver_processes: int = Field(default=2, ge=1)
    worker_concurrency: int = Field(default=8, ge=1)
    worker_pool: Literal["prefork", "threads"] = "threads"
    run_time_limit: int = Field(default=300, ge=10, description="seconds")
    body_limit: int = Field(default=1_048_576, ge=1024, description="bytes")
    signature_window: int = Field(default=300, ge=1, description="seconds, both ways")
    event_retention_days: int = Field(default=400, ge=1)
    tie_out_minutes: int = Field(default=60, ge=0)
    log_format: Literal["console", "json"] = "console"
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str = ""
    alert_email_to: Addresses = ()
    alert_email_from: str = ""
    alert_email_host: str = ""
    alert_email_port: int = Field(default=587, ge=1, le=65535)
    alert_email_security: Literal["starttls", "tls", "none"] = "starttls"
    alert_email_user: str = ""
    alert_email_password: SecretStr = SecretStr("")
    alert_slack_url: SecretStr = SecretStr("")
    alert_webhook_url: str = ""
    alert_webhook_secret: SecretStr = SecretStr("")
    stripe: dict[str, StripeAccount] = Field(default_factory=dict)
    netsuite: NetSuiteAccount | None = None
    oidc: IdentityProvider | None = None

    @field_validator("initial_config", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("alert_slack_url", "alert_webhook_url", mode="before")
    @classmethod
    def _only_http(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not re.match(r"https?://[^/\s]+", str(text)):
            raise ValueError("it has to begin with https:// or http://")
        return value

    @model_validator(mode="after")
    def _signed(self) -> "Settings":
        if self.alert_webhook_url and not self.alert_webhook_secret.get_secret_value():
            raise ValueError("ALERT_WEBHOOK_URL needs ALERT_WEBHOOK_SECRET, which signs what is sent there")
        return self

    @property
    def embedded_database(self) -> bool:
        return not self.database_url

    @property
    def in_memory_broker(self) -> bool:
        return not self.broker_url

    def secret(self) -> str:
        """SECRET_KEY, or one made at first use and kept in the data folder (mode 600)."""
        if self.secret_key is not None and self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        return _kept_secret(self.data_dir / "secret_key")


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


@lru_cache(maxsize=1)
def settings() -> Settings:
    return Settings()
