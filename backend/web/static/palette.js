/* Palette: how does somebody reach anything on the page by typing what it is called? Ctrl-K or Cmd-K opens it. */

const COMMANDS = ".bar nav a, .tabs a, [data-command], #bulk button, #toast button, .pages a";

let found = []; // what fits the words typed, as {text, element}
let at = 0; // which of them Enter does

const dialog = () => document.getElementById("palette");
const field = () => document.getElementById("palette-field");
const options = () => document.getElementById("palette-list");

function words(element) {
  const copy = element.cloneNode(true);
  for (const sign of copy.querySelectorAll("kbd, .count, [aria-hidden=true]")) sign.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
}

function show() {
  const typed = field().value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  found = [...document.querySelectorAll(COMMANDS), document.getElementById("open-help")]
    .map((element) => ({ element, text: words(element) }))
    .filter(({ text }) => text && typed.every((word) => text.toLowerCase().includes(word)))
    .slice(0, 12);
  at = 0;
  options().replaceChildren(...found.map(optionOf));
  document.getElementById("palette-none").hidden = found.length > 0;
  mark();
}

function optionOf({ text }, number) {
  const option = document.createElement("li");
  option.id = `palette-${number}`;
  option.setAttribute("role", "option");
  option.textContent = text; // text, never markup: names of views are whatever somebody typed
  option.addEventListener("click", () => {
    at = number;
    run();
  });
  return option;
}

function mark() {
  [...options().children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
  const here = options().children[at];
  if (here) {
    field().setAttribute("aria-activedescendant", here.id);
    here.scrollIntoView({ block: "nearest" });
  } else field().removeAttribute("aria-activedescendant");
}

function run() {
  const chosen = found[at];
  if (!chosen) return;
  dialog().close(); // gives the keyboard back to where it was
  if (chosen.element.closest("#bulk")) window.unhookList.use(chosen.element);
  else chosen.element.click();
}

function open() {
  if (!dialog() || dialog().open) return;
  field().value = "";
  dialog().showModal();
  field().focus();
  show();
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && dialog()) {
    event.preventDefault();
    open();
  }
});

document.addEventListener("DOMContentLoaded", () => {
  if (!dialog()) return;
  document.getElementById("open-palette")?.addEventListener("click", open);
  document.getElementById("open-help")?.addEventListener("click", () => document.getElementById("help").showModal());
  field().addEventListener("input", show);
  field().addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      run();
    }
  });
});
