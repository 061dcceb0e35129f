"""The same deployment on two emulators that share nothing: what happens is the same, down to the items in the tables.

    .ci/run package emulator                               builds what is deployed, then runs these
    .venv/bin/python -m pytest tests/emulator --build DIR  takes the functions from another folder

MiniStack gets what `sam build` made by `sam deploy`, checks tokens, and enforces the functions' roles. The local system
is the one of every day. `adapted.py` lists what MiniStack cannot do.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".ci"), str(ROOT / "tests")]

import issuer  # noqa: E402: found on the path that was just set.
import local_system  # noqa: E402
import ministack  # noqa: E402
import scenario  # noqa: E402
import system  # noqa: E402
from adapted import adapted  # noqa: E402
from expand_template import expand  # noqa: E402
from scenario import Observed  # noqa: E402
from system import System  # noqa: E402

STACK = "emulated"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", type=Path, default=ROOT / ".aws-sam/build",
                     help="where each function has a folder, named after its resource, with its bootstrap")


@pytest.fixture(scope="session")
def build(request: pytest.FixtureRequest) -> Path:
    folder = request.config.getoption("--build").resolve()
    assert (folder / "template.yaml").exists(), f"nothing is built in {folder}; `.ci/run package` does it"
    return folder


@pytest.fixture(scope="session")
def urls() -> Iterator[dict[str, str]]:
    """Where the local system listens; its ad provider serves both."""
    with local_system.running("--require-auth") as addresses:
        yield addresses


@pytest.fixture(scope="session")
def tokens() -> Iterator[issuer.Issuer]:
    with issuer.running() as running:
        yield running


@pytest.fixture(scope="session")
def local(urls: dict[str, str]) -> System:
    return system.local(urls)


@pytest.fixture(scope="session")
def emulated(urls: dict[str, str], tokens: issuer.Issuer, build: Path) -> Iterator[System]:
    template = adapted(expand((ROOT / "infra/template.yaml").read_text(encoding="utf-8")), build)
    # Not one of pytest's folders: it keeps three of them, and this one grows to 100 MB.
    with tempfile.TemporaryDirectory() as folder, ministack.running(Path(folder)) as url:
        ministack.deploy(url, template, Path(folder), STACK, Architecture="x86_64", ProviderUrl=urls["provider"],
                         JwtIssuer=tokens.url, JwtAudience=issuer.AUDIENCE)
        token = tokens.token(**{"sub": "ann", "custom:tenant": "demo", "cognito:groups": ["ops"]})
        yield system.emulated(STACK, url, token)


@pytest.fixture(scope="session")
def ours(local: System, urls: dict[str, str]) -> Observed:
    return scenario.play(local, urls["provider"])


@pytest.fixture(scope="session")
def theirs(emulated: System, urls: dict[str, str]) -> Observed:
    return scenario.play(emulated, urls["provider"])
