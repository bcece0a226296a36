/*
 * Pictures in a viewer, and the Play links of recordings, which play in place. Without this script their links lead to
 * the file of the picture and to the page of the recording.
 *
 * The viewer is the `<dialog data-eyeson-viewer>` behind a list of pictures. Escape closes it, the arrow keys show the
 * picture before or after, and the focus goes back to the link of the picture that was shown last.
 */

const LINK = "a.eyeson-snapshot-link";

/** Of each viewer that is open: the address of its picture. Links may be replaced by others while it is. */
const shown = new WeakMap();

function listOf(dialog) {
  return dialog.previousElementSibling;
}

function linksOf(dialog) {
  return [...listOf(dialog).querySelectorAll(LINK)];
}

function placeOf(dialog, links) {
  return links.findIndex((link) => link.href === shown.get(dialog));
}

function show(dialog, link) {
  const links = linksOf(dialog);
  const image = dialog.querySelector("img") ?? new Image();
  image.className = "eyeson-viewer-image";
  dialog.querySelector("figure").prepend(image);
  const words = link.querySelector("img").alt;
  shown.set(dialog, link.href);
  image.src = link.href;
  image.alt = words;
  dialog.querySelector("figcaption").textContent = words;
  const place = links.indexOf(link);
  for (const button of dialog.querySelectorAll("[data-eyeson-step]")) {
    // Not `disabled`, which would take the focus from the button that was pressed.
    const isAtEnd = !links[place + Number(button.dataset.eyesonStep)];
    button.setAttribute("aria-disabled", String(isAtEnd));
  }
}

function step(dialog, by) {
  const links = linksOf(dialog);
  const next = links[placeOf(dialog, links) + by];
  if (next) show(dialog, next);
}

function isPlain(event) {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(LINK);
  const dialog = link?.closest("ul")?.nextElementSibling;
  if (dialog?.matches("dialog[data-eyeson-viewer]") && isPlain(event)) {
    event.preventDefault();
    show(dialog, link);
    dialog.showModal();
    return;
  }
  const button = event.target.closest?.("[data-eyeson-step]");
  if (button) step(button.closest("dialog"), Number(button.dataset.eyesonStep));
  else if (event.target.closest?.("[data-eyeson-close]")) event.target.closest("dialog").close();
  // The dialog itself, and nothing in it: what is around it.
  else if (event.target.matches?.("dialog[data-eyeson-viewer]")) closeWhenBeside(event);
  const play = event.target.closest?.("[data-eyeson-play]");
  const video = play?.closest("li")?.querySelector("video");
  if (!video || !isPlain(event)) return;
  event.preventDefault();
  video.focus();
  // A file that cannot be played is on the page of the recording, where it can be downloaded.
  video.play().catch((error) => {
    if (error.name === "NotSupportedError") location.assign(play.href);
  });
});

function closeWhenBeside({ target, clientX, clientY }) {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  if (clientX < left || clientX > right || clientY < top || clientY > bottom) target.close();
}

document.addEventListener("keydown", (event) => {
  const dialog = event.target.closest?.("dialog[data-eyeson-viewer]");
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!dialog || !by) return;
  event.preventDefault();
  step(dialog, getComputedStyle(dialog).direction === "rtl" ? -by : by);
});

// The event does not bubble: it is seen on its way down.
document.addEventListener(
  "close",
  ({ target: dialog }) => {
    if (!dialog.matches?.("dialog[data-eyeson-viewer]")) return;
    const links = linksOf(dialog);
    links[placeOf(dialog, links)]?.focus();
    // A large picture need not stay in memory.
    dialog.querySelector("img")?.remove();
  },
  true,
);
