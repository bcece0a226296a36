"""The built wheel at home in other people's sites: each kind is made, and the main job is done in it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from .kinds import EVERYDAY, S3_BUCKET, S3_ENVIRONMENT, on_s3
from .site import Site


@pytest.mark.parametrize("kind", EVERYDAY)
def test_the_main_job_works(kind: str, site: Site) -> None:
    EVERYDAY[kind](site)

    site.walk()


@pytest.fixture
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_recording_is_stored_on_s3_and_played_from_there(site: Site, s3_endpoint: str) -> None:
    keys = {name.lower(): value for name, value in S3_ENVIRONMENT.items()}
    s3 = boto3.client("s3", endpoint_url=s3_endpoint, region_name="eu-central-1", **keys)
    s3.create_bucket(
        Bucket=S3_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    on_s3(site, s3_endpoint)

    site.walk()

    (stored,) = s3.list_objects_v2(Bucket=S3_BUCKET)["Contents"]
    assert stored["Size"] > 0
    assert not list((site.folder / "eyeson_media").glob("**/*"))
