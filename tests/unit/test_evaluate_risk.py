"""`python -m models.evaluate risk` on files of many forms, and on data that cannot be used."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import evaluate
from models.evaluation.incident_file import BadIncidents, read_incidents
from models.evaluation.incident_times import BadTimes, times_of
from models.evaluation.town import Columns, read_town
from tests.unit.risk_town import CENTRE, town

KEYS = {
    *("hit_rate_5pct", "hit_rate_5pct_free", "pai_1", "pai_5", "pai_10", "pei_5"),
    *("observed_over_expected_top5", "coverage_90", "log_likelihood_per_event"),
}


def write(path: Path, header, rows) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def files(
    folder: Path, incidents: int = 1_500, weeks: int = 16, later: int = 3
) -> tuple[Path, Path]:
    """Train and test of a made-up town: columns when, x, y, kind."""
    xy, week = town(incidents, weeks)
    start = np.datetime64("2024-01-01T10:00")
    lon, lat = CENTRE[0] + xy[:, 0] / 77_300, CENTRE[1] + xy[:, 1] / 111_200
    rows = [
        (
            start + np.timedelta64(int(w + weeks) * 7 + i % 7, "D"),
            f"{x:.6f}",
            f"{y:.6f}",
            "ab"[i % 2],
        )
        for i, (w, x, y) in enumerate(zip(week, lon, lat, strict=True))
    ]
    parts = [
        [r for r, w in zip(rows, week, strict=True) if (w >= -later) == late] for late in (0, 1)
    ]
    names = ("when", "x", "y", "kind")
    return tuple(
        write(folder / n, names, p) for n, p in zip(("a.csv", "b.csv"), parts, strict=True)
    )


def run(capsys, train: Path, test: Path, *more: object) -> dict:
    named = ("--time", "when", "--lon", "x", "--lat", "y", *more)
    evaluate.main([str(a) for a in ("risk", "--train", train, "--test", test, *named)])
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_one_line_with_every_figure_for_the_published_and_each_baseline(tmp_path, capsys):
    found = run(capsys, *files(tmp_path))
    assert found.keys() >= KEYS | {"floor", "ceiling", "hindsight", "cells_total", "km2"}
    baselines = found["baselines"]
    models = {"gamma-poisson", "regression"}
    assert baselines.keys() == {"count-map", "kernel-density", "persistence"} | models
    assert all(card.keys() == KEYS for card in baselines.values())
    assert found["floor"] == baselines["count-map"]["hit_rate_5pct"]
    assert found["hit_rate_5pct"] <= found["hindsight"]
    assert found["hit_rate_5pct_free"] > found["floor"]
    assert found["cells_chosen"] == round(found["cells_total"] * 0.05)
    assert found["km2"] == pytest.approx(found["cells_chosen"] * 0.09)
    assert found["pai_5"] == pytest.approx(
        found["hit_rate_5pct"] * found["cells_total"] / found["cells_chosen"]
    )


def test_keep_thins_what_is_learnt_from_and_not_what_is_scored(tmp_path, capsys):
    train, test = files(tmp_path)
    found = [run(capsys, train, test, "--keep", 200) for _ in range(2)]
    assert found[0] == found[1]
    whole = read_town(train, test, Columns(["when"], "x", "y"), 300)
    assert found[0]["learnt_from"] == 200
    assert found[0]["incidents"] == int((whole.period >= 0).sum())
    assert found[0]["cells_total"] == whole.cells_total


def test_each_kind_is_judged_by_itself_and_with_places_borrowed(tmp_path, capsys):
    found = run(capsys, *files(tmp_path), "--category", "kind")["by_category"]
    assert found.keys() == {"a", "b"}
    for kind in found.values():
        assert kind["alone"].keys() == kind["borrowing"].keys()
        assert 0 < kind["floor"] <= 1


def test_a_gap_between_the_files_is_no_time_without_incidents(tmp_path):
    header, place = ("when", "x", "y"), ("11.1", "46.1")
    known = [("2024-01-01", *place), ("2024-01-10", *place)]
    train = write(tmp_path / "a", header, known)
    paths = train, write(tmp_path / "b", header, [("2024-02-29", *place)])
    gap = read_town(*paths, Columns(["when"], "x", "y"), 300)
    assert [gap.days(period) for period in (-9, -8, -7, -1, 0)] == [3, 7, 0, 0, 1]


def test_an_interval_may_cross_the_split_and_old_incidents_are_left_out(tmp_path):
    rows = [("2024-01-01", "2024-01-01")] * 30 + [("2024-02-01", "2024-02-01")] * 30
    rows += [("2024-03-31", "2024-04-03"), ("1990-01-01", "")]
    later = [("2024-04-01", "2024-04-01")] * 5
    train, test = (
        write(tmp_path / n, ("s", "e", "x", "y"), [(*r, "11.1", "46.1") for r in part])
        for n, part in (("a", rows), ("b", later))
    )
    read = read_town(train, test, Columns(["s", "e"], "x", "y"), 300)
    assert (read.period < 0).sum() == 61
    assert read.left_out == 1


def times(header, row, columns):
    table = pd.DataFrame([row] * 3, columns=header, dtype=str).dropna(axis=1)
    start, end, is_monthly = times_of(table, columns)
    return f"{start.iloc[0]:%Y-%m-%dT%H:%M}", f"{end.iloc[0]:%Y-%m-%dT%H:%M}", is_monthly


@pytest.mark.parametrize(
    ("header", "row", "columns", "expected"),
    [
        (("t",), ("2010-01-01 06:00:00",), ["t"], "2010-01-01T06:00"),
        (("t",), ("2014-05-31T14:30:00.000Z",), ["t"], "2014-05-31T14:30"),
        (("t",), ("2014-05-31T14:30:00+0200",), ["t"], "2014-05-31T14:30"),
        (("t",), ("05/31/2014 02:30:00 PM",), ["t"], "2014-05-31T14:30"),
        (("t",), ("31/05/2014",), ["t"], "2014-05-31T00:00"),
        (("d", "t"), ("31/05/2014", "14:30"), ["d", "t"], "2014-05-31T14:30"),
        (("d", "Hour"), ("2014-05-31", "14"), ["d", "Hour"], "2014-05-31T14:00"),
        (("Month", "Day", "Hour"), ("May", "31", "14"), None, "2001-05-31T14:00"),
        (("2017", "mes_any", "dia"), (None, "maig", "31"), None, "2017-05-31T00:00"),
        (("Anno", "Mese"), ("2019", "dicembre"), ["Anno", "Mese"], "2019-12-01T00:00"),
    ],
)  # fmt: skip
def test_times_are_read_as_files_have_them(header, row, columns, expected):
    assert times(header, row, columns or list(header))[0] == expected


def test_months_alone_are_monthly_and_two_timestamps_an_interval():
    assert times(("Month",), ("2021-03",), ["Month"]) == (
        "2021-03-01T00:00",
        "2021-03-01T00:00",
        True,
    )
    row = ("2014-01-01 20:00", "2014-01-02 08:00")
    assert times(("a", "b"), row, ["a", "b"]) == ("2014-01-01T20:00", "2014-01-02T08:00", False)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["nothing"], "no column nothing; there are: t, Day"),
        (["t"], "column t: not a date or time"),
        (["Day", "t"], "columns named year, month"),
    ],
)
def test_times_that_cannot_be_read_are_named(columns, message):
    with pytest.raises(BadTimes, match=message):
        times_of(pd.DataFrame([("x", "1")], columns=["t", "Day"]), columns)


def test_rows_without_place_are_counted_and_columns_that_miss_are_named(tmp_path):
    rows = [("2024-01-01", "11,12", "46,07"), ("2024-01-01", "0", "0"), ("", "11.1", "46.1")]
    path = write(tmp_path / "f.csv", ("t", "x", "y"), rows)
    assert read_incidents(path, ["t"], "x", "y").left_out == 2
    with pytest.raises(BadIncidents, match="no column lon; there are: t, x, y"):
        read_incidents(path, ["t"], "lon", "y")
    metres = write(tmp_path / "m.csv", ("t", "x", "y"), [("2024-01-01", "664000", "5103000")])
    with pytest.raises(BadIncidents, match="column x: not degrees"):
        read_incidents(metres, ["t"], "x", "y")


def test_a_stray_geocode_does_not_blow_up_the_map(tmp_path, capsys):
    train, test = files(tmp_path, 300)
    with train.open("a") as file:
        file.write("2024-01-02T10:00,-70.0,12.0,a\n")
    assert run(capsys, train, test)["left_out"] == 1


def test_a_test_that_is_not_later_is_refused(tmp_path, capsys):
    train, test = files(tmp_path, 300)
    with pytest.raises(SystemExit, match=r"a\.csv: begins .*before training ends"):
        run(capsys, test, train)


def test_a_training_of_one_week_is_refused(tmp_path, capsys):
    rows = [(f"2024-01-0{day}", "11.1", "46.1") for day in range(1, 9)]
    parts = rows[:-1], rows[-1:]
    train, test = (
        write(tmp_path / n, ("when", "x", "y"), p) for n, p in zip("ab", parts, strict=True)
    )
    with pytest.raises(SystemExit, match="two weeks or months before the test"):
        run(capsys, train, test)


@pytest.mark.skipif("PRECRISIS_EVAL_DATA" not in os.environ, reason="set PRECRISIS_EVAL_DATA")
def test_barcelona_free_windows_hold_a_fifth_and_the_grid_is_beaten(tmp_path, capsys):
    source = (
        Path(os.environ["PRECRISIS_EVAL_DATA"]) / "incidents/barcelona_accidents_2017_jan_sep.csv"
    )
    table, late = pd.read_csv(source), ("July", "August", "September")
    for name, part in (("a", ~table.Month.isin(late)), ("b", table.Month.isin(late))):
        table[part].to_csv(tmp_path / f"{name}.csv", index=False)
    arguments = ("--train", tmp_path / "a.csv", "--test", tmp_path / "b.csv", "--time")
    named = ("Month+Day+Hour", "--lon", "Longitude", "--lat", "Latitude")
    evaluate.main(["risk", *map(str, arguments), *named])
    found = json.loads(capsys.readouterr().out)
    assert found["hit_rate_5pct"] >= found["floor"]
    assert found["hit_rate_5pct_free"] > found["floor"] + 0.02
    assert 0.88 <= found["coverage_90"] <= 0.94
