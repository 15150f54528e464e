/**
 * Old: what does somebody read whose Outlook shows the pane in Internet Explorer? Outlook 2016 and 2019 do. No newer
 * browser runs this file (`nomodule`), and the old one can read nothing else of ours: so it is ES5, and has all it needs.
 */
(function () {
  /** @type {Record<string, string[]>} */
  var texts = {
    en: ["This Outlook is too old to report from here.", "Please forward the message to {address}.", "your security team"],
    de: [
      "Dieses Outlook ist zu alt, um von hier zu melden.",
      "Bitte leiten Sie die Nachricht weiter an {address}.",
      "Ihr Sicherheitsteam",
    ],
    fr: [
      "Cet Outlook est trop ancien pour signaler d’ici.",
      "Veuillez transférer le message à {address}.",
      "votre équipe de sécurité",
    ],
    es: [
      "Este Outlook es demasiado antiguo para notificar desde aquí.",
      "Reenvíe el mensaje a {address}.",
      "su equipo de seguridad",
    ],
    pt: [
      "Este Outlook é demasiado antigo para denunciar daqui.",
      "Encaminhe a mensagem para {address}.",
      "a sua equipa de segurança",
    ],
    ja: ["この Outlook は古いため、ここからは報告できません。", "{address} にメッセージを転送してください。", "セキュリティ チーム"],
  };
  var text = texts[(navigator.language || "en").toLowerCase().split("-")[0]] || texts.en;
  var address = (typeof UNHOOK !== "undefined" && UNHOOK.forward_to) || text[2];
  var place = document.getElementById("too-old");
  if (!place) return;
  place.textContent = text[0] + " " + text[1].replace("{address}", address);
  place.hidden = false;
})();
