"use strict";
// Asks a guest's name and goes on to the meeting page.

const REASONS = {
  400: "Please enter your name.",
  401: "This guest link is not valid.",
  410: "This meeting has ended.",
  423: "This meeting is locked.",
};
const token = new URLSearchParams(location.search).get("guest");

document.getElementById("join").onsubmit = async (event) => {
  event.preventDefault();
  const name = document.getElementById("name").value.trim();
  const response = await fetch(`/guests/${encodeURIComponent(token)}`, {
    method: "POST",
    body: new URLSearchParams({ name }),
  });
  if (response.ok) {
    const { access_key: accessKey } = await response.json();
    location.assign(`/?${encodeURIComponent(accessKey)}`);
  } else {
    const text = REASONS[response.status] || `Answer ${response.status}`;
    document.getElementById("notice").textContent = text;
  }
};
