/*
 * Submit buttons marked `data-eyeson-pending="Joining…"` become aria-busy on submit, which pending.css shows, and
 * ignore further presses until the answer comes. `eyeson-pending-end` on the document says that a button is free
 * again without one. Pages load this file as a module, the admin as a plain script.
 */
"use strict";

(() => {
  const LONGEST_MS = 11_000;
  /** Of a form with target=_blank: the other tab shows that it is loading. */
  const NEW_TAB_MS = 2_000;
  /** Pending buttons and their timers. */
  const pending = new Map();
  const root = document.documentElement;
  // A second copy of this script would take each first press for a second one.
  if (root.classList.contains("eyeson-scripted")) return;
  root.classList.add("eyeson-scripted");

  function begin(button, longestMs) {
    button.setAttribute("aria-busy", "true");
    pending.set(button, setTimeout(() => end(button), longestMs));
  }

  function end(button) {
    clearTimeout(pending.get(button));
    pending.delete(button);
    button.removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("eyeson-pending-end"));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter ?? form.querySelector("button[data-eyeson-pending]");
    if (event.defaultPrevented || !button?.matches("[data-eyeson-pending]")) return;
    if (pending.has(button)) event.preventDefault();
    else begin(button, (button.formTarget || form.target) === "_blank" ? NEW_TAB_MS : LONGEST_MS);
  });

  // The browser shows the page again as it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) [...pending.keys()].forEach(end);
  });
})();
