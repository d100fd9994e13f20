"""Set-up does what is missing and nothing else."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from tests.project.tree import ROOT


class Checkout:
    """scripts/setup.py over a checkout of the test's own, in which commands are noted instead of run."""

    def __init__(self, setup: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.setup = setup
        self.ran: list[str] = []
        self.root = root
        paths = {"ROOT": root, "VENV": root / ".venv", "LOCK": root / "requirements.lock"}
        paths |= {"PYTHON": root / ".venv/bin/python", "STAMP": root / ".venv/stamp", "NODE_STAMP": root / "node_stamp"}
        paths |= {"ICONS": root / "icons.txt", "VENDOR": root / "vendor", "CHROMIUM": str(root / "chromium")}
        for name, path in paths.items():
            monkeypatch.setattr(setup, name, path)
        monkeypatch.setattr(setup, "run", self._note)
        monkeypatch.setattr(setup, "make_venv", lambda: (root / ".venv/bin").mkdir(parents=True))
        for name in ("requirements.lock", "pyproject.toml", "package-lock.json", "chromium"):
            (root / name).write_text(name)
        (root / "icons.txt").write_text("home\n")
        for source in (*setup.ASSETS.values(), "@tabler/icons/icons/outline/home.svg"):
            (root / "node_modules" / source).parent.mkdir(parents=True, exist_ok=True)
            (root / "node_modules" / source).write_text('<svg class="icon"><path d="M0 0"/></svg>')

    def _note(self, command: Sequence[str], **_: str) -> None:
        self.ran.append(" ".join(command[1:]))
        (self.root / ".venv/bin").mkdir(parents=True, exist_ok=True)
        (self.root / ".venv/bin/python").touch()

    def again(self, *arguments: str) -> list[str]:
        self.ran.clear()
        assert self.setup.main(arguments) == 0
        return self.ran


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_script", ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    module = script("setup")
    monkeypatch.delenv("TIEOUT_WITHOUT_STRIPE_CLI", raising=False)
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/usr/bin/{name}")
    return Checkout(module, tmp_path, monkeypatch)


def test_it_installs_the_hashed_lock(checkout: Checkout) -> None:
    assert "--require-hashes -r" in checkout.again()[0]


def test_it_installs_the_project_without_asking_for_more(checkout: Checkout) -> None:
    assert "--no-deps --no-build-isolation -e" in checkout.again()[1]


def test_the_second_time_it_does_nothing(checkout: Checkout) -> None:
    checkout.again("--tools")
    assert checkout.again("--tools") == []


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_makes_it_install_again(checkout: Checkout, changed: str) -> None:
    checkout.again()
    (checkout.root / changed).write_text("something else")
    assert len([line for line in checkout.again() if "pip" in line]) == 2


def test_a_missing_environment_is_made_again(checkout: Checkout) -> None:
    checkout.again()
    checkout.setup.PYTHON.unlink()
    checkout.setup.PYTHON.parent.rmdir()
    assert len(checkout.again()) == 2


@pytest.mark.parametrize("arguments", [(), ("--tools",)])
def test_node_packages_run_no_scripts(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    installs = [line for line in checkout.again(*arguments) if line.startswith("install")]
    assert len(installs) == 1
    assert "--ignore-scripts" in installs[0]


def test_what_pages_load_is_installed_without_the_tools(checkout: Checkout) -> None:
    [install] = [line for line in checkout.again() if line.startswith("install")]
    assert "--omit=dev --omit=optional" in install


def test_what_pages_load_is_copied(checkout: Checkout) -> None:
    checkout.again()
    assert {one.name for one in checkout.setup.VENDOR.iterdir()} == {*checkout.setup.ASSETS, "icons.svg", ".stamp"}


def test_icons_become_one_picture(checkout: Checkout) -> None:
    checkout.again()
    drawn = '<symbol id="home" viewBox="0 0 24 24"><path d="M0 0"/></symbol>'
    assert drawn in (checkout.setup.VENDOR / "icons.svg").read_text()


def test_assets_alone_touch_no_python(checkout: Checkout) -> None:
    assert [line for line in checkout.again("--assets") if "pip" in line] == []


def test_without_the_stripe_cli_the_rest_is_installed(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_WITHOUT_STRIPE_CLI", "1")
    [install] = [line for line in checkout.again("--tools") if line.startswith("install") and "dev" not in line]
    assert install.endswith("--omit=optional")


def test_what_is_there_is_not_installed(checkout: Checkout) -> None:
    assert not [line for line in checkout.again("--tools") if "apt" in line or "redis" in line]


def test_what_is_missing_is_installed_as_root(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout.setup.shutil, "which", lambda name: None if name == "redis-server" else f"/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert [line for line in checkout.again("--tools") if line.endswith("redis-server")]


def test_what_is_missing_is_named_to_others(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkout.setup.shutil, "which", lambda name: None if name == "redis-server" else f"/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit):
        checkout.setup.main(["--tools"])
    assert "redis-server is needed" in capsys.readouterr().out


def test_an_old_python_is_refused(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert checkout.setup.main([]) == 1


def test_every_benchmark_is_run() -> None:
    modules = [one for one in (ROOT / "bench").glob("*.py") if '__name__ == "__main__"' in one.read_text()]
    with_a_target = {one.stem for one in modules if "options(" in one.read_text() and one.stem != "harness"}
    assert set(script("bench").names()) == with_a_target
