// The header listens to the panel: one stream per page, none while the page is hidden, because browsers open few
// connections to a host. Where there is no stream the page asks every 30 seconds.
"use strict";
(() => {
  const ear = document.querySelector("[data-live]");
  if (!ear) return;
  let stream = null;
  let over = false;

  function put(event) {
    const part = ear.querySelector(`[data-part="${event.type}"]`);
    // What the page shows already is not said again.
    if (!part || part.dataset.seen === event.lastEventId) return;
    const focused = part.contains(document.activeElement);
    part.dataset.seen = event.lastEventId;
    part.innerHTML = event.data;
    if (focused) part.querySelector("a")?.focus();
  }

  function listen() {
    stream?.close();
    stream = null;
    if (over || document.hidden) return;
    stream = new EventSource(ear.dataset.live);
    for (const name of ["robot", "jobs", "problems"]) stream.addEventListener(name, put);
    stream.addEventListener("over", () => {
      over = true;
      listen();
      document.dispatchEvent(new CustomEvent("panel:say", { detail: document.body.dataset.over }));
    });
  }

  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pageshow", listen);
  window.addEventListener("pagehide", () => stream?.close());
  setInterval(() => {
    if (over || document.hidden || stream?.readyState === EventSource.OPEN) return;
    document.getElementById("live-poll")?.dispatchEvent(new Event("poll"));
    if (stream?.readyState === EventSource.CLOSED) listen();
  }, 30000);
})();
