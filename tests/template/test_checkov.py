"""checkov has nothing to say about the template that is not decided beside the resource, with the reason.

A decision stands in the resource's `Metadata`, where checkov itself reads it too:

    Metadata: { checkov: { skip: [{ id: CKV_AWS_158, comment: Encrypted with the key of CloudWatch. }] } }

checkov is asked about the expanded template without these, so that it also shows which decisions nobody needs any more.
"""

import json
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from template import look

ROOT = Path(__file__).parents[2]
CHECKOV = ROOT / ".venv-checkov/bin/checkov"
RUN_S = 300

# A check of checkov and the id of the resource that it is about.
Finding = tuple[str, str]
Scan = Callable[[dict[str, Any]], set[Finding]]


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    def run(template: dict[str, Any]) -> set[Finding]:
        path = tmp_path_factory.mktemp("checkov") / "template.json"
        path.write_text(json.dumps(undecided(template), default=str))
        return findings(path)
    return run


@pytest.fixture(scope="session")
def found(scan: Scan, expanded: dict[str, Any]) -> set[Finding]:
    return scan(expanded)


def test_every_finding_is_fixed_or_decided(found: set[Finding], decided: dict[Finding, str]) -> None:
    open_findings = sorted(found - decided.keys())

    assert not open_findings, "fix these, or decide them in the resource's Metadata with the reason"


def test_no_decision_is_stale(found: set[Finding], decided: dict[Finding, str]) -> None:
    stale = sorted(decided.keys() - found)

    assert not stale, "checkov has nothing against these: take them out of the resource's Metadata"


def test_every_decision_has_a_reason(decided: dict[Finding, str]) -> None:
    assert decided
    assert not [finding for finding, reason in decided.items() if len(reason.split()) < 4]


def test_checkov_notices_a_planted_fault(scan: Scan, found: set[Finding], expanded: dict[str, Any]) -> None:
    planted = deepcopy(expanded)
    del planted["Resources"]["JournalTable"]["Properties"]["PointInTimeRecoverySpecification"]

    assert scan(planted) - found == {("CKV_AWS_28", "JournalTable")}


@pytest.fixture(scope="session")
def decided(source: dict[str, Any]) -> dict[Finding, str]:
    """Every decision of the template with its reason."""
    return {(skip["id"], id): skip["comment"]
            for id, resource in source["Resources"].items()
            for skip in look(resource, "Metadata", "checkov", "skip") or []}


def undecided(template: dict[str, Any]) -> dict[str, Any]:
    resources = {id: {key: value for key, value in resource.items() if key != "Metadata"}
                 for id, resource in template["Resources"].items()}
    return {**template, "Resources": resources}


def findings(path: Path) -> set[Finding]:
    """Offline: without a download checkov uses the checks that it came with."""
    command = [CHECKOV, "--framework=cloudformation", "--skip-download", "--compact", "--quiet", "--output=json",
               "--soft-fail", "--file", path]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_S, check=True)
    report = json.loads(ran.stdout)
    assert report["summary"]["parsing_errors"] == 0, ran.stdout
    assert report["summary"]["resource_count"] > 0, ran.stdout
    return {(failed["check_id"], failed["resource"].rpartition(".")[2])
            for failed in report["results"]["failed_checks"]}
