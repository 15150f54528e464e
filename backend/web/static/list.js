/* List: which messages are selected, and how does that survive what the page brings in by itself? */

const chosen = new Set(); // "message 12", "campaign 3": what is ticked, whether or not its row is there right now
let anchor = null; // where a range begins
let place = null; // which row had the keyboard, so that its successor gets it
let said = "";
let posting = false; // a deed is under way

const SLOW = 700; // milliseconds; what takes longer is followed

const list = () => document.getElementById("rows");
const ticks = () => [...document.querySelectorAll("#rows .pick input")];
const nameOf = (tick) => `${tick.name} ${tick.value}`;
const tickOf = (link) => link?.closest("tr")?.querySelector(".pick input");
const links = () => [...document.querySelectorAll("[data-row]")];

function set(tick, on) {
  tick.checked = on;
  if (on) chosen.add(nameOf(tick));
  else chosen.delete(nameOf(tick));
}

/** How many a deed would be done to: what is ticked and elsewhere, say behind a filter, is not sent with the form. */
function ticked() {
  return ticks().filter((one) => one.checked).length;
}

function count() {
  const label = document.getElementById("chosen");
  if (label) label.textContent = ticked() ? `${ticked()} ${label.dataset.some}` : label.dataset.none;
}

/** Tick a row, or every row from the last ticked one to it. */
function toggle(tick, range) {
  const all = ticks();
  const from = range && anchor ? all.findIndex((one) => nameOf(one) === anchor) : -1;
  const to = all.indexOf(tick);
  if (from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, true);
  else set(tick, !chosen.has(nameOf(tick)));
  anchor = nameOf(tick);
  count();
}

/** What the keys and the palette do to the list; see keys.js. */
window.unhookList = {
  select(range) {
    const tick = tickOf(document.activeElement);
    if (tick) toggle(tick, range);
  },
  /** Press a button of the bulk bar; without a selection it means the row that has the keyboard. */
  press(key) {
    const button = document.querySelector(`#bulk [data-key="${key}"]`);
    if (button) this.use(button);
    return Boolean(button);
  },
  use(button) {
    if (!ticked()) {
      const tick = tickOf(document.activeElement);
      if (!tick) return;
      set(tick, true);
      count();
    }
    remember();
    if (button.hasAttribute("data-retract")) button.focus(); // Enter does it
    else button.click(); // a script's submit would not say which button
  },
};

function remember() {
  const all = links();
  const here = all.findIndex((one) => one.closest("tr").contains(document.activeElement));
  if (here >= 0) place = here;
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest?.("#rows .pick input");
  if (!tick) return;
  if (event.shiftKey && anchor) {
    toggle(tick, true);
  } else {
    set(tick, tick.checked);
    anchor = nameOf(tick);
    count();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "bulk") remember();
});

const polls = (event) => event.detail.elt.id === "rows";
const posts = (event) => event.detail.requestConfig.verb === "post";

document.addEventListener("htmx:beforeRequest", (event) => {
  const busy = document.querySelector("#rows details[open]") || list()?.querySelector("select:focus");
  if (polls(event) && (busy || posting)) event.preventDefault(); // what somebody chooses from must not vanish
  if (posts(event)) {
    posting = true;
    setTimeout(followTheDeed, SLOW);
  }
});

/** Show how far a deed on many messages has come. Its own answer brings the whole list, and takes the place of this. */
async function followTheDeed() {
  if (!posting) return;
  const answer = await fetch(list().getAttribute("hx-get"), { headers: { "HX-Request": "true" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const toast = page.querySelector("#toast[data-progress]");
  if (!toast || !posting) return;
  document.getElementById("toast")?.remove();
  list().append(document.adoptNode(toast));
  follow(toast); // progress.js
  tell();
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!posts(event) && posting) event.detail.shouldSwap = false; // asked before the deed: its answer comes anyway
  if (posts(event) && event.detail.shouldSwap) {
    chosen.clear(); // done with
    anchor = null;
  }
});

/** A deed that was turned down brings no list, but a page that says why. */
document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const why = [...page.querySelectorAll("main h1, main p")].map((one) => one.textContent.trim());
  if (posts(event)) complain(why.slice(0, 2).join(". "));
});

document.addEventListener("htmx:sendError", () => complain(list()?.dataset.unreachable));

function complain(why) {
  const notice = document.getElementById("complaint") || document.createElement("p");
  notice.id = "complaint";
  notice.className = "notice wrong";
  notice.setAttribute("role", "alert");
  notice.textContent = why;
  list()?.prepend(notice); // until the list comes anew
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (posts(event)) posting = false;
});

document.addEventListener("htmx:afterSwap", () => { // in the same breath, as settling (page.html): a key pressed next finds its row, alive
  for (const tick of ticks()) tick.checked = chosen.has(nameOf(tick));
  count();
  const lost = document.activeElement === document.body || document.activeElement === null;
  const all = links();
  if (lost && place !== null && all.length) all[Math.min(place, all.length - 1)].focus();
  if (lost) place = null;
  tell();
});

/** Say what was done to who does not see the toast, once. */
function tell() {
  const toast = document.getElementById("toast");
  const now = toast ? toast.dataset.operation : "";
  const region = document.getElementById("said");
  if (toast && now !== said && region) region.textContent = toast.querySelector("p").textContent;
  said = now;
}

document.addEventListener("DOMContentLoaded", () => {
  for (const tick of ticks()) tick.checked = false;
  count();
  said = document.getElementById("toast")?.dataset.operation || "";
});
