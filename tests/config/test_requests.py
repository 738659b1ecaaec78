"""What every answer carries, whoever made it."""

import re

import pytest
import structlog
from django.test import Client

from config.middleware import SizeMiddleware
from loyalty.backtest import csv_file

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/admin/", "/api/v1/nowhere", "/accounts/login/"])
def test_every_answer_has_a_request_id(client: Client, path: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", client.get(path)["X-Request-Id"])


def test_a_proxys_request_id_is_kept(client: Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "edge-0123456789"})
    assert answer["X-Request-Id"] == "edge-0123456789"


@pytest.mark.parametrize("claimed", ["short", "x" * 65, "spaces in it", '{"json": 1}', "перевод"])
def test_an_id_that_could_spoil_a_log_is_replaced(client: Client, claimed: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": claimed})
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])


def test_the_access_line_names_the_route_and_no_person(client: Client) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/api/v1/nowhere/79161234567?phone=79161234567")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["status"] == 404
    assert "79161234567" not in str(line)


def test_pages_run_no_foreign_and_no_inline_code(client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_only_the_admin_may_evaluate(client: Client) -> None:
    assert "'unsafe-eval'" in client.get("/admin/login/")["Content-Security-Policy"]
    assert "'unsafe-eval'" not in client.get("/administrator/")["Content-Security-Policy"]


def test_nothing_runs_in_data(client: Client) -> None:
    policy = client.get("/api/v1/nowhere")["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_the_till_api_sets_no_cookies_and_reads_none(client: Client) -> None:
    client.cookies["sessionid"] = "x" * 32
    answer = client.get("/api/v1/nowhere")
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("", "ru"), ("en-GB,en;q=0.8", "en"), ("de, en;q=0.5", "en"), ("de", "ru"), ("no;q=sense,,;;", "ru")],
)
def test_the_till_api_speaks_the_tills_language(client: Client, asked: str, spoken: str) -> None:
    answer = client.get("/api/v1/nowhere", headers={"Accept-Language": asked})
    assert answer["Content-Language"] == spoken


def test_the_admins_login_is_the_one_with_rate_limits(client: Client) -> None:
    answer = client.get("/admin/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_metrics_do_not_exist_without_their_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_a_page_takes_nothing_large(client: Client) -> None:
    large = b"x" * (7 * 1024 * 1024)
    answer = client.post("/accounts/login/", large, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_a_file_of_receipts_is_as_large_as_its_reader_takes(client: Client) -> None:
    """A stranger is told that there is no such page, not that his file is too large."""
    large = b"x" * (7 * 1024 * 1024)
    answer = client.post("/m/1/rules/backtests/new/", large, content_type="text/csv")
    assert answer.status_code in (302, 403, 404)
    assert csv_file.LARGEST < SizeMiddleware.LARGEST_RECEIPTS
