"""English."""

from connectors.gmail.addon.words.words import Words

EN = Words(
    title="Report Phish",
    question="What do you think it is?",
    phish="Phish",
    phish_hint="It wants a password, money, or a click it should not get.",
    spam="Spam",
    spam_hint="Unwanted advertising, annoying but harmless.",
    comment="Anything your security team should know? (optional)",
    send="Send report",
    next="What happens next",
    next1="Unhook compares the message with what it knows of attacks. Nothing is moved before it has your report.",
    next2="If it is an attack, every copy is taken out of your organisation's mailboxes.",
    next3="Your security team can put everything back, and you are told the result.",
    thanks="Thank you. Your security team has your report, and you will hear what became of it.",
    untouched="Until you hear from them, do not open its links or attachments.",
    already="You have already reported this message. Thank you: your security team has it.",
    simulation="Well spotted! This message was an exercise by your own security team. Nothing more to do.",
    refresh="See the result",
    checking="Being checked",
    unchecked="Could not be checked",
    taken="Copies of it have been taken out of mailboxes.",
    why="Why",
    open_one="Open a message and press Report Phish here: nothing is read before you send your report.",
    last="My last reports",
    all="All my reports",
    none_yet="You have not reported anything yet.",
    as_phish="Reported as phish",
    as_spam="Reported as spam",
    no_subject="(no subject)",
    no_message="No message is open. Open the message you want to report, and try again.",
    not_yours="There is no report of yours with this number.",
    too_many="These were many reports in a short time. Please try again in a minute.",
    unreachable="The service could not be reached, and your report could not be kept. Please try again later.",
    failed=(
        "Something went wrong, and it is not certain that the report has arrived. The message is still where "
        "it was. Please try again."
    ),
    names={
        "MALICIOUS": "Attack",
        "SUSPICIOUS": "Suspicious",
        "SPOOF": "False sender",
        "SPAM": "Spam",
        "BULK": "Mass mailing",
        "NONE": "Harmless",
    },
    meanings={
        "MALICIOUS": "It is an attack. Do not open its links or attachments, and do not answer it.",
        "SUSPICIOUS": "It may be an attack. Leave it alone until your security team has looked at it.",
        "SPOOF": "It pretends to come from somebody else. Do not answer it.",
        "SPAM": "It is unwanted advertising. You can delete it.",
        "BULK": "It is a mass mailing, such as a newsletter. It is not an attack.",
        "NONE": "We found nothing wrong with it.",
    },
    in_english=True,
)
