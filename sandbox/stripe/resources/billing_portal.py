"""The customer portal: configurations with their lasting login page, and sessions that soon expire."""

from __future__ import annotations

from html import escape
from typing import Any

from starlette.responses import HTMLResponse

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import copy, render
from sandbox.stripe.world import Account, Obj, StripeWorld

routes = Routes()

CONFIGURATION, SESSION = "billing_portal.configuration", "billing_portal.session"
# a session that nobody visits is good for five minutes
UNVISITED = 300

_FEATURES: Obj = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": None, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}
_FLOWS = {
    "customer_update": "customer_update",
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_pause": "subscription_pause",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update",
}
"""Type of a flow -> the feature that must be on for it."""


# configurations ------------------------------------------------------------------------------------------------


def default(account: Account) -> Obj | None:
    """The one that saving the portal's settings in the Dashboard makes; None while nobody has saved them."""
    if not account.settings.portal_configured:
        return None
    kept = (one for one in account.kind(CONFIGURATION).values() if one["is_default"])
    return next(kept, None) or _made_in_the_dashboard(account)


def _made_in_the_dashboard(account: Account) -> Obj:
    features = copy(_FEATURES)
    for name in ("customer_update", "invoice_history", "payment_method_update"):
        features[name]["enabled"] = True
    features["customer_update"]["allowed_updates"] = ["email", "address", "tax_id"]
    return account.add(_configuration(account, {"features": features}) | {"is_default": True})


def _configuration(account: Account, given: Obj) -> Obj:
    now = account.world.clock.timestamp()
    profile: Obj = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    return {
        "id": account.world.new_id("bpc"),
        "object": CONFIGURATION,
        "active": True,
        "application": None,
        "business_profile": profile | (given.get("business_profile") or {}),
        "created": now,
        "default_return_url": given.get("default_return_url"),
        "features": _merged(_FEATURES, given["features"]),
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "updated": now,
    }


def _merged(old: Obj, given: Obj) -> Obj:
    merged: Obj = copy(old)
    for name, value in given.items():
        nested = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if nested else value
    return merged


