"""Guard: no address inside a network is ever connected to, whatever a link names."""

from ipaddress import ip_address

import pytest
from crawled_site import Site

from backend.crawl.guard import Forbidden, Guard, is_open
from backend.crawl.visit import Limits, visit

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",  # metadata at most clouds
    "100.100.100.200",  # at Alibaba
    "192.0.0.192",  # at Oracle
    "168.63.129.16",  # Azure's wire server
    "fd00:ec2::254",  # metadata over IPv6
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_open(address):
    assert not is_open(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_open(address):
    assert is_open(ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
def test_a_host_that_leads_inside_is_refused(address):
    with pytest.raises(Forbidden):
        Guard(lookup=lambda *_: [address]).address("innocent.example", 443)


def test_one_address_inside_spoils_all_of_them():
    with pytest.raises(Forbidden):
        Guard(lookup=lambda *_: ["8.8.8.8", "10.0.0.1"]).address("half.example", 443)


@pytest.mark.parametrize("port", [22, 25, 3306, 6379, 8025, 11211])
def test_other_ports_than_the_webs_are_refused(port):
    with pytest.raises(Forbidden):
        Guard(lookup=lambda *_: ["8.8.8.8"]).address("open.example", port)


@pytest.mark.parametrize(
    "written",
    [
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
    ],
)
def test_loopback_in_every_spelling_is_refused_without_a_connection(written, site: Site):
    address = written.replace("/", f":{site.port}/", 3).replace(f":{site.port}/", "/", 2)
    assert visit(address, Guard(), Limits()).outcome == "refused"
    assert site.asked == []


def test_a_name_that_changes_its_mind_is_asked_only_once(site: Site):
    """DNS rebinding: allowed when checked, inside when connected to. The checked address is the one that is used."""
    answers = iter([["127.0.0.1"]])
    guard = Guard(("127.0.0.1/32",), lambda *_: next(answers))
    assert visit(site.url("/news", "rebinding.example"), guard, Limits()).outcome == "reached"
    assert site.headers[0]["host"] == f"rebinding.example:{site.port}"


def test_a_redirect_to_the_inside_is_refused(site: Site):
    site.moves["/go"] = "http://metadata.example/latest/meta-data/"
    known = {"start.example": ["127.0.0.1"], "metadata.example": ["169.254.169.254"]}
    guard = Guard(("127.0.0.1/32",), lambda host, _: known[host])
    landing = visit(site.url("/go", "start.example"), guard, Limits())
    assert (landing.outcome, landing.hosts) == ("refused", ("start.example", "metadata.example"))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "ftp://host/"])
def test_a_redirect_to_another_scheme_ends_the_way(site: Site, target):
    site.moves["/go"] = target
    assert visit(site.url("/go"), Guard(("127.0.0.0/8",)), Limits()).outcome == "no-page"
