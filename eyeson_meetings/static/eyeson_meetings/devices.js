/*
 * The check of camera, microphone and loudspeaker in a lobby: on request, in this browser alone. Nothing is sent or
 * kept, and everything is let go when the check is closed or the page is left.
 */

const SOUND_SECONDS = 1;
const SOUND_HERTZ = 440;
/** Loud speech fills the meter. */
const AMPLIFIED = 4;

class DeviceCheck {
  #box;
  #stream = null;
  #audio = null;
  #frame = 0;

  constructor(box) {
    this.#box = box;
    this.#part("start").addEventListener("click", () => this.#start());
    this.#part("sound").addEventListener("click", () => this.#playSound());
    box.addEventListener("toggle", () => box.open || this.#stop());
    window.addEventListener("pagehide", () => this.#stop());
  }

  #part(name) {
    return this.#box.querySelector(`[data-eyeson-devices="${name}"]`);
  }

  /** Show the words of that outcome. */
  #say(outcome) {
    for (const words of this.#box.querySelectorAll("[data-eyeson-outcome]")) {
      words.hidden = words.dataset.eyesonOutcome !== outcome;
    }
  }

  async #start() {
    this.#stop();
    this.#part("start").setAttribute("aria-busy", "true");
    try {
      await this.#open();
    } catch (error) {
      this.#say(error.name === "NotAllowedError" ? "refused" : "missing");
    } finally {
      this.#part("start").removeAttribute("aria-busy");
    }
  }

  /** Open both, or the one that there is. Throws what the browser says when there is none. */
  async #open() {
    const ask = (wanted) => navigator.mediaDevices.getUserMedia(wanted);
    const stream = await ask({ audio: true, video: true })
      .catch(() => ask({ audio: true }))
      .catch(() => ask({ video: true }));
    if (!this.#box.open) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.#stream = stream;
    const [hasPicture, hasSound] = [stream.getVideoTracks().length > 0, stream.getAudioTracks().length > 0];
    if (hasPicture) {
      this.#part("picture").srcObject = stream;
      this.#part("picture").hidden = false;
    }
    if (hasSound) this.#measure(stream);
    this.#say(hasPicture && hasSound ? "both" : hasSound ? "sound" : "picture");
  }

  #measure(stream) {
    this.#audio ??= new AudioContext();
    const analyser = this.#audio.createAnalyser();
    this.#audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#part("level").hidden = false;
    const meter = this.#part("level").querySelector("meter");
    const show = () => {
      analyser.getFloatTimeDomainData(samples);
      const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      meter.value = Math.min(1, AMPLIFIED * Math.sqrt(mean));
      this.#frame = requestAnimationFrame(show);
    };
    show();
  }

  #playSound() {
    this.#audio ??= new AudioContext();
    const [tone, volume] = [this.#audio.createOscillator(), this.#audio.createGain()];
    const ends = this.#audio.currentTime + SOUND_SECONDS;
    tone.frequency.value = SOUND_HERTZ;
    volume.gain.setValueAtTime(0.2, this.#audio.currentTime);
    volume.gain.linearRampToValueAtTime(0, ends);
    tone.connect(volume).connect(this.#audio.destination);
    tone.start();
    tone.stop(ends);
    this.#say("played");
  }

  #stop() {
    cancelAnimationFrame(this.#frame);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#audio?.close();
    this.#stream = this.#audio = null;
    this.#part("picture").srcObject = null;
    this.#part("picture").hidden = this.#part("level").hidden = true;
    this.#say("");
  }
}

for (const box of document.querySelectorAll(".eyeson-devices")) {
  // Browsers open devices for https alone, and for this machine.
  if (!navigator.mediaDevices) continue;
  box.hidden = false;
  new DeviceCheck(box);
}
