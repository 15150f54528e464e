/** Clock: how long do we wait for what may never come? */

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @param {T} otherwise when it is late, or fails
 * @returns {Promise<T>}
 */
export function within(promise, milliseconds, otherwise) {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(otherwise), milliseconds);
    const settle = (/** @type {T} */ value) => {
      clearTimeout(late);
      resolve(value);
    };
    promise.then(settle, () => settle(otherwise));
  });
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
