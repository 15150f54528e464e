"""Smoke: does a clean clone of what is committed run, answer, retract and stop? Called by .ci/run, not by pytest.

clone ▸ make run ▸ report a phish as the webmail page does ▸ three inboxes are empty ▸ SIGINT ▸ exit code 0
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
READY_SECONDS = 900  # a bare machine downloads PyTorch in it
PHISH = "<20.4471.storage@quota-renewal.example>"
FINAL = {"answered", "failed"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="unhook-smoke-") as folder:
        clone, state, log = Path(folder, "clone"), Path(folder, "var"), Path(folder, "log")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = free_port()
        began = time.monotonic()
        with log.open("wb") as output:
            make = start(clone, state, port, output)
            try:
                address = wait_for(lambda: says_it_runs(log, make), READY_SECONDS, "make run to answer")
                say(f"make run serves after {time.monotonic() - began:.0f} s")
                see_it_vanish(address, clone, state)
                os.killpg(make.pid, signal.SIGINT)
                code = make.wait(timeout=60)
                say(f"SIGINT: exit code {code}")
                return code
            except (AssertionError, subprocess.TimeoutExpired) as error:
                sys.stderr.write(f"smoke failed: {error}\n--- what make run said\n{log.read_text()[-4000:]}\n")
                return 1
            finally:
                if make.poll() is None:
                    os.killpg(make.pid, signal.SIGKILL)


def start(clone: Path, state: Path, port: int, output) -> "subprocess.Popen[bytes]":
    """As a shell's `make run &`, with SIGINT ignored: else GNU make ends by the signal, whatever its child says."""
    environment = {**os.environ, "UNHOOK_PORT": str(port), "UNHOOK_DATA_DIR": str(state)}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def says_it_runs(log: Path, make: "subprocess.Popen[bytes]") -> str:
    """The address it serves on, once it is printed."""
    assert make.poll() is None, f"make run ended with {make.returncode}"
    found = re.search(r"Three mailboxes\s+(http://[^/\s]+)", log.read_text())
    return found[1] if found else ""


def see_it_vanish(address: str, clone: Path, state: Path) -> None:
    """Report as Ana, with what the webmail page's button posts, and watch three Maildirs."""
    assert len(copies(state)) == 3, f"the phish lies in {len(copies(state))} mailboxes, not in three"
    began = time.monotonic()
    ask = {"Authorization": f"Bearer {token(clone, state)}", "Content-Type": "application/json"}
    body = json.dumps({"internet_message_id": PHISH, "submitted_as": "phish"}).encode()
    kept = fetch(Request(f"{address}/api/v1/submissions", body, ask))
    mine = Request(f"{address}{kept['url']}", headers=ask)

    answered = wait_for(lambda: answer if (answer := fetch(mine))["state"] in FINAL else None, 120, "a verdict")
    held = (answered["verdict"] or {}).get("disposition")
    assert held == "MALICIOUS", f"the phish was judged {answered}"
    wait_for(lambda: not copies(state), 60, "the copies to vanish")
    say(f"reported, judged MALICIOUS, three copies gone after {time.monotonic() - began:.1f} s")


def copies(state: Path) -> list[Path]:
    """Where the phish lies in sight: same Message-ID, and not the menu that carries it too."""
    places = (state / "mail").glob("*/*@*/Maildir/**/*")
    mails = [path for path in places if path.parent.name in {"new", "cur"} and path.is_file()]
    return [path for path in mails if PHISH.encode() in (raw := path.read_bytes()) and b"98%" in raw]


def token(clone: Path, state: Path) -> str:
    environment = {**os.environ, "UNHOOK_DATA_DIR": str(state)}
    command = [str(clone / ".venv/bin/unhook"), "token", "issue", "demo", "ana@example.org"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def fetch(request: Request) -> dict:
    with urlopen(request, timeout=10) as response:
        return json.load(response)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(look, seconds: float, what: str):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.2)
    return found


def say(line: str) -> None:
    sys.stdout.write(f"smoke: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
