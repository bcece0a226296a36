"use strict";
// The meeting page: a person is online while this page's socket is open.

const ACCESS_KEY = location.search.slice(1);
const LEFT = 4000;
// The service's page asks for a server and a stream key; here no stream is sent anywhere.
const STREAM_URL = "rtmp://live.example.org/meeting-page";
const names = new Map();
let room = null;
let socket = null;
let isOver = false;
let recordingSince = null;
let isOnAir = false;

const element = (id) => document.getElementById(id);
const show = (id, visible) => { element(id).hidden = !visible; };

async function call(method, path, fields) {
  const body = fields ? new URLSearchParams(fields) : undefined;
  const response = await fetch(`/rooms/${encodeURIComponent(ACCESS_KEY)}${path}`, { method, body });
  const answer = await response.json().catch(() => ({}));
  element("notice").textContent = response.ok ? "" : (answer.error || `Answer ${response.status}`);
  return response.ok ? answer : null;
}

function showRoom(content) {
  room = content;
  names.set(content.user.id, content.user.name);
  document.title = content.room.name;
  element("room").textContent = content.room.name;
  element("status").textContent = content.ready ? "live" : "getting ready…";
  element("status").classList.toggle("green", content.ready);
  element("record").disabled = !content.room.ready || !content.options.recording_available;
  element("broadcast").disabled = !content.room.ready || !content.options.broadcast_available;
  element("snapshot").disabled = !content.room.ready;
  show("locked", content.locked);
  showRecording(content.recording);
  showBroadcasts(content.broadcasts);
}

function showRecording(recording) {
  const runs = Boolean(recording && recording.duration === null);
  recordingSince = runs ? recording.created_at : null;
  show("rec", runs);
  element("record").textContent = runs ? "Stop recording" : "Start recording";
}

function showBroadcasts(broadcasts) {
  const watchable = broadcasts.map((broadcast) => broadcast.player_url).find((url) => /^https?:/.test(url || ""));
  isOnAir = broadcasts.length > 0;
  show("live", isOnAir);
  element("broadcast").textContent = isOnAir ? "Stop broadcast" : "Start broadcast";
  show("player", Boolean(watchable));
  if (watchable) element("player").href = watchable;
}

function fileState(file) {
  if (file.failed) return "could not be converted";
  return file.converted ? "ready" : `being converted, ${Math.round(file.conversion_progress * 100)} %`;
}

function showFiles(files) {
  show("documents", files.length > 0);
  element("files").replaceChildren(...files.map((file) => {
    const line = document.createElement("li");
    const name = document.createElement(file.links.download ? "a" : "span");
    const state = document.createElement("span");
    name.textContent = file.name;
    if (file.links.download) name.href = file.links.download;
    state.className = "quiet";
    state.textContent = fileState(file);
    line.append(name, " ", state);
    return line;
  }));
}

async function loadFiles() {
  const answer = await call("GET", "/files");
  if (answer) showFiles(answer.files);
}

function showPeople(people) {
  element("count").textContent = people.length;
  element("people").replaceChildren(...people.map((person) => {
    names.set(person.cid, person.name);
    const tile = document.createElement("li");
    const initials = document.createElement("span");
    const name = document.createElement("span");
    tile.className = "tile";
    initials.className = "initials";
    initials.textContent = person.name.split(/\s+/).map((part) => part[0]).slice(0, 2).join("").toUpperCase();
    initials.setAttribute("aria-hidden", "true");
    name.className = "who";
    const isMe = room && room.user.id === person.id;
    name.textContent = person.name + (isMe ? " (you)" : person.guest ? " (guest)" : "");
    tile.append(initials, name);
    return tile;
  }));
}

function place(kind, { left, top, width, height }, [full, high]) {
  const box = document.createElement("div");
  box.className = kind;
  box.style.left = `${(100 * left) / full}%`;
  box.style.top = `${(100 * top) / high}%`;
  box.style.width = `${(100 * width) / full}%`;
  box.style.height = `${(100 * height) / high}%`;
  return box;
}

function drawLayer(layer, size) {
  const whole = { left: 0, top: 0, width: size[0], height: size[1] };
  const box = place(layer["z-index"] === 1 ? "layer front" : "layer back", whole, size);
  if (layer.url) {
    const image = document.createElement("img");
    image.alt = `Layer ${layer.id || layer["z-index"]}`;
    // A front image is not scaled: its pixels are those of the video.
    image.onload = () => {
      if (layer["z-index"] === 1) image.style.width = `${(100 * image.naturalWidth) / size[0]}%`;
    };
    image.src = layer.url;
    box.append(image);
  } else {
    const text = document.createElement("div");
    const title = document.createElement("b");
    text.className = "box";
    title.textContent = [layer.text.icon, layer.text.title].filter(Boolean).join(" ");
    text.append(title, layer.text.content || "");
    box.append(text);
  }
  return box;
}

