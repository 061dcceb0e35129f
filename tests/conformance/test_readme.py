"""What the README shows works as printed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from local_system import ROOT

README = (ROOT / "README.md").read_text()


@pytest.fixture(autouse=True)
def only_on_the_local_system(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--endpoint"):
        pytest.skip("it is about the local system, which has the template's queues")


def test_the_python_finds_the_queues_of_the_template(urls: dict[str, str], capsys):
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    exec(here(example, urls), {})

    assert "local-sync-statistics" in capsys.readouterr().out


def test_the_aws_command_line_finds_queues_reads_tables_and_copies_files(urls: dict[str, str]):
    example, secrets = shell("aws ")

    said = run(example + secrets, urls)

    assert "local-sync-statistics" in said
    assert '"ScannedCount"' in said
    assert "upload: ./README.md to s3://" in said
    assert '"Name": "local-webhook-secrets"' in said


def test_a_killed_process_and_a_failing_provider_are_seen_and_made_good(urls: dict[str, str]):
    using, hurting = shell("ID=$(new)")

    said = run(using + hurting, urls)

    launched, after_the_kill, in_the_end = (chain(said, at) for at in range(3))
    assert "publish-campaign" in launched
    assert "publish-campaign" in after_the_kill and "done  " not in after_the_kill
    for job in ("sync-campaign", "sync-statistics"):
        assert re.search(rf"{job} +queued +attempt [1-3]/5  done", in_the_end), in_the_end


def test_an_account_lives_from_its_opening_to_its_end(urls: dict[str, str]):
    [living] = shell("ACCOUNT=$(curl")

    said = run(living, urls)

    paid_in, paid_out, shown, closed = documents(said)
    nothing, top_up = ({"amount_minor": amount, "currency": "NZD"} for amount in (0, 5000))
    assert (paid_in["balance"], paid_out["balance"], shown["balance"]) == (top_up, nothing, nothing)
    assert (shown["version"], shown["transaction_count"], shown["status"]) == (3, 2, "open")
    assert (closed["version"], closed["status"]) == (4, "closed")


def test_a_failure_is_found_and_redriven_with_the_tool(urls: dict[str, str]):
    using, _ = shell("ID=$(new)")
    [failing] = shell("alias postroom")
    defining = using.partition("ID=")[0]

    said = run(f"shopt -s expand_aliases\n{defining}{failing}", urls)

    # What is shown of the letters, of their chain, and of what is done about them.
    for text in ("campaign.published", "parked", "2 letters would be redriven, 0 would be refused",
                 "2 letters redriven, 0 refused"):
        assert text in said, said


def test_a_file_of_contacts_is_imported_with_the_tool(urls: dict[str, str]):
    [importing] = shell("postroom import")

    said = run(importing, urls)

    for text in ("people.csv: completed", " 1 imported", " 1 duplicates", " 1 rejected", "line 4: email "):
        assert text in said, said


def shell(having: str) -> list[str]:
    """The shell blocks that have this in them."""
    return [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if having in block]


def documents(said: str) -> list[Any]:
    """The JSON documents that were printed, one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while said := said.strip():
        document, end = decoder.raw_decode(said)
        found.append(document)
        said = said[end:]
    return found


def chain(said: str, at: int) -> str:
    """The chains that were shown, in their order; each begins with its command, perhaps behind an answer's last brace."""
    return re.split(r"(?=publish-campaign +command)", said)[1:][at]


def run(script: str, urls: dict[str, str]) -> str:
    """What a shell says that is given these lines."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    ended = subprocess.run(["bash", "-eu", "-c", here(script, urls)], cwd=ROOT, env=environment, timeout=300,
                           capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def here(text: str, urls: dict[str, str]) -> str:
    """The same with the addresses of this run, and its folder for what is built."""
    text = text.replace("target/debug", f"{os.environ.get('CARGO_TARGET_DIR', 'target')}/debug")
    for port, service in ((3000, "api"), (3001, "provider"), (4566, "aws")):
        text = re.sub(rf"(http://)?(localhost|127\.0\.0\.1):{port}", urls[service], text)
    return text
