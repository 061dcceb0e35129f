"""Runs against the local system, or against any endpoint that speaks AWS:

    pytest tests/conformance                                    starts the local system on free ports
    pytest tests/conformance --endpoint http://127.0.0.1:4566   uses one that runs already

Every test is a black box check of what AWS documents, through AWS's own Python SDK.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).parents[1]))

import local_system  # noqa: E402: found on the path that was just set.
from queues import Queues  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--endpoint", help="URL of a running AWS endpoint; without it the local system is started")


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Where what is under test listens: `aws`, and on the local system `api` and `provider`."""
    given = request.config.getoption("--endpoint")
    if given:
        yield {"aws": given}
        return
    with local_system.running() as urls:
        yield urls


@pytest.fixture(scope="session")
def endpoint(urls: dict[str, str]) -> str:
    """The URL of the endpoint under test."""
    return urls["aws"]


@pytest.fixture(scope="session")
def sqs(endpoint: str):
    # One attempt: a retry would hide what the endpoint did.
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=40, max_pool_connections=16)
    return boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="conformance",
                        aws_secret_access_key="conformance", config=config)


@pytest.fixture
def queues(sqs) -> Iterator[Queues]:
    """Makes queues that nothing else uses, and removes them."""
    made = Queues(sqs)
    yield made
    made.delete()
