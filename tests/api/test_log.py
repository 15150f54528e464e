"""Log: one line per finished step, with ids and never with content."""

import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from backend import log


def one(stream: io.StringIO) -> dict[str, object]:
    written = stream.getvalue().splitlines()
    assert len(written) == 1, written
    return json.loads(written[0])


def test_a_line_for_machines_is_one_json_object_with_its_ids(log_lines):
    structlog.get_logger().info("scored", submission=81, message=3)

    line = one(log_lines)
    assert (line["event"], line["submission"], line["message"], line["level"]) == ("scored", 81, 3, "info")


def test_a_line_for_people_fits_on_one_line():
    stream = io.StringIO()
    log.set_up("console", stream)
    structlog.get_logger().info("scored", submission=81)

    assert "scored" in stream.getvalue()
    assert "submission=81" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_lines_of_libraries_look_like_ours(log_lines):
    logging.getLogger("huey").warning("retrying %s", 7)

    assert one(log_lines)["event"] == "retrying 7"


@pytest.mark.parametrize("name", ["subject", "comment", "mailbox", "token", "address"])
def test_a_value_under_a_telling_name_is_withheld(log_lines, name):
    structlog.get_logger().info("received", **{name: "Quarterly bonus"})

    assert one(log_lines)[name] == "withheld"
    assert "bonus" not in log_lines.getvalue()


def test_an_error_is_logged_with_its_place_and_without_its_message(log_lines):
    try:
        raise ValueError("cannot read header 'Subject: Quarterly bonus'")
    except ValueError:
        structlog.get_logger().exception("unexpected error", submission=4)

    line = one(log_lines)
    assert line["error"] == "builtins.ValueError"
    assert "test_log.py:" in str(line["at"])
    assert "bonus" not in log_lines.getvalue()


def test_an_error_of_a_library_is_logged_without_its_message_too(log_lines):
    try:
        raise ValueError("Quarterly bonus")
    except ValueError:
        logging.getLogger("huey").exception("task failed")

    assert one(log_lines)["error"] == "builtins.ValueError"
    assert "bonus" not in log_lines.getvalue()


def test_a_very_long_value_is_cut(log_lines):
    structlog.get_logger().info("put back", cause="x" * 10_000)

    assert len(str(one(log_lines)["cause"])) < 400


def test_every_line_of_a_request_carries_its_id(log_lines):
    request_id = log.begin_request()
    structlog.get_logger().info("received")

    assert one(log_lines)["request"] == request_id == log.current_request()


@pytest.mark.parametrize("wanted", ["", "two words", "a\nb", "ü", "x" * 65, "a=b"])
def test_a_harmful_request_id_is_replaced(wanted):
    assert log.begin_request(wanted) != wanted


def test_a_harmless_request_id_is_kept():
    assert log.begin_request("trace-12.A_b") == "trace-12.A_b"


def test_a_line_that_cannot_be_written_spoils_nothing(log_lines):
    """The log may lie on the disk that is full."""
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it is what fails below
    log.set_up("json", full)

    structlog.get_logger().info("scored", submission=81)

    with pytest.raises(OSError, match="No space left"):
        full.close()
