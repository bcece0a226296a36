// Whoever leaves the meeting in the frame comes back to the appointment, in the whole window.

document.addEventListener("eyeson-meeting-left", ({ detail }) => location.replace(detail.url));
