import pytest

from app.core import config
from app.core.config import Books, Config, SubsidiaryBooks
from app.core.plan import InvalidConfig
from app.core.setting import Setting, described, with_setting
from workers.flows import CATALOGUE

OVER = "flows.netsuite_invoice_to_stripe.options.over_250"


def set_to(chosen: Config, path: str, value: str) -> Config:
    setting = described(chosen, path, CATALOGUE)
    assert setting is not None
    return with_setting(chosen, setting, value, CATALOGUE)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("books.main.accounts.clearing.EUR", Setting("books.main.accounts.clearing.EUR", "account", part="clearing")),
        ("books.main.items.default", Setting("books.main.items.default", "item", part="default")),
        ("older", Setting("older", "choice", ("post", "skip", "hold"), now="hold")),
        (OVER, Setting(OVER, "choice", ("collapse", "hold"), now="collapse")),
        ("books.main", None),
        ("books.main.accounts", None),
        ("books.main.nonsense", None),
        ("flows.nonsense.options.a", None),
        ("NETSUITE__ACCOUNT_ID", None),
        ("currencies.XAF", None),
    ],
)
def test_a_path_tells_what_it_takes(path: str, expected: Setting | None) -> None:
    assert described(Config(), path, CATALOGUE) == expected


def test_what_is_there_stays() -> None:
    before = Config(books={"main": Books(subsidiary="1")})
    after = set_to(before, "books.main.accounts.clearing.EUR", "11")
    assert config.document(after) == {"books": {"main": {"subsidiary": "1", "accounts": {"clearing": {"EUR": "11"}}}}}


def test_the_books_of_all_accounts_are_not_shadowed() -> None:
    after = set_to(Config(books={"*": Books(subsidiary="1")}), "books.main.items.default", "7")
    assert config.document(after) == {"books": {"*": {"subsidiary": "1", "items": {"default": "7"}}}}


def test_a_subsidiary_s_own_choice_is_set_there() -> None:
    before = Config(books={"main": Books(by_subsidiary={"3": SubsidiaryBooks(time_zone="UTC")})})
    after = set_to(before, "books.main.by_subsidiary.3.accounts.fees.USD", "60")
    assert after.for_account("main", "3").accounts.fees == {"USD": "60"}
    assert after.for_account("main").accounts.fees == {}


def test_a_currency_is_added_once() -> None:
    once = set_to(Config(), "books.main.currencies", "eur")
    twice = set_to(once, "books.main.currencies", "EUR")
    assert (once.books["main"].currencies, twice.books["main"].currencies) == (("EUR",), ("EUR",))


def test_what_its_model_refuses_is_not_set() -> None:
    with pytest.raises(InvalidConfig, match="older"):
        set_to(Config(), "older", "perhaps")
