"""What the doctor found when he last looked, told while he looks: he asks both systems, which takes a while."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app.admin import doctor
from app.admin.doctor import Finding, Parts

log = structlog.get_logger()


@dataclass(frozen=True)
class Told:
    """`findings`: so far. `running`: there are more to come. `broke`: it did not come to its end."""

    findings: tuple[Finding, ...] = ()
    running: bool = False
    started_at: datetime | None = None
    broke: bool = False

    def number(self, state: str) -> int:
        return sum(one.state == state for one in self.findings)

    def groups(self) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for one in self.findings:
            if one.check != doctor.CALLS:
                found.setdefault(one.group, []).append(one)
        return found

    @property
    def calls(self) -> str:
        return next((one.detail for one in self.findings if one.check == doctor.CALLS), "")


@dataclass
class Examination:
    """One at a time for each server; the last one is kept until the server ends."""

    _told: Told = field(default_factory=Told)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self) -> Told:
        with self._lock:
            return self._told

    def begin(self, parts: Parts, examine: Callable[..., object] = doctor.examine) -> bool:
        """False when one is under way already."""
        with self._lock:
            if self._told.running:
                return False
            self._told = Told((), running=True, started_at=parts.clock.now())
        threading.Thread(target=self._look, args=(parts, examine), name="doctor", daemon=True).start()
        return True

    def _look(self, parts: Parts, examine: Callable[..., object]) -> None:
        broke = True
        try:
            examine(parts, self._add)
            broke = False
        except Exception as error:
            log.error("doctor.broke_off", error=repr(error)[:300])
        with self._lock:
            self._told = Told(self._told.findings, False, self._told.started_at, broke)

    def _add(self, finding: Finding) -> None:
        with self._lock:
            self._told = Told((*self._told.findings, finding), True, self._told.started_at)
