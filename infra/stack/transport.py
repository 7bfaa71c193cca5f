"""TLS between processes and people: off on loopback, on as soon as anything leaves it.

PRECRISIS_TLS=on puts Airflow, Superset, PostgreSQL and the object store behind the certificate in
Stack.tls, and lets every client check it against ca.pem there. PRECRISIS_HOST opens the first three
to other machines; without TLS it is refused.
"""

import ipaddress
import os
import shutil
import socket
import ssl
import stat
import sys
from pathlib import Path

from infra.stack import certificates
from infra.stack.layout import LOOPBACK, Stack

FILES = ("ca.pem", "server.pem", "server.key")
# Only TLS; initdb's own file would take connections in clear as well.
HOST_RULES = "hostssl all all all scram-sha-256\n"


def prepare(stack: Stack) -> None:
    """Check the certificates and write <state>/trusted.pem: the machine's authorities and ours.

    Raises:
        SystemExit: what is set can't be done safely; the message names setting and remedy.
    """
    if problem := problem_of(stack):
        sys.exit(problem)
    if not stack.has_tls:
        return
    parts = [file.read_text() for file in (_machine_authorities(), stack.tls / "ca.pem")]
    stack.state.mkdir(parents=True, exist_ok=True)
    trusted(stack).write_text("\n".join(parts))


def problem_of(stack: Stack) -> str | None:
    """Why the stack must not start as it is set, in one sentence with the remedy; else None."""
    wish = os.environ.get("PRECRISIS_TLS", "off")
    if wish not in ("on", "off"):
        return f"PRECRISIS_TLS={wish} is neither on nor off: correct it."
    if not stack.has_tls:
        return None if _is_loopback(stack.outside_host) else (
            f"PRECRISIS_HOST={stack.outside_host} would leave this machine in clear: "
            "set PRECRISIS_TLS=on (make tls makes certificates for a trial)."
        )  # fmt: skip
    missing = [name for name in FILES if not (stack.tls / name).is_file()]
    if missing:
        return (
            f"PRECRISIS_TLS=on, but {stack.tls} has no {', '.join(missing)}: run make tls, or name "
            "the folder of the city's own in PRECRISIS_TLS_DIR."
        )
    if (stack.tls / "server.key").stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"{stack.tls / 'server.key'} can be read by others: chmod 600 it."
    return certificates.problem_of(stack.tls / "server.pem", {stack.outside_host, LOOPBACK})


def trusted(stack: Stack) -> Path:
    """The authorities that clients trust: public ones for feeds and relays, and the city's own."""
    return stack.state / "trusted.pem"


def environment(stack: Stack) -> dict[str, str]:
    """What makes every client check certificates; nothing when TLS is off.

    OpenSSL, requests, libpq and asyncpg each have a variable of their own.
    """
    if not stack.has_tls:
        return {}
    return {
        "SSL_CERT_FILE": str(trusted(stack)),
        "REQUESTS_CA_BUNDLE": str(trusted(stack)),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(stack.tls / "ca.pem"),
        "AIRFLOW__API__SSL_CERT": str(stack.tls / "server.pem"),
        "AIRFLOW__API__SSL_KEY": str(stack.tls / "server.key"),
        "AIRFLOW__API__SSL_CA_FILE": str(stack.tls / "ca.pem"),
        "AIRFLOW__API__CLIENT_USE_PUBLIC_CERTS": "False",
    }


def address(stack: Stack) -> str:
    """Where services that may leave loopback listen: the one address of PRECRISIS_HOST."""
    return socket.gethostbyname(stack.outside_host)


def gunicorn_flags(stack: Stack) -> list[str]:
    if not stack.has_tls:
        return []
    return [f"--certfile={stack.tls / 'server.pem'}", f"--keyfile={stack.tls / 'server.key'}"]


def s3_flags(stack: Stack) -> list[str]:
    """With a certificate and no second port the store's S3 port speaks TLS alone."""
    if not stack.has_tls:
        return []
    folder = stack.tls
    return [f"-s3.cert.file={folder / 'server.pem'}", f"-s3.key.file={folder / 'server.key'}"]


def postgres_options(stack: Stack, data: Path) -> dict[str, str]:
    if not stack.has_tls:
        return {}
    return {
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.2",
        "hba_file": data / "pg_hba_tls.conf",
    }


def hand_to_postgres(stack: Stack, data: Path, owner: str) -> None:
    """Copy certificate and key into the data folder: the server reads only what is its own."""
    if not stack.has_tls:
        return
    for source, name in (("server.pem", "server.crt"), ("server.key", "server.key")):
        target = data / name
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
        target.write_bytes((stack.tls / source).read_bytes())
        shutil.chown(target, owner)
    rules = data / "pg_hba_tls.conf"
    rules.write_text(HOST_RULES)
    shutil.chown(rules, owner)


def _machine_authorities() -> Path:
    """The bundle of Debian's ca-certificates, or where this OpenSSL was built to look."""
    debian = Path("/etc/ssl/certs/ca-certificates.crt")
    return debian if debian.is_file() else Path(ssl.get_default_verify_paths().openssl_cafile)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        return False
