from app.systems.stripe.keys import LONGEST, key, key_for_state, ours


def test_the_same_work_has_the_same_key() -> None:
    assert key("main", "create_invoice", "invoice:7", {"b": 1, "a": 2}) == key(
        "main", "create_invoice", "invoice:7", {"a": 2, "b": 1}
    )


def test_the_key_reads_as_what_it_is_for() -> None:
    assert key("main", "create_invoice", "invoice:7", {}).startswith("tieout:main:create_invoice:invoice:7:")


def test_other_params_have_another_key() -> None:
    assert key("main", "create_invoice", "invoice:7", {"a": 1}) != key("main", "create_invoice", "invoice:7", {"a": 2})


def test_the_next_generation_has_a_suffix() -> None:
    assert key("main", "op", "x", {}, generation=2) == key("main", "op", "x", {}) + ":r2"


def test_a_long_subject_still_fits() -> None:
    assert len(key("main", "create_invoice", "x" * 400, {}, generation=9)) <= LONGEST


def test_two_long_subjects_stay_apart() -> None:
    assert key("main", "op", "x" * 400, {}) != key("main", "op", "x" * 401, {})


def test_setting_a_state_twice_has_two_keys() -> None:
    assert key_for_state("main", "op", "x", {}) != key_for_state("main", "op", "x", {})


def test_our_keys_are_recognised() -> None:
    assert ours(key_for_state("main", "op", "x", {}))


def test_others_keys_are_not() -> None:
    assert not ours("my-key")


def test_no_key_is_not_ours() -> None:
    assert not ours(None)
