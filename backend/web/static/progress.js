/* Progress: a retraction that runs is followed live. Where no stream is given, the panel is asked for now and then. */

const ASK_EVERY = 3000;

function refresh(panel) {
  htmx.trigger(panel, "refresh");
}

function follow(panel) {
  if (panel.dataset.followed) return;
  panel.dataset.followed = "yes";
  const stream = new EventSource(panel.dataset.progress);
  stream.addEventListener("progress", (event) => {
    if (!panel.isConnected) return stream.close(); // the page has brought another in its place
    const now = JSON.parse(event.data);
    for (const place of panel.querySelectorAll("[data-count]")) place.textContent = now[place.dataset.count];
    const bar = panel.querySelector("progress");
    if (bar && "messages" in bar.dataset) {
      bar.value = bar.max - now.pending;
    } else if (bar && now.copies) {
      bar.max = now.copies;
      bar.value = now.copies - now.under_way;
    }
  });
  stream.addEventListener("end", () => {
    stream.close();
    if (!panel.isConnected) return;
    refresh(panel);
  });
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // the browser opens it again by itself
    setTimeout(() => refresh(panel), ASK_EVERY);
  });
}

function followAll() {
  for (const panel of document.querySelectorAll("[data-progress]")) follow(panel);
}

document.addEventListener("DOMContentLoaded", followAll);
document.addEventListener("htmx:load", followAll);
