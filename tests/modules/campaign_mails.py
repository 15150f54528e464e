"""Campaign mails: one attack in many copies, and mails that have nothing to do with each other. All invented here."""

from random import Random

from model.message.facts import Address, Facts, Link

NAMES = (
    "Ana Lopes",
    "Ben Okoro",
    "Chloé Martin",
    "Dmitri Orlov",
    "Eva Lindqvist",
    "Farid Haddad",
    "Grace Kim",
    "Hugo Stein",
)
HOSTS = ("secure-pay.test", "portal-help.test", "acct-review.test", "doc-center.test")

# Each sentence in the wordings that an attacker's tool rotates through; about half of them are paraphrased.
SENTENCES = (
    (
        "Our finance team could not process invoice {n} from last month.",
        "Invoice {n} from last month has been rejected by our finance team.",
    ),
    ("The attached bank reference does not match the one in our records.",),
    (
        "Please open the supplier portal and confirm the reference before {d} March.",
        "Please open the supplier portal and check the reference before {d} March.",
        "We ask you to confirm the reference in the supplier portal until {d} March.",
    ),
    ("If the reference is not confirmed in time, the payment run of {n} euros will be moved to the next quarter.",),
    (
        "You can reach the portal with the button below, no registration is needed.",
        "No registration is needed, the button below leads to the portal.",
    ),
    ("Invoices that stay open for more than thirty days are passed on to our collection partner.",),
    (
        "The confirmation takes two minutes and needs your usual mail password.",
        "Confirming takes two minutes and needs your usual mail password.",
    ),
    ("We apologise for the extra work and thank you for your patience.", "Thank you for your patience."),
    (
        "Kind regards from the accounts payable team in Rotterdam.",
        "Best regards from the accounts payable team in Rotterdam.",
    ),
)


def variant(seed: int) -> Facts:
    """One copy of the campaign: another name, amount, link and here and there another wording."""
    draw = Random(seed)
    name = draw.choice(NAMES)
    text = f"Dear {name},\n\n" + " ".join(
        draw.choice(wordings).format(n=draw.randint(10_000, 99_999), d=draw.randint(1, 31)) for wordings in SENTENCES
    )
    host = f"{draw.randbytes(3).hex()}.{draw.choice(HOSTS)}"
    token = draw.randbytes(12).hex()
    link = Link(f"https://{host}/supplier/confirm/{token}", host, host.partition(".")[2], "a", "Open the portal")
    address = f"{name.split()[0].lower()}{draw.randint(1, 99)}@example.org"
    return Facts(
        subject=f"Invoice {draw.randint(10_000, 99_999)} could not be processed",
        to=(Address(name, address),),
        text=text,
        links=(link,),
    )


TOPICS = (
    ("Canteen menu", "On {w} the canteen serves {f} with {f} and a salad of {f}; the vegetarian dish is {f}. "),
    ("Release notes", "Version {n} of the {t} repairs the {t} when the {t} is restarted during a {t}. "),
    ("Minutes", "{p} reported on the {t}; {p} will prepare the {t} until {w} and ask {p} about the {t}. "),
    ("Holiday", "The {f} harvest in the valley starts on {w}, and {p} has rented a house near the {t}. "),
    ("Training", "The course on {t} for beginners has {n} seats left; {p} teaches, and it ends on {w} with {f}. "),
)
FILL = {
    "w": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "f": ("lentils", "salmon", "rice", "apples", "spinach", "pumpkin", "noodles", "beans", "cherries"),
    "t": ("scheduler", "parser", "backup", "printer", "index", "garden", "budget", "network", "calendar", "lake"),
    "p": ("Mara", "Jonas", "Petra", "Olaf", "Ines", "Tariq"),
}


def unrelated(seed: int) -> Facts:
    """A mail of its own, from a few everyday topics."""
    draw = Random(seed)
    subject, sentence = TOPICS[seed % len(TOPICS)]
    parts = []
    for _ in range(draw.randint(4, 9)):
        part = sentence
        for key, words in FILL.items():
            while "{" + key + "}" in part:
                part = part.replace("{" + key + "}", draw.choice(words), 1)
        parts.append(part.replace("{n}", str(draw.randint(2, 400))))
    host = f"host{seed}.example"
    link = Link(f"https://{host}/{subject.lower().replace(' ', '-')}/{draw.randint(1, 9)}", host, host, "a")
    return Facts(subject=subject, to=(Address("", "people@example.org"),), text="".join(parts), links=(link,))
