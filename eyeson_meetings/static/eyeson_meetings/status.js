/*
 * <eyeson-room-status src="…/status/" socket="/ws/…/" room="…" name="…" etag='"…"'> keeps a page about a room up to date.
 *
 * All elements with a `room` share one socket, over which the server says each new state at once. Until it has said
 * something of a room, and whenever it is silent or cannot be had (no such attribute, a proxy, a server that starts
 * afresh), the element asks `src` every few seconds, with If-None-Match, so that "nothing new" costs next to nothing.
 * While the page is hidden it does neither. `data-via` says which it is, "socket" or "poll". It dispatches, bubbling:
 *   eyeson-room-change   the state is another one; `event.detail` is the JSON
 *   eyeson-room-gone     there is nothing to see any more (signed out, removed from the room, link revoked)
 *
 * <eyeson-room-talk socket="/ws/…/" room="…"> shows what is said in the meeting and who is on screen, and forgets it
 * with the page. It comes by the socket alone, to those who may join, while the site has an observer. It dispatches:
 *   eyeson-room-chat     somebody said something; `event.detail` has name, text and time
 *   eyeson-room-podium   the picture is another one; `event.detail` is the list of places
 *
 * On a change, everything of the page that is marked `data-eyeson-refresh="name"` is taken afresh from the
 * same page. The server renders all of it, escaped and translated; nothing here turns JSON into markup.
 *
 * What has changed is read out in one live region of the page, with the `name` of the room: the text of what is marked
 * `data-eyeson-phrase="key"` when it is another one, or `data-eyeson-over` when it is not there any more.
 *
 * A script that has asked for a part of a page itself dispatches `eyeson-fresh` on the document. `event.detail`:
 * `shown` gets the children of `fresh` when no button is held down any more, if `isWanted()` still says so; then
 * `done()` is called.
 */

const EVERY_MS = 5_000;
const EVERY_WHEN_UNSEEN_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;
const TIMEOUT_MS = 15_000;
/** Of one question for a state. */
const POLL_TIMEOUT_MS = 8_000;
/** After the last word of the server. Pages promise to say within 20 s that they are no longer up to date. */
const LOST_AFTER_MS = 18_000;
const FAILURES_UNTIL_LOST = 2;
const RECONNECT_MS = 1_000;
const LONGEST_PRESS_MS = 30_000;
/** The server sends a heartbeat every 5 s. */
const LONGEST_SILENCE_MS = 12_000;
/** That the server shows over one socket, and so many are named in one message. Other rooms poll. */
const MOST_ROOMS = 50;
const ROOMS_A_MESSAGE = 20;
/** Rows that come into view one after the other are asked for together. */
const TOGETHER_MS = 100;
/** Changes are read out when nothing has changed for so long, or after the longer time. */
const QUIET_MS = 1_500;
const LONGEST_QUIET_MS = 4_000;
const READ_OUT_MS = 20_000;
/** Of the chat; what was said before scrolls away. */
const LINES_SHOWN = 20;
/** The close code of a room that does not exist, or that one may not see. After all others (4008, 4009, 4013) the page polls. */
const NOT_VISIBLE = 4404;
/** What keeps itself up to date, and is left alone when the page is refreshed. */
const OURS = ["eyeson-room-status", "eyeson-room-talk"];

class RoomStatus extends HTMLElement {
  #connection = null;
  #etag = null;
  #failures = 0;
  #giveUp = new AbortController();
  #isAsking = false;
  #isGone = false;
  #isInView = true;
  #mutations = null;
  #observer = null;
  #said = new Map();
  #timer = 0;

