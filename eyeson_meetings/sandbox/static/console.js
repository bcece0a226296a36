"use strict";
// The console: reads /_sandbox/ again and again, and steers it.

const REFRESH_MS = 1000;
const SHOWN = 100;
const drawn = new Map();
const element = (id) => document.getElementById(id);

function make(tag, { text, className, ...rest } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), rest);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const clockTime = (iso) => new Date(iso).toLocaleTimeString();
const read = async (path) => (await fetch(`/_sandbox/${path}`)).json();

async function act(path, body = {}) {
  const response = await fetch(`/_sandbox/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  element("notice").textContent = response.ok ? "" : (answer.error || `Answer ${response.status}`);
  await refresh();
  return response.ok ? answer : null;
}

function button(text, path, body, className = "small") {
  return make("button", { text, className, type: "button", onclick: () => act(path, body) });
}

function drawPerson(meeting, person) {
  const state = person.online ? "online" : "not connected";
  return make("li", {},
    make("span", { className: person.online ? "dot on" : "dot" }),
    make("span", { className: "name", text: person.name + (person.guest ? " (guest)" : "") }),
    make("span", { className: "quiet", text: state }),
    button(person.online ? "Leaves" : "Connects",
      `meetings/${meeting.id}/${person.online ? "leave" : "connect"}`, { id: person.id }));
}

function drawMeeting(meeting) {
  const base = `meetings/${meeting.id}`;
  const head = make("div", { className: "head" },
    make("strong", { text: meeting.name }),
    make("span", { className: meeting.ready ? "badge green" : "badge", text: meeting.ready ? "ready" : "getting ready" }),
    make("span", { className: "quiet", text: `${meeting.room_id} · since ${clockTime(meeting.started_at)}` }));
  if (meeting.recording) head.append(make("span", { className: "badge red rec", text: "REC" }));
  for (const broadcast of meeting.broadcasts) {
    head.append(make("span", { className: "badge red rec", text: "On air" }),
      make("span", { className: "quiet", text: broadcast.player_url || broadcast.platform }));
  }
  const record = meeting.recording
    ? button("Stop recording", `${base}/stop-recording`)
    : button("Start recording", `${base}/start-recording`);
  const stream = meeting.broadcasts.length
    ? button("Stop broadcast", `${base}/stop-broadcast`)
    : button("Start broadcast", `${base}/start-broadcast`);
  return make("div", { className: "room" }, head,
    make("ul", { className: "people" }, ...meeting.people.map((person) => drawPerson(meeting, person))),
    make("div", { className: "buttons" },
      button("Someone joins", `${base}/join`), record, stream, button("End for all", `${base}/end`, {}, "small danger")));
}

function drawDelivery(delivery) {
  const good = delivery.status >= 200 && delivery.status < 300;
  return make("tr", {},
    make("td", { text: clockTime(delivery.at) }),
    make("td", { text: delivery.type }),
    make("td", {}, make("span", { className: good ? "badge green" : "badge red", text: delivery.status || delivery.state })),
    make("td", {}, make("details", {}, make("summary", { text: "show" }),
      make("pre", { text: JSON.stringify(delivery.payload, null, 1) }))));
}

function drawCall(call) {
  return make("tr", {},
    make("td", { text: clockTime(call.at * 1000) }),
    make("td", { className: "code", text: `${call.method} ${call.route}` }),
    make("td", {}, make("span", { className: call.status < 400 ? "badge green" : "badge red", text: call.status || "none" })),
    make("td", { className: "quiet", text: call.by_page ? "sandbox page" : "your application" }));
}

function drawRecording(recording) {
  const length = recording.duration === null ? "" : `${recording.duration} s`;
  return make("tr", {},
    make("td", { text: clockTime(recording.created_at) }),
    make("td", { text: recording.room_name }),
    make("td", { text: recording.state }),
    make("td", { text: length }),
    make("td", { className: "code", text: recording.id }));
}

function fileState(file) {
  if (file.failed) return "failed";
  if (!file.converted) return `converting, ${Math.round(file.conversion_progress * 100)} %`;
  return file.pages ? `converted, pages: ${file.pages}` : "ready";
}

function drawFile(file) {
  return make("tr", {},
    make("td", { text: clockTime(file.created_at) }),
    make("td", { text: file.room_name }),
    make("td", { text: file.name }),
    make("td", { text: `${file.bytes} bytes` }),
    make("td", { text: fileState(file) }),
    make("td", { className: "code", text: file.id }));
}

// Redrawn only when something changed, so that opened details and the focus stay.
function fill(id, entries, draw, emptyRow) {
  const key = JSON.stringify(entries);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  element(id).replaceChildren(...(entries.length ? entries.map(draw) : [emptyRow]));
}

const nothing = (text, columns) => make("tr", {}, make("td", { className: "quiet", text, colSpan: columns }));

async function refresh() {
  try {
    const [state, calls, deliveries] = await Promise.all(["state", "calls", "deliveries"].map(read));
    const running = state.meetings.filter((meeting) => meeting.ended_at === null);
    element("now").textContent = new Date(state.now).toLocaleTimeString();
    element("hook").textContent = state.webhooks.map((hook) => `to ${hook.url}`).join(", ") || "none registered";
    fill("meetings", running, drawMeeting, make("p", { className: "quiet", text: "None. One starts with POST /rooms." }));
    fill("deliveries", deliveries.slice(-SHOWN).reverse(), drawDelivery, nothing("None yet.", 4));
    fill("calls", calls.slice(-SHOWN).reverse(), drawCall, nothing("None yet.", 4));
    const files = running.flatMap((meeting) => meeting.files.map((file) => ({ ...file, room_name: meeting.name })));
    fill("files", files.reverse(), drawFile, nothing("None. They go when their meeting ends.", 6));
    fill("recordings", state.recordings.slice().reverse(), drawRecording, nothing("None yet.", 5));
    element("status").textContent = "running";
    element("status").className = "badge green";
  } catch {
    element("status").textContent = "not reachable";
    element("status").className = "badge red";
  }
}

element("forward").onclick = () => act("clock", { advance: 120 });
setInterval(refresh, REFRESH_MS);
refresh();
