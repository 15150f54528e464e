/** Task pane: how does somebody report from an Outlook without the built-in button, or see what became of a report? */

import { asking, canSignIn, quietly } from "./identity.js";
import { waiting } from "./memory.js";
import { browse, eml, isDark, language, message, ready, shown } from "./outlook.js";
import { clear, element, show, translate } from "./page.js";
import { isSimulation, lastReports, ownPage, reportOf, sendWaiting, submit, takeBack } from "./submit.js";
import { filled, told, wordsIn } from "./words.js";

/** @typedef {import("./identity.js").Person} Person */

const REFRESH_MS = 4000;
const REFRESHES = 5; // after a report, while its verdict is being made

/** What the pane holds on to: who is here, asked once and again after a sign-in. */
let person = Promise.resolve(/** @type {Person} */ ({ token: "", directory: "" }));
let words = wordsIn("en");

async function start() {
  const inside = await ready();
  const spoken = inside ? language() : navigator.language;
  words = wordsIn(spoken);
  translate(words, spoken);
  show("outside", !inside);
  if (!inside) return;

  followTheme();
  describeMessage();
  person = quietly();
  element("report").addEventListener("submit", send);
  element("sign-in").addEventListener("click", signIn);
  element("all").addEventListener("click", showAll);
  ["report", "next"].forEach((id) => show(id, true));
  await catchUp();
}

/** @param {Event} submitted */
async function send(submitted) {
  submitted.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (element("send"));
  if (button.disabled) return;
  button.disabled = true;
  button.textContent = words.sending;

  const outcome = await report();
  answer(outcome);

  const done = ["thanks", "unverified", "already", "simulation"].indexOf(outcome) >= 0;
  button.disabled = done;
  button.textContent = done ? words.sent : words.send;
  await showWaiting();
}

async function report() {
  try {
    const [opened, raw, who] = await Promise.all([message(), eml(), person]);
    const form = new FormData(/** @type {HTMLFormElement} */ (element("report")));
    const as = form.get("as") === "spam" ? "spam" : "phish";
    const comment = /** @type {HTMLTextAreaElement} */ (element("comment")).value;
    const { outcome, id } = await submit(reportOf(opened, as, comment, raw), who);
    if (id !== null) follow(id, who);
    return outcome;
  } catch (error) {
    return "failed";
  }
}

/**
 * Watch what becomes of a report for a while: an exercise is said at once, and the list shows the rest.
 *
 * @param {number} id
 * @param {Person} who
 */
async function follow(id, who) {
  await showReports(who);
  const simulation = isSimulation(id, who, REFRESHES);
  for (let times = 0; times < REFRESHES; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    await showReports(who);
  }
  if (await simulation) answer("simulation");
}

async function signIn() {
  person = asking();
  await catchUp();
}

/** Send what waited from earlier, and show what is known. */
async function catchUp() {
  const who = await person;
  show("unknown", !who.token && canSignIn());
  await sendWaiting(who);
  await Promise.all([showWaiting(), showReports(who)]);
}

/** @param {Parameters<typeof told>[1]} outcome */
function answer(outcome) {
  const place = element("answer");
  place.className = outcome;
  place.textContent = told(words, outcome);
  place.focus();
}

async function showWaiting() {
  const count = (await waiting()).length;
  element("waiting").textContent = filled(words.waiting, count);
  show("waiting", count > 0);
}

/** @param {Person} who */
async function showReports(who) {
  show("mine", Boolean(who.token));
  if (!who.token) return;
  const reports = await lastReports(who);
  const note = element("mine-note");
  note.textContent = reports ? words.noneYet : words.notNow;
  show("mine-note", !reports || reports.length === 0);
  const list = clear("reports");
  (reports || []).forEach((line) => list.appendChild(reportLine(line, who)));
}

/** The page that has all of them; its link is good for minutes, so it is asked for when it is wanted. */
async function showAll() {
  const address = await ownPage(await person);
  if (address) browse(address);
  else element("mine-note").textContent = words.notNow;
  show("mine-note", !address);
}

/**
 * @param {import("./submit.js").Line} line
 * @param {Person} who
 */
function reportLine(line, who) {
  const item = document.createElement("li");
  const when = new Date(line.received_at).toLocaleString(document.documentElement.lang, {
    day: "numeric",
    month: "short",
    hour: "numeric",
    minute: "2-digit",
  });
  const text = document.createElement("span");
  text.textContent = line.submitted_as === "spam" ? words.asSpam : words.asPhish;
  const time = document.createElement("time");
  time.dateTime = line.received_at;
  time.textContent = when;
  const verdict = document.createElement("b");
  verdict.className = line.disposition || line.state;
  verdict.textContent = verdictWords(line);
  item.append(text, time, verdict);
  if (line.withdraw_until) item.append(takeBackButton(line, who));
  return item;
}

/**
 * @param {import("./submit.js").Line} line
 * @param {Person} who
 */
function takeBackButton(line, who) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.takeBack;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const done = await takeBack(line.id, who);
    await showReports(who);
    say(done ? words.tookBack : words.tooLate);
  });
  return button;
}

/** @param {string} sentence */
function say(sentence) {
  const place = element("answer");
  place.className = "";
  place.textContent = sentence;
  place.focus();
}

/** @param {import("./submit.js").Line} line */
function verdictWords(line) {
  if (line.state === "withdrawn" || line.state === "withdrawing") return words.takenBack;
  if (line.disposition) return words[/** @type {"NONE"} */ (line.disposition)] || line.disposition;
  return line.state === "failed" ? words.unchecked : words.checking;
}

function describeMessage() {
  const { subject, sender } = shown();
  element("subject").textContent = subject || words.noSubject;
  element("sender").textContent = sender ? filled(words.from, sender) : "";
}

function followTheme() {
  const dark = isDark();
  if (dark !== null) document.documentElement.dataset.theme = dark ? "dark" : "light";
}

start();
