/** Outlook: what does Outlook know? Promises round Office.js; no other file passes it a callback. */

import { within } from "./clock.js";

/**
 * @typedef {object} Message
 * @property {string} provider_message_id its REST id, empty when this Outlook cannot tell
 * @property {string} internet_message_id
 * @property {string} mailbox whose mailbox it lies in, when that is somebody else's
 * @property {string} item Outlook's own name for it
 */

const EML_MS = 20000;
const SHARED_MS = 5000;
export const MOST_BASE64 = 27000000; // 20 MB of message; a larger one the server fetches itself
const MOBILE = ["OutlookIOS", "OutlookAndroid"];

/** @returns {Promise<boolean>} whether this page runs inside Outlook */
export function ready() {
  return new Promise((resolve) => {
    if (typeof Office === "undefined") resolve(false);
    else Office.onReady((info) => resolve(Boolean(info.host) && Boolean(opened())));
  });
}

/**
 * @param {string} set
 * @param {string} version
 */
export function supports(set, version) {
  try {
    return Office.context.requirements.isSetSupported(set, version);
  } catch (error) {
    return false; // an Outlook too old to be asked
  }
}

export function language() {
  return Office.context.displayLanguage || "en";
}

/** Who uses this mailbox: what was kept for one account is not sent by another. */
export function account() {
  const profile = Office.context.mailbox.userProfile;
  return ((profile && profile.emailAddress) || "").toLowerCase();
}

/** @returns {{ subject: string, sender: string }} what the pane shows of the message */
export function shown() {
  const item = opened();
  const from = item && item.from;
  return { subject: (item && item.subject) || "", sender: from ? from.displayName || from.emailAddress : "" };
}

/** @returns {Promise<Message>} */
export async function message() {
  const item = opened();
  if (!item) throw new Error("no message is open");
  return {
    provider_message_id: restId(item.itemId),
    internet_message_id: item.internetMessageId || "",
    mailbox: await within(sharedMailbox(item), SHARED_MS, ""),
    item: item.itemId,
  };
}

/** @returns {Promise<string>} the message as base64; empty when this Outlook cannot give it, or it is too large */
export function eml() {
  const item = opened();
  if (!item || !supports("Mailbox", "1.14") || typeof item.getAsFileAsync !== "function") return Promise.resolve("");
  const asked = new Promise((/** @type {(base64: string) => void} */ resolve) => {
    item.getAsFileAsync((result) => {
      const got = result.status === Office.AsyncResultStatus.Succeeded ? result.value : "";
      resolve(got.length <= MOST_BASE64 ? got : "");
    });
  });
  return within(asked, EML_MS, "");
}

/** Whether Outlook itself is dark; null when it does not say. */
export function isDark() {
  const theme = Office.context.officeTheme;
  const colour = theme && /^#?([0-9a-f]{6})$/i.exec(theme.bodyBackgroundColor || "");
  if (!colour) return null;
  const channels = [0, 2, 4].map((start) => parseInt(colour[1].substr(start, 2), 16));
  return (2 * channels[0] + 5 * channels[1] + channels[2]) / 8 < 128;
}

/** @param {string} address a page for the person's own browser */
export function browse(address) {
  if (supports("OpenBrowserWindowApi", "1.1")) Office.context.ui.openBrowserWindow(address);
  else window.open(address, "_blank", "noopener");
}

export function close() {
  if (Office.context.ui && Office.context.ui.closeContainer) Office.context.ui.closeContainer();
}

function opened() {
  const mailbox = Office.context && Office.context.mailbox;
  return mailbox && /** @type {Office.MessageRead | undefined} */ (mailbox.item);
}

/** @param {string} id phones name items as Graph does; other Outlooks name them as EWS did */
function restId(id) {
  const mailbox = Office.context.mailbox;
  if (!id) return "";
  if (mailbox.diagnostics && MOBILE.indexOf(mailbox.diagnostics.hostName) >= 0) return id;
  try {
    return mailbox.convertToRestId(id, Office.MailboxEnums.RestVersion.v2_0);
  } catch (error) {
    return ""; // the Message-ID has to do
  }
}

/**
 * @param {Office.MessageRead} item
 * @returns {Promise<string>}
 */
function sharedMailbox(item) {
  if (typeof item.getSharedPropertiesAsync !== "function") return Promise.resolve("");
  return new Promise((resolve) => {
    item.getSharedPropertiesAsync((result) => {
      const shared = result.status === Office.AsyncResultStatus.Succeeded ? result.value : null;
      resolve((shared && shared.targetMailbox) || "");
    });
  });
}
