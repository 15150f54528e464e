/** Page: how does the pane reach its elements? */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error("the page has no " + id);
  return found;
}

/**
 * @param {string} id
 * @param {boolean} visible
 */
export function show(id, visible) {
  element(id).hidden = !visible;
}

/** @param {string} id */
export function clear(id) {
  const place = element(id);
  place.textContent = "";
  return place;
}

/**
 * Put words where the page names them.
 *
 * @param {Record<string, string>} words
 * @param {string} language
 */
export function translate(words, language) {
  document.documentElement.lang = language;
  document.title = words.title;
  document.querySelectorAll("[data-words]").forEach((place) => {
    place.textContent = words[/** @type {HTMLElement} */ (place).dataset.words || ""];
  });
}
