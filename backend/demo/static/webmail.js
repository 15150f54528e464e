/* Webmail: what happens when somebody presses Report Phish? The same request that the add-ins send. */

const EVERY_MS = 700;
const LONGEST_MS = 120000;
const NAMES = {
  MALICIOUS: "It was malicious",
  SUSPICIOUS: "It looks suspicious",
  SPOOF: "It is a spoof",
  SPAM: "It is spam",
  BULK: "It is a mass mailing",
  NONE: "No threat was found",
};

const button = document.getElementById("report");
const answer = document.getElementById("answer");
const given = button.dataset;
const headers = { Authorization: `Bearer ${given.token}`, Accept: "application/json" };

function say(kind, title, ...lines) {
  answer.className = `answer ${kind}`;
  answer.replaceChildren(element("strong", title), ...lines);
  answer.hidden = false;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text; // as text, always: reasons may quote the mail
  return made;
}

function listOf(sentences) {
  const list = document.createElement("ul");
  list.append(...sentences.map((sentence) => element("li", sentence)));
  return list;
}

async function report() {
  const response = await fetch(given.api, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify({ provider_message_id: given.mailId, internet_message_id: given.messageId, submitted_as: "phish" }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || body.title || `The server answered ${response.status}.`);
  return body;
}

async function look(id) {
  const response = await fetch(`${given.api}/${id}`, { headers });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

async function refreshList() {
  const response = await fetch(given.list);
  if (!response.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("mails");
  document.getElementById("mails").replaceWith(fresh);
  const left = [...fresh.querySelectorAll("[data-mail]")].find((link) => link.dataset.mail === given.mailId);
  left?.setAttribute("aria-current", "true");
  return left === undefined;
}

async function follow(id) {
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until) {
    await new Promise((wake) => setTimeout(wake, EVERY_MS));
    const seen = await look(id);
    if (seen.state === "failed") return say("failed", "The report could not be worked on", element("p", seen.cause));
    if (!seen.verdict) continue;
    const gone = await refreshList();
    tell(seen.verdict, gone);
    if (seen.state === "answered" && (gone || !seen.verdict.retracted) && settled(seen, until)) return undefined;
  }
  return undefined;
}

/* A retraction starts after the decision: a malicious mail is watched a while longer before we stop looking. */
function settled(seen, until) {
  const watched = LONGEST_MS - (until - Date.now());
  return seen.verdict.retracted || seen.verdict.disposition !== "MALICIOUS" || watched > 30000;
}

function tell(verdict, gone) {
  const lines = [element("p", verdict.meaning)];
  if (verdict.simulation) lines.push(element("p", "It was an exercise of your own security team. Well spotted."));
  if (verdict.reasons.length) lines.push(listOf(verdict.reasons));
  if (gone) lines.push(element("p", "It is gone from this mailbox."));
  if (gone && verdict.retracted) lines.push(element("p", "The copies in other mailboxes were taken away as well."));
  document.getElementById("letter").classList.toggle("gone", gone);
  say(verdict.disposition, NAMES[verdict.disposition] ?? verdict.disposition, ...lines);
}

button.addEventListener("click", async () => {
  button.disabled = true;
  button.textContent = "Reporting";
  try {
    const receipt = await report();
    button.textContent = "Reported";
    say("", "Thank you", element("p", `Your report ${receipt.id} is kept. We are looking at the mail.`));
    await follow(receipt.id);
  } catch (error) {
    say("failed", "The report did not arrive", element("p", error.message));
    button.disabled = false;
    button.textContent = "Report Phish";
  }
});
