"""Portuguese."""

from connectors.gmail.addon.words.words import Words

PT = Words(
    title="Denunciar phishing",
    question="O que lhe parece que é?",
    phish="Phishing",
    phish_hint="Quer uma senha, dinheiro ou um clique que não devia conseguir.",
    spam="Spam",
    spam_hint="Publicidade indesejada, incómoda mas inofensiva.",
    comment="Há mais alguma coisa que a sua equipa de segurança deva saber? (opcional)",
    send="Enviar denúncia",
    next="O que acontece a seguir",
    next1="O Unhook compara a mensagem com o que sabe sobre ataques. Antes disso nada é movido.",
    next2="Se for um ataque, todas as cópias são retiradas das caixas de correio da sua organização.",
    next3="A sua equipa de segurança pode repor tudo, e você fica a saber o resultado.",
    thanks="Obrigado. A sua equipa de segurança recebeu a denúncia e você saberá o que aconteceu.",
    untouched="Até lá, não abra os links nem os anexos da mensagem.",
    already="Você já denunciou esta mensagem. Obrigado: a sua equipa de segurança tem a denúncia.",
    simulation=(
        "Bem visto! Esta mensagem era um exercício da sua própria equipa de segurança. Não há mais nada a fazer."
    ),
    refresh="Ver o resultado",
    checking="Em análise",
    unchecked="Não foi possível analisar",
    taken="Foram retiradas cópias das caixas de correio.",
    why="Porquê",
    open_one="Abra uma mensagem e denuncie-a aqui: nada é lido antes de enviar a denúncia.",
    last="As minhas últimas denúncias",
    all="Todas as minhas denúncias",
    none_yet="Ainda não denunciou nada.",
    take_back="Retirar",
    took_back="A sua denúncia foi retirada. Não conta para nada.",
    too_late="Já é tarde para retirar esta denúncia.",
    taken_back="Retirada",
    as_phish="Denunciada como phishing",
    as_spam="Denunciada como spam",
    no_subject="(sem assunto)",
    no_message="Não há nenhuma mensagem aberta. Abra a mensagem que quer denunciar e tente de novo.",
    not_yours="Não há nenhuma denúncia sua com este número.",
    too_many="São muitas denúncias em pouco tempo. Tente de novo dentro de um minuto.",
    unreachable="Não foi possível contactar o serviço nem guardar a denúncia. Tente de novo mais tarde.",
    failed=(
        "Algo correu mal e não é certo que a denúncia tenha chegado. A mensagem continua onde estava. Tente de novo."
    ),
    names={
        "MALICIOUS": "Ataque",
        "SUSPICIOUS": "Suspeita",
        "SPOOF": "Remetente falso",
        "SPAM": "Spam",
        "BULK": "Envio em massa",
        "NONE": "Inofensiva",
    },
    meanings={
        "MALICIOUS": "É um ataque. Não abra os links nem os anexos e não responda.",
        "SUSPICIOUS": "Pode ser um ataque. Não mexa na mensagem até a sua equipa de segurança a ter visto.",
        "SPOOF": "Finge vir de outra pessoa. Não responda.",
        "SPAM": "É publicidade indesejada. Pode apagá-la.",
        "BULK": "É um envio em massa, como uma newsletter. Não é um ataque.",
        "NONE": "Não encontrámos nada de errado nela.",
    },
)
