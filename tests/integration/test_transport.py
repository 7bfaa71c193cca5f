"""TLS on real servers with the stack's own flags: what is trusted answers, the rest is refused."""

import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from email.message import EmailMessage

import psycopg
import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from minio import Minio

from infra.stack import certificates, cluster, environment, objectstore, probes, transport
from infra.stack.layout import LOOPBACK, ROOT, Stack
from precrisis.relay import Relay, SendError, send

BASE = 25000 + os.getpid() % 20 * 100
HELLO = "def app(environ, start):\n    start('200 OK', [])\n    return [b'hello']\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A stack with a trial authority; nothing of it runs yet."""
    folder = tmp_path_factory.mktemp("tls")
    names = ("PRECRISIS_TLS", "PRECRISIS_TLS_DIR", "PRECRISIS_HOST", "SSL_CERT_FILE")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PRECRISIS_TLS"] = "on"
    made = Stack(folder, BASE)
    certificates.make(made.tls, {LOOPBACK, "localhost"})
    transport.prepare(made)
    yield made
    for name, value in before.items():
        os.environ.pop(name, None)
        os.environ.update({name: value} if value is not None else {})


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """The authority of somebody else."""
    folder = tmp_path_factory.mktemp("stranger")
    certificates.make(folder, {LOOPBACK})
    return str(folder / "ca.pem")


@pytest.fixture(scope="module")
def own(stack):
    return str(stack.tls / "ca.pem")


@pytest.fixture(scope="module")
def postgres(stack):
    cluster.create(stack)
    data = cluster.folder(stack)
    transport.hand_to_postgres(stack, data, cluster.run_as())
    user = cluster.run_as() if os.geteuid() == 0 else None
    log = (stack.state / "postgres.log").open("w")
    process = subprocess.Popen(cluster.command(stack), cwd="/", user=user, stdout=log, stderr=log)
    _await_port(stack.port("postgres"), process)
    yield stack
    process.terminate()
    process.wait(timeout=30)
    if stack.state not in data.parents:
        shutil.rmtree(data.parent)


@pytest.fixture(scope="module")
def store(stack):
    objectstore.configure(stack)
    variables = environment.common(stack) | objectstore.environment(stack)
    log = (stack.state / "store.log").open("w")
    process = subprocess.Popen(objectstore.command(stack), env=variables, stdout=log, stderr=log)
    _await_port(stack.port("s3"), process)
    yield stack
    process.kill()
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def web(stack):
    """gunicorn as Superset is started, with another app behind it."""
    (stack.state / "hello.py").write_text(HELLO)
    gunicorn = str(ROOT / ".venv-superset" / "bin" / "gunicorn")
    address = f"{transport.address(stack)}:{stack.port('superset')}"
    command = [gunicorn, "-b", address, *transport.gunicorn_flags(stack), "hello:app"]
    process = subprocess.Popen(command, cwd=stack.state, stderr=subprocess.DEVNULL)
    _await_port(stack.port("superset"), process)
    yield stack.url("superset")
    process.terminate()
    process.wait(timeout=30)


