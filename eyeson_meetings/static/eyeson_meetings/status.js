/*
 * <eyeson-room-status src="…/status/" socket="/ws/…/" etag='"…"'> keeps a page about a room up to date.
 *
 * It listens to `socket`, over which the server says each new state at once. Until it has said something, and
 * whenever it is silent or cannot be had (no such attribute, a proxy, a server that starts afresh), it asks
 * `src` every few seconds, with If-None-Match, so that "nothing new" costs next to nothing. While the page is
 * hidden it does neither. `data-via` says which it is, "socket" or "poll". It dispatches, bubbling:
 *   eyeson-room-change   the state is another one; `event.detail` is the JSON
 *   eyeson-room-gone     there is nothing to see any more (signed out, removed from the room, link revoked)
 *   eyeson-room-chat     somebody said something; `event.detail` has name, text and time
 *   eyeson-room-podium   the picture is another one; `event.detail` is the list of places
 * The last two come by the socket alone, to those who may join, while the site has an observer. What they tell
 * is shown in what is marked `data-eyeson-chat` and `data-eyeson-stage`, and forgotten with the page.
 *
 * On a change, everything of the page that is marked `data-eyeson-refresh="name"` is taken afresh from the
 * same page. The server renders all of it, escaped and translated; nothing here turns JSON into markup.
 *
 * A script that has asked for a part of a page itself dispatches `eyeson-fresh` on the document. `event.detail`:
 * `shown` gets the children of `fresh` when no button is held down any more, if `isWanted()` still says so; then
 * `done()` is called.
 */

const EVERY_MS = 5_000;
const EVERY_WHEN_UNSEEN_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;
const TIMEOUT_MS = 15_000;
const FAILURES_UNTIL_STALE = 2;
const RECONNECT_MS = 1_000;
const LONGEST_PRESS_MS = 30_000;
/** The server says the state every 60 s, also when it is the same. */
const LONGEST_SILENCE_MS = 90_000;
/** Of the chat; what was said before scrolls away. */
const LINES_SHOWN = 20;
/** The close code of a room that does not exist, or that one may not see. After all others (4008, 4009, 4013) the page polls. */
const NOT_VISIBLE = 4404;

class RoomStatus extends HTMLElement {
  #etag = null;
  #failures = 0;
  #isAsking = false;
  #isGone = false;
  #isInView = true;
  #observer = null;
  #picture = "";
  #socket = null;
  #timer = 0;

