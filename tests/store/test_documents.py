"""Documents: the words of a mail that names many hosts stay few, and find it by its host and the domains above."""

from backend.store.documents import domain_words


def test_a_host_is_found_by_itself_and_by_the_domains_above_it():
    assert domain_words(["mail.acme.example"]) == ["mail_acme_example", "acme_example"]


def test_hosts_of_a_thousand_names_add_little():
    words = domain_words(f"h{number}.{'a.' * 1_000}example.org" for number in range(100))

    assert "example_org" in words
    assert sum(map(len, words)) < 100_000


def test_a_long_host_is_found_by_what_somebody_would_type():
    host = f"{'a.' * 40}acme.example.org"
    words = domain_words([host])

    assert {"example_org", "acme_example_org", host.replace(".", "_")} <= set(words)
