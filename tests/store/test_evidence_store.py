"""Evidence is durable, unchanged, apart per tenant, and a full or lost disk acknowledges nothing."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from rows import NOW, add_tenant
from sqlalchemy import select

from backend.errors import StoreUnavailable
from backend.store import evidence as evidence_module
from backend.store.evidence import EvidenceDamaged, EvidenceMissing, EvidenceStore
from backend.store.tables import evidence

RAW = b"From: a@example.org\r\n\r\nhostile\x00bytes\xff"


@pytest.fixture(params=["folder", "file-url", "memory"])
def place(request, tmp_path):
    return {
        "folder": str(tmp_path / "evidence"),
        "file-url": f"file://{tmp_path}/evidence",
        "memory": f"memory://{uuid.uuid4().hex}/evidence",
    }[request.param]


@pytest.fixture
def store(place):
    return EvidenceStore(place)


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def test_bytes_come_back_as_they_were_under_their_own_hash(store):
    name = store.keep(1, RAW)
    assert name == hashlib.sha256(RAW).hexdigest()
    assert store.read(1, name) == RAW
    assert store.exists(1, name)


def test_another_store_over_the_same_place_reads_them(store, place):
    name = store.keep(1, RAW)
    assert EvidenceStore(place).read(1, name) == RAW


def test_another_tenant_never_sees_them(store):
    name = store.keep(1, RAW)
    assert not store.exists(2, name)
    with pytest.raises(EvidenceMissing):
        store.read(2, name)
    store.delete(2, name)
    assert store.read(1, name) == RAW


def test_keeping_twice_is_harmless(store):
    assert store.keep(1, RAW) == store.keep(1, RAW)
    assert store.read(1, store.keep(1, RAW)) == RAW


def test_empty_bytes_are_evidence_too(store):
    assert store.read(1, store.keep(1, b"")) == b""


def test_deleting_is_final_and_deleting_twice_is_harmless(store):
    name = store.keep(1, RAW)
    store.delete(1, name)
    store.delete(1, name)
    assert not store.exists(1, name)
    with pytest.raises(EvidenceMissing):
        store.read(1, name)


@pytest.mark.parametrize("name", ["", "x", "../../1/secret", "a" * 63, "A" * 64, "/etc/passwd", "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_never_becomes_a_path(store, name):
    assert not store.exists(1, name)
    for use in (store.read, store.delete):
        with pytest.raises(EvidenceMissing):
            use(1, name)


def test_old_bytes_expire_and_those_just_kept_again_do_not(store):
    name = store.keep(1, RAW)
    assert not store.expire(1, name, utc_now())
    assert store.read(1, name) == RAW
    assert store.expire(1, name, utc_now() + timedelta(days=90))
    assert not store.exists(1, name)
    assert store.expire(1, name, utc_now())


def test_many_threads_keep_the_same_bytes_at_once(store):
    names = []
    threads = [threading.Thread(target=lambda: names.append(store.keep(1, RAW))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 12
    assert store.read(1, names[0]) == RAW


def test_a_keep_and_an_expiry_at_once_never_lose_bytes_that_were_acknowledged(tmp_path):
    store = EvidenceStore(str(tmp_path))
    name = store.keep(1, RAW)
    path = tmp_path / "1" / name[:2] / name
    stop, lost = threading.Event(), []

    def expire():
        while not stop.is_set():
            store.expire(1, name, utc_now())

    thread = threading.Thread(target=expire)
    thread.start()
    for _ in range(200):
        store.keep(1, RAW)
        if not store.exists(1, name):
            lost.append(1)
        os.utime(path, (0, 0))  # old again: the next expiry may have it
    stop.set()
    thread.join()
    assert lost == []


def test_files_and_folders_are_closed_to_other_users(tmp_path):
    store = EvidenceStore(str(tmp_path / "evidence"))
    name = store.keep(7, RAW)
    assert (tmp_path / "evidence" / "7" / name[:2] / name).read_bytes() == RAW
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "evidence").rglob("*")}
    assert found
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in found.items())
    assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700


def test_changed_bytes_are_noticed_and_healed_when_they_come_again(tmp_path):
    store = EvidenceStore(str(tmp_path))
    name = store.keep(1, RAW)
    path = tmp_path / "1" / name[:2] / name
    path.write_bytes(RAW[:-1])
    with pytest.raises(EvidenceDamaged):
        store.read(1, name)
    store.keep(1, RAW)
    assert store.read(1, name) == RAW


def test_what_a_crash_left_half_written_is_cleared_after_a_day(tmp_path):
    store = EvidenceStore(str(tmp_path))
    name = store.keep(1, RAW)
    half = tmp_path / "1" / ".keep-0123"
    half.write_bytes(b"half")
    store.clear_leftovers(1, utc_now())
    assert half.exists()
    store.clear_leftovers(1, utc_now() + timedelta(days=2))
    assert not half.exists()
    assert store.read(1, name) == RAW


def test_a_kill_while_keeping_leaves_whole_evidence_or_none(tmp_path):
    program = (
        "import sys, os; from backend.store.evidence import EvidenceStore\n"
        "store = EvidenceStore(sys.argv[1])\n"
        "for n in range(100000):\n"
        "    print(store.keep(1, b'%d ' % n * 50_000), flush=True)\n"
    )
    for seconds in (0.02, 0.05, 0.1):
        worker = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        first = worker.stdout.readline()
        threading.Event().wait(seconds)
        worker.send_signal(signal.SIGKILL)
        lines = [first, *worker.communicate()[0].splitlines(keepends=True)]

        store = EvidenceStore(str(tmp_path))
        for acknowledged in (line.strip() for line in lines if line.endswith("\n")):
            store.read(1, acknowledged)
        for path in tmp_path.glob("1/??/*"):
            store.read(1, path.name)


# A really full disk: the kernel refuses the bytes, nothing of ours is replaced.
FULL = """
import resource, signal, sys
from backend.errors import StoreUnavailable
from backend.store.evidence import EvidenceStore
store = EvidenceStore(sys.argv[1])
name = store.keep(1, b"small")
{limit}
try:
    store.keep(1, b"x" * 3_000_000)
