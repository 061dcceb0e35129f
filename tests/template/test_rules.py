"""The template keeps every rule, and every rule notices when it does not."""

import inspect
from copy import deepcopy

import pytest

from planted import PLANTED, Change
from rules import Rule, api, delivery, keeping, names, rights, watching
from template import Template


def is_rule(function: object) -> bool:
    return inspect.isgeneratorfunction(function) and list(inspect.signature(function).parameters) == ["template"]


RULES: list[Rule] = [function for module in (names, delivery, rights, keeping, api, watching)
                     for function in vars(module).values() if is_rule(function)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule, template: Template) -> None:
    violations = list(rule(template))

    assert not violations, "\n  ".join(["", *violations, "", inspect.getdoc(rule)])


@pytest.mark.parametrize(("rule", "named", "change"), PLANTED,
                         ids=[f"{rule.__name__}-{named}" for rule, named, _ in PLANTED])
def test_the_rule_notices(rule: Rule, named: str, change: Change, template: Template) -> None:
    changed = Template(deepcopy(template.resources), template.folders)

    change(changed.resources)

    violations = list(rule(changed))
    assert any(named in violation for violation in violations), f"nothing names {named} in {violations}"


def test_every_rule_has_a_planted_change() -> None:
    planted = {rule.__name__ for rule, _, _ in PLANTED}

    assert RULES
    assert {rule.__name__ for rule in RULES} == planted
