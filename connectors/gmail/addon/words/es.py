"""Spanish."""

from connectors.gmail.addon.words.words import Words

ES = Words(
    title="Denunciar phishing",
    question="¿Qué cree que es?",
    phish="Phishing",
    phish_hint="Quiere una contraseña, dinero o un clic que no debería conseguir.",
    spam="Correo no deseado",
    spam_hint="Publicidad no solicitada, molesta pero inofensiva.",
    comment="¿Algo más que deba saber su equipo de seguridad? (opcional)",
    send="Enviar aviso",
    next="Qué pasa después",
    next1="Unhook compara el mensaje con lo que sabe de ataques. Antes de eso no se mueve nada.",
    next2="Si es un ataque, se retiran todas las copias de los buzones de su organización.",
    next3="Su equipo de seguridad puede devolverlo todo a su sitio, y usted conocerá el resultado.",
    thanks="Gracias. Su equipo de seguridad ha recibido el aviso y usted sabrá qué ha sido de él.",
    untouched="Hasta entonces, no abra sus enlaces ni sus archivos adjuntos.",
    already="Ya ha denunciado este mensaje. Gracias: su equipo de seguridad lo tiene.",
    simulation=(
        "¡Bien visto! Este mensaje era un ejercicio de su propio equipo de seguridad. No hay nada más que hacer."
    ),
    refresh="Ver el resultado",
    checking="En revisión",
    unchecked="No se pudo revisar",
    taken="Se han retirado copias de los buzones.",
    why="Por qué",
    open_one="Abra un mensaje y denúncielo aquí: no se lee nada antes de que envíe el aviso.",
    last="Mis últimos avisos",
    all="Todos mis avisos",
    none_yet="Todavía no ha denunciado nada.",
    take_back="Retirar",
    took_back="Su aviso se ha retirado. No cuenta para nada.",
    too_late="Ya no se puede retirar este aviso.",
    taken_back="Retirado",
    as_phish="Denunciado como phishing",
    as_spam="Denunciado como no deseado",
    no_subject="(sin asunto)",
    no_message="No hay ningún mensaje abierto. Abra el mensaje que quiere denunciar e inténtelo de nuevo.",
    not_yours="No hay ningún aviso suyo con este número.",
    too_many="Son muchos avisos en poco tiempo. Inténtelo de nuevo dentro de un minuto.",
    unreachable="No se ha podido contactar con el servicio ni guardar el aviso. Inténtelo de nuevo más tarde.",
    failed=(
        "Algo ha fallado y no es seguro que el aviso haya llegado. El mensaje sigue donde estaba. Inténtelo de nuevo."
    ),
    names={
        "MALICIOUS": "Ataque",
        "SUSPICIOUS": "Sospechoso",
        "SPOOF": "Remitente falso",
        "SPAM": "No deseado",
        "BULK": "Envío masivo",
        "NONE": "Inofensivo",
    },
    meanings={
        "MALICIOUS": "Es un ataque. No abra sus enlaces ni sus archivos adjuntos y no responda.",
        "SUSPICIOUS": "Puede ser un ataque. No lo toque hasta que su equipo de seguridad lo haya revisado.",
        "SPOOF": "Finge venir de otra persona. No responda.",
        "SPAM": "Es publicidad no solicitada. Puede borrarlo.",
        "BULK": "Es un envío masivo, como un boletín. No es un ataque.",
        "NONE": "No hemos encontrado nada malo en él.",
    },
)
