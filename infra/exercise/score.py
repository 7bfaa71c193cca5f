"""What came of a scenario: its alerts, how they were delivered, and whether that was to be."""

import datetime as dt
from dataclasses import dataclass, field

from infra.exercise.scenario import Scenario
from infra.exercise.world import World

# Alerts of the scenario's zone, and any that this scenario raised elsewhere.
ALERTS = """
SELECT a.alert_id, a.rule, a.zone_id, a.risk_index, a.certainty, a.severity,
    ARRAY(
        SELECT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = a.alert_id AND d.version = 1 AND d.status = 'sent' ORDER BY d.channel
    ) AS channels,
    (
        SELECT max(d.sent_at) FROM ops.alert_delivery AS d
        WHERE d.alert_id = a.alert_id AND d.version = 1 AND d.status = 'sent'
    ) AS delivered_at
FROM ops.alert AS a WHERE a.raised_at >= %s ORDER BY a.raised_at, a.alert_id
"""
PER_DAY = "SELECT rule, count(*) AS alerts FROM ops.alert GROUP BY rule, starts_at::date"


@dataclass(frozen=True)
class Result:
    """One scenario's outcome; `seconds` from its first signal to the last channel's delivery."""

    name: str
    title: str
    expected_count: int
    alerts: list[dict]
    seconds: float | None
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems

    @property
    def line(self) -> str:
        """The scenario in one line."""
        told = ", ".join(
            f"{alert['zone_id']} {alert['risk_index']:.0f}/100 {alert['severity']} "
            f"({alert['rule']}, certainty {alert['certainty']:.0%}; {' '.join(alert['channels'])})"
            for alert in self.alerts
        )
        when = f"{self.seconds:5.1f} s" if self.seconds is not None else "      -"
        verdict = "ok  " if self.holds else "FAIL"
        reasons = f"; {'; '.join(self.problems)}" if self.problems else ""
        return f"{verdict} {self.title:<32} {when}  {told or 'no alert'}{reasons}"


def result_of(scenario: Scenario, world: World, first_signal_at: dt.datetime) -> Result:
    """Judge what was raised since the first signal.

    Seconds are told and not judged: they are the machine's as much as the platform's.
    """
    from precrisis.city import city

    alerts = world.rows(ALERTS, first_signal_at)
    expected = scenario.expected
    problems = []
    if len(alerts) != expected.alert_count:
        problems.append(f"{len(alerts)} alerts instead of {expected.alert_count}")
    for alert in alerts:
        if alert["zone_id"] != scenario.zone_id:
            problems.append(f"an alert for {alert['zone_id']}")
        if expected.rules and alert["rule"] not in expected.rules:
            problems.append(f"by rule {alert['rule']}")
        if missing := {"cap", "mail"} - set(alert["channels"]):
            problems.append(f"not delivered by {', '.join(sorted(missing))}")
    delivered = [alert["delivered_at"] for alert in alerts if alert["delivered_at"]]
    seconds = (max(delivered) - first_signal_at).total_seconds() if delivered else None
    title = scenario.title[city().language]
    return Result(scenario.name, title, expected.alert_count, alerts, seconds, problems)


def budget_kept(world: World) -> bool:
    """True when no rule raised more alerts on a day than its budget."""
    from precrisis.city import city

    thresholds = city().thresholds
    rules = [*thresholds.alert_rules, *filter(None, [thresholds.urgent_events])]
    budgets = {rule.rule: rule.budget_per_day for rule in rules}
    return all(row["alerts"] <= budgets[row["rule"]] for row in world.rows(PER_DAY))
