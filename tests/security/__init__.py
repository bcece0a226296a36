"""Who gets at what: every role, every address, every method; and whatever a client sends."""
