/* Keys: how does an operator get through the queue without a mouse? j k Enter r u g / ? — off with one tick. */

const OFF = "unhook-keys-off";

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement);
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

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  r: () => reach("[data-retract]", "#retract"),
  u: () => reach("[data-undo]", "#undo"),
  g: () => follow("back"),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => document.getElementById("help")?.showModal(),
};

function writing(target) {
  return target.closest("input, select, textarea, dialog, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || writing(event.target)) return;
  if (localStorage.getItem(OFF) && event.key !== "?") return;
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
