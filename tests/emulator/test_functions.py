"""Every function that `sam build` made answers the Runtime API, with the rights of its role and no others."""

import json
from pathlib import Path
from typing import Any

import pytest

from examples import FUNCTIONS, ROOT, example, is_success
from system import System

# How a program for x86_64 begins, and at byte 18 names its machine.
ELF64_LITTLE = b"\x7fELF\x02\x01"
X86_64 = b"\x3e\x00"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_its_program_is_for_the_processor_that_was_asked_for(function: str, build: Path) -> None:
    program = build / f"{''.join(word.title() for word in function.split('-'))}Function" / "bootstrap"

    head = program.read_bytes()[:20]

    assert head.startswith(ELF64_LITTLE)
    assert head.endswith(X86_64)
    assert program.stat().st_mode & 0o111 == 0o111
    # Where `cargo lambda build` leaves it, as the README says.
    assert (ROOT / "target/lambda" / function / "bootstrap").read_bytes() == program.read_bytes()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_answers_its_example(function: str, emulated: System) -> None:
    name = f"{emulated.stack}-{function}"

    answer = emulated.client("lambda").invoke(FunctionName=name, Payload=example(function).read_bytes())

    body = json.loads(answer["Payload"].read())

    assert "FunctionError" not in answer, body
    assert is_success(function, body), body


def test_a_function_can_do_nothing_without_its_role(emulated: System) -> None:
    iam = emulated.client("iam")
    role = role_of(emulated, "api")
    policy = iam.get_role_policy(RoleName=role, PolicyName="api")
    before = emulated.call("GET", "/campaigns").status_code

    iam.delete_role_policy(RoleName=role, PolicyName="api")

    try:
        without = emulated.call("GET", "/campaigns").status_code
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="api", PolicyDocument=json.dumps(policy["PolicyDocument"]))
    assert (before, without) == (200, 500)


def role_of(system: System, function: str) -> str:
    configuration: dict[str, Any] = system.client("lambda").get_function_configuration(
        FunctionName=f"{system.stack}-{function}")
    return configuration["Role"].rpartition("/")[2]
