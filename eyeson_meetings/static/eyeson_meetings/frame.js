/*
 * Says when somebody comes back from a meeting in a frame that is marked `data-eyeson-meeting`: the frame has shown
 * the meeting page, which is another site, and now shows a page of this site, to which eyeson sends who leaves. It
 * dispatches, bubbling:
 *   eyeson-meeting-left   `event.detail.url` is the address of that page
 *
 * It sets `--eyeson-frame-top` to how far down the page the frame begins: eyeson.css lets it reach the fold.
 */

const inMeeting = new WeakSet();

/** The address of the page in the frame, or null: that of another site cannot be read. */
function addressIn(frame) {
  try {
    return frame.contentWindow.location.href;
  } catch {
    return null;
  }
}

// The event does not bubble: it is seen on its way down.
document.addEventListener(
  "load",
  ({ target }) => {
    if (!target.matches?.("iframe[data-eyeson-meeting]")) return;
    const url = addressIn(target);
    if (url === null) inMeeting.add(target);
    else if (inMeeting.delete(target)) {
      target.dispatchEvent(new CustomEvent("eyeson-meeting-left", { bubbles: true, detail: { url } }));
    }
  },
  true,
);

function reachTheFold() {
  for (const frame of document.querySelectorAll("iframe[data-eyeson-meeting]")) {
    const top = frame.getBoundingClientRect().top + window.scrollY;
    frame.style.setProperty("--eyeson-frame-top", `${Math.round(top)}px`);
  }
}

reachTheFold();
window.addEventListener("resize", reachTheFold);
