// FLAC, which is small, to WAV: Chromium can't seek to the end of FLAC files.
"use strict";

mynahReview.sound = (() => {
  const HEAD_BYTES = 44;

  function toWav(samples, rate) {
    const view = new DataView(new ArrayBuffer(HEAD_BYTES + 2 * samples.length));
    const text = (at, letters) =>
      [...letters].forEach((letter, k) => view.setUint8(at + k, letter.charCodeAt(0)));
    text(0, "RIFF");
    view.setUint32(4, view.byteLength - 8, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true); // PCM
    view.setUint16(22, 1, true); // mono
    view.setUint32(24, rate, true);
    view.setUint32(28, 2 * rate, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, 2 * samples.length, true);
    samples.forEach((sample, k) => view.setInt16(HEAD_BYTES + 2 * k, 32767 * sample, true));
    return new Blob([view], { type: "audio/wav" });
  }

  return {
    /** A file that can be played, of the bytes of a FLAC file at this rate. */
    async decode(bytes, rate) {
      try {
        const context = new OfflineAudioContext(1, 1, rate); // decodes at its own rate
        const sound = await context.decodeAudioData(bytes.buffer);
        return toWav(sound.getChannelData(0), rate);
      } catch {
        throw new Error("This browser can't decode the sound of the line; use another one.");
      }
    },
  };
})();
