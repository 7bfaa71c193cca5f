"""The licence rules at their edges, and that locks, hashes and the page agree."""

import re

import pytest
import yaml

from infra import audit
from infra.audit import Package, canonical, needs_review, page, problems, vulnerabilities
from infra.stack.layout import ROOT

LOCKS = [*audit.LOCKS.values(), ROOT / "infra" / "requirements" / "audit.txt"]


@pytest.mark.parametrize(
    "licence",
    ["MIT", "MIT License", "Apache Software License; MIT License", "BSD-3-Clause AND MIT",
     "GPL-3.0-only OR MIT", "LGPL-3.0-only", "GNU Lesser General Public License v3 (LGPLv3)",
     "GNU Library or Lesser General Public License (LGPL)", "3-Clause BSD License", "MPL-2.0"],
)  # fmt: skip
def test_permissive_and_weak_ones_pass(licence):
    assert not needs_review(licence)


@pytest.mark.parametrize(
    "licence",
    ["GPL-3.0-only", "AGPL-3.0-or-later", "GNU Affero General Public License v3", "UNKNOWN", "",
     "GNU General Public License v2 (GPLv2)", "MIT AND GPL-2.0-only", "Proprietary",
     "MIT License; GNU General Public License (GPL)", "MIT " * 50],
)  # fmt: skip
def test_strong_unknown_and_endless_ones_need_a_review(licence):
    assert needs_review(licence)


def test_a_review_lets_a_package_stay_and_must_not_outlive_it():
    packages = [Package("a", "1", "GPL-3.0-only"), Package("b", "1", "MIT")]
    assert len(problems(packages, {})) == 1
    assert problems(packages, {"a": {"licence": "MIT"}}) == []
    assert problems(packages, {"a": {}, "gone": {}}) == ["gone was reviewed but is not installed"]


def test_every_review_says_what_why_and_when():
    for name, entry in yaml.safe_load(audit.REVIEWED.read_text()).items():
        assert set(entry) == {"licence", "why", "reviewed_on"}, name


def test_what_could_not_be_looked_up_is_not_called_safe():
    answer = {"dependencies": [
        {"name": "a", "skip_reason": "not found"},
        {"name": "b", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},
        {"name": "c", "version": "1", "vulns": []},
    ]}  # fmt: skip
    assert vulnerabilities(answer) == (["b 1: CVE-1, mended in 2"], 2, 1)


def test_a_bar_in_a_licence_does_not_break_the_page():
    text = page({"platform": [Package("a", "1", "MIT | BSD")]}, {})
    assert "| a | 1 | MIT / BSD |" in text


def pins(lock) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock.read_text(), re.M)
    return {canonical(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_a_hash(lock):
    text = lock.read_text()
    blocks = re.split(r"^(?=[\w.-]+(?:\[[^\]]*\])?==)", text, flags=re.M)[1:]
    assert len(blocks) == len(pins(lock)) > 40
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_torch_alone_has_no_hash_and_stands_apart():
    text = (ROOT / "infra" / "requirements" / "torch.txt").read_text()
    assert re.findall(r"^[^#\s].*$", text, re.M) == ["torch==2.13.0"]
    assert "torch" not in pins(audit.LOCKS["platform"])


def test_the_page_lists_what_is_locked():
    _, platform, superset = re.split(r"^## \w+$", audit.PAGE.read_text(), flags=re.M)
    for text, lock in ((platform, "platform"), (superset, "superset")):
        rows = dict(re.findall(r"^\| ([\w-]+) \| (\S+) \|", text, re.M))
        rows = {name: version for name, version in rows.items() if name not in ("package", "torch")}
        assert rows == pins(audit.LOCKS[lock])
