"use strict";
// A host starts the meeting here; a guest says a name and waits until it runs.

const LOOK_EVERY = 5000;
const REASONS = {
  400: "Please enter your name.",
  401: "This link is not valid.",
  410: "This meeting can no longer be started.",
  423: "This meeting is locked.",
};
const guestToken = new URLSearchParams(location.search).get("guest");
const token = encodeURIComponent(guestToken || location.search.slice(1));
const element = (id) => document.getElementById(id);
let runs = false;
let waits = false;

function complain(response) {
  waits = false;
  element("notice").textContent = REASONS[response.status] || `Answer ${response.status}`;
}

async function enter() {
  const name = element("name").value.trim();
  const response = guestToken
    ? await fetch(`/guests/${token}`, { method: "POST", body: new URLSearchParams({ name }) })
    : await fetch(`/permalink/${token}`, { method: "POST" });
  if (!response.ok) return complain(response);
  const { access_key: accessKey } = await response.json();
  location.assign(`/?${encodeURIComponent(accessKey)}`);
}

async function look() {
  const response = await fetch(`/permalink/${token}`);
  if (!response.ok) return complain(response);
  const { room } = await response.json();
  runs = room.started_at !== null;
  document.title = element("room").textContent = room.name;
  element("state").textContent = runs ? "The meeting runs." : "The meeting has not started yet.";
  if (!guestToken) element("go").textContent = runs ? "Join the meeting" : "Start the meeting";
  if (runs && waits) return enter();
  setTimeout(look, LOOK_EVERY);
}

element("asks").hidden = !guestToken;
element("name").required = Boolean(guestToken);
if (guestToken) element("go").textContent = "Join when it starts";
element("enter").onsubmit = (event) => {
  event.preventDefault();
  element("notice").textContent = "";
  if (runs || !guestToken) enter();
  else {
    waits = true;
    element("state").textContent = "Waiting for the host…";
  }
};
look();
