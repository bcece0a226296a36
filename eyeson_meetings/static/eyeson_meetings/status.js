/*
 * <eyeson-room-status src="…/status/" etag='"…"'> keeps a page about a room up to date.
 *
 * It asks `src` every few seconds (with If-None-Match, so that "nothing new" costs next to nothing) and
 * dispatches, bubbling:
 *   eyeson-room-change   the state is another one; `event.detail` is the JSON
 *   eyeson-room-gone     there is nothing to see any more (signed out, removed from the room, link revoked)
 *
 * On a change, everything of the page that is marked `data-eyeson-refresh="name"` is taken afresh from the
 * same page. The server renders all of it, escaped and translated; nothing here turns JSON into markup.
 */

const EVERY_MS = 5_000;
const EVERY_WHEN_UNSEEN_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;
const TIMEOUT_MS = 15_000;
const FAILURES_UNTIL_STALE = 2;

class RoomStatus extends HTMLElement {
  #etag = null;
  #failures = 0;
  #isAsking = false;
  #isGone = false;
  #isInView = true;
  #observer = null;
  #timer = 0;

  connectedCallback() {
    this.#etag ??= this.getAttribute("etag");
    document.addEventListener("visibilitychange", this.#wake);
    window.addEventListener("online", this.#wake);
    this.#observer = new IntersectionObserver((entries) => {
      const wasInView = this.#isInView;
      this.#isInView = entries.at(-1).isIntersecting;
      if (this.#isInView && !wasInView) this.#wake();
    });
    this.#observer.observe(this);
    this.#schedule();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#wake);
    window.removeEventListener("online", this.#wake);
  }

  #wake = () => {
    if (!document.hidden) this.#ask();
  };

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#isGone || !this.isConnected) return;
    const unseen = document.hidden || !this.#isInView;
    this.#timer = setTimeout(
      () => this.#ask(),
      waitAfter(this.#failures, unseen ? EVERY_WHEN_UNSEEN_MS : EVERY_MS),
    );
  }

  async #ask() {
    if (this.#isAsking || this.#isGone || !this.isConnected) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    try {
      await this.#answered(await fetch(this.#address(), this.#request()));
      this.#failures = 0;
      this.#show(this.#isGone ? "stale" : "live");
    } catch {
      this.#failures += 1;
      if (this.#failures >= FAILURES_UNTIL_STALE) this.#show("stale");
    }
    this.#isAsking = false;
    this.#schedule();
  }

  /** Never another site, whatever the attribute says: the request carries the user's cookies. */
  #address() {
    const address = new URL(this.getAttribute("src"), document.baseURI);
    if (address.origin !== location.origin) throw new TypeError("src leads to another site");
    return address;
  }

  #request() {
    const headers = { Accept: "application/json" };
    if (this.#etag) headers["If-None-Match"] = this.#etag;
    return {
      headers,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
  }

  async #answered(response) {
    if (response.status === 304) return;
    if ([401, 403, 404, 410].includes(response.status)) {
      this.#isGone = true;
      this.dispatchEvent(new CustomEvent("eyeson-room-gone", { bubbles: true }));
      return;
    }
    if (!response.ok) throw new Error(`status ${response.status}`);
    const state = await response.json();
    this.#etag = response.headers.get("ETag");
    this.dispatchEvent(new CustomEvent("eyeson-room-change", { bubbles: true, detail: state }));
  }

  /** Say how fresh the state is: of the words that the server wrote for this, show those that hold. */
  #show(freshness) {
    for (const words of this.querySelectorAll("[data-eyeson-when]")) {
      words.hidden = words.dataset.eyesonWhen !== freshness;
    }
  }
}

/** Longer with each failure in a row, and never the same for all browsers of a site at once. */
function waitAfter(failures, everyMs) {
  const wait = Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_WAIT_MS));
  return wait * (0.9 + 0.2 * Math.random());
}

const refresher = {
  failures: 0,
  isRunning: false,
  isWanted: false,

  async run() {
    this.isWanted = true;
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.isWanted) {
      this.isWanted = false;
      try {
        await refreshPage();
        this.failures = 0;
      } catch {
        this.failures += 1;
        this.isWanted = true;
        await new Promise((done) => setTimeout(done, waitAfter(this.failures, EVERY_MS)));
      }
    }
    this.isRunning = false;
  },
};

async function refreshPage() {
  const shown = [...document.querySelectorAll("[data-eyeson-refresh]")];
  if (!shown.length) return;
  const response = await fetch(location.href, {
    headers: { Accept: "text/html" },
    cache: "no-store",
    credentials: "same-origin",
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  // Signed out, or gone: what is shown stays, and the status element says that it is no longer fresh.
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = new Map(
    [...page.querySelectorAll("[data-eyeson-refresh]")].map((part) => [part.dataset.eyesonRefresh, part]),
  );
  for (const part of shown) {
    if (fresh.has(part.dataset.eyesonRefresh)) refresh(part, fresh.get(part.dataset.eyesonRefresh));
  }
}

/** Give `shown` the content of `fresh`. The element itself stays: a live region must, to be read out. */
function refresh(shown, fresh) {
  shown.hidden = fresh.hidden;
  if (fresh.dataset.state !== undefined) shown.dataset.state = fresh.dataset.state;
  if (fresh.querySelector(":scope > [data-eyeson-key]")) refreshList(shown, fresh);
  else if (shown.innerHTML !== fresh.innerHTML) {
    shown.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  }
}

/** As `refresh`, entry by entry: one of the same version stays untouched, so that its video plays on. */
function refreshList(shown, fresh) {
  const identity = (entry) => `${entry.dataset.eyesonKey} ${entry.dataset.eyesonVersion}`;
  const kept = new Map([...shown.children].map((entry) => [identity(entry), entry]));
  let next = shown.firstElementChild;
  for (const entry of fresh.children) {
    const here = kept.get(identity(entry)) ?? document.importNode(entry, true);
    if (here === next) next = next.nextElementSibling;
    else shown.insertBefore(here, next);
  }
  while (next) {
    const outdated = next;
    next = next.nextElementSibling;
    outdated.remove();
  }
}

document.addEventListener("eyeson-room-change", () => refresher.run());

if (!customElements.get("eyeson-room-status")) customElements.define("eyeson-room-status", RoomStatus);
