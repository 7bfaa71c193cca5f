"""What a stack refuses to do in clear, and what the trial certificates are."""

import ssl
import stat

import pytest
from cryptography import x509

from infra.stack import certificates, environment, ports, programs, transport
from infra.stack.layout import LOOPBACK, Stack

NAMES = {LOOPBACK, "localhost"}


@pytest.fixture
def stack(tmp_path, monkeypatch) -> Stack:
    for name in ("PRECRISIS_TLS", "PRECRISIS_TLS_DIR", "PRECRISIS_HOST"):
        monkeypatch.delenv(name, raising=False)
    return Stack(tmp_path, 25000)


@pytest.fixture
def secured(stack, monkeypatch) -> Stack:
    certificates.make(stack.tls, NAMES)
    monkeypatch.setenv("PRECRISIS_TLS", "on")
    return stack


def test_by_default_all_is_on_loopback_and_in_clear(stack):
    assert transport.problem_of(stack) is None
    assert transport.environment(stack) == {}
    assert transport.address(stack) == LOOPBACK
    assert {stack.url(port.service).split(":")[0] for port in ports.PORTS} == {"http"}
    assert {stack.host(port.service) for port in ports.PORTS} == {LOOPBACK}


def test_with_tls_each_port_that_has_it_is_https(secured):
    assert transport.problem_of(secured) is None
    found = {p.service for p in ports.PORTS if secured.url(p.service).startswith("https://")}
    assert found == {"s3", "postgres", "airflow", "superset"}
    assert found >= ports.CAN_LEAVE


def test_what_leaves_loopback_needs_tls(stack, monkeypatch):
    monkeypatch.setenv("PRECRISIS_HOST", "192.0.2.1")
    assert "PRECRISIS_TLS=on" in transport.problem_of(stack)
    with pytest.raises(SystemExit, match="in clear"):
        transport.prepare(stack)


def test_only_what_people_use_moves_to_the_host(secured, monkeypatch):
    monkeypatch.setenv("PRECRISIS_HOST", "192.0.2.1")
    moved = {p.service for p in ports.PORTS if secured.host(p.service) == "192.0.2.1"}
    assert moved == ports.CAN_LEAVE == {"postgres", "airflow", "superset"}
    assert "is not for 192.0.2.1" in transport.problem_of(secured)


def test_a_wish_that_is_neither_on_nor_off_is_refused(stack, monkeypatch):
    monkeypatch.setenv("PRECRISIS_TLS", "yes")
    assert "neither on nor off" in transport.problem_of(stack)


@pytest.mark.parametrize("name", transport.FILES)
def test_a_missing_file_is_named(secured, name):
    (secured.tls / name).unlink()
    assert name in transport.problem_of(secured)


def test_a_key_that_others_can_read_is_refused(secured):
    (secured.tls / "server.key").chmod(0o640)
    assert "chmod 600" in transport.problem_of(secured)


def test_a_certificate_for_other_names_is_refused(secured):
    certificates.make(secured.tls, {"elsewhere.example"})
    assert f"is not for {LOOPBACK}" in transport.problem_of(secured)


def test_a_certificate_that_ended_is_refused(secured, monkeypatch):
    monkeypatch.setattr(certificates, "SERVER_DAYS", 0)
    certificates.make(secured.tls, NAMES)
    file = secured.tls / "server.pem"
    ended = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    assert f"ended on {ended:%Y-%m-%d}" in transport.problem_of(secured)


def test_keys_are_for_their_owner_only_and_the_authority_is_kept(stack):
    certificates.make(stack.tls, NAMES)
    before = {name: (stack.tls / name).read_bytes() for name in ("ca.pem", "server.pem")}
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in stack.tls.glob("*.key"))
    assert stat.S_IMODE(stack.tls.stat().st_mode) == 0o700
    certificates.make(stack.tls, NAMES)
    assert (stack.tls / "ca.pem").read_bytes() == before["ca.pem"]
    assert (stack.tls / "server.pem").read_bytes() != before["server.pem"]


def test_clients_trust_public_authorities_and_the_city_s(secured):
    transport.prepare(secured)
    trust = ssl.create_default_context(cafile=str(transport.trusted(secured)))
    subjects = [dict(part[0] for part in ca["subject"]) for ca in trust.get_ca_certs()]
    assert {"commonName": "PreCrisis trial authority"} in subjects
    assert len(subjects) > 50


def test_every_service_and_test_gets_the_trust(secured):
    common = environment.common(secured)
    assert transport.environment(secured).items() <= common.items()
    assert (common["PGSSLMODE"], common["PRECRISIS_S3_SECURE"]) == ("verify-full", "True")
    assert common["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith("https://")
    # The supervisor hands only these on; a program that missed them would speak in clear.
    assert programs.marks(secured)["PRECRISIS_TLS"] == "on"


def test_no_key_stands_in_the_environment_or_a_command(secured):
    key = (secured.tls / "server.key").read_text().splitlines()[1]
    said = [*environment.common(secured).values()]
    said += [word for program in programs.all_programs(secured) for word in program.command]
    assert not any(key in word for word in said)


def test_ports_do_not_meet():
    numbers = list(ports.expected(20000))
    open_ones = [port for port in ports.PORTS if port.is_open]
    assert len(numbers) == len(open_ones) + sum(port.has_grpc for port in open_ones)
    assert len(set(ports.OFFSETS.values())) == len(ports.PORTS)
