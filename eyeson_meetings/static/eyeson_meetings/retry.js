/*
 * A page that says when it tries again does so: it counts the seconds down and then sends its form. Without this
 * script the person presses the button.
 */

const note = document.querySelector("[data-eyeson-retry-after]");

if (note) {
  const form = note.closest("form");
  const endsAt = Date.now() + 1000 * Number(note.dataset.eyesonRetryAfter);
  note.hidden = false;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    note.querySelector("b").textContent = left;
    if (left > 0) return;
    clearInterval(timer);
    // By its button, so that a press meanwhile and this are one try.
    form.requestSubmit(form.querySelector("button"));
  }, 1000);
}
