// Whoever leaves a meeting that was shown in a frame comes back to this page inside the frame.
// It then takes the whole window.

if (window.top !== window.self) window.top.location.replace(location.href);
