"""A zone's keys: the public one seals, the identity opens, a destroyed identity opens nothing."""

import datetime as dt
import os
import stat
from pathlib import Path

import pytest

from precrisis.secret_files import SecretUnusable
from precrisis.zone_keys import Damaged, WrongKey, ZoneKeys

MADE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CONTENT = b"piazza del duomo, a quiet evening" * 9


@pytest.fixture
def keys(tmp_path: Path) -> ZoneKeys:
    made = ZoneKeys(tmp_path / "keys", "restricted")
    assert made.make(MADE)
    return made


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_what_is_sealed_opens_again_and_shows_nothing_of_its_content(keys) -> None:
    sealed, _ = keys.seal(CONTENT)
    assert keys.open(sealed) == CONTENT
    assert not any(CONTENT[i : i + 8] in sealed for i in range(len(CONTENT) - 8))


def test_the_same_content_is_sealed_differently_each_time(keys) -> None:
    assert keys.seal(CONTENT)[0] != keys.seal(CONTENT)[0]


def test_keys_are_made_once_and_the_identity_is_its_owner_s_alone(keys) -> None:
    before = keys.identity_file.read_bytes()
    assert not keys.make(MADE + DAY)
    assert keys.identity_file.read_bytes() == before
    assert mode(keys.identity_file) == 0o600
    assert mode(keys.folder) == 0o700
    assert keys.made_at() == MADE
    assert sorted(os.listdir(keys.folder)) == ["restricted.key", "restricted.pub"]


def test_a_public_key_alone_is_not_made_anew_where_its_identity_is_elsewhere(keys) -> None:
    keys.identity_file.unlink()
    before = keys.public_file.read_bytes()
    assert not keys.make(MADE)
    assert keys.public_file.read_bytes() == before


def test_with_the_public_key_alone_one_can_seal_and_not_open(keys) -> None:
    sealed, _ = keys.seal(CONTENT)
    keys.identity_file.unlink()
    assert keys.seal(CONTENT)[0] != CONTENT
    with pytest.raises(SecretUnusable, match=r"restricted\.key is missing: whoever may only write"):
        keys.open(sealed)


def test_without_a_public_key_nothing_is_sealed_and_the_remedy_is_named(keys) -> None:
    keys.public_file.unlink()
    with pytest.raises(SecretUnusable, match=r"restricted\.pub is missing.*PRECRISIS_KEYS_DIR"):
        keys.seal(CONTENT)


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o620])
def test_an_identity_that_others_may_read_is_refused(keys, open_to: int) -> None:
    sealed, _ = keys.seal(CONTENT)
    keys.identity_file.chmod(open_to)
    with pytest.raises(SecretUnusable, match="chmod 600"):
        keys.open(sealed)


@pytest.mark.parametrize("content", ["", "AGE-SECRET-KEY-1JUNK", "# made: today\n"])
def test_a_file_that_holds_no_key_is_named_and_its_content_is_not(keys, content: str) -> None:
    sealed, _ = keys.seal(CONTENT)
    keys.identity_file.write_text(content)
    with pytest.raises(SecretUnusable, match=r"restricted\.key holds no age identity") as refused:
        keys.open(sealed)
    assert "JUNK" not in str(refused.value)
    keys.public_file.write_text("age1junk")
    with pytest.raises(SecretUnusable, match=r"restricted\.pub holds no age public key"):
        keys.seal(CONTENT)


def test_another_zone_s_identity_opens_nothing_and_says_so(keys) -> None:
    other = ZoneKeys(keys.folder, "derived")
    other.make(MADE)
    with pytest.raises(WrongKey, match="key of zone 'derived' that is not in"):
        other.open(keys.seal(CONTENT)[0])


DAMAGE = {
    "never sealed": (lambda sealed: CONTENT, "never sealed"),
    "empty": (lambda sealed: b"", "never sealed"),
    "cut short": (lambda sealed: sealed[:-40], "cut short or altered"),
    "altered": (lambda sealed: sealed[:-9] + b"123456789", "cut short or altered"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_object_is_told_from_a_foreign_one(keys, name: str) -> None:
    damage, says = DAMAGE[name]
    with pytest.raises(Damaged, match=says):
        keys.open(damage(keys.seal(CONTENT)[0]))


def test_after_a_rotation_new_objects_have_the_new_key_and_old_ones_still_open(keys) -> None:
    old, old_id = keys.seal(CONTENT)
    assert keys.rotate(MADE + 7 * DAY) == old_id
    new, new_id = keys.seal(CONTENT)
    assert new_id != old_id
    assert (keys.open(old), keys.open(new)) == (CONTENT, CONTENT)
    assert keys.made_at() == MADE + 7 * DAY
    assert mode(keys.retired / f"{old_id}.key") == 0o600


def test_a_retired_key_goes_when_nothing_needs_it_and_takes_its_objects_along(keys) -> None:
    old, old_id = keys.seal(CONTENT)
    keys.rotate(MADE + 7 * DAY)
    witness = keys.folder / "witness"
    witness.hardlink_to(keys.retired / f"{old_id}.key")
    secret = witness.read_bytes()
    assert keys.destroy_retired({old_id}, MADE + 9 * DAY) == []
    assert keys.destroy_retired(set(), MADE + 9 * DAY) == [old_id]
    assert secret[-60:] not in witness.read_bytes()  # overwritten before its name went
    with pytest.raises(WrongKey):
        keys.open(old)
    assert keys.open(keys.seal(CONTENT)[0]) == CONTENT


def test_a_key_retired_a_moment_ago_stays(keys) -> None:
    """A process that read the public key before is only now entering its object in the ledger."""
    retired = keys.rotate(MADE)
    assert keys.destroy_retired(set(), MADE + dt.timedelta(minutes=59)) == []
    assert keys.destroy_retired(set(), MADE + dt.timedelta(minutes=60)) == [retired]


def test_a_rotation_cut_short_loses_nothing(keys) -> None:
    """The identity is new and the public key is still the old one."""
    old_public = keys.public_file.read_bytes()
    old_id = keys.rotate(MADE)
    keys.public_file.write_bytes(old_public)
    sealed, key_id = keys.seal(CONTENT)
    assert key_id == old_id
    assert keys.destroy_retired(set(), MADE + DAY) == []  # still needed by what comes
    assert keys.open(sealed) == CONTENT
