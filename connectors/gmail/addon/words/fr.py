"""French."""

from connectors.gmail.addon.words.words import Words

FR = Words(
    title="Signaler un hameçonnage",
    question="De quoi s'agit-il, selon vous ?",
    phish="Hameçonnage",
    phish_hint="Il veut un mot de passe, de l'argent ou un clic qu'il ne devrait pas obtenir.",
    spam="Courrier indésirable",
    spam_hint="De la publicité non voulue, gênante mais sans danger.",
    comment="Votre équipe de sécurité devrait-elle savoir autre chose ? (facultatif)",
    send="Envoyer le signalement",
    next="Ce qui se passe ensuite",
    next1="Unhook compare le message à ce qu'il sait des attaques. Rien n'est déplacé avant.",
    next2="S'il s'agit d'une attaque, chaque copie est retirée des boîtes de votre organisation.",
    next3="Votre équipe de sécurité peut tout remettre en place, et vous apprenez le résultat.",
    thanks="Merci. Votre équipe de sécurité a reçu votre signalement et vous saurez ce qu'il en est advenu.",
    untouched="D'ici là, n'ouvrez ni ses liens ni ses pièces jointes.",
    already="Vous avez déjà signalé ce message. Merci : votre équipe de sécurité l'a reçu.",
    simulation=(
        "Bien vu ! Ce message était un exercice de votre propre équipe de sécurité. Il n'y a rien d'autre à faire."
    ),
    refresh="Voir le résultat",
    checking="En cours d'examen",
    unchecked="N'a pas pu être examiné",
    taken="Des copies en ont été retirées des boîtes de réception.",
    why="Pourquoi",
    open_one="Ouvrez un message et signalez-le ici : rien n'est lu avant l'envoi de votre signalement.",
    last="Mes derniers signalements",
    all="Tous mes signalements",
    none_yet="Vous n'avez encore rien signalé.",
    take_back="Retirer",
    took_back="Votre signalement est retiré. Il ne compte pour rien.",
    too_late="Il est trop tard pour retirer ce signalement.",
    taken_back="Retiré",
    as_phish="Signalé comme hameçonnage",
    as_spam="Signalé comme indésirable",
    no_subject="(sans objet)",
    no_message="Aucun message n'est ouvert. Ouvrez le message que vous voulez signaler et réessayez.",
    not_yours="Aucun signalement de votre part ne porte ce numéro.",
    too_many="Cela fait beaucoup de signalements en peu de temps. Veuillez réessayer dans une minute.",
    unreachable=(
        "Le service est injoignable et votre signalement n'a pas pu être conservé. Veuillez réessayer plus tard."
    ),
    failed=(
        "Un problème est survenu et il n'est pas certain que le signalement soit arrivé. Le message est resté "
        "à sa place. Veuillez réessayer."
    ),
    names={
        "MALICIOUS": "Attaque",
        "SUSPICIOUS": "Suspect",
        "SPOOF": "Faux expéditeur",
        "SPAM": "Indésirable",
        "BULK": "Envoi en nombre",
        "NONE": "Sans danger",
    },
    meanings={
        "MALICIOUS": "C'est une attaque. N'ouvrez ni ses liens ni ses pièces jointes et n'y répondez pas.",
        "SUSPICIOUS": "C'est peut-être une attaque. N'y touchez pas avant que votre équipe de sécurité l'ait examiné.",
        "SPOOF": "Il prétend venir de quelqu'un d'autre. N'y répondez pas.",
        "SPAM": "C'est de la publicité non voulue. Vous pouvez le supprimer.",
        "BULK": "C'est un envoi en nombre, comme une lettre d'information. Ce n'est pas une attaque.",
        "NONE": "Nous n'y avons rien trouvé d'anormal.",
    },
)