except StoreUnavailable as error:
    print("refused", error)
assert store.read(1, name) == b"small"
"""
LIMITED = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
"""


def test_bytes_that_do_not_fit_are_refused_and_leave_nothing_behind(tmp_path):
    program = FULL.format(limit=LIMITED)
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused evidence cannot be kept")
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {".lock", hashlib.sha256(b"small").hexdigest()}


def test_a_full_disk_is_refused_with_its_cause(tmp_path):
    """One megabyte of memory as a disk; where the kernel allows no such mount, the limit above stands in for it."""
    apart = ["unshare", "--mount", "--user", "--map-root-user"]
    mounted = ["sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', tmp_path]
    allowed = subprocess.run([*apart, *mounted, "true"], check=False, capture_output=True).returncode == 0
    program = [sys.executable, "-c", FULL.format(limit="" if allowed else LIMITED), tmp_path]
    command = [*apart, *mounted, *program] if allowed else program

    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused"), done.stderr
    assert ("No space left on device" if allowed else "File too large") in done.stdout


def test_a_place_that_is_no_folder_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = EvidenceStore(str(tmp_path / "file"))
    with pytest.raises(StoreUnavailable, match="file"):
        store.keep(1, RAW)


def test_a_bucket_that_cannot_be_reached_is_unavailable():
    with pytest.raises(StoreUnavailable, match="nowhere"):
        EvidenceStore("nowhere://bucket/path")


def test_a_row_says_what_is_kept_and_is_valid_again_when_bytes_come_back(database):
    with database.begin() as tx:
        tenant = add_tenant(tx)
        evidence_module.record(tx, tenant, "a" * 64, 10, NOW)
        evidence_module.record(tx, tenant, "a" * 64, 10, NOW + timedelta(days=1))
        tx.execute(evidence.update().values(deleted_at=NOW))
        evidence_module.record(tx, tenant, "a" * 64, 10, NOW + timedelta(days=2))
        rows = tx.execute(select(evidence)).all()
    assert [(row.size, row.kept_at, row.deleted_at) for row in rows] == [(10, NOW, None)]