  connectedCallback() {
    this.#etag ??= this.getAttribute("etag");
    this.#socket = new RoomSocket(
      () => this.#address("socket"),
      (message) => press.isOver.then(() => this.#heard(message)),
      (code) => (code === NOT_VISIBLE ? this.#ask() : this.#schedule()),
    );
    document.addEventListener("visibilitychange", this.#wakeOrRest);
    window.addEventListener("online", this.#wakeOrRest);
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries.at(-1).isIntersecting));
    this.#observer.observe(this);
    this.#schedule();
  }

  disconnectedCallback() {
    this.#rest();
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#wakeOrRest);
    window.removeEventListener("online", this.#wakeOrRest);
  }

  #wakeOrRest = () => {
    if (document.hidden) this.#rest();
    else this.#wake();
  };

  #wake() {
    if (this.#isGone) return;
    if (this.#isInView && this.hasAttribute("socket")) this.#socket.open();
    if (!this.#socket.isLive) this.#ask();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  /** Of a long list, only what was looked at has a socket; once it has one, it keeps it. */
  #seen(isInView) {
    const wasInView = this.#isInView;
    this.#isInView = isInView;
    if (document.hidden || this.#isGone || !isInView) return;
    if (this.hasAttribute("socket")) this.#socket.open();
    if (!wasInView && !this.#socket.isLive) this.#ask();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#isGone || !this.isConnected || document.hidden || this.#socket.isLive) return;
    this.#timer = setTimeout(
      () => this.#ask(),
      waitAfter(this.#failures, this.#isInView ? EVERY_MS : EVERY_WHEN_UNSEEN_MS),
    );
  }

  async #ask() {
    if (this.#isAsking || this.#isGone || !this.isConnected) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    try {
      await this.#answered(await fetch(this.#address("src"), this.#request()));
      this.#failures = 0;
      this.#show(this.#isGone ? "stale" : "live");
    } catch {
      this.#failures += 1;
      if (this.#failures >= FAILURES_UNTIL_STALE && !this.#socket.isLive) this.#show("stale");
    }
    this.#isAsking = false;
    this.#schedule();
  }

  /** Never another site, whatever the attribute says: the request carries the user's cookies. */
  #address(attribute) {
    const address = new URL(this.getAttribute(attribute), document.baseURI);
    if (address.origin !== location.origin) throw new TypeError(`${attribute} leads to another site`);
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
    if ([401, 403, 404, 410].includes(response.status)) {
      this.#isGone = true;
      this.#rest();
      this.dispatchEvent(new CustomEvent("eyeson-room-gone", { bubbles: true }));
      return;
    }
    if (response.status !== 304 && !response.ok) throw new Error(`status ${response.status}`);
    const state = response.status === 304 ? null : await response.json();
    await press.isOver;
    // The socket has said something while we asked: that is newer.
    if (this.#socket.isLive) return;
    this.dataset.via = "poll";
    // A proxy or middleware that compresses marks the ETag as weak; the socket has the same one without the mark.
    if (state) this.#changed(state, response.headers.get("ETag")?.replace(/^W\//, "") ?? null);
  }

  #heard(message) {
    if (message.chat) this.#said(message.chat);
    else if (message.podium) this.#staged(message.podium);
    else this.#told(message);
  }

  #said(line) {
    this.#dispatch("eyeson-room-chat", line);
    const entry = document.createElement("li");
    const name = document.createElement("b");
    name.textContent = line.name;
    entry.append(name, " ", line.text);
    const shown = this.querySelector("[data-eyeson-chat]");
    shown?.append(entry);
    while (shown?.childElementCount > LINES_SHOWN) shown.firstElementChild.remove();
    this.#reveal("chat", true);
  }

  #staged(places) {
    // It comes again and again, for pages that did not hear of it.
    const picture = JSON.stringify(places);
    if (picture === this.#picture) return;
    this.#picture = picture;
    this.#dispatch("eyeson-room-podium", places);
    const names = places.map((place) => place.name).filter(Boolean);
    const shown = this.querySelector("[data-eyeson-stage]");
    if (shown) shown.textContent = names.join(", ");
    this.#reveal("stage", names.length > 0);
  }

  #fallSilent() {
    this.querySelector("[data-eyeson-chat]")?.replaceChildren();
    this.#picture = "";
    for (const part of ["chat", "stage"]) this.#reveal(part, false);
  }

  #reveal(part, isShown) {
    const words = this.querySelector(`[data-eyeson-with="${part}"]`);
    if (!words) return;
    words.hidden = !isShown;
    const talk = words.closest("[data-eyeson-talk]");
    talk.hidden = !talk.querySelector("[data-eyeson-with]:not([hidden])");
  }

  #told({ etag, state }) {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.dataset.via = "socket";
    this.#show("live");
    if (etag !== this.#etag) this.#changed(state, etag);
  }

  #changed(state, etag) {
    this.#etag = etag;
    if (!state.meeting) this.#fallSilent();
    this.#dispatch("eyeson-room-change", state);
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  /** Say how fresh the state is: of the words that the server wrote for this, show those that hold. */
  #show(freshness) {
    for (const words of this.querySelectorAll("[data-eyeson-when]")) {
      words.hidden = words.dataset.eyesonWhen !== freshness;
    }
  }
}

/** A connection that comes back, later each time, until it is closed. It is live once it has said something. */
class RoomSocket {
  isLive = false;
  #address;
  #failures = 0;
  #hear;
  #lost;
  #socket = null;
  #timer = 0;

  constructor(address, hear, lost) {
    this.#address = address;
    this.#hear = hear;
    this.#lost = lost;
  }

  open() {
    if (this.#socket || this.#timer) return;
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.isLive = false;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    let socket;
    try {
      const address = this.#address();
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(address);
    } catch {
      return; // An address that leads nowhere: asking has to do.
    }
    this.#socket = socket;
    this.#expectWithin(TIMEOUT_MS);
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.isLive = true;
      this.#failures = 0;
      this.#expectWithin(LONGEST_SILENCE_MS);
      this.#hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => this.#end(socket, event.code);
  }

  /** A connection can be dead without having been closed. */
  #expectWithin(ms) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#timer = setTimeout(() => this.#end(socket, null), ms);
  }

  #end(socket, code) {
    if (socket !== this.#socket) return;
    this.close();
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#connect();
    }, waitAfter(this.#failures, RECONNECT_MS));
    this.#lost(code);
  }
}

/** Longer with each failure in a row, and never the same for all browsers of a site at once. */
function waitAfter(failures, everyMs) {
  const wait = Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_WAIT_MS));
  return wait * (0.9 + 0.2 * Math.random());
}

/** While something is pressed, nothing moves from under the finger: a press that ends elsewhere is none. */
const press = {
  isOver: Promise.resolve(),
  end() {},

  begin() {
    press.end();
    press.isOver = new Promise((done) => {
      const timer = setTimeout(done, LONGEST_PRESS_MS);
      press.end = () => {
        clearTimeout(timer);
        // The click comes right after.
        setTimeout(done);
      };
    });
  },
};