  connectedCallback() {
    this.#etag ??= this.getAttribute("etag");
    this.#connection = Connection.of(this);
    this.#said = this.#phrases();
    this.#mutations = new MutationObserver(() => readOut.soon(this));
    this.#mutations.observe(this, {
      attributeFilter: ["hidden"],
      characterData: true,
      childList: true,
      subtree: true,
    });
    document.addEventListener("visibilitychange", this.#wakeOrRest);
    window.addEventListener("online", this.#wakeOrRest);
    window.addEventListener("offline", this.#dropAnswer);
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries.at(-1).isIntersecting));
    this.#observer.observe(this);
    freshness.add(this);
    this.#schedule();
  }

  disconnectedCallback() {
    this.#rest();
    freshness.remove(this);
    this.#mutations.disconnect();
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#wakeOrRest);
    window.removeEventListener("online", this.#wakeOrRest);
    window.removeEventListener("offline", this.#dropAnswer);
  }

  /** Of the connection: what the server said of this room. */
  hear(message) {
    if (message.state) press.isOver.then(() => this.#told(message));
  }

  /** Of the connection: it says nothing of this room any more. */
  lose(code) {
    if (code === NOT_VISIBLE) this.#ask();
    else this.#schedule();
  }

  /** Say how fresh the state is: of the words that the server wrote for this, show those that hold. */
  showFreshness() {
    let shown = freshness.value;
    if (this.#isGone) shown = "stale";
    else if (this.#failures >= FAILURES_UNTIL_LOST && shown === "live") shown = "lost";
    for (const words of this.querySelectorAll("[data-eyeson-when]")) {
      words.hidden = words.dataset.eyesonWhen !== shown;
    }
  }

  /** Return what is to be read out of the room since the last time; "" if nothing is. */
  takeNews() {
    // Two seconds later the meeting is in progress, and people are in.
    if (this.querySelector("[data-state=opening]")) return "";
    const [before, now] = [this.#said, this.#phrases()];
    this.#said = now;
    const news = [...now].filter(([key, { text }]) => before.get(key)?.text !== text).map(([, { text }]) => text);
    // The end of the meeting says it for all that was in it.
    if (before.get("state")?.text === now.get("state")?.text) {
      for (const [key, { over }] of before) if (over && !now.has(key)) news.push(over);
    }
    if (!news.length) return "";
    return [this.getAttribute("name"), news.join(", ")].filter(Boolean).join(": ");
  }

  #phrases() {
    const shown = [...this.querySelectorAll("[data-eyeson-phrase]")].filter((phrase) => !phrase.closest("[hidden]"));
    return new Map(
      shown.map((phrase) => [
        phrase.dataset.eyesonPhrase,
        { text: phrase.textContent.trim().replace(/\s+/g, " "), over: phrase.dataset.eyesonOver },
      ]),
    );
  }

  get #isLive() {
    return this.#connection?.isLive(this) ?? false;
  }

  #wakeOrRest = () => {
    if (document.hidden) this.#rest();
    else this.#wake();
  };

  /** What was on its way when the browser went offline does not say that the server can be reached. */
  #dropAnswer = () => this.#giveUp.abort();

  #wake() {
    if (this.#isGone) return;
    if (this.#isInView) this.#connection?.add(this);
    if (!this.#isLive) this.#ask();
  }

  #rest() {
    this.#unschedule();
    this.#connection?.remove(this);
  }

  /** Of a long list, only what was looked at is followed; once it is, it stays so. */
  #seen(isInView) {
    const wasInView = this.#isInView;
    this.#isInView = isInView;
    if (document.hidden || this.#isGone || !isInView) return;
    this.#connection?.add(this);
    if (!wasInView && !this.#isLive) this.#ask();
  }

  /** Ask after a while. A socket that fails again and again puts off nothing. */
  #schedule() {
    if (this.#timer || this.#isGone || !this.isConnected || document.hidden || this.#isLive) return;
    // One of the page always asks, by which the page knows whether the server is there.
    const everyMs = this.#isInView || freshness.isFirst(this) ? EVERY_MS : EVERY_WHEN_UNSEEN_MS;
    this.#timer = setTimeout(
      () => {
        this.#timer = 0;
        this.#ask();
      },
      waitAfter(Math.max(0, this.#failures - 1), everyMs),
    );
  }

  #unschedule() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async #ask() {
    if (this.#isAsking || this.#isGone || !this.isConnected) return;
    this.#isAsking = true;
    this.#unschedule();
    // A server that is frozen takes the request and does not answer.
    const giveUp = (this.#giveUp = new AbortController());
    const timer = setTimeout(() => giveUp.abort(), POLL_TIMEOUT_MS);
    try {
      await this.#answered(await fetch(addressOf(this, "src"), this.#request(giveUp.signal)));
      this.#failures = 0;
    } catch {
      this.#failures += 1;
    }
    clearTimeout(timer);
    this.#isAsking = false;
    this.showFreshness();
    this.#schedule();
  }

  #request(signal) {
    const headers = { Accept: "application/json" };
    if (this.#etag) headers["If-None-Match"] = this.#etag;
    return { headers, cache: "no-store", credentials: "same-origin", redirect: "error", signal };
  }

  async #answered(response) {
    if ([401, 403, 404, 410].includes(response.status)) {
      this.#isGone = true;
      this.#rest();
      freshness.heard();
      // It asks no more, so another has to be the first.
      freshness.remove(this);
      this.dispatchEvent(new CustomEvent("eyeson-room-gone", { bubbles: true }));
      readOut.say(this.querySelector("[data-eyeson-when=stale]")?.textContent);
      return;
    }
    if (response.status !== 304 && !response.ok) throw new Error(`status ${response.status}`);
    const state = response.status === 304 ? null : await response.json();
    freshness.heard();
    await press.isOver;
    // The socket has said something while we asked: that is newer.
    if (this.#isLive) return;
    this.dataset.via = "poll";
    // A proxy or middleware that compresses marks the ETag as weak; the socket has the same one without the mark.
    if (state) this.#changed(state, response.headers.get("ETag")?.replace(/^W\//, "") ?? null);
  }

  #told({ etag, state }) {
    this.#unschedule();
    this.#failures = 0;
    this.dataset.via = "socket";
    this.showFreshness();
    if (etag !== this.#etag) this.#changed(state, etag);
  }

  #changed(state, etag) {
    this.#etag = etag;
    this.dispatchEvent(new CustomEvent("eyeson-room-change", { bubbles: true, detail: state }));
  }
}

class RoomTalk extends HTMLElement {
  #connection = null;
  #picture = "";

  connectedCallback() {
    this.#connection = Connection.of(this);
    document.addEventListener("visibilitychange", this.#wakeOrRest);
    this.#wakeOrRest();
  }

  disconnectedCallback() {
    this.#connection?.remove(this);
    document.removeEventListener("visibilitychange", this.#wakeOrRest);
  }

  hear(message) {
    if (message.chat) this.#said(message.chat);
    else if (message.podium) this.#staged(message.podium);
    else if (message.state && !message.state.meeting) this.#fallSilent();
  }

  lose() {}

  #wakeOrRest = () => {
    if (document.hidden) this.#connection?.remove(this);
    else this.#connection?.add(this);
  };

  #said(line) {
    this.dispatchEvent(new CustomEvent("eyeson-room-chat", { bubbles: true, detail: line }));
    const shown = this.querySelector("[data-eyeson-chat]");
    if (!shown) return;
    const box = shown.closest("[role=log]");
    const isAtEnd = !box || box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
    shown.append(this.#entry(line));
    while (shown.childElementCount > LINES_SHOWN) shown.firstElementChild.remove();
    this.#reveal("chat", true);
    if (!box) return;
    // The keyboard can scroll it.
    box.tabIndex = 0;
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  #entry({ name, text, at }) {
    const who = document.createElement("b");
    who.textContent = name;
    who.dir = "auto";
    const words = document.createElement("span");
    words.className = "eyeson-talk-text";
    words.textContent = text;
    words.dir = "auto";
    const entry = document.createElement("li");
    entry.append(who, " ", words);
    if (at) who.after(" ", this.#time(at));
    return entry;
  }

  /** In the site's time zone, as all times of the page. */
  #time(at) {
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const shown = document.createElement("time");
    shown.dateTime = at;
    try {
      shown.textContent = new Date(at).toLocaleTimeString("en-GB", { ...options, timeZone: this.dataset.timeZone });
    } catch {
      // The browser does not know the time zone.
      shown.textContent = new Date(at).toLocaleTimeString("en-GB", options);
    }
    return shown;
  }

  #staged(places) {
    // It comes again and again, for pages that did not hear of it.
    const picture = JSON.stringify(places);
    if (picture === this.#picture) return;
    this.#picture = picture;
    this.dispatchEvent(new CustomEvent("eyeson-room-podium", { bubbles: true, detail: places }));
    const names = places.map((place) => place.name).filter(Boolean);
    const shown = this.querySelector("[data-eyeson-stage]");
    if (shown) shown.textContent = names.join(", ");
    this.#reveal("stage", names.length > 0);
  }

  #fallSilent() {
    this.querySelector("[data-eyeson-chat]")?.replaceChildren();
    this.querySelector("[role=log]")?.removeAttribute("tabindex");
    this.#picture = "";
    for (const part of ["chat", "stage"]) this.#reveal(part, false);
  }

  #reveal(part, isShown) {
    for (const words of this.querySelectorAll(`[data-eyeson-with="${part}"]`)) words.hidden = !isShown;
    this.classList.toggle("eyeson-talk-shown", this.querySelector("[data-eyeson-with]:not([hidden])") !== null);
  }
}

/**
 * The socket of the page. It comes back, later each time, until no element listens. A room is live once the socket has
 * said something of it. The socket is opened at the address of one element, and asked for the rooms of the others.
 */
class Connection {
  static #ofRooms = null;

  /** Return the connection for the element; null on a site without sockets. A guest page has one of its own. */
  static of(element) {
    if (!element.hasAttribute("socket")) return null;
    if (!element.hasAttribute("room")) return new Connection();
    Connection.#ofRooms ??= new Connection();
    return Connection.#ofRooms;
  }

  #asked = new Set();
  #failures = 0;
  #isAskingSoon = false;
  #listeners = new Set();
  /** By room: what the socket has said last. */
  #states = new Map();
  #socket = null;
  #timer = 0;

  constructor() {
    window.addEventListener("offline", () => this.#socket && this.#end(this.#socket, null));
    window.addEventListener("online", () => {
      if (this.#socket || !this.#timer) return;
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#connect();
    });
  }

  isLive(listener) {
    return this.#listeners.has(listener) && this.#states.has(roomOf(listener));
  }

  add(listener) {
    if (this.#listeners.has(listener)) return;
    this.#listeners.add(listener);
    if (this.isLive(listener)) listener.hear(this.#states.get(roomOf(listener)));
    else if (!this.#socket && !this.#timer) this.#connect();
    else this.#askSoon();
  }

  remove(listener) {
    this.#listeners.delete(listener);
    if (!this.#listeners.size) this.#close();
  }

  #connect() {
    const [first] = this.#listeners;
    if (!first) return;
    let socket;
    try {
      const address = addressOf(first, "socket");
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(address);
    } catch {
      return; // An address that leads nowhere: asking has to do.
    }
    this.#socket = socket;
    this.#asked = new Set([roomOf(first)]);
    this.#expectWithin(LONGEST_SILENCE_MS);
    socket.onopen = () => this.#askSoon();
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.#expectWithin(LONGEST_SILENCE_MS);
      this.#hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => this.#end(socket, event.code);
  }

  #askSoon() {
    if (this.#isAskingSoon) return;
    this.#isAskingSoon = true;
    setTimeout(() => {
      this.#isAskingSoon = false;
      this.#askForRooms();
    }, TOGETHER_MS);
  }

  #askForRooms() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const rooms = [...new Set([...this.#listeners].map(roomOf))].filter((room) => room && !this.#asked.has(room));
    const wanted = rooms.slice(0, MOST_ROOMS - this.#asked.size);
    for (const room of wanted) this.#asked.add(room);
    while (wanted.length) this.#socket.send(JSON.stringify({ follow: wanted.splice(0, ROOMS_A_MESSAGE) }));
  }

  #hear(message) {
    freshness.heard();
    if (message.heartbeat) return;
    const room = message.room ?? message.state?.room ?? "";
    // An element that names no room has the socket to itself.
    const listeners = [...this.#listeners].filter((listener) => ["", room].includes(roomOf(listener)));
    if (message.gone) {
      this.#states.delete(room);
      for (const listener of listeners) listener.lose(NOT_VISIBLE);
      return;
    }
    if (message.state) {
      for (const listener of listeners) this.#states.set(roomOf(listener), message);
      this.#failures = 0;
    }
    for (const listener of listeners) listener.hear(message);
  }

  /** A connection can be dead without having been closed. */
  #expectWithin(ms) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#timer = setTimeout(() => this.#end(socket, null), ms);
  }

  #end(socket, code) {
    if (socket !== this.#socket) return;
    this.#close();
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#connect();
    }, waitAfter(this.#failures, RECONNECT_MS));
    // The address of the next may be the better one.
    const [first] = this.#listeners;
    if (this.#listeners.delete(first)) this.#listeners.add(first);
    for (const listener of [...this.#listeners]) listener.lose(code);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#states.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

/** Whether the page hears from the server: "loaded" (nothing yet), "live" or "lost". One for the whole page. */
const freshness = {
  elements: new Set(),
  timer: 0,
  value: "loaded",

  add(element) {
    this.elements.add(element);
    if (!this.timer) this.expect();
  },

  remove(element) {
    this.elements.delete(element);
  },

  isFirst(element) {
    return this.elements.values().next().value === element;
  },

  heard() {
    this.expect();
    this.show("live");
  },

  /** From now on, so long. */
  expect() {
    clearTimeout(this.timer);
    this.timer = document.hidden ? 0 : setTimeout(() => this.show("lost"), LOST_AFTER_MS);
  },

  show(value) {
    if (value === this.value) return;
    const before = this.value;
    this.value = value;
    for (const element of this.elements) element.showFreshness();
    if (value === "lost" || before === "lost") this.readOut();
  },

  /** Once, for all rooms. */
  readOut() {
    for (const element of this.elements) {
      const words = element.querySelector(`[data-eyeson-when="${this.value}"]`);
      if (!words || words.hidden) continue;
      readOut.say(words.textContent);
      return;
    }
  },
};

/** The live region of the page. Each text is an entry of its own, so that only the new one is read out. */
const readOut = {
  changed: new Set(),
  quietTimer: 0,
  since: 0,
  region: null,

  say(text) {
    const entry = document.createElement("p");
    entry.textContent = (text ?? "").trim().replace(/\s+/g, " ");
    const region = this.open();
    // Rooms that are gone all say the same.
    if (!entry.textContent || region.lastElementChild?.textContent === entry.textContent) return;
    region.append(entry);
    setTimeout(() => entry.remove(), READ_OUT_MS);
  },

  /** Read out what is new of the room when it has come to rest: an opening meeting changes three times in a second. */
  soon(element) {
    if (!this.changed.size) this.since = performance.now();
    this.changed.add(element);
    clearTimeout(this.quietTimer);
    const left = Math.max(0, this.since + LONGEST_QUIET_MS - performance.now());
    this.quietTimer = setTimeout(() => {
      const changed = [...this.changed];
      this.changed.clear();
      for (const room of changed) if (room.isConnected) this.say(room.takeNews());
    }, Math.min(QUIET_MS, left));
  },

  /** It must be there before there is something to read out. */
  open() {
    if (!this.region) {
      this.region = document.createElement("div");
      this.region.className = "eyeson-hidden";
      this.region.dataset.eyesonReadOut = "";
      this.region.setAttribute("role", "status");
      this.region.setAttribute("aria-atomic", "false");
    }
    if (!this.region.isConnected) document.body.append(this.region);
    return this.region;
  },
};

function roomOf(element) {
  return element.getAttribute("room") ?? "";
}

/** Never another site, whatever the attribute says: the request carries the user's cookies. */
function addressOf(element, attribute) {
  const address = new URL(element.getAttribute(attribute), document.baseURI);
  if (address.origin !== location.origin) throw new TypeError(`${attribute} leads to another site`);
  return address;
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
  if (isSameVersion || OURS.includes(here.localName) || here.isEqualNode(node)) return;
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

window.addEventListener("offline", () => freshness.show("lost"));
document.addEventListener("visibilitychange", () => freshness.expect());
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

if (!customElements.get("eyeson-room-status")) {
  if (document.querySelector("[data-eyeson-phrase], [data-eyeson-when]")) readOut.open();
  customElements.define("eyeson-room-status", RoomStatus);
  customElements.define("eyeson-room-talk", RoomTalk);
}
