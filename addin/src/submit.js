/** Submit: how does a report reach Unhook, and what became of it? */

import { pause, within } from "./clock.js";
import { forget, keep, waiting } from "./memory.js";
import { request } from "./request.js";

/**
 * @typedef {object} Report
 * @property {string} key names this press of the button: sent again, it counts once
 * @property {string} provider_message_id
 * @property {string} internet_message_id
 * @property {string} mailbox
 * @property {"phish" | "spam"} submitted_as
 * @property {string} comment
 * @property {string} raw the message as base64, or nothing
 *
 * @typedef {import("./identity.js").Person} Person
 * @typedef {import("./request.js").Answer} Answer
 *
 * @typedef {"thanks" | "unverified" | "already" | "simulation" | "kept" | "unreachable" | "forbidden" | "refused"
 *   | "stranger"} Outcome what becomes of a report, as words.js tells it
 */

const SUBMISSIONS = "/api/v1/submissions";
const SEND_MS = 45000;
const READ_MS = 10000;
const PATIENCE_MS = 120000; // for all tries together
/** @type {{ outcome: Outcome, id: number | null }} */
const NO_ANSWER = { outcome: "unreachable", id: null };
const LATER = [408, 425, 429];

/**
 * @param {import("./outlook.js").Message} message
 * @param {"phish" | "spam"} submittedAs
 * @param {string} comment
 * @param {string} raw
 * @returns {Report}
 */
export function reportOf(message, submittedAs, comment, raw) {
  const said = comment.replace(/\0/g, "").trim().slice(0, 2000);
  return {
    key: "outlook-" + digest([message.item || message.internet_message_id, submittedAs, said].join("\n")),
    provider_message_id: usable(message.provider_message_id, 1000),
    internet_message_id: usable(message.internet_message_id, 998),
    mailbox: usable(message.mailbox, 320),
    submitted_as: submittedAs,
    comment: said,
    raw,
  };
}

/**
 * Send a report. It is kept first and forgotten once the server has answered for it, so that a runtime which ends
 * half-way loses nothing.
 *
 * @param {Report} report
 * @param {Person} person
 * @returns {Promise<{ outcome: Outcome, id: number | null }>} the id of a report that can be asked about
 */
export async function submit(report, person) {
  const kept = await keep(report);
  const { outcome, id } = await within(sent(report, person), PATIENCE_MS, NO_ANSWER);

  if (outcome === "unreachable") return { outcome: kept ? "kept" : "unreachable", id: null };
  await forget(report.key);
  return { outcome, id };
}

/**
 * Send what is waiting from earlier, up to the first that again does not get through.
 *
 * @param {Person} person
 * @returns {Promise<number>} how many still wait
 */
export async function sendWaiting(person) {
  const reports = await waiting();
  for (let done = 0; done < reports.length; done += 1) {
    const { outcome } = await sent(reports[done], person);
    // Without a name nobody has it yet: whoever signs in later can still send it.
    if (outcome === "unreachable" || outcome === "stranger") return reports.length - done;
    await forget(reports[done].key);
  }
  return 0;
}

/**
 * Whether it was an exercise of the security team: known a moment after the report, or not in time to be told.
 *
 * @param {number} id
 * @param {Person} person
 * @param {number} times
 */
export async function isSimulation(id, person, times) {
  for (let tried = 0; tried < times; tried += 1) {
    await pause(1500);
    const verdict = await verdictOf(id, person);
    if (verdict) return Boolean(verdict.simulation);
  }
  return false;
}

/**
 * @param {number} id
 * @param {Person} person
 * @returns {Promise<{ disposition: string, simulation: boolean, retracted: boolean } | null>}
 */
export async function verdictOf(id, person) {
  const answer = await request("GET", SUBMISSIONS + "/" + id, bearer(person), READ_MS);
  return answer.status === 200 && answer.json ? answer.json.verdict : null;
}

/**
 * @typedef {object} Line
 * @property {number} id
 * @property {string} state
 * @property {string} submitted_as
 * @property {string} received_at
 * @property {string | null} disposition
 * @property {string | null} withdraw_until null when it cannot be taken back any more
 *
 * @param {Person} person
 * @returns {Promise<Line[] | null>} null when they cannot be had now
 */
export async function lastReports(person) {
  const answer = await request("GET", SUBMISSIONS + "?limit=5", bearer(person), READ_MS);
  return answer.status === 200 && answer.json ? answer.json.submissions : null;
}

/**
 * Take a report back, which is possible for a few seconds.
 *
 * @param {number} id
 * @param {Person} person
 * @returns {Promise<boolean>} whether it is taken back
 */
