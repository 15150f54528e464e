/** Words: what does a person read, in their own language? */

import { config } from "./config.js";
import { de } from "./words/de.js";
import { en } from "./words/en.js";
import { es } from "./words/es.js";
import { fr } from "./words/fr.js";
import { ja } from "./words/ja.js";
import { pt } from "./words/pt.js";

/** @type {Record<string, typeof en>} */
const LANGUAGES = { en, de, fr, es, pt, ja };
/** After these another way helps: the message has not reached the security team. */
const FORWARDED = ["kept", "unreachable", "forbidden", "refused", "stranger", "failed"];
/** After these the message lies open until somebody has looked at it. */
const STILL_THERE = ["thanks", "unverified", "kept"];

/** @param {string} language such as pt-BR */
export function wordsIn(language) {
  return LANGUAGES[language.toLowerCase().split(/[-_]/)[0]] || en;
}

/**
 * The sentences for what became of a report.
 *
 * @param {typeof en} words
 * @param {import("./submit.js").Outcome | "failed"} outcome
 */
export function told(words, outcome) {
  const sentences = [words[outcome]];
  if (STILL_THERE.indexOf(outcome) >= 0) sentences.push(words.untouched);
  if (FORWARDED.indexOf(outcome) >= 0 && config.forward_to) sentences.push(filled(words.forward, config.forward_to));
  return sentences.join(" ");
}

/**
 * @param {string} sentence with one {name} in it
 * @param {string | number} value
 */
export function filled(sentence, value) {
  return sentence.replace(/\{\w+\}/, () => String(value));
}
