"""Ids: the same for the same birth, different for any other."""

from hypothesis import given
from hypothesis import strategies as st

from tieline.model.ids import PREFIXES, born_outside, derived

TYPES = st.sampled_from(sorted(PREFIXES))


@given(account=st.text(), record=TYPES, vendor_id=st.text())
def test_a_record_born_outside_has_the_same_id_on_every_rebuild(account: str, record: str, vendor_id: str) -> None:
    found = born_outside(account, record, vendor_id)
    assert found == born_outside(account, record, vendor_id)
    assert found.startswith(f"{PREFIXES[record]}_")
    assert found.isascii()
    assert len(found) == 36


def test_ids_stay_what_they_are_from_release_to_release() -> None:
    assert born_outside("00D1", "opportunity", "0061") == "opp_a77976419fe7563eb62457ae15b37fbe"
    assert derived("project", "con_1", "US", "USD") == "prj_3985408be0d151fa9de44937897322b5"


@given(record=TYPES, parts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1f")), max_size=4))
def test_other_parts_make_another_id(record: str, parts: list[str]) -> None:
    assert derived(record, *parts) != derived(record, *parts, "")
    assert derived(record, *parts) != derived(record, *parts, 1)


def test_type_account_and_vendor_id_all_count() -> None:
    ids = {
        born_outside("acme", "opportunity", "12"),
        born_outside("acme1", "opportunity", "2"),
        born_outside("acme", "customer", "12"),
        born_outside("other", "opportunity", "12"),
        derived("opportunity", "acme", "12"),
    }
    assert len(ids) == 5


def test_no_two_record_types_share_a_prefix() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