function drawPlace(taken, scene) {
  const box = place("place", taken, scene.size);
  const label = document.createElement("span");
  const title = taken.title && `▶ ${taken.title}`;
  label.textContent = title || (scene.show_names ? taken.name : "");
  box.append(label);
  return box;
}

function showScene(scene) {
  const layers = (index) => scene.layers.filter((layer) => layer["z-index"] === index);
  const picture = element("picture");
  picture.style.aspectRatio = scene.size.join(" / ");
  picture.replaceChildren(
    ...layers(-1).map((layer) => drawLayer(layer, scene.size)),
    ...scene.places.map((taken) => drawPlace(taken, scene)),
    ...layers(1).map((layer) => drawLayer(layer, scene.size)));
  element("layout").textContent = scene.layout;
  const { presentation } = scene;
  const notes = scene.playing.map((name) => `Playing: ${name}`);
  if (presentation) {
    notes.push(`${presentation.name} presents ${presentation.slide || "their screen"}`);
  }
  element("playing").textContent = notes.join(" · ");
}

function showLine(author, text) {
  const line = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = author;
  line.append(name, text);
  element("messages").append(line);
  line.scrollIntoView({ block: "nearest" });
}

function receive(message) {
  if (message.type === "room_setup") loadFiles();
  if (message.type === "room_setup" || message.type === "room_ready") showRoom(message.content);
  else if (message.type === "broadcasts_update") showBroadcasts(message.broadcasts);
  else if (message.type === "lock") show("locked", message.locked);
  else if (message.type === "stfu") showLine("•", `${message.user.name} asks all to mute themselves.`);
  else if (message.type === "files_update") showFiles(message.files);
  else if (message.type === "people") showPeople(message.people);
  else if (message.type === "scene") showScene(message);
  else if (message.type === "recording_update") {
    showRecording(message.recording);
    if (message.recording.links.download) showLine("•", "The recording is ready.");
  } else if (message.type === "snapshot_update") showLine("•", "A snapshot was taken.");
  else if (message.type === "chat") showLine(names.get(message.cid) || "?", message.content);
}

function finish(title, text, mayReturn) {
  isOver = true;
  element("over-title").textContent = title;
  element("over-text").textContent = text;
  show("back", mayReturn);
  show("meeting", false);
  show("over", true);
  for (const id of ["rec", "live", "player"]) show(id, false);
  element("status").textContent = mayReturn ? "left" : "over";
  element("status").classList.remove("green");
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const address = `${scheme}://${location.host}/rt?access_key=${encodeURIComponent(ACCESS_KEY)}`;
  socket = new WebSocket(address, ["actioncable-v1-json"]);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "welcome") {
      for (const channel of ["RoomChannel", "SandboxChannel"]) {
        const identifier = JSON.stringify({ channel });
        socket.send(JSON.stringify({ command: "subscribe", identifier }));
      }
    } else if (frame.type === "disconnect" && !frame.reconnect) {
      const unknown = frame.reason === "unauthorized";
      finish("The meeting is over", unknown ? "This link opens no running meeting." : "It has ended, or you were removed.", false);
    } else if (frame.message && frame.type !== "ping") receive(frame.message);
  };
  socket.onclose = () => { if (!isOver) setTimeout(connect, 1000); };
}

element("record").onclick = () => call(recordingSince === null ? "POST" : "DELETE", "/recording");
element("broadcast").onclick = () =>
  isOnAir ? call("DELETE", "/broadcasts") : call("POST", "/broadcasts", { stream_url: STREAM_URL });
element("snapshot").onclick = () => call("POST", "/snapshot");
element("back").onclick = () => location.reload();
element("leave").onclick = () => {
  const exit = room && room.options.exit_url;
  finish("You have left", "The meeting goes on for the others.", true);
  socket.onclose = () => { if (exit && /^https?:/.test(exit)) location.assign(exit); };
  socket.close(LEFT);
};
element("say").onsubmit = (event) => {
  event.preventDefault();
  const content = element("line").value.trim();
  if (!content) return;
  element("line").value = "";
  call("POST", "/messages", { type: "chat", content });
};
connect();