export async function takeBack(id, person) {
  const answer = await request("POST", SUBMISSIONS + "/" + id + "/withdraw", bearer(person), READ_MS);
  return answer.status === 200;
}

/**
 * @param {Person} person
 * @returns {Promise<string>} a link to the page of this person's own reports, or nothing
 */
export async function ownPage(person) {
  const answer = await request("POST", "/api/v1/own-page", bearer(person), READ_MS);
  return answer.status === 200 && answer.json ? String(answer.json.url) : "";
}

/**
 * @param {Report} report
 * @param {Person} person
 * @returns {Promise<{ outcome: Outcome, id: number | null }>}
 */
async function sent(report, person) {
  const answer = person.token ? await sendVerified(report, person) : null;
  if (answer === null || answer.status === 401) return { outcome: await sendUnverified(report, person), id: null };
  if (answer.status === 413 && report.raw) return sent(withoutRaw(report), person);
  return { outcome: verified(answer), id: acknowledged(answer) ? answer.json.id : null };
}

/**
 * @param {Report} report
 * @param {Person} person
 */
async function sendVerified(report, person) {
  const body = filled({
    provider_message_id: report.provider_message_id,
    internet_message_id: report.internet_message_id,
    mailbox: report.mailbox,
    submitted_as: report.submitted_as,
    comment: report.comment,
    raw: report.raw,
  });
  const named = Object.assign({ "Idempotency-Key": report.key }, bearer(person));
  const answer = await request("POST", SUBMISSIONS, named, SEND_MS, body);
  if (answer.status || answer.late || typeof document !== "undefined") return answer;
  // Some builds of classic Outlook fail every request that has a header of its own. Once more without.
  return request("POST", SUBMISSIONS, bearer(person), SEND_MS, body);
}

/**
 * @param {Report} report
 * @param {Person} person
 * @returns {Promise<Outcome>}
 */
async function sendUnverified(report, person) {
  if (!person.directory) return (await isThere()) ? "stranger" : "unreachable"; // there is no queue to put it in
  const body = filled({
    internet_message_id: report.internet_message_id,
    submitted_as: report.submitted_as,
    comment: report.comment,
    raw: report.raw,
    directory: person.directory,
  });
  const answer = await request("POST", "/api/v1/reports/unverified-outlook", {}, SEND_MS, body);
  if (answer.status === 202 && answer.json && answer.json.accepted) return "unverified";
  if (answer.status === 413 && report.raw) return sendUnverified(withoutRaw(report), person);
  return isAway(answer) ? "unreachable" : "stranger";
}

/**
 * @param {Answer} answer
 * @returns {Outcome}
 */
function verified(answer) {
  if (acknowledged(answer)) return answer.status === 200 ? "already" : "thanks";
  if (answer.status === 409) return "already"; // our key names message, choice and comment
  if (isAway(answer)) return "unreachable";
  return answer.status === 403 ? "forbidden" : "refused";
}

/** @param {Answer} answer a portal's sign-in page says 200, too, but carries no receipt */
function acknowledged(answer) {
  return (answer.status === 202 || answer.status === 200) && answer.json && typeof answer.json.id === "number";
}

/** Whether it is for want of a name that nothing was sent, and not for want of a network. */
async function isThere() {
  return !isAway(await request("GET", "/addin/config.json", {}, READ_MS));
}

/** @param {Answer} answer whatever is not in our words came from something in between */
function isAway(answer) {
  return answer.json === null || answer.status >= 500 || LATER.indexOf(answer.status) >= 0;
}

/** @param {Person} person */
function bearer(person) {
  return { Authorization: "Bearer " + person.token };
}

/** @param {Report} report */
function withoutRaw(report) {
  return Object.assign({}, report, { raw: "" });
}

/** @param {Record<string, string>} fields */
function filled(fields) {
  /** @type {Record<string, string>} */
  const kept = {};
  Object.keys(fields).forEach((name) => {
    if (fields[name]) kept[name] = fields[name];
  });
  return kept;
}

/**
 * @param {string} id
 * @param {number} longest
 */
function usable(id, longest) {
  return id && id.length <= longest && !/[\x00-\x1f\x7f]/.test(id) ? id : "";
}

/**
 * FNV-1a from four starts. It names a report among one person's own; nothing is kept secret by it.
 *
 * @param {string} text
 */
function digest(text) {
  return [0x811c9dc5, 0x01234567, 0x9e3779b9, 0x5bd1e995]
    .map((start) => {
      let value = start;
      for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
      return ("0000000" + (value >>> 0).toString(16)).slice(-8);
    })
    .join("");
}
