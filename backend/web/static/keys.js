/* Keys: how does an operator get through the pages without a mouse? docs/operating.md lists them; one tick: off. */

const OFF = "unhook-keys-off";

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const row = document.activeElement.closest("tr");
  const here = all.findIndex((one) => one === document.activeElement || (row && one.closest("tr") === row));
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function reach(selector, hash) {
  const button = document.querySelector(selector);
  if (button) {
    button.focus();
    button.scrollIntoView({ block: "center" });
  } else if (document.activeElement.matches("[data-row]")) {
    location.assign(document.activeElement.href + hash); // the message's page takes it from there
  }
}

function follow(id) {
  const link = document.getElementById(id);
  if (link) location.assign(link.href);
}

function judge(key) {
  if (window.unhookList?.press(key)) return;
  document.querySelector(`[data-key="${key}"]`)?.focus(); // on a message's page: Enter does it
}

function undo() {
  const button = document.querySelector("#toast [data-undo]");
  if (button) button.click();
  else reach("[data-undo]", "#undo");
}

function search() {
  const field = document.getElementById("q");
  if (field) field.focus();
  else follow("to-search");
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => window.unhookList?.select(false),
  X: () => window.unhookList?.select(true),
  m: () => judge("m"),
  s: () => judge("s"),
  b: () => judge("b"),
  n: () => judge("n"),
  r: () => window.unhookList?.press("r") || reach("[data-retract]", "#retract"),
  u: undo,
  g: () => (document.getElementById("back") ? follow("back") : follow("to-queue")),
  "/": search,
  "?": () => document.getElementById("help")?.showModal(),
};

function writing(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || writing(event.target)) return;
  const off = localStorage.getItem(OFF) || document.documentElement.dataset.keys === "off";
  if (off && event.key !== "?") return;
  event.preventDefault();
  act();
});

document.addEventListener("DOMContentLoaded", () => {
  const tick = document.getElementById("keys-on");
  if (tick) {
    tick.checked = !localStorage.getItem(OFF);
    tick.addEventListener("change", () => {
      if (tick.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "yes");
    });
  }
  if (location.hash === "#retract") reach("[data-retract]", "");
  if (location.hash === "#undo") reach("[data-undo]", "");
});
