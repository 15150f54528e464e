/** Identity: who is at the keyboard? Asked of Outlook itself (nested app authentication); never a password of ours. */

import { within } from "./clock.js";
import { config } from "./config.js";
import { supports } from "./outlook.js";

/**
 * @typedef {object} Person
 * @property {string} token empty when Outlook could not or would not say: then the report is unverified
 * @property {string} directory the organisation at Microsoft, empty when unknown
 */

const QUIET_MS = 10000;
const ASKING_MS = 120000;

/** @type {Promise<import("@azure/msal-browser").IPublicClientApplication> | null} */
let client = null;

/** @returns {Promise<Person>} within ten seconds, without a word to the person */
export function quietly() {
  return canSignIn() ? within(acquire(false), QUIET_MS, nobody()) : Promise.resolve(nobody());
}

/** @returns {Promise<Person>} after asking the person; only a pane can show the window */
export function asking() {
  return within(acquire(true), ASKING_MS, nobody());
}

/** Some builds of classic Outlook lack the random numbers without which MSAL stops. */
export function canSignIn() {
  const random = typeof crypto !== "undefined" && typeof crypto.getRandomValues === "function";
  return Boolean(config.client_id) && random && supports("NestedAppAuth", "1.1");
}

function nobody() {
  return { token: "", directory: config.directory };
}

/**
 * @param {boolean} ask
 * @returns {Promise<Person>}
 */
async function acquire(ask) {
  const application = await signedInWith();
  const wanted = { scopes: [config.scope] };
  const result = await (ask ? application.acquireTokenPopup(wanted) : application.acquireTokenSilent(wanted));
  return { token: result.accessToken, directory: config.directory || result.tenantId };
}

function signedInWith() {
  if (!client) {
    const auth = { clientId: config.client_id, authority: config.authority };
    // Imported late: should MSAL fail to load in some Outlook, the report is still sent.
    client = import("./msal.js").then((msal) => msal.createNestablePublicClientApplication({ auth }));
    client.catch(() => {
      client = null;
    });
  }
  return client;
}
