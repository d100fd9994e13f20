"""What the two webhooks share: one POST to the configured address, no redirects, and no address in what is said."""

import httpx

from app.core.alert_sending import Refused

PATIENCE = 10.0


def post(url: str, body: bytes, headers: dict[str, str]) -> str:
    """Raises Refused. The address may be a secret itself, so no sentence carries it."""
    try:
        with httpx.Client(timeout=PATIENCE, follow_redirects=False) as client:
            answer = client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
    except httpx.HTTPError as error:
        raise Refused(f"The receiver does not answer: {type(error).__name__}.") from None
    if not answer.is_success:
        raise Refused(f"The receiver answered {answer.status_code}.")
    return f"The receiver answered {answer.status_code}."
