"""`sam build && sam deploy --config-env NAME` means what the README says, for each environment."""

from pathlib import Path
from typing import Any

import pytest
import tomlkit

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("default", "staging", "prod")
CONFIG: dict[str, Any] = tomlkit.parse((ROOT / "samconfig.toml").read_text()).unwrap()


def of(environment: str, command: str) -> dict[str, Any]:
    return CONFIG[environment][command]["parameters"]


def test_there_are_these_environments() -> None:
    assert set(CONFIG) == {"version", *ENVIRONMENTS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_builds_the_template_and_deploys_what_was_built(environment: str) -> None:
    assert (ROOT / of(environment, "build")["template_file"]).samefile(ROOT / "infra/template.yaml")
    assert of(environment, "deploy")["template_file"] == ".aws-sam/build/template.yaml"
    # Roles are part of the stack, and none has a name of its own.
    assert of(environment, "deploy")["capabilities"] == "CAPABILITY_IAM"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_gives_parameters_that_the_template_has(environment: str, source: dict[str, Any]) -> None:
    given = {override.partition("=")[0] for override in of(environment, "deploy")["parameter_overrides"]}

    assert given <= set(source["Parameters"])


def test_no_two_are_one_stack() -> None:
    assert len({of(environment, "deploy")["stack_name"] for environment in ENVIRONMENTS}) == len(ENVIRONMENTS)


def test_functions_run_on_arm64_unless_told_otherwise(source: dict[str, Any]) -> None:
    architecture = source["Parameters"]["Architecture"]

    assert architecture["Default"] == "arm64"
    assert set(architecture["AllowedValues"]) == {"arm64", "x86_64"}