const refresher = {
  failures: 0,
  /** Whether a pending button kept a part of the page as it was. */
  isHeldBack: false,
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
  refresher.isHeldBack = false;
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
  await press.isOver;
  const fresh = new Map(
    [...page.querySelectorAll("[data-eyeson-refresh]")].map((part) => [part.dataset.eyesonRefresh, part]),
  );
  for (const part of shown) {
    if (fresh.has(part.dataset.eyesonRefresh)) refresh(part, fresh.get(part.dataset.eyesonRefresh));
  }
}

/**
 * Give `shown` the content of `fresh`. The element itself stays: a live region must, to be read out.
 * Of a `data-eyeson-frame` only whether it is shown: its parts are marked, and refreshed, by themselves.
 */
function refresh(shown, fresh) {
  shown.hidden = fresh.hidden;
  if (fresh.dataset.state !== undefined) shown.dataset.state = fresh.dataset.state;
  if (shown.dataset.eyesonFrame !== undefined) return;
  // A form that waits for its answer keeps its pending text.
  if (shown.querySelector("[data-eyeson-pending][aria-busy=true]")) {
    refresher.isHeldBack = true;
    return;
  }
  giveChildren(shown, fresh);
}

/**
 * Give `shown` the children of `fresh`. Those that are there already stay the same elements, so that the focus, a
 * selection, a button that is held down and a video that plays are not lost.
 */
function giveChildren(shown, fresh) {
  const known = new Map();
  for (const node of shown.childNodes) {
    const identity = identityOf(node);
    known.set(identity, [...(known.get(identity) ?? []), node]);
  }
  const wanted = [...fresh.childNodes].map((node) => [known.get(identityOf(node))?.shift(), node]);
  const kept = new Set(wanted.map(([here]) => here));
  for (const node of [...shown.childNodes]) if (!kept.has(node)) node.remove();
  let next = shown.firstChild;
  for (const [here, node] of wanted) {
    if (here) update(here, node);
    // Text makes room, for its turn comes later.
    while (here?.nodeType === Node.ELEMENT_NODE && next !== here && next?.nodeType === Node.TEXT_NODE) {
      const text = next;
      next = next.nextSibling;
      here.after(text);
    }
    const placed = here ?? document.importNode(node, true);
    // Moving an element takes the focus from it.
    if (placed === next) next = next.nextSibling;
    else shown.insertBefore(placed, next);
  }
}

/** By what a node is known again among its siblings. A player does not notice that its source is another one. */
function identityOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  const { eyesonKey } = node.dataset;
  const source = node.matches("audio, video, source") ? node.getAttribute("src") : "";
  const name = node.id || eyesonKey || node.getAttribute("action") || node.getAttribute("name");
  return [node.nodeName, name ?? "", source].join(" ");
}

function update(here, node) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (here.data !== node.data) here.data = node.data;
    return;
  }
  // The links of an entry are others each time, and all of them hold: one of the same version stays as it is.
  const isSameVersion =
    here.dataset.eyesonVersion !== undefined && here.dataset.eyesonVersion === node.dataset.eyesonVersion;
  if (isSameVersion || here.localName === "eyeson-room-status" || here.isEqualNode(node)) return;
  for (const name of new Set([...here.getAttributeNames(), ...node.getAttributeNames()])) {
    // What is open and what is closed, the reader has chosen.
    if (name === "open" || here.getAttribute(name) === node.getAttribute(name)) continue;
    if (node.hasAttribute(name)) here.setAttribute(name, node.getAttribute(name));
    else here.removeAttribute(name);
  }
  giveChildren(here, node);
}

/** Renew `shown`. If what had the focus is gone, what is left around it gets the focus, and so the keyboard goes on there. */
function renew(shown, fresh) {
  const around = [];
  for (let node = document.activeElement; node && node !== shown; node = node.parentElement) around.push(node);
  const wasInside = shown.contains(document.activeElement);
  giveChildren(shown, fresh);
  if (!wasInside || shown.contains(document.activeElement)) return;
  const place = around.find((node) => node.isConnected && node.hasAttribute("tabindex")) ?? shown;
  if (place === shown) shown.tabIndex = -1;
  place.focus({ preventScroll: true });
}

window.addEventListener("pointerdown", () => press.begin(), true);
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => press.end(), true);
document.addEventListener("eyeson-room-change", () => refresher.run());
document.addEventListener("eyeson-fresh", async ({ detail: { shown, fresh, isWanted, done } }) => {
  await press.isOver;
  if (!isWanted()) return;
  renew(shown, fresh);
  done();
});
document.addEventListener("eyeson-pending-end", () => {
  if (refresher.isHeldBack) refresher.run();
});

if (!customElements.get("eyeson-room-status")) customElements.define("eyeson-room-status", RoomStatus);
