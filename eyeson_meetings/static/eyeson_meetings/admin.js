// Copies links, keeps the panel of a room and its buttons up to date, and shows the places of a layout. Without this
// script, every button works and pages show what went on when they were loaded.
"use strict";

(() => {
  const SHOWN_MS = 2000;
  const NEWS_MS = 5000;
  const NEWS_WITHOUT_SOCKET_MS = 1500;

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
    const button = event.target.closest("button[type=button][data-eyeson-copy]");
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
    const button = event.submitter;
    if (!button?.dataset.eyesonCopy || !navigator.clipboard) {
      return;
    }
    event.preventDefault();
    navigator.clipboard.writeText(button.dataset.eyesonCopy).then(
      () => say(button, button.dataset.eyesonCopied),
      () => {
        // The page behind the button shows the link.
        form.action = button.formAction;
        form.submit();
      },
    );
  });

  // A button that waits for its answer, or says that it has copied a link, is let finish.
  function isHeldBack(panel) {
    return panel.querySelector("[aria-busy=true], [data-eyeson-label]") !== null;
  }

  async function renew(panel) {
    if (document.hidden || isHeldBack(panel)) {
      return true;
    }
    const number = (panel.eyesonRequests ?? 0) + 1;
    panel.eyesonRequests = number;
    const response = await fetch(panel.dataset.eyesonNow, { credentials: "same-origin" });
    if (response.redirected || (response.status >= 400 && response.status < 500)) {
      return false;
    }
    if (response.ok) {
      const news = (await response.text()).trim();
      const isLatest = () => number === panel.eyesonRequests && !isHeldBack(panel);
      if (news !== panel.eyesonNews && isLatest()) {
        const page = new DOMParser().parseFromString(news, "text/html");
        const shown = () => {
          panel.eyesonNews = news;
        };
        // status.js puts it there. An answer that a later request has overtaken may be older than what is shown.
        const detail = { shown: panel, fresh: page.body, isWanted: isLatest, done: shown };
        document.dispatchEvent(new CustomEvent("eyeson-fresh", { detail }));
      }
    }
    return true;
  }

  // Over its socket the page hears of every change of the room's state at once; names of people are not in it.
  function pauseOf(panel) {
    const isLive = panel.closest("eyeson-room-status")?.dataset.via === "socket";
    return isLive ? NEWS_MS : NEWS_WITHOUT_SOCKET_MS;
  }

  function keepUpToDate(panel) {
    setTimeout(async () => {
      // Without an answer, the next one may come.
      const goesOn = await renew(panel).catch(() => true);
      if (goesOn) {
        keepUpToDate(panel);
      }
    }, pauseOf(panel));
  }

  document.addEventListener("eyeson-room-change", (event) => {
    event.target.querySelectorAll("[data-eyeson-now]").forEach((panel) => renew(panel).catch(() => undefined));
  });

  // A layout has so many places: the rows of the others are not shown, and nobody stays in them.
  function showPlaces(layout) {
    const places = Number(layout.dataset.eyesonPlaces.split(",")[layout.selectedIndex]);
    layout.form.querySelectorAll("select[name^=place_]").forEach((place, index) => {
      const isThere = index < places;
      place.closest(".form-row").hidden = !isThere;
      if (!isThere) {
        place.value = "";
      }
    });
    const free = layout.form.elements.free_places;
    if (free) {
      free.closest(".form-row").hidden = places === 0;
    }
  }

  // What Select2 draws in the place of a field does not say the field's name.
  function nameChoice(field) {
    const name = field.getAttribute("aria-label");
    const chosen = field.nextElementSibling?.querySelector(".select2-selection__rendered");
    if (chosen) {
      const box = chosen.closest("[role=combobox]");
      chosen.setAttribute("aria-label", name);
      box.removeAttribute("aria-labelledby");
      box.setAttribute("aria-label", chosen.title ? `${name}: ${chosen.title}` : name);
    }
    const search = document.querySelector(`[aria-controls="select2-${field.id}-results"]`);
    search?.setAttribute("aria-label", name);
  }

  // It is drawn when Django gets round to it, in each row that is added, and anew when somebody chooses.
  function nameChoices() {
    document.querySelectorAll("select.admin-autocomplete[aria-label]").forEach(nameChoice);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (document.querySelector("select.admin-autocomplete[aria-label]")) {
      new MutationObserver(nameChoices).observe(document.body, { childList: true, subtree: true });
    }
    document.querySelectorAll("select[data-eyeson-places]").forEach((layout) => {
      showPlaces(layout);
      layout.addEventListener("change", () => showPlaces(layout));
    });
    document.querySelectorAll("[data-eyeson-now]").forEach(keepUpToDate);
  });
})();
