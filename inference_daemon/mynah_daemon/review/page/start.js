// What all scripts of the page share. They are classic scripts, because browsers load no modules
// from disk; each hangs its part onto this one name.
"use strict";

const mynahReview = (() => {
  const waiting = new Map();
  const loaded = new Map();
  const MOST_LOADED = 12;

  const app = {
    batch: null,
    head: null,
    /** Called by head.js. */
    setHead(head) {
      app.head = head;
    },
    /** Called by lines.js, the last script: everything is there. */
    setBatch(batch) {
      app.batch = batch;
      app.decisions.open(batch.batch);
      app.player.start();
      app.face.start(app.head);
      app.detail.start();
      app.sheet.start();
      app.keys.start();
      app.list.start();
    },
    /** Called by the script of a line. */
    addLine(id, data) {
      waiting.get(id)?.(data);
    },
    /** The data of a line, from its script; rejects if there is none. */
    load(id) {
      if (!loaded.has(id)) {
        loaded.set(id, new Promise((resolve, reject) => read(id, resolve, reject)));
        if (loaded.size > MOST_LOADED) loaded.delete(loaded.keys().next().value);
      }
      return loaded.get(id);
    },
    element(id) {
      return document.getElementById(id);
    },
    /** A new element with text, never with markup: names and texts come from sheets. */
    make(tag, text = "", className = "") {
      const made = document.createElement(tag);
      made.textContent = text;
      made.className = className;
      return made;
    },
    bytes(base64) {
      return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    },
    colour(name) {
      return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    },
    seconds(time) {
      return `${time.toFixed(2)} s`;
    },
  };

  function read(id, resolve, reject) {
    const tag = document.createElement("script");
    waiting.set(id, (data) => app.unpack(data).then(resolve, reject));
    tag.src = `lines/${encodeURIComponent(id)}.js`;
    tag.onload = () => {
      waiting.delete(id);
      tag.remove();
    };
    tag.onerror = () => {
      waiting.delete(id);
      loaded.delete(id);
      tag.remove();
      reject(
        new Error(
          `The data of this line (lines/${id}.js) are not beside this page. ` +
            "Copy the whole folder, or write the page again.",
        ),
      );
    };
    document.head.append(tag);
  }

  /** Base64 to numbers; `values` are [frames, channels] in units. */
  app.unpack = async (data) => {
    const steps = new Int16Array(app.bytes(data.values).buffer);
    const width = app.head.channels.length;
    return {
      duration: data.duration,
      fps: data.fps,
      values: Float32Array.from(steps, (step) => step / app.head.steps),
      frames: steps.length / width,
      width,
      peaks: app.bytes(data.peaks),
      phones: data.phones,
      sound: await app.sound.decode(app.bytes(data.sound), data.rate),
    };
  };

  return app;
})();