def _checked(features: Obj) -> Obj:
    for feature, needed in (("customer_update", "allowed_updates"), ("subscription_update", "products")):
        if features[feature]["enabled"] and not features[feature][needed]:
            param = f"features[{feature}][{needed}]"
            raise InvalidRequest(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return features


def _set_login_page(call: Call, configuration: Obj) -> None:
    """A page that is switched off and on again gets a new address."""
    page, wanted = configuration["login_page"], call.params.get("login_page")
    if wanted is None or wanted["enabled"] == page["enabled"]:
        return
    url = f"{call.base_url}/p/login/{call.new_id('test')}" if wanted["enabled"] else None
    configuration["login_page"] = {"enabled": wanted["enabled"], "url": url}


@routes.post("/v1/billing_portal/configurations", "billing_portal.ConfigurationCreateParams")
def create(call: Call) -> Obj:
    made = _configuration(call.account, call.params)
    _checked(made["features"])
    _set_login_page(call, made)
    return render(call.account, call.add(made, "billing_portal.configuration.created"))


@routes.get("/v1/billing_portal/configurations", "billing_portal.ConfigurationListParams")
def list_(call: Call) -> Obj:
    default(call.account)
    rows = paging.matching(call, call.account.kind(CONFIGURATION).values(), "active", "is_default")
    return paging.listed(call, rows, "/v1/billing_portal/configurations")


@routes.get("/v1/billing_portal/configurations/{id}", "billing_portal.ConfigurationRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get(CONFIGURATION))


@routes.post("/v1/billing_portal/configurations/{id}", "billing_portal.ConfigurationUpdateParams")
def update(call: Call) -> Obj:
    configuration, params = call.get(CONFIGURATION), call.params
    if params.get("active") is False and configuration["is_default"]:
        raise InvalidRequest("You cannot deactivate your default configuration.", param="active")
    features = _checked(_merged(configuration["features"], params.get("features") or {}))
    with call.updating(configuration, "billing_portal.configuration.updated"):
        update_fields(configuration, params, ("active", "default_return_url", "name"))
        configuration["business_profile"] |= params.get("business_profile") or {}
        configuration["features"] = features
        _set_login_page(call, configuration)
        configuration["updated"] = call.now
    return render(call.account, configuration)


# sessions ------------------------------------------------------------------------------------------------------


@routes.post("/v1/billing_portal/sessions", "billing_portal.SessionCreateParams")
def open_session(call: Call) -> Obj:
    customer, configuration, params = _customer(call), _chosen(call), call.params
    made: Obj = {
        "id": call.new_id("bps"),
        "object": SESSION,
        "after_expiration": _after_expiration(call),
        "configuration": configuration["id"],
        "created": call.now,
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(configuration, params.get("flow_data")),
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": params.get("on_behalf_of"),
        "return_url": params.get("return_url") or configuration["default_return_url"],
        "url": f"{call.base_url}/p/session/{call.new_id('test')}",
        "_visited": None,
    }
    return render(call.account, call.add(made, "billing_portal.session.created"))


def _customer(call: Call) -> Obj:
    customer = call.named("customer", "customer")
    if customer is None:
        raise InvalidRequest("Missing required param: customer.", code="parameter_missing", param="customer")
    return customer


def _chosen(call: Call) -> Obj:
    chosen = call.named(CONFIGURATION, "configuration") or default(call.account)
    if chosen is None:
        raise InvalidRequest(
            "No configuration provided and your test mode default configuration has not been created. Provide a "
            "configuration or create your default by saving your customer portal settings in test mode at "
            "https://dashboard.stripe.com/test/settings/billing/portal."
        )
    if not chosen["active"]:
        raise InvalidRequest("The configuration is inactive and can't be used.", param="configuration")
    return chosen


def _after_expiration(call: Call) -> Obj | None:
    given = call.params.get("after_expiration")
    if given is None:
        return None
    if given["type"] != "customer_login":
        raise InvalidRequest("Invalid after_expiration[type]: must be customer_login", param="after_expiration[type]")
    until = (given.get("customer_login") or {}).get("expires_at")
    if until is not None and until <= call.now:
        where = "after_expiration[customer_login][expires_at]"
        raise InvalidRequest("The time must be in the future.", param=where)
    return {"type": "customer_login", "customer_login": {"expires_at": until}}


def _flow(configuration: Obj, given: Obj | None) -> Obj | None:
    if given is None:
        return None
    kind = given["type"]
    if kind not in _FLOWS:
        raise InvalidRequest(f"Invalid flow_data[type]: must be one of {', '.join(_FLOWS)}", param="flow_data[type]")
    if kind.startswith("subscription") and not given.get(kind):
        param = f"flow_data[{kind}]"
        raise InvalidRequest(f"Missing required param: {param}.", code="parameter_missing", param=param)
    if not configuration["features"][_FLOWS[kind]]["enabled"]:
        raise InvalidRequest(
            f"This flow needs the feature {_FLOWS[kind]}, which is disabled in the portal configuration.",
            param="flow_data[type]",
        )
    if kind.startswith("subscription"):
        raise InvalidRequest("The sandbox has no subscriptions.", code="resource_missing", param=f"flow_data[{kind}]")
    return {"type": kind, "after_completion": _completion(given.get("after_completion"))} | {
        name: None for name in _FLOWS if name not in ("payment_method_update",)
    }


def _completion(given: Obj | None) -> Obj:
    return {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"} | (given or {})


# pages ---------------------------------------------------------------------------------------------------------


def page(world: StripeWorld, path: str) -> HTMLResponse:
    """What a browser sees at the address of a session or of a login page."""
    url = f"{world.base_url}{path}"
    for account in world.accounts.values():
        for session in account.kind(SESSION).values():
            if session["url"] == url:
                return _session_page(account, session)
        for one in account.kind(CONFIGURATION).values():
            if one["login_page"]["url"] == url:
                return HTMLResponse(f"<!doctype html><title>{escape(account.name)}</title><h1>Log in by e-mail</h1>")
    return HTMLResponse("<h1>Not found</h1>", 404)


def _session_page(account: Account, session: Obj) -> HTMLResponse:
    now = account.world.clock.timestamp()
    if session["_visited"] is None and now > session["created"] + UNVISITED:
        return _expired(session, now)
    session["_visited"] = session["_visited"] or now
    customer = account.kind("customer").get(session["customer"], {})
    shown = escape(customer.get("name") or customer.get("email") or session["customer"])
    return HTMLResponse(f"<!doctype html><title>{escape(account.name)}</title><h1>Billing of {shown}</h1>")


def _expired(session: Obj, now: int) -> HTMLResponse:
    after: Any = (session["after_expiration"] or {}).get("customer_login")
    if after is not None and (after["expires_at"] is None or now <= after["expires_at"]):
        return HTMLResponse("<!doctype html><h1>Confirm your e-mail to go on</h1>")
    return HTMLResponse("<!doctype html><h1>This session has expired</h1>", 410)
