"""Objects: put, read whole and in ranges, listed, deleted, and uploaded by a signed URL."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from queues import RUN, refused

# The secret that every key has on the local system.
CREDENTIALS = {"aws_access_key_id": "conformance", "aws_secret_access_key": "local"}
CURL = shutil.which("curl")
CSV = b"email,name\nann@example.org,Ann\n"


@pytest.fixture(scope="session")
def s3(endpoint: str):
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, signature_version="s3v4")
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **CREDENTIALS)


@pytest.fixture(scope="session")
def bucket(s3) -> str:
    """A bucket of the template: they are made by nobody else."""
    return next(bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "objects" in bucket["Name"])


@pytest.fixture
def prefix(s3, bucket: str) -> Iterator[str]:
    """A place that nothing else uses, emptied in the end."""
    place = f"conformance-{RUN}/{uuid.uuid4().hex[:8]}/"
    yield place
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=place).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])


def test_an_object_is_read_as_it_was_put(s3, bucket: str, prefix: str):
    body = os.urandom(300_000)

    # Newer SDKs send it in signed chunks with a checksum at the end.
    put = s3.put_object(Bucket=bucket, Key=prefix + "a", Body=body, ContentType="text/csv", Metadata={"by": "ann"})

    got = s3.get_object(Bucket=bucket, Key=prefix + "a")
    assert got["Body"].read() == body
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert (got["ContentType"], got["ContentLength"], got["Metadata"]) == ("text/csv", 300_000, {"by": "ann"})
    head = s3.head_object(Bucket=bucket, Key=prefix + "a")
    assert (head["ETag"], head["ContentLength"], head["LastModified"]) == (got["ETag"], 300_000, got["LastModified"])


@pytest.mark.parametrize(("asked", "expected", "said"), [
    ("bytes=0-3", b"0123", "bytes 0-3/10"),
    ("bytes=8-", b"89", "bytes 8-9/10"),
    ("bytes=8-100", b"89", "bytes 8-9/10"),
    ("bytes=-2", b"89", "bytes 8-9/10"),
])
def test_a_range_is_cut_out_of_it(s3, bucket: str, prefix: str, asked: str, expected: bytes, said: str):
    s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"0123456789")

    got = s3.get_object(Bucket=bucket, Key=prefix + "a", Range=asked)

    assert got["Body"].read() == expected
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["ContentRange"]) == (206, said)


def test_a_range_behind_the_end_is_refused(s3, bucket: str, prefix: str):
    s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"0123456789")

    with refused("InvalidRange"):
        s3.get_object(Bucket=bucket, Key=prefix + "a", Range="bytes=10-")


def test_what_was_replaced_is_not_read_by_its_old_etag(s3, bucket: str, prefix: str):
    first = s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"first")["ETag"]
    second = s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"second")["ETag"]

    assert s3.get_object(Bucket=bucket, Key=prefix + "a", IfMatch=second)["Body"].read() == b"second"
    with refused("PreconditionFailed", "412"):
        s3.get_object(Bucket=bucket, Key=prefix + "a", IfMatch=first)
    # The condition comes before the range.
    with refused("PreconditionFailed", "412"):
        s3.get_object(Bucket=bucket, Key=prefix + "a", IfMatch=first, Range="bytes=100-")


def test_a_body_that_is_not_what_its_sender_says_is_not_put(s3, bucket: str, prefix: str):
    other = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"first")

    with refused("BadDigest"):
        s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"second", ContentMD5=other)

    assert s3.get_object(Bucket=bucket, Key=prefix + "a")["Body"].read() == b"first"


def test_what_is_not_there_is_said_to_be_missing(s3, bucket: str, prefix: str):
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=prefix + "nowhere")
    with refused("404"):
        s3.head_object(Bucket=bucket, Key=prefix + "nowhere")
    with refused("NoSuchBucket"):
        s3.get_object(Bucket="conformance-nobody-made-this", Key="a")
    with refused("NoSuchBucket"):
        s3.put_object(Bucket="conformance-nobody-made-this", Key="a", Body=b"x")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(s3, bucket: str, prefix: str):
    s3.put_object(Bucket=bucket, Key=prefix + "a", Body=b"x")

    for _ in range(2):
        s3.delete_object(Bucket=bucket, Key=prefix + "a")

    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=prefix + "a")
    several = {"Objects": [{"Key": prefix + "a"}, {"Key": prefix + "b"}]}
    deleted = s3.delete_objects(Bucket=bucket, Delete=several)["Deleted"]
    assert [one["Key"] for one in deleted] == [prefix + "a", prefix + "b"]


def test_objects_are_listed_in_pages_in_the_order_of_their_keys(s3, bucket: str, prefix: str):
    for name in ["b/1", "a", "c", "b/2", "b", "d e+f%/\u00e4"]:
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=name.encode())

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 2})
    keys = [[found["Key"].removeprefix(prefix) for found in page["Contents"]] for page in pages]

    assert keys == [["a", "b"], ["b/1", "b/2"], ["c", "d e+f%/\u00e4"]]
    folded = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
    assert [found["Key"].removeprefix(prefix) for found in folded["Contents"]] == ["a", "b", "c"]
    assert [found["Prefix"].removeprefix(prefix) for found in folded["CommonPrefixes"]] == ["b/", "d e+f%/"]


def test_prefixes_that_a_delimiter_folds_are_counted_in_pages_too(s3, bucket: str, prefix: str):
    for name in ["a/1", "a/2", "b", "c/1", "c/2", "d"]:
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=b"x")

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/", PaginationConfig={"PageSize": 1})
    seen = [found.get("Key", found.get("Prefix")).removeprefix(prefix)
            for page in pages for found in page.get("Contents", []) + page.get("CommonPrefixes", [])]

    assert seen == ["a/", "b", "c/", "d"]


def test_a_secret_that_is_not_the_keys_signs_nothing(bucket: str, endpoint: str):
    other = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="conformance",
                         aws_secret_access_key="another")

    with refused("SignatureDoesNotMatch", "InvalidAccessKeyId"):
        other.get_object(Bucket=bucket, Key="a")


def upload(url: str, *, body: bytes = CSV, headers: tuple[str, ...] = ("content-type: text/csv",)) -> int:
    """Puts a body with curl and answers the status."""
    command = [CURL, "--silent", "--output", os.devnull, "--write-out", "%{http_code}", "--request", "PUT",
               "--data-binary", "@-", *[part for header in headers for part in ("--header", header)], url]
    return int(subprocess.run(command, input=body, capture_output=True, check=True, timeout=30).stdout)


@pytest.fixture
def permitted(s3, bucket: str, prefix: str) -> str:
    """A URL by which just the CSV file may be put."""
    named = {"Bucket": bucket, "Key": prefix + "up load+.csv", "ContentType": "text/csv", "ContentLength": len(CSV)}
    return s3.generate_presigned_url("put_object", Params=named, ExpiresIn=60)


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
class TestUploadsBySignedUrls:
    def test_curl_uploads_by_it(self, s3, bucket: str, prefix: str, permitted: str):
        assert upload(permitted) == 200

        got = s3.get_object(Bucket=bucket, Key=prefix + "up load+.csv")
        assert (got["Body"].read(), got["ContentType"]) == (CSV, "text/csv")

    @pytest.mark.parametrize("other", [
        {"body": CSV + b"\n"},
        {"body": CSV[:-1]},
        {"headers": ("content-type: text/html",)},
        {"headers": ("content-type;",)},
    ])
    def test_it_is_for_no_other_size_and_type(self, s3, bucket: str, prefix: str, permitted: str, other: dict):
        assert upload(permitted, **other) == 403

        assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)

    def test_it_is_for_no_other_object_and_as_it_was_signed(self, permitted: str):
        assert upload(permitted.replace("up%20load", "other")) == 403
        assert upload(permitted.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")) == 403

    def test_it_ends(self, s3, bucket: str, prefix: str):
        named = {"Bucket": bucket, "Key": prefix + "a", "ContentType": "text/csv", "ContentLength": len(CSV)}
        ends = s3.generate_presigned_url("put_object", Params=named, ExpiresIn=1)

        # Times in it are whole seconds.
        time.sleep(2.1)

        assert upload(ends) == 403

    def test_a_hundred_megabytes_go_through_it(self, s3, bucket: str, prefix: str):
        size = 100 * 1024 * 1024
        named = {"Bucket": bucket, "Key": prefix + "big", "ContentType": "text/csv", "ContentLength": size}

        assert upload(s3.generate_presigned_url("put_object", Params=named, ExpiresIn=60), body=bytes(size)) == 200

        assert s3.head_object(Bucket=bucket, Key=prefix + "big")["ContentLength"] == size


PART = 5 * 1024 * 1024


class Upload:
    """An upload in parts, begun."""

    def __init__(self, s3, bucket: str, key: str):
        self.s3, self.named = s3, {"Bucket": bucket, "Key": key}
        begun = s3.create_multipart_upload(**self.named, ContentType="text/csv", Metadata={"by": "ann"})
        self.named["UploadId"] = begun["UploadId"]

    def put(self, number: int, body: bytes) -> dict:
        return {"PartNumber": number, "ETag": self.s3.upload_part(**self.named, PartNumber=number, Body=body)["ETag"]}

    def complete(self, *parts: dict) -> str:
        return self.s3.complete_multipart_upload(**self.named, MultipartUpload={"Parts": list(parts)})["ETag"]


def test_parts_are_one_object_when_all_are_there(s3, bucket: str, prefix: str):
    bodies = [os.urandom(PART), os.urandom(PART), b"end"]
    upload = Upload(s3, bucket, prefix + "a")

    upload.put(2, b"replaced")
    parts = [upload.put(number, bodies[number - 1]) for number in (3, 1, 2)]
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=prefix + "a")
    etag = upload.complete(*sorted(parts, key=lambda part: part["PartNumber"]))

    got = s3.get_object(Bucket=bucket, Key=prefix + "a")
    digests = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert got["Body"].read() == b"".join(bodies)
    assert (got["ETag"], etag) == (f'"{digests}-3"',) * 2
    assert (got["ContentType"], got["Metadata"]) == ("text/csv", {"by": "ann"})
    with refused("NoSuchUpload"):
        upload.put(4, b"late")


def test_parts_that_do_not_fit_are_no_object_and_may_be_mended(s3, bucket: str, prefix: str):
    upload = Upload(s3, bucket, prefix + "a")
    small, large = upload.put(1, b"small"), upload.put(2, bytes(PART))
    other = {"PartNumber": 2, "ETag": small["ETag"]}

    for code, parts in [
        ("EntityTooSmall", (small, large)),
        ("InvalidPartOrder", (large, small)),
        ("InvalidPart", (small, other)),
        ("InvalidPart", (small, {"PartNumber": 3, "ETag": large["ETag"]})),
        ("MalformedXML", ()),
    ]:
        with refused(code):
            upload.complete(*parts)
    with refused("InvalidArgument") as refusal:
        upload.put(10_001, b"x")
    # Its body was not read: the next request must not come where that is still awaited.
    assert refusal.value.response["ResponseMetadata"]["HTTPHeaders"]["connection"] == "close"

    assert upload.complete(large).endswith('-1"')
    assert s3.head_object(Bucket=bucket, Key=prefix + "a")["ContentLength"] == PART


def test_an_upload_that_is_aborted_is_gone(s3, bucket: str, prefix: str):
    upload = Upload(s3, bucket, prefix + "a")
    part = upload.put(1, b"x")

    s3.abort_multipart_upload(**upload.named)

    with refused("NoSuchUpload"):
        upload.complete(part)
    with refused("NoSuchUpload"):
        upload.put(1, b"x")
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=prefix + "a")


def test_another_key_is_another_upload(s3, bucket: str, prefix: str):
    upload = Upload(s3, bucket, prefix + "a")
    upload.named["Key"] = prefix + "b"

    with refused("NoSuchUpload"):
        upload.put(1, b"x")


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_downloads_by_a_signed_url_under_the_name_that_was_signed(s3, bucket: str, prefix: str, tmp_path: Path):
    s3.put_object(Bucket=bucket, Key=prefix + "a", Body=CSV)
    named = {"Bucket": bucket, "Key": prefix + "a", "ResponseContentType": "text/csv; charset=utf-8",
             "ResponseContentDisposition": 'attachment; filename="people.csv"'}
    url = s3.generate_presigned_url("get_object", Params=named, ExpiresIn=60)
    command = [CURL, "--silent", "--show-error", "--fail", "--remote-name", "--remote-header-name",
               "--write-out", "%{content_type}"]

    ended = subprocess.run([*command, url], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)

    assert ended.stdout == "text/csv; charset=utf-8"
    assert (tmp_path / "people.csv").read_bytes() == CSV
    other = subprocess.run([*command, url.replace("people", "others")], cwd=tmp_path, capture_output=True, timeout=30)
    assert other.returncode != 0


@pytest.fixture
def cli(endpoint: str):
    """AWS's own command line, as people use it."""
    program = Path(sys.executable).with_name("aws")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "conformance", "AWS_SECRET_ACCESS_KEY": "local",
                   "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}

    def run(*arguments: str) -> str:
        command = [str(program), "--endpoint-url", endpoint, "s3", *arguments]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout
    return run


def test_the_command_line_copies_lists_and_removes(cli, bucket: str, prefix: str, tmp_path: Path):
    (tmp_path / "up.csv").write_bytes(CSV)
    place = f"s3://{bucket}/{prefix}"

    cli("cp", str(tmp_path / "up.csv"), place + "up.csv")
    cli("cp", place + "up.csv", str(tmp_path / "down.csv"))

    assert (tmp_path / "down.csv").read_bytes() == CSV
    assert "up.csv" in cli("ls", place)
    cli("rm", "--recursive", place)
    assert "up.csv" not in cli("ls", f"s3://{bucket}", "--recursive")


def test_the_command_line_copies_what_it_sends_in_parts(cli, s3, bucket: str, prefix: str, tmp_path: Path):
    body = os.urandom(20 * 1024 * 1024 + 1)
    (tmp_path / "up").write_bytes(body)
    place = f"s3://{bucket}/{prefix}up"

    cli("cp", str(tmp_path / "up"), place)
    cli("cp", place, str(tmp_path / "down"))

    assert (tmp_path / "down").read_bytes() == body
    assert s3.head_object(Bucket=bucket, Key=prefix + "up")["ETag"].endswith('-3"')
