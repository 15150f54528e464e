/** Spam reporting: what happens when somebody presses Outlook's own report button? One file, no page, no DOM. */

import { within } from "./clock.js";
import { quietly } from "./identity.js";
import { eml, language, message } from "./outlook.js";
import { isSimulation, reportOf, sendWaiting, submit } from "./submit.js";
import { told, wordsIn } from "./words.js";

const GUARD_MS = 240000; // every wait inside has an end of its own; Outlook gives up after five minutes
const LATER_MS = 10000;
const SPAM = 1; // the options of the manifest, in its order: phish, spam

/** @param {Office.SpamReportingEventArgs & Office.MailboxEvent} event */
function onSpamReport(event) {
  const outcome = within(reported(event), GUARD_MS, /** @type {const} */ ("failed"));
  outcome.then((known) => finish(event, known), () => finish(event, "failed"));
}

/**
 * Report what is open, then what waited from earlier.
 *
 * @param {Office.SpamReportingEventArgs & Office.MailboxEvent} event
 */
async function reported(event) {
  const [opened, raw, person] = await Promise.all([message(), eml(), quietly()]);
  const report = reportOf(opened, chosen(event.options), event.freeText || "", raw);

  const { outcome, id } = await submit(report, person);

  if (outcome === "kept" || outcome === "unreachable") return outcome;
  const exercise = id !== null && outcome === "thanks" ? isSimulation(id, person, 3) : Promise.resolve(false);
  const [simulation] = await Promise.all([exercise, within(sendWaiting(person), LATER_MS, 0)]);
  return simulation ? "simulation" : outcome;
}

/**
 * Before Mailbox 1.15 the options are boxes, and several may be ticked: who is unsure means phish.
 *
 * @param {boolean[] | undefined} options
 */
function chosen(options) {
  const ticked = options || [];
  return ticked[SPAM] && ticked.filter(Boolean).length === 1 ? "spam" : "phish";
}

/**
 * The only place that ends the event. Outlook moves nothing: the backend does, once it has decided.
 *
 * @param {Office.SpamReportingEventArgs & Office.MailboxEvent} event
 * @param {Parameters<typeof told>[1]} outcome
 */
function finish(event, outcome) {
  const words = wordsIn(language());
  event.completed({
    moveItemTo: Office.MailboxEnums.MoveSpamItemTo.NoMove,
    onErrorDeleteItem: false,
    showPostProcessingDialog: { title: words.title, description: told(words, outcome) },
  });
}

// Not in Office.onReady: classic Outlook runs nothing that waits for it.
Office.actions.associate("onSpamReport", onSpamReport);
