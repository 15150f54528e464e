"""Patterns: what may be an entry of a list, whom does it name, and does nothing make the answer slow?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.modules.patterns import MOST_STARS, BadPattern, Fault, checked, compiled, fits


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ana@Partner.Example ", "ana@partner.example"),
        ("@partner.example", "partner.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("invoice-*@partner.example", "invoice-*@partner.example"),
        ("*.partner.example", "*.partner.example"),
        ("mail.*.partner.example", "mail.*.partner.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("ana@gmail.com", "ana@gmail.com"),
        ("shop.github.io", "shop.github.io"),
    ],
)
def test_an_entry_is_kept_in_one_form(written, kept):
    assert checked(written, helps=True) == kept


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", Fault.EMPTY),
        ("@", Fault.EMPTY),
        ("a" * 250 + "@b.example", Fault.TOO_LONG),
        ("partner", Fault.NO_PATTERN),
        ("a b@partner.example", Fault.NO_PATTERN),
        ("*" * 5, Fault.NO_PATTERN),
        ("a*b*c*d*e*@partner.example", Fault.TOO_MANY_STARS),
        ("*@*", Fault.TOO_WIDE),
        ("*.com", Fault.TOO_WIDE),
        ("co.uk", Fault.TOO_WIDE),
        ("*@github.io", Fault.TOO_WIDE),
        ("0.0.0.0/0", Fault.TOO_WIDE),
        ("2001::/16", Fault.TOO_WIDE),
        ("10.1.2.3", Fault.PRIVATE),
        ("127.0.0.1", Fault.PRIVATE),
        ("fe80::1", Fault.PRIVATE),
    ],
)
def test_what_cannot_be_an_entry_is_refused_with_its_fault(written, fault):
    for helps in (True, False):
        with pytest.raises(BadPattern) as refused:
            checked(written, helps=helps)
        assert refused.value.fault is fault


@pytest.mark.parametrize(
    "written", ["(a+)+$", r"(.*a){20}@evil.example", "^.*$", "[a-z]+@evil.example", "ana|ben", r"\d+.example"]
)
def test_regular_expressions_are_no_patterns(written):
    """Nothing that could be tried again and again is even understood: there is nothing to time out."""
    with pytest.raises(BadPattern) as refused:
        checked(written, helps=False)
    assert refused.value.fault is Fault.NO_PATTERN


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("*@partner-*.com", Fault.OPEN_END),
        ("*partner.example", Fault.OPEN_END),
        ("news@partner*.co.uk", Fault.OPEN_END),
        ("*@partner.*", Fault.OPEN_END),
        ("gmail.com", Fault.ANYBODYS),
        ("*@gmail.com", Fault.ANYBODYS),
        ("ana*@outlook.com", Fault.ANYBODYS),
    ],
)
def test_what_lets_mail_off_must_not_name_what_anybody_can_have(written, fault):
    with pytest.raises(BadPattern) as refused:
        checked(written, helps=True)
    assert refused.value.fault is fault
    assert checked(written, helps=False) == written


def test_only_senders_have_networks():
    with pytest.raises(BadPattern):
        checked("192.0.2.0/24", helps=True, networks=False)


@pytest.mark.parametrize(
    ("entry", "address", "named"),
    [
        ("ana@partner.example", "Ana@partner.example", True),
        ("ana@partner.example", "joana@partner.example", False),
        ("partner.example", "x@partner.example", True),
        ("partner.example", "x@mail.partner.example", True),
        ("partner.example", "x@notpartner.example", False),
        ("partner.example", "x@partner.example.evil.test", False),
        ("*.partner.example", "x@mail.partner.example", True),
        ("*.partner.example", "x@partner.example", False),
        ("invoice-*@partner.example", "invoice-7@partner.example", True),
        ("invoice-*@partner.example", "invoice-7@partner.example.evil.test", False),
        ("*-reply@*.partner.example", "no-reply@eu.partner.example", True),
        ("xn--bcher-kva.example", "x@bücher.example", True),
        ("partner.example", "no address", False),
        ("partner.example", "", False),
        ("co.uk", "x@shop.co.uk", False),  # of the command line, which is not asked about its reach
        ("example", "x@partner.example", False),
    ],
)
def test_an_entry_names_whom_it_says_and_nobody_else(entry, address, named):
    assert compiled((entry,)).of_address(address) == (entry if named else None)


def test_the_most_exact_entry_is_the_one_that_is_said():
    patterns = compiled(("*@partner.example", "partner.example", "ana@partner.example"))
    assert patterns.of_address("ana@partner.example") == "ana@partner.example"
    assert patterns.of_address("ben@partner.example") == "partner.example"
    assert patterns.of_source("192.0.2.1") is None


@pytest.mark.parametrize(("source", "named"), [("192.0.2.200", True), ("198.51.100.1", False), ("", False)])
def test_a_network_holds_its_addresses(source, named):
    assert compiled(("192.0.2.0/24",)).of_source(source) == ("192.0.2.0/24" if named else None)


pieces = st.text(alphabet="ab", max_size=4)


@given(st.lists(pieces, min_size=2, max_size=MOST_STARS + 1), st.lists(pieces, max_size=MOST_STARS))
def test_a_text_made_from_a_glob_fits_it(glob, between):
    filled = [*between, *[""] * len(glob)]
    text = "".join(piece + filled[n] for n, piece in enumerate(glob[:-1])) + glob[-1]
    assert fits(glob, text)


class Watched(str):
    """A text that counts how often it is searched, and from where."""

    def __new__(cls, text: str):
        made = super().__new__(cls, text)
        made.begun = []
        return made

    def find(self, piece, start=0, end=None):
        self.begun.append(start)
        return super().find(piece, start, end)


@pytest.mark.parametrize("text", ["a" * 320, "ab" * 160, "a" * 319 + "b"])
def test_a_catastrophic_glob_takes_each_star_once_and_never_goes_back(text):
    glob = ["a", *["ab"] * (MOST_STARS - 1), "c"]
    watched = Watched(text)
    assert not fits(glob, watched)
    assert fits([*glob[:-1], ""], Watched("a" + "xab" * MOST_STARS))
    long = Watched(text)
    fits(["", *["a"] * (MOST_STARS - 1), ""], long)
    assert len(long.begun) == MOST_STARS - 1
    assert long.begun == sorted(long.begun)
