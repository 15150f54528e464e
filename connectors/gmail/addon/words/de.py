"""German."""

from connectors.gmail.addon.words.words import Words

DE = Words(
    title="Phishing melden",
    question="Was ist es Ihrer Meinung nach?",
    phish="Phishing",
    phish_hint="Sie will ein Passwort, Geld oder einen Klick, den sie nicht bekommen sollte.",
    spam="Spam",
    spam_hint="Unerwünschte Werbung, lästig, aber harmlos.",
    comment="Was sollte Ihr Sicherheitsteam noch wissen? (freiwillig)",
    send="Meldung senden",
    next="Wie es weitergeht",
    next1="Unhook vergleicht die Nachricht mit dem, was es über Angriffe weiß. Vorher wird nichts verschoben.",
    next2="Ist es ein Angriff, wird jede Kopie aus den Postfächern Ihrer Organisation genommen.",
    next3="Ihr Sicherheitsteam kann alles zurücklegen, und Sie erfahren das Ergebnis.",
    thanks="Danke. Ihr Sicherheitsteam hat die Meldung, und Sie erfahren, was daraus wurde.",
    untouched="Öffnen Sie bis dahin keine Links oder Anhänge darin.",
    already="Sie haben diese Nachricht schon gemeldet. Danke: Ihr Sicherheitsteam hat sie.",
    simulation="Gut erkannt! Diese Nachricht war eine Übung Ihres eigenen Sicherheitsteams. Mehr ist nicht zu tun.",
    refresh="Ergebnis ansehen",
    checking="Wird geprüft",
    unchecked="Konnte nicht geprüft werden",
    taken="Kopien davon wurden aus Postfächern genommen.",
    why="Warum",
    open_one="Öffnen Sie eine Nachricht und melden Sie sie hier: Bevor Sie die Meldung senden, wird nichts gelesen.",
    last="Meine letzten Meldungen",
    all="Alle meine Meldungen",
    none_yet="Sie haben noch nichts gemeldet.",
    take_back="Zurücknehmen",
    took_back="Ihre Meldung ist zurückgenommen. Sie zählt für nichts.",
    too_late="Diese Meldung lässt sich nicht mehr zurücknehmen.",
    taken_back="Zurückgenommen",
    as_phish="Als Phishing gemeldet",
    as_spam="Als Spam gemeldet",
    no_subject="(kein Betreff)",
    no_message=(
        "Es ist keine Nachricht offen. Öffnen Sie die Nachricht, die Sie melden möchten, und versuchen Sie es "
        "noch einmal."
    ),
    not_yours="Eine Meldung mit dieser Nummer gibt es von Ihnen nicht.",
    too_many="Das waren viele Meldungen in kurzer Zeit. Bitte versuchen Sie es in einer Minute noch einmal.",
    unreachable=(
        "Der Dienst ist nicht erreichbar, und die Meldung konnte nicht aufbewahrt werden. Bitte versuchen Sie "
        "es später noch einmal."
    ),
    failed=(
        "Etwas ist schiefgegangen, und es ist nicht sicher, dass die Meldung angekommen ist. Die Nachricht "
        "liegt, wo sie war. Bitte versuchen Sie es noch einmal."
    ),
    names={
        "MALICIOUS": "Angriff",
        "SUSPICIOUS": "Verdächtig",
        "SPOOF": "Falscher Absender",
        "SPAM": "Spam",
        "BULK": "Massenmail",
        "NONE": "Harmlos",
    },
    meanings={
        "MALICIOUS": "Es ist ein Angriff. Öffnen Sie keine Links oder Anhänge darin, und antworten Sie nicht.",
        "SUSPICIOUS": "Es könnte ein Angriff sein. Rühren Sie sie nicht an, bis Ihr Sicherheitsteam sie angesehen hat.",
        "SPOOF": "Die Nachricht gibt vor, von jemand anderem zu kommen. Antworten Sie nicht.",
        "SPAM": "Es ist unerwünschte Werbung. Sie können sie löschen.",
        "BULK": "Es ist eine Massenmail, zum Beispiel ein Newsletter. Es ist kein Angriff.",
        "NONE": "Wir haben daran nichts auszusetzen gefunden.",
    },
)
