"""Names with control characters, which a listing of versions cannot spell: what lies under them goes like all else."""

from __future__ import annotations

import pytest

from sohoa import layout
from sohoa.store import Store
from tests.servers import s3_client, versions_of
from tests.upkeep.landing import AGENCY, DAY, batch_id, key_of, sweep_after, upload

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("name", ["a\x01.jpg", "\x1f\x02.jpg", "p\x0bq/b.jpg", "plain \x0c\x0c\x0c.jpg"])
def test_old_versions_under_odd_names_go_after_their_term(clean_store: Store, name: str) -> None:
    """Overwritten twice: all but the newest go."""
    for data in (b"one", b"two", b"three"):
        upload(clean_store, 1, name, data)
    assert sweep_after(clean_store, 8)["versions_deleted"] == 2
    assert len(versions_of(clean_store, layout.LANDING, layout.batch_prefix(AGENCY, DAY, batch_id(1)))) == 1
    assert clean_store.get(layout.LANDING, key_of(1, name)) == b"three"


@pytest.mark.parametrize("name", ["a\x01.jpg", "\x1f\x02.jpg"])
def test_what_an_agency_deleted_under_an_odd_name_goes_too(clean_store: Store, name: str) -> None:
    """The plain listing knows nothing of it any more."""
    upload(clean_store, 1, name, b"one")
    s3_client(clean_store).remove_object(layout.LANDING, key_of(1, name))
    for _ in range(2):
        sweep_after(clean_store, 8)
    assert not versions_of(clean_store, layout.LANDING)


def test_of_two_that_are_listed_alike_nothing_is_taken(clean_store: Store) -> None:
    """The deletion of one says nothing of the other; which versions are whose cannot be told."""
    for name in ("a\x01.jpg", "a\x03.jpg"):
        upload(clean_store, 1, name, b"one")
    s3_client(clean_store).remove_object(layout.LANDING, key_of(1, "a\x01.jpg"))
    for _ in range(2):
        assert sweep_after(clean_store, 8)["versions_deleted"] == 0
    assert len(versions_of(clean_store, layout.LANDING)) == 3
    assert clean_store.get(layout.LANDING, key_of(1, "a\x03.jpg")) == b"one"


def test_a_batch_left_half_way_under_an_odd_name_is_taken_away(clean_store: Store) -> None:
    """A folder and a file of odd names; its agency has a receipt, and after the term nothing of it is left."""
    prefix = layout.batch_prefix(AGENCY, DAY, f"{AGENCY}-2023\x020306-001")
    clean_store.put(layout.LANDING, f"{prefix}a\x01.jpg", b"x" * 100)
    assert sweep_after(clean_store, 31)["batches_abandoned"] == 1
    for _ in range(2):
        sweep_after(clean_store, 60)
    left = [str(item.object_name) for item in versions_of(clean_store, layout.LANDING, layout.BATCHES)]
    assert left == []
