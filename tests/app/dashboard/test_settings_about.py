from app.dashboard.settings_about import own_version
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn


def test_it_tells_the_version_and_what_is_kept(parts: Installation, sign_in: SignIn) -> None:
    parts.settings = parts.settings.model_copy(update={"event_retention_days": 123})
    text = sign_in("viewer").see("/settings/about").text
    assert f"Tieout {own_version()}" in text
    assert "123 days" in text
