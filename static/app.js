// The panel's own script: keys, dialogs, copying, the guard of unsaved changes, focus after swaps, errors of
// requests, and what is new in the header. Everything it adds to works without it.
"use strict";
(() => {
  const body = document.body;
  const text = (name) => body.dataset[name] || "";
  const inField = (element) =>
    element instanceof Element &&
    element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const openDialog = () => document.querySelector("dialog[open]");
  function show(dialog) {
    if (!dialog?.showModal || dialog.open) return;
    openDialog()?.close();
    dialog.showModal();
    dialog.querySelector("input")?.select();
    dialog.dispatchEvent(new Event("shown"));
  }

  // The letter of a key, whatever alphabet the keyboard writes.
  function letter(event) {
    if (event.key === "/" || event.key === "?") return event.key;
    if (event.code === "Slash" && !/\p{L}/u.test(event.key)) return event.shiftKey ? "?" : "/";
    const latin = /^[\x20-\x7e]$/.test(event.key);
    return !latin && /^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase() : event.key.toLowerCase();
  }

  // Rows of lists: j and k move the focus, other keys press what the row has for them.
  const rowLink = (row) => row.querySelector("th a[href], a[href]");
  const rows = () => [...document.querySelectorAll("main tbody tr, main .issues > li")].filter(rowLink);
  function onRow(key) {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    if (key === "j" || key === "k") {
      const row = all[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), all.length - 1)];
      if (row) rowLink(row).focus();
      return row;
    }
    if (key === "b") {
      const act = document.querySelector("#pick .acts button");
      act?.focus();
      return act;
    }
    const act = all[at]?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
    act?.click();
    return act;
  }

  // Keys: data-key="g p" on a link or button, data-key="/" on a field. Off inside fields and when switched off.
  let pressed = "";
  let pressedAt = 0;
  document.addEventListener("keydown", (event) => {
    // Browsers that fill in a login tell of keys without a name.
    if (!event.key) return;
    if (event.key === "Enter" && event.ctrlKey && inField(event.target) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape") {
      const cancel = event.target.closest?.("form")?.querySelector("[data-cancel]");
      if (cancel) {
        event.preventDefault();
        cancel.click();
        return;
      }
    }
    const key = letter(event);
    if (event.shiftKey && event.altKey && event.code === "KeyS") {
      document.querySelector(".robot a[href='/stop']")?.click();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && key === "k" && box) {
      event.preventDefault();
      show(box);
      return;
    }
    if (body.dataset.keys === "off" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (inField(event.target) || openDialog() || event.key === "Shift") return;
    const now = Date.now();
    const sequence = pressed && now - pressedAt < 1500 ? `${pressed} ${key}` : key;
    const named = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`);
    const target = named(sequence) || named(key);
    pressed = key;
    pressedAt = now;
    if (!target) {
      if (onRow(key)) event.preventDefault();
      return;
    }
    event.preventDefault();
    pressed = "";
    if (inField(target)) {
      target.focus();
      target.select?.();
    } else target.click();
  });

  // The command box: arrows walk through what was found, Enter opens the first of it.
  const box = document.getElementById("box");
  box?.addEventListener("keydown", (event) => {
    const field = box.querySelector("input");
    const links = [...box.querySelectorAll("#box-found a")];
    const at = links.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      (links[at + step] || (step < 0 ? field : links[at]))?.focus();
    } else if (event.key === "Enter" && event.target === field && !event.isComposing) {
      // What was found for an earlier text does not count: then the page of the search answers.
      if (box.querySelector("[data-of]")?.dataset.of !== field.value.trim() || !links[0]) return;
      event.preventDefault();
      links[0].click();
    } else if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey) field.focus();
  });

  // A value that is edited in place is typed over.
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-select]")) event.target.select();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-reveal], [data-copy], [data-dialog], [data-close]");
    if (!button) return;
    if (button.dataset.reveal) {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    } else if (button.dataset.copy !== undefined) {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast(text("copied"));
    } else if (button.dataset.dialog) {
      const dialog = document.getElementById(button.dataset.dialog);
      if (dialog?.showModal) {
        event.preventDefault();
        show(dialog);
      }
    } else button.closest("dialog")?.close();
  });

  // Forms that hold work ask before they are left.
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.hasAttribute("data-guard")) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    changed.delete(event.target);
    // A second press while the first is on its way does nothing.
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });

  // Rows chosen for an act: how many, and all of the page at once.
  const picks = () => [...document.querySelectorAll("input[form=pick]")];
  function tellPicked() {
    const all = picks();
    const chosen = all.filter((box) => box.checked).length;
    const count = document.querySelector("[data-picked]");
    // The same text once more would be said once more.
    if (count && !count.textContent.endsWith(` ${chosen}`)) count.textContent = `${count.dataset.picked} ${chosen}`;
    const whole = document.querySelector("[data-pick-all]");
    if (!whole) return;
    whole.hidden = false;
    const box = whole.querySelector("input");
    box.checked = chosen > 0 && chosen === all.length;
    box.indeterminate = chosen > 0 && chosen < all.length;
  }
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-pick-all]")) for (const box of picks()) box.checked = event.target.checked;
    tellPicked();
  });
  document.addEventListener("reset", () => setTimeout(tellPicked));

  function toast(message) {
    const list = document.getElementById("toasts");
    if (!list || !message) return;
    const item = Object.assign(document.createElement("div"), { className: "toast", textContent: message });
    list.append(item);
    leaveLater(item);
  }
  function leaveLater(item) {
    const wait = item.querySelector("a, button") ? 10000 : 5000;
    setTimeout(() => (item.matches(":hover, :focus-within") ? leaveLater(item) : item.remove()), wait);
  }
  let failed = null; // what asked and got no answer that could be used
  function banner(message, asked = null) {
    failed = asked;
    const place = openDialog() || document.getElementById("main");
    if (!place) return;
    let note = document.getElementById("request-error");
    if (!note) {
      note = document.createElement("div");
      note.id = "request-error";
      note.className = "note bad flash";
      note.setAttribute("role", "alert");
      note.append(document.createElement("p"));
    }
    if (note.parentElement !== place) place.prepend(note);
    if (note.textContent !== message) note.firstChild.textContent = message;
  }
  document.addEventListener("panel:say", (event) => banner(event.detail));
  const settle = () => document.getElementById("request-error")?.remove();

  const isSentence = (answer) => (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain");
  document.addEventListener("htmx:responseError", ({ detail: { xhr, elt } }) => {
    if (xhr.status !== 401) banner(isSentence(xhr) ? xhr.responseText : text("offline"), elt);
  });
  for (const lost of ["htmx:sendError", "htmx:timeout", "offline"])
    window.addEventListener(lost, (event) => banner(text("offline"), event.detail?.elt));
  window.addEventListener("online", settle);

  document.addEventListener("htmx:afterRequest", ({ detail: { successful, requestConfig } }) => {
    if (successful && (requestConfig.elt === failed || !failed?.isConnected)) settle();
  });
  // Focus: an element that was swapped keeps it by its id; what asks for it (an error summary) gets it.
  let focused = null;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    focused = document.activeElement?.id || null;
    // A refusal in one sentence is no part of a page.
    if (detail.xhr.status >= 400 && isSentence(detail.xhr)) detail.shouldSwap = !(detail.isError = true);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    tellPicked();
    const wanted = event.target.querySelector?.("[data-focus]");
    const before = focused ? document.getElementById(focused) : null;
    if (wanted) wanted.focus();
    else if (before && document.activeElement === body) before.focus();
    for (const item of document.querySelectorAll(".toast:not([data-leaving])")) {
      item.dataset.leaving = "1";
      leaveLater(item);
    }
  });

  tellPicked();
  for (const button of document.querySelectorAll("[data-reveal]")) button.hidden = false;
  // Browsers copy on secure pages alone.
  if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.querySelector("[data-focus]")?.focus();
})();

// The header listens to the panel: one stream per page, none while the page is hidden, because browsers open few
// connections to a host. Where there is no stream the page asks every 30 seconds.
(() => {
  const ear = document.querySelector("[data-live]");
  if (!ear) return;
  let stream = null;
  let over = false;
  // The panel said that this session is over: another one may have begun in its place, so it is asked once more.
  let doubted = false;

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
      doubted = true;
      listen();
    });
    stream.addEventListener("open", () => (doubted = false));
    stream.addEventListener("error", () => {
      if (!doubted || stream?.readyState !== EventSource.CLOSED) return;
      over = true;
      document.dispatchEvent(new CustomEvent("panel:say", { detail: document.body.dataset.over }));
    });
  }

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id !== "live-poll") return;
    const seen = [...ear.querySelectorAll("[data-seen]")].map((part) => part.dataset.seen);
    event.detail.parameters.seen = seen.join(".");
  });
  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pageshow", listen);
  window.addEventListener("pagehide", () => stream?.close());
  setInterval(() => {
    if (over || document.hidden || stream?.readyState === EventSource.OPEN) return;
    document.getElementById("live-poll")?.dispatchEvent(new Event("poll"));
    if (stream?.readyState === EventSource.CLOSED) listen();
  }, 30000);
})();
