// Copying links, and no second press while the first is under way. Without this script, every button works.
"use strict";

(() => {
  const SHOWN_MS = 2000;

  function say(button, text) {
    if (!text || button.dataset.eyesonLabel !== undefined) {
      return;
    }
    button.dataset.eyesonLabel = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.textContent = text;
    setTimeout(() => {
      button.textContent = button.dataset.eyesonLabel;
      delete button.dataset.eyesonLabel;
    }, SHOWN_MS);
  }

  function select(button) {
    const field = button.parentElement.querySelector("input[readonly]");
    if (field) {
      field.focus();
      field.select();
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-eyeson-copy]");
    if (!button) {
      return;
    }
    select(button);
    // Browsers offer a clipboard on https and on localhost only.
    navigator.clipboard
      ?.writeText(button.dataset.eyesonCopy)
      .then(() => say(button, button.dataset.eyesonCopied), () => undefined);
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".eyeson-copy input[readonly]")) {
      event.target.select();
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = form.querySelector("button.eyeson-button[type=submit]");
    if (!button) {
      return;
    }
    if (form.dataset.eyesonCopy && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard
        .writeText(form.dataset.eyesonCopy)
        // The page behind the button shows the link.
        .then(() => say(button, form.dataset.eyesonCopied), () => form.submit());
      return;
    }
    // After the browser has sent the form.
    setTimeout(() => {
      button.disabled = true;
    });
    if (form.target === "_blank") {
      setTimeout(() => {
        button.disabled = false;
      }, SHOWN_MS);
    }
  });

  // Back from the page that a button led to: the browser shows this page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      document.querySelectorAll("button.eyeson-button[disabled]").forEach((button) => {
        button.disabled = false;
      });
    }
  });
})();
