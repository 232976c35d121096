// The panel's own script: keys, dialogs, copying, the guard of unsaved changes, focus after swaps, errors of
// requests. Everything it adds to works without it.
"use strict";
(() => {
  const body = document.body;
  const text = (name) => body.dataset[name] || "";
  const inField = (element) =>
    element instanceof Element && element.closest("input, textarea, select, [contenteditable]") !== null;

  // Keys: data-key="g p" on a link or button, data-key="/" on a field. Off inside fields and when switched off.
  let pressed = "";
  let pressedAt = 0;
  document.addEventListener("keydown", (event) => {
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
    if (body.dataset.keys === "off" || inField(event.target)) return;
    if (event.shiftKey && event.altKey && event.code === "KeyS") {
      document.querySelector("[data-stop]")?.click();
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const now = Date.now();
    const sequence = pressed && now - pressedAt < 1500 ? `${pressed} ${event.key}` : event.key;
    const target =
      document.querySelector(`[data-key="${CSS.escape(sequence)}"]`) ||
      document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    pressed = event.key;
    pressedAt = now;
    if (!target) return;
    event.preventDefault();
    pressed = "";
    if (inField(target)) {
      target.focus();
      target.select?.();
    } else target.click();
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
        dialog.showModal();
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
    if (count) count.textContent = `${count.dataset.picked} ${chosen}`;
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

  // Messages.
  function toast(message) {
    const list = document.getElementById("toasts");
    if (!list || !message) return;
    const item = document.createElement("div");
    item.className = "toast";
    item.textContent = message;
    list.append(item);
    leaveLater(item);
  }
  function leaveLater(item) {
    const wait = item.querySelector("a, button") ? 10000 : 5000;
    setTimeout(() => item.remove(), wait);
  }
  function banner(message) {
    const main = document.getElementById("main");
    if (!main) return;
    let note = document.getElementById("request-error");
    if (!note) {
      note = document.createElement("div");
      note.id = "request-error";
      note.className = "note bad flash";
      note.setAttribute("role", "alert");
      main.prepend(note);
    }
    const line = document.createElement("p");
    line.textContent = message;
    note.replaceChildren(line);
  }
  const settle = () => document.getElementById("request-error")?.remove();

  document.addEventListener("htmx:responseError", (event) => {
    const request = event.detail.xhr;
    if (request.status === 401) return;
    const plain = (request.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    banner(plain ? request.responseText : text("offline"));
  });
  document.addEventListener("htmx:sendError", () => banner(text("offline")));
  document.addEventListener("htmx:timeout", () => banner(text("offline")));
  window.addEventListener("offline", () => banner(text("offline")));
  window.addEventListener("online", settle);

  // Focus: an element that was swapped keeps it by its id; what asks for it (an error summary) gets it.
  let focused = null;
  document.addEventListener("htmx:beforeSwap", () => {
    focused = document.activeElement?.id || null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.successful) settle();
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