def _await_port(port: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended at once"
        with socket.socket() as attempt:
            if attempt.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nothing listens at {port}")


def _connect(stack: Stack, **options: str) -> psycopg.Connection:
    """As with PGSSLMODE and PGSSLROOTCERT, which libpq reads where nothing is given."""
    for _ in range(50):  # the port is open a moment before the server takes connections
        try:
            return psycopg.connect(stack.dsn("owner", "postgres"), **options)
        except psycopg.OperationalError as error:
            if "starting up" not in str(error):
                raise
            time.sleep(0.2)
    raise AssertionError("still starting up")


def test_the_database_speaks_tls_to_who_trusts_the_city(postgres, own):
    with _connect(postgres, sslmode="verify-full", sslrootcert=own) as connection:
        query = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.execute(query).fetchone() == (True, "TLSv1.3")


def test_the_database_takes_nothing_in_clear(postgres):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        _connect(postgres, sslmode="disable")


def test_the_database_of_another_authority_is_not_spoken_to(postgres, stranger):
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        _connect(postgres, sslmode="verify-full", sslrootcert=stranger)


def test_clients_check_by_the_environment_alone(postgres, monkeypatch, stranger):
    for name, value in transport.environment(postgres).items():
        monkeypatch.setenv(name, value)
    with _connect(postgres) as connection:
        assert connection.pgconn.ssl_in_use
    monkeypatch.setenv("PGSSLROOTCERT", stranger)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        _connect(postgres)


def test_the_store_speaks_tls_alone(store, own, stranger, monkeypatch):
    url = store.url("s3")
    assert requests.get(f"{url}/healthz", verify=own, timeout=10).status_code == 200
    plain = requests.get(f"{url.replace('https', 'http')}/healthz", timeout=10)
    assert (plain.status_code, "HTTPS" in plain.text) == (400, True)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{url}/healthz", verify=stranger, timeout=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(transport.trusted(store)))
    assert probes.wait(probes.objectstore_port, store, 30) is None
    assert isinstance(objectstore.client(store), Minio)
    assert objectstore.client(store).bucket_exists("restricted") is False


def test_the_store_speaks_in_clear_again_when_tls_is_switched_off(store, monkeypatch):
    """Another start with the same data, which remember the flags of the one before."""
    other = Stack(store.state / "again", store.port_base + 10)
    data = other.state / "weed" / "data"
    data.mkdir(parents=True)
    # As the store writes it once it is up.
    (data / "mini.options").write_text(
        f"s3.cert.file={store.tls / 'server.pem'}\ns3.key.file={store.tls / 'server.key'}\n"
        "master.volumeSizeLimitMB=1024\n"
    )
    monkeypatch.setenv("PRECRISIS_TLS", "off")
    objectstore.configure(other)
    assert (data / "mini.options").read_text() == "master.volumeSizeLimitMB=1024\n"
    variables = environment.common(other) | objectstore.environment(other)
    process = subprocess.Popen(objectstore.command(other), env=variables, stderr=subprocess.DEVNULL)
    try:
        _await_port(other.port("s3"), process)
        assert other.url("s3").startswith("http://")
        assert probes.wait(probes.objectstore_port, other, 30) is None
    finally:
        process.kill()
        process.wait(timeout=30)


def test_pages_speak_tls_alone(web, own, stranger):
    assert requests.get(web, verify=own, timeout=10).text == "hello"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(web, verify=stranger, timeout=10)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(web.replace("https", "http"), timeout=10)


def test_old_versions_of_tls_are_refused(web, own):
    trust = ssl.create_default_context(cafile=own)
    trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_1
    address = (LOOPBACK, int(web.rsplit(":", 1)[1]))
    with socket.create_connection(address) as raw, pytest.raises(ssl.SSLError):
        trust.wrap_socket(raw, server_hostname=LOOPBACK)


class Inbox:
    def __init__(self) -> None:
        self.count = 0

    async def handle_DATA(self, server, session, envelope) -> str:
        self.count += 1
        return "250 taken"


class Implicit(Controller):
    """TLS from the first byte."""


class Explicit(Controller):
    """STARTTLS, and nothing before it."""

    def __init__(self, handler, tls: ssl.SSLContext, **named) -> None:
        self._tls = tls
        super().__init__(handler, **named)

    def factory(self):
        return SMTP(self.handler, tls_context=self._tls, require_starttls=True)


@pytest.fixture(params=["starttls", "tls"])
def relay(request, stack):
    inbox, tls = Inbox(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(stack.tls / "server.pem", stack.tls / "server.key")
    named = {"hostname": LOOPBACK, "port": stack.port("smtp")}
    if request.param == "tls":
        controller = Implicit(inbox, ssl_context=tls, **named)
    else:
        controller = Explicit(inbox, tls, **named)
    controller.start()
    yield Relay(LOOPBACK, stack.port("smtp"), request.param), inbox
    controller.stop()


@pytest.fixture
def mail():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "s"
    return message


def test_a_mail_goes_out_under_tls(relay, mail, stack, monkeypatch):
    to, inbox = relay
    monkeypatch.setenv("SSL_CERT_FILE", str(transport.trusted(stack)))
    send(mail, to)
    assert inbox.count == 1


def test_a_relay_nobody_vouches_for_gets_no_mail(relay, mail, stranger, monkeypatch):
    to, inbox = relay
    monkeypatch.setenv("SSL_CERT_FILE", stranger)
    with pytest.raises(SendError, match=r"certificate that is trusted.*PRECRISIS_TLS_DIR"):
        send(mail, to)
    assert inbox.count == 0


def test_a_relay_that_can_t_do_starttls_gets_no_mail(mail, stack):
    inbox = Inbox()
    controller = Controller(inbox, hostname=LOOPBACK, port=stack.port("smtp"))
    controller.start()
    try:
        with pytest.raises(SendError, match="SMTPNotSupportedError"):
            send(mail, Relay(LOOPBACK, stack.port("smtp"), "starttls"))
    finally:
        controller.stop()
    assert inbox.count == 0
    assert issubclass(smtplib.SMTPNotSupportedError, smtplib.SMTPException)


def test_nothing_goes_to_another_machine_in_clear(mail):
    with pytest.raises(SendError, match="PRECRISIS_SMTP_SECURITY"):
        send(mail, Relay("relay.invalid", 25))
