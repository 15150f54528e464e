/** Memory: where do reports wait that could not be sent? One entry each, so that two runtimes never overwrite. */

import { within } from "./clock.js";
import { account } from "./outlook.js";

/** @typedef {import("./submit.js").Report} Report */

const PREFIX = "unhook.report.";
const STORE_MS = 5000;

/**
 * @typedef {object} Place
 * @property {(key: string) => Promise<string | null>} getItem
 * @property {(key: string, value: string) => Promise<unknown>} setItem
 * @property {(key: string) => Promise<unknown>} removeItem
 * @property {() => Promise<string[]>} getKeys
 */

/**
 * Keep a report without the message itself: the server fetches that, and mail has no place in a browser's memory.
 *
 * @param {Report} report
 * @returns {Promise<boolean>} whether it is kept
 */
export function keep(report) {
  const entry = Object.assign({}, report, { raw: "", account: account(), at: Date.now() });
  return within(written(PREFIX + report.key, JSON.stringify(entry)), STORE_MS, false);
}

/**
 * What cannot be forgotten is sent once more, under the same key.
 *
 * @param {string} key
 * @returns {Promise<unknown>}
 */
export function forget(key) {
  return within(removed(PREFIX + key), STORE_MS, null);
}

/** @returns {Promise<Report[]>} this account's reports that wait, oldest first */
export function waiting() {
  return within(read(), STORE_MS, []);
}

async function read() {
  const keys = (await place().getKeys()).filter((key) => key.indexOf(PREFIX) === 0);
  const texts = await Promise.all(keys.map((key) => place().getItem(key)));
  const entries = texts.map((text) => JSON.parse(text || "{}"));
  return entries.filter((entry) => entry.account === account()).sort((one, other) => one.at - other.at);
}

/**
 * @param {string} key
 * @param {string} text
 */
async function written(key, text) {
  await place().setItem(key, text);
  return true;
}

/** @param {string} key */
async function removed(key) {
  await place().removeItem(key);
}

/** @returns {Place} */
function place() {
  if (typeof OfficeRuntime !== "undefined" && OfficeRuntime.storage) return OfficeRuntime.storage;
  return {
    getItem: async (key) => localStorage.getItem(key),
    setItem: async (key, value) => localStorage.setItem(key, value),
    removeItem: async (key) => localStorage.removeItem(key),
    getKeys: async () => Object.keys(localStorage),
  };
}
