"""Signed CAP: valid, readable by others, and proof of who wrote it; nothing altered passes."""

import datetime as dt
import subprocess
import sys

import pytest
from lxml import etree
from signxml import XMLSigner

from precrisis.alerts.cap_check import CapError, validate
from precrisis.alerts.cap_signing import CERTIFICATE, PRIVATE, certificate_of, make, signed
from precrisis.alerts.cap_verify import NotSigned, fingerprint, verified
from precrisis.secret_files import SecretUnusable
from tests.unit.test_alerts_cap import message, parsed

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
ALGORITHM = "{http://www.w3.org/2000/09/xmldsig#}SignatureMethod"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    assert make(folder, "precrisis@trento.example")
    return folder


@pytest.fixture(scope="module")
def forger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forger")
    make(folder, "precrisis@trento.example")
    return folder


def test_what_is_signed_is_valid_cap_and_others_read_it(keys):
    document = signed(message(), keys)
    root = validate(document)
    assert root[-1].tag == SIGNATURE
    assert parsed(document).identifier == parsed(message()).identifier
    assert parsed(document).infos == parsed(message()).infos


def test_what_was_signed_comes_back_whole(keys):
    proven = etree.fromstring(verified(signed(message(), keys), certificate_of(keys)))
    plain = etree.fromstring(message())
    assert proven.find(SIGNATURE) is None
    assert etree.tostring(proven, method="c14n2", strip_text=True) == etree.tostring(
        plain, method="c14n2", strip_text=True
    )


def test_the_same_message_is_signed_with_the_same_bytes(keys):
    assert signed(message(), keys) == signed(message(), keys)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<status>Exercise", b"<status>Actual"),
        (b"46.067000,11.121000 46", b"46.067001,11.121000 46"),
        (b"<severity>Severe", b"<severity>Minor"),
        (b"</info>", b"<audience>all</audience></info>"),
        (b"\n  <source>", b"\n   <source>"),  # white space counts as well
    ],
)
def test_a_tampered_document_fails(keys, old, new):
    document = signed(message(), keys)
    assert old in document
    with pytest.raises((NotSigned, CapError)):
        verified(document.replace(old, new), certificate_of(keys))


def test_a_signature_of_another_or_none_fails(keys, forger):
    for document in (signed(message(), forger), message()):
        with pytest.raises(NotSigned, match="not signed with this certificate"):
            verified(document, certificate_of(keys))


def test_a_signature_moved_to_another_message_fails(keys):
    first = etree.fromstring(signed(message(), keys))
    second = etree.fromstring(message(risk_index=99))
    second.append(first.find(SIGNATURE))
    with pytest.raises(NotSigned):
        verified(etree.tostring(second), certificate_of(keys))


def test_a_signed_message_wrapped_in_another_proves_nothing_of_it(keys):
    forged = etree.fromstring(message(risk_index=99))
    inner = etree.fromstring(signed(message(), keys))
    forged.append(inner)
    with pytest.raises((NotSigned, CapError)):
        verified(etree.tostring(forged), certificate_of(keys))


def test_a_weak_signature_is_none(keys):
    from signxml import DigestAlgorithm, SignatureMethod

    class WeakSigner(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """The library refuses to make what it should refuse to read."""

    signer = WeakSigner(
        signature_algorithm=SignatureMethod.RSA_SHA1, digest_algorithm=DigestAlgorithm.SHA1
    )
    weak = signer.sign(
        etree.fromstring(message()),
        key=(keys / PRIVATE).read_bytes(),
        cert=(keys / CERTIFICATE).read_text(),
    )
    assert weak.find(f".//{ALGORITHM}").get("Algorithm").endswith("rsa-sha1")
    with pytest.raises(NotSigned):
        verified(etree.tostring(weak), certificate_of(keys))


def test_an_old_certificate_proves_nothing(tmp_path, monkeypatch):
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    monkeypatch.setattr("precrisis.clock.now", lambda: long_ago)
    make(tmp_path, "precrisis@trento.example")
    with pytest.raises(NotSigned, match="InvalidCertificate"):
        verified(signed(message(), tmp_path), certificate_of(tmp_path))


def test_the_key_is_made_once_and_is_for_nobody_else(keys):
    before = (keys / PRIVATE).read_bytes()
    assert not make(keys, "precrisis@trento.example")
    assert (keys / PRIVATE).read_bytes() == before
    assert (keys / PRIVATE).stat().st_mode & 0o077 == 0


def test_a_missing_key_is_named_with_its_remedy(tmp_path):
    with pytest.raises(SecretUnusable, match=r"cap\.key is missing: `make up` makes it"):
        signed(message(), tmp_path)


def test_a_partner_checks_with_one_command(keys, tmp_path):
    good, bad = tmp_path / "good.cap.xml", tmp_path / "bad.cap.xml"
    good.write_bytes(signed(message(), keys))
    bad.write_bytes(good.read_bytes().replace(b"<status>Exercise", b"<status>Actual"))
    command = [sys.executable, "-m", "precrisis.alerts.cap_verify", "--certificate"]
    command += [str(keys / CERTIFICATE)]
    passed = subprocess.run([*command, good], capture_output=True, text=True)
    assert (passed.returncode, passed.stderr) == (0, "")
    assert fingerprint(certificate_of(keys)) in passed.stdout
    assert f"{good}: as signed, precrisis-" in passed.stdout
    failed = subprocess.run([*command, good, bad], capture_output=True, text=True)
    assert failed.returncode == 1
    assert f"{bad}: not signed with this certificate" in failed.stdout
