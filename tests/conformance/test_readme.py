"""The README's Python works as printed."""

import re

import pytest
from local_system import ROOT


def test_the_example_finds_the_queues_of_the_template(endpoint: str, request: pytest.FixtureRequest, capsys):
    if request.config.getoption("--endpoint"):
        pytest.skip("it is about the local system, which has the template's queues")
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert "http://localhost:4566" in example

    exec(example.replace("http://localhost:4566", endpoint), {})

    assert "local-sync-statistics" in capsys.readouterr().out
