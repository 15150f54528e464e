"""PDF process: does one process serve every PDF, survive the hostile ones, and end with its parent?"""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from model.message import pdf_process
from model.message.pdf_process import Limits, PdfProcess

LIMITS = Limits(seconds=5, memory=700_000_000, pages=20, findings=100, characters=100)


@pytest.fixture
def process():
    process = PdfProcess()
    yield process
    process.stop()


def pdf(address, drawing=b"", forms=None):
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    writer.add_annotation(0, Link(rect=(0, 0, 50, 50), url=address))
    if forms is not None:
        page[NameObject("/Resources")] = forms(writer)
        content = DecodedStreamObject()
        content.set_data(drawing)
        page[NameObject("/Contents")] = writer._add_object(content)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def drawn_over_and_over(writer):
    """Forms that draw forms that draw forms, twenty of each: more strokes than anybody can wait for."""
    resources = DictionaryObject()
    for _ in range(10):
        form = DecodedStreamObject()
        form.set_data(b"/F Do " * 20 if resources else b"0 0 m 200 200 l S ")
        names = {"/Type": "/XObject", "/Subtype": "/Form"}
        form.update({NameObject(key): NameObject(value) for key, value in names.items()})
        form[NameObject("/BBox")] = writer.pages[0].mediabox
        form[NameObject("/Resources")] = resources
        inside = DictionaryObject({NameObject("/F"): writer._add_object(form)})
        resources = DictionaryObject({NameObject("/XObject"): inside})
    return resources


def forks_of(process):
    pid = process.child.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def gone(pid):
    return not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text()


def soon(true, seconds=10):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_one_process_reads_every_document(process):
    assert process.read(pdf("https://a.example/"), LIMITS) == (b'["pdf", "https://a.example/"]\n', True)
    pid = process.child.pid

    assert process.read(pdf("https://b.example/"), LIMITS) == (b'["pdf", "https://b.example/"]\n', True)
    assert process.child.pid == pid
    assert soon(lambda: forks_of(process) == [])


def test_what_was_found_before_a_limit_struck_counts_and_the_process_goes_on(process):
    limits = Limits(seconds=1, memory=700_000_000, pages=20, findings=100, characters=100)
    endless = pdf("https://hidden.example/", b"/F Do", drawn_over_and_over)
    process.read(pdf("https://a.example/"), LIMITS)
    pid = process.child.pid

    assert process.read(endless, limits) == (b'["pdf", "https://hidden.example/"]\n', False)
    pid = process.child.pid
    assert process.read(pdf("https://a.example/"), LIMITS)[1]
    assert process.child.pid == pid
    assert soon(lambda: forks_of(process) == [])


def test_a_process_that_has_died_is_replaced(process):
    process.read(pdf("https://a.example/"), LIMITS)
    died = process.child.pid
    os.kill(died, signal.SIGKILL)
    assert soon(lambda: gone(died))

    assert process.read(pdf("https://a.example/"), LIMITS)[1]
    assert process.child.pid != died
    assert not Path(f"/proc/{died}").exists()


def test_a_process_that_keeps_silent_is_replaced(process, monkeypatch):
    process.read(pdf("https://a.example/"), LIMITS)
    silent = process.child.pid
    os.kill(silent, signal.SIGSTOP)
    monkeypatch.setattr(pdf_process, "_GRACE", 0.1)
    hasty = Limits(seconds=0, memory=700_000_000, pages=20, findings=100, characters=100)

    assert process.read(pdf("https://a.example/"), hasty) == (b"", False)
    assert not Path(f"/proc/{silent}").exists()
    monkeypatch.undo()
    assert process.read(pdf("https://a.example/"), LIMITS)[1]


def test_threads_share_the_process_and_get_their_own_answers(process):
    answers = {}

    def ask(number):
        answers[number] = process.read(pdf(f"https://h{number}.example/"), LIMITS)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {n: (b'["pdf", "https://h%d.example/"]\n' % n, True) for n in range(8)}


PARENT = """
import os, signal, sys
from model.message.pdf_process import Limits, PdfProcess

limits = Limits(5, 700_000_000, 20, 100, 100)
process = PdfProcess()
process.read(b"%PDF-1.4", limits)
mine = process.child.pid
if os.fork() == 0:
    process.read(b"%PDF-1.4", limits)
    print(process.child.pid != mine, flush=True)
    process.stop()
    os._exit(0)
os.wait()
print(process.control is not None, mine, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_process_belongs_to_who_started_it_and_ends_with_them():
    root = Path(__file__).parents[2]
    asked = subprocess.run([sys.executable, "-c", PARENT], cwd=root, capture_output=True, text=True, check=False)

    forked_had_its_own, kept, pid = asked.stdout.split()
    assert (forked_had_its_own, kept) == ("True", "True")
    assert soon(lambda: gone(pid))
