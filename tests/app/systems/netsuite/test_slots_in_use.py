from datetime import timedelta

from app.db import Database
from app.systems.netsuite import slots_in_use
from app.systems.netsuite.slots import PostgresSlots


def test_slots_that_are_held_are_counted_and_others_are_not(database: Database) -> None:
    slots = PostgresSlots(database.url, "TSTDRV1", 3, burst=timedelta(0))
    other = PostgresSlots(database.url, "TSTDRV2", 3)
    with slots.slot(), other.slot(), database.session_scope() as session:
        found = slots_in_use.read(session, "TSTDRV1", 3)
    assert (found.in_use, found.size, found.ceiling, found.seeking) == (1, 3, 3, 0)
    slots.throttled()
    with database.session_scope() as session:
        found = slots_in_use.read(session, "TSTDRV1", 3)
    assert (found.in_use, found.size, found.changed_at is not None) == (0, 2, True)
    slots.close()
    other.close()
