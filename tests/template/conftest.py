"""infra/template.yaml against AWS's rules and ours, on the CloudFormation template that it becomes.

    .venv/bin/python -m pytest tests/template

SAM adds roles, permissions and mappings of its own, and Globals fill in what a function leaves out; so the rules are
asked of what AWS will get. What ties the template to the Rust code is asked in tests/tests/house/template/.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

from expand_template import expand  # noqa: E402: found on the path that was just set.
from samcli.yamlhelper import yaml_parse  # noqa: E402
from template import Template  # noqa: E402

SOURCE = ROOT / "infra/template.yaml"


@pytest.fixture(scope="session")
def source() -> dict:
    """The template as it is written."""
    return yaml_parse(SOURCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def expanded() -> dict:
    """The expanded template, as JSON would have it. Never changed: copy it."""
    return expand(SOURCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def template(expanded: dict) -> Template:
    folders = frozenset(folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir())
    return Template(expanded["Resources"], folders)
