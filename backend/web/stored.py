"""Stored: which English sentences do steps and connectors write down, and how are they said to whoever reads them?

A cause or a detail is kept as the sentence it was when it happened. Those that are known are looked up here when they
are shown; what is not known, such as a provider's own words, is shown as it is.
"""

import re

from flask_babel import gettext

_ = str  # only marks a sentence for the catalogue: it is looked up when it is shown

# A mailbox may stand in front of each, and a value at the end may be such a sentence itself.
SENTENCES = (
    # of a report
    _("gave up after %(tries)s tries"),
    _("unexpected %(error)s after %(state)s"),
    _("a library panicked after %(state)s"),
    _("Others keep reporting this message; scoring goes on in a moment."),
    _("No message with this Message-ID lies in the reporter's mailbox."),
    _(
        "Somebody who did not sign in named a message that they did not send along, and no mailbox that was looked "
        "into (at most %(most)s) holds it."
    ),
    _("The retraction that rests on this report is still running; it is undone once it ends."),
    # of a retraction
    _("gave up after too many tries"),
    _("unexpected %(error)s"),
    _("%(number)s could not be reached"),
    _("%(remaining)s copies left, %(unreachable)s unreachable, %(closed)s not permitted"),
    _("%(number)s copies could not be brought back"),
    _("%(number)s copies had expired or were deleted for good"),
    _("none of the first copies could be reached yet"),
    _("none of the first %(number)s copies could be taken: %(why)s"),
    _("%(other)s of the first %(number)s copies taken are not this message"),
    _("%(unread)s of the first %(number)s copies could not be read again"),
    _("%(seen)s of the first %(number)s copies are still seen after they were taken"),
    _("a mailbox could not be searched again: %(why)s"),
    # of one message of many
    _("Whoever ordered this may not do it any more."),
    _("This was undone before it was done."),
    # of a mailbox that is read
    _("%(number)s of its mails cannot be taken in (%(error)s)"),
    # of learning
    _("%(error)s while learning"),
    _("There is nothing to learn from: no judged message still has its content."),
    _("Learning took longer than %(seconds)s seconds; see UNHOOK_LEARN_SECONDS."),
    _("Learning needed more than %(most)s megabytes of memory; see UNHOOK_LEARN_MEGABYTES."),
    _("training did not end within %(seconds)s seconds"),
    _("This candidate was given up on meanwhile."),
    _("The process ended by signal %(number)s and without a result; see UNHOOK_LEARN_MEGABYTES."),
    _("The process ended with code %(number)s and without a result; see UNHOOK_LEARN_MEGABYTES."),
    # of evidence
    _("the evidence %(sha256)s is not there (any more)"),
    _("the evidence %(sha256)s was changed on disk; restore it from a backup"),
    _("%(name)s is no SHA-256"),
    # of an event that another system did not take
    _("the address lies inside a network: see UNHOOK_OUTBOUND_ALLOWED_NETWORKS"),
    _("not reached (%(error)s)"),
    _("answered %(status)s"),
    # of a copy
    _("deleted for good"),
    _("retracted before"),
    _("its owner or another program removed it"),
    _("its owner or Gmail deleted it"),
    _("its owner has moved it meanwhile: it stays there"),
    _("its owner had already taken it out"),
    _("its folder is gone: it lies in the inbox"),
    _("its file name was taken: it has a new one"),
    _("it lies in the inbox"),
    _("it lies in %(folder)s"),
    _("it is neither in the mailbox nor kept any more"),
    _("it is not in the mailbox any more, nor among its recoverable items"),
    _("it was removed for good meanwhile"),
    _("nothing of ours is on it: it lies where its owner has it"),
    _("Gmail has deleted it for good"),
    _("%(number)s of its labels were deleted meanwhile"),
    # of any connector
    _("there is no such mail"),
    _("there is no such message (%(said)s)"),
    _("there is no such message in this mailbox"),
    _("there is no mailbox %(address)s"),
    _("a message is larger than %(limit)s bytes"),
    _("a mail of %(size)s bytes is larger than is accepted"),
    _("more than %(most)s mails may be this message"),
    _("more than %(most)s mails claim to be this message"),
    _("this sender and this subject cannot be searched for"),
    # of Maildir
    _("%(address)s cannot be a mailbox"),
    _("%(folder)s is not there; is it mounted?"),
    _("%(folder)s is no mail folder"),
    _("more than %(most)s mails in one mailbox"),
    _("another process works on this mailbox"),
    _("the mail kept moving"),
    _("the mail kept moving while it was read"),
    _("the mailbox kept changing while it was searched"),
    # of Outlook
    _("Microsoft Graph left our request without an answer"),
    _("Microsoft Graph named a next page at another address"),
    _("Microsoft Graph cannot be reached (%(error)s)"),
    _("Microsoft Graph's answer was lost (%(error)s)"),
    _("Microsoft Graph asked us to wait (%(said)s)"),
    _("Microsoft Graph refused our token twice (401): consent may have been withdrawn"),
    _(
        "Microsoft Graph does not permit us %(what)s (%(said)s): grant the app registration %(right)s, "
        "or include this mailbox in the scope it has in Exchange"
    ),
    _("Microsoft Graph refused %(what)s (%(said)s)"),
    _("Microsoft Graph named no organisation"),
    _("no mailbox in Exchange Online: inactive, deleted, unlicensed or on premises (%(said)s)"),
    _("Microsoft knows nobody by this address (%(said)s)"),
    _("nobody in this directory has this address"),
    _("more than one user has this address"),
    _("Microsoft's directory answered with another user, or one without an address"),
    _("a message without Message-ID, sender or date cannot be searched for"),
    _("this tenant names no Microsoft directory"),
    _("Microsoft gives us no token for this tenant: %(why)s (%(code)s)"),
    _("Microsoft's sign-in service is busy (%(code)s)"),
    _("Microsoft's sign-in service did not answer (%(error)s)"),
    _("there is no mailbox to try it on"),
    _("no mailbox is set that answers are sent from: set UNHOOK_OUTLOOK_ANSWERS_FROM"),
    _("Outlook needs UNHOOK_OUTLOOK_CLIENT_ID"),
    _("Outlook needs UNHOOK_OUTLOOK_CERTIFICATE or UNHOOK_OUTLOOK_CLIENT_SECRET"),
    _("UNHOOK_OUTLOOK_CERTIFICATE must hold a private key and a certificate, both as PEM"),
    _("UNHOOK_OUTLOOK_CERTIFICATE holds a key or a certificate that cannot be read"),
    # why Microsoft gives no token
    _("the app registration is not in this directory: give admin consent"),
    _("admin consent is missing"),
    _("the client secret is wrong"),
    _("the client secret has expired"),
    _("the certificate is not the one uploaded to the app registration, or has expired"),
    _("there is no such directory"),
    _("its sign-in service knows no such directory"),
    _("a conditional access policy forbids it"),
    _("see Microsoft's list of AADSTS codes"),
    # of Gmail
    _("a label was deleted meanwhile"),
    _("Gmail did not change the labels"),
    _("%(person)s has no Gmail mailbox"),
    _("%(address)s is nobody's address in this organisation"),
    _("%(person)s cannot be opened: Google says that there is no such account, or it is suspended"),
    _("Google throttles %(person)s (%(said)s)"),
    _("Google's quota is used up (%(said)s)"),
    _("Google refused our token and a fresh one (401): was the service account disabled?"),
    _("Google does not permit %(what)s of %(person)s (%(said)s): it needs %(right)s"),
    _("Google's token service throttles"),
    _("Google's token service is busy (%(said)s)"),
    _("Google's token service refuses: %(said)s"),
    _("Google refuses the service account's signature: is the key deleted, or our clock wrong?"),
    _("an administrator's policy forbids the service account %(what)s (access_denied)"),
    _("the tenant of %(directory)s names no administrator whose rights its directory is read with"),
    _("the tenant names no administrator whose rights the directory is read with"),
    _("Google's IAM service is busy (%(said)s)"),
    _("Google's IAM service refuses to sign as %(account)s (%(said)s)"),
    _("the machine's own identity may not sign as %(account)s: %(why)s"),
    _("the machine's own identity cannot be asked for (%(error)s)"),
    _("Google does not accept the machine's own identity: check its workload pool"),
    _("Google does not let the service account act for people %(what)s: grant %(scope)s"),
    _("Google cannot read the request (%(said)s)"),
    _("Google refuses (%(said)s)"),
    _("there is one already (%(said)s)"),
    _("Google failed for %(person)s (%(said)s)"),
    _("Google, asked for the service account's public keys, did not answer (%(error)s)"),
    _("Google, asked for %(person)s, did not answer (%(error)s)"),
    _("Google's token service did not answer (%(error)s)"),
    _("Google's IAM service did not answer (%(error)s)"),
    _("Gmail needs a service account: set UNHOOK_GMAIL_KEY, or UNHOOK_GMAIL_SERVICE_ACCOUNT"),
    _("UNHOOK_GMAIL_KEY is not a service account's key as JSON, nor a workload's identity"),
    _("UNHOOK_GMAIL_KEY is a workload's identity: say in UNHOOK_GMAIL_SERVICE_ACCOUNT whom it acts as"),
    _("the machine's own identity cannot be read where UNHOOK_GMAIL_KEY says it is"),
    _("there is no service account %(account)s: check UNHOOK_GMAIL_SERVICE_ACCOUNT"),
    _("no account is set that answers are sent from: set UNHOOK_GMAIL_ANSWERS_FROM"),
    _("give it %(role)s on this one service account"),
    # what a provider does not permit
    _("to list mailboxes"),
    _("to read the organisation"),
    _("to search"),
    _("to search and label mail"),
    _("to read a message"),
    _("to change a message"),
    _("to move a message"),
    _("to delete a message"),
    _("to delete mail for good"),
    _("to read folders"),
    _("to read the inbox"),
    _("to read who reports"),
    _("to translate an id"),
    _("to send mail"),
    _("to trace messages"),
    _("to read the delivery report"),
)
_GAP = re.compile(r"%\\\((\w+)\\\)s")  # as re.escape leaves it
_SENTENCES_INSIDE = {"why", "what"}
_LONGEST = 1_000
_ABOUT = re.compile(r"(?P<what>[^\s:]{1,320}): (?P<rest>.+)", re.DOTALL)


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(_GAP.sub(r"(?P<\1>.+?)", re.escape(sentence)), re.DOTALL)


_PATTERNS = [(sentence, _pattern(sentence)) for sentence in SENTENCES]


def stored(text: str) -> str:
    """A sentence of the store in the viewer's language, or as it is."""
    about = _ABOUT.fullmatch(text)
    known = _known(text)
    if known is None and about:
        known = _known(about["rest"])
        return f"{about['what']}: {known}" if known else text
    return known or text


def _known(text: str) -> str | None:
    if not text or len(text) > _LONGEST:
        return None
    translated = gettext(text)  # a sentence without values is in the catalogue as it stands
    if translated != text:
        return translated
    for sentence, pattern in _PATTERNS:
        if match := pattern.fullmatch(text):
            values = {
                name: stored(value) if name in _SENTENCES_INSIDE else value for name, value in match.groupdict().items()
            }
            return gettext(sentence, **values)
    return None
