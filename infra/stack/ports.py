"""Every port of a stack: one table that gives addresses, docs/ports.md and the port scan."""

from dataclasses import dataclass

GRPC_BEHIND = 10_000  # SeaweedFS listens at each of its ports plus this as well


@dataclass(frozen=True)
class Port:
    """One service's place behind PRECRISIS_PORT_BASE.

    can_leave: PRECRISIS_HOST opens it to other machines, under TLS; all others stay on loopback.
    has_grpc: a second port, `GRPC_BEHIND` this one.
    is_open: False where the number is reserved and nothing listens.
    """

    service: str
    offset: int
    protocol: str
    clients: str
    can_leave: bool = False
    has_tls: bool = False
    has_grpc: bool = False
    is_open: bool = True


def _weed(service: str, offset: int, clients: str) -> Port:
    return Port(service, offset, "HTTP", clients, has_grpc=True)


PORTS = (
    _weed("weed_master", 1, "the object store's own parts"),
    _weed("weed_volume", 2, "the object store's own parts"),
    _weed("weed_filer", 3, "the object store's own parts, with signed tokens"),
    Port("s3", 4, "S3", "tasks, each with its identity", has_tls=True, has_grpc=True),
    _weed("weed_admin", 5, "the object store's own parts"),
    Port("smtp", 25, "SMTP", "tasks that send mail; not used with a relay of the city's"),
    Port("postgres", 32, "PostgreSQL", "tasks, Airflow, Superset, people with a role",
         can_leave=True, has_tls=True),
    Port("airflow", 80, "HTTP", "people with an account, Airflow's own processes",
         can_leave=True, has_tls=True),
    Port("superset", 88, "HTTP", "people with an account, `dashboards_publish`",
         can_leave=True, has_tls=True),
    Port("feed", 90, "HTTP", "`posts_ingest`; the sample feed of the demonstration"),
    Port("worker_logs", 93, "HTTP", "nobody", is_open=False),
    Port("trigger_logs", 94, "HTTP", "nobody", is_open=False),
)  # fmt: skip

OFFSETS = {port.service: port.offset for port in PORTS}
CAN_LEAVE = frozenset(port.service for port in PORTS if port.can_leave)
HAS_TLS = frozenset(port.service for port in PORTS if port.has_tls)


def expected(base: int) -> dict[int, Port]:
    """The numbers at which a stack with this base listens, and nothing else does."""
    numbers = {base + port.offset: port for port in PORTS if port.is_open}
    behind = {base + p.offset + GRPC_BEHIND: p for p in PORTS if p.is_open and p.has_grpc}
    return numbers | behind
