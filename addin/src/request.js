/** Request: how is one HTTP request made? With XMLHttpRequest, which every runtime of Outlook has. */

import { config } from "./config.js";

/**
 * @typedef {object} Answer
 * @property {number} status 0 when nothing came back
 * @property {boolean} late nothing came back in time
 * @property {any} json what it says, null when that is not JSON
 */

/**
 * Ask our own server. Never rejects: no answer is an answer, too.
 *
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {number} milliseconds
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export function request(method, path, headers, milliseconds, body) {
  return new Promise((resolve) => {
    const nothing = (/** @type {boolean} */ late) => resolve({ status: 0, late, json: null });
    try {
      const sent = new XMLHttpRequest();
      sent.open(method, config.origin + path, true);
      Object.keys(headers).forEach((name) => sent.setRequestHeader(name, headers[name]));
      if (body) sent.setRequestHeader("Content-Type", "application/json");
      sent.timeout = milliseconds;
      sent.onload = () => resolve({ status: sent.status, late: false, json: parsed(sent.responseText) });
      sent.onerror = sent.onabort = () => nothing(false);
      sent.ontimeout = () => nothing(true);
      sent.send(body ? JSON.stringify(body) : null);
    } catch (error) {
      nothing(false);
    }
  });
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return null;
  }
}
