/*
 * The guest's lobby: shows the words for the state that <eyeson-room-status> reports, and opens the Join
 * button once the meeting runs. Without it the button is open all the time and the server decides.
 */

const status = document.querySelector("eyeson-room-status");
const button = document.querySelector("[data-eyeson-guest-join]");

function show(state) {
  for (const words of status.querySelectorAll("[data-eyeson-state]")) {
    words.hidden = words.dataset.eyesonState !== state;
  }
  if (button) button.disabled = state !== "running";
}

if (status) {
  show(status.dataset.state);
  status.addEventListener("eyeson-room-change", (event) => show(event.detail.state));
  // The server has the words for a link that no longer opens anything.
  status.addEventListener("eyeson-room-gone", () => location.reload());
}
