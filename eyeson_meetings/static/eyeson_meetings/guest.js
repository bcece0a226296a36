/*
 * The guest page: shows the words and notices for the state that <eyeson-room-status> reports, and enables the
 * Join button while the meeting runs. Without this script the button is always enabled and the server decides.
 */

const status = document.querySelector("eyeson-room-status");
const button = document.querySelector("[data-eyeson-guest-join]");

function showState(state) {
  status.dataset.state = state;
  for (const words of status.querySelectorAll("[data-eyeson-state]")) {
    words.hidden = words.dataset.eyesonState !== state;
  }
  // A disabled button loses the focus.
  if (button && button.getAttribute("aria-busy") !== "true") button.disabled = state !== "running";
}

/** `detail` says by name whether the meeting is recorded and on air. */
function showNotices(detail) {
  for (const notice of document.querySelectorAll("[data-eyeson-notice]")) {
    notice.hidden = !detail[notice.dataset.eyesonNotice];
  }
}

if (status) {
  showState(status.dataset.state);
  status.addEventListener("eyeson-room-change", ({ detail }) => {
    showState(detail.state);
    showNotices(detail);
  });
  document.addEventListener("eyeson-pending-end", () => showState(status.dataset.state));
  // The server has the words for a link that no longer opens anything.
  status.addEventListener("eyeson-room-gone", () => location.reload());
}
