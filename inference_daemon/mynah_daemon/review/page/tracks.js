// Waveform, phones and curves of a line over its time, with what was flagged.
"use strict";

mynahReview.tracks = (() => {
  const app = mynahReview;
  const FLAGS_PX = 10;
  const WAVE_PX = 64;
  const PHONES_PX = 24;
  const GAP_PX = 6;
  const PEAKS_RATE = 100;
  const SCALES = [0.1, 0.25, 0.5, 1]; // what a full track means
  const both = (name) => [`${name}Left`, `${name}Right`];
  const one = (...names) => names.map((name) => [name, [name]]);
  const pairs = (...names) => names.map((name) => [name, both(name)]);
  const GROUPS = {
    Lips: [
      ...one("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
      ...pairs("mouthLowerDown", "mouthUpperUp"),
    ],
    Expression: pairs("mouthSmile", "mouthFrown", "mouthStretch", "mouthPress", "cheekSquint",
      "noseSneer"),
    Brows: [...one("browInnerUp"), ...pairs("browDown", "browOuterUp")],
    Eyes: [
      ...pairs("eyeBlink", "eyeSquint", "eyeWide", "eyeLookUp", "eyeLookDown"),
      ["eyeLookSide", ["eyeLookOutLeft", "eyeLookInRight"]],
    ],
    Head: one("headPitch", "headYaw", "headRoll"),
  };
  const hidden = new Set();
  let line = null;
  let flags = [];
  const picture = document.createElement("canvas"); // all but the playhead
  let isFresh = false; // whether it shows the line
  let time = 0;
  let isWanted = false;

  function start() {
    const chosen = app.element("curves");
    for (const name of Object.keys(GROUPS)) chosen.append(app.make("option", name));
    chosen.addEventListener("change", () => (writeLegend(), redraw()));
    new ResizeObserver(redraw).observe(app.element("tracks"));
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      window.matchMedia(query).addEventListener("change", redraw);
    }
    app.element("tracks").addEventListener("pointerdown", seek);
    app.element("tracks").addEventListener("pointermove", (event) => event.buttons && seek(event));
    writeLegend();
  }

  function seek(event) {
    if (!line) return;
    app.element("tracks").setPointerCapture(event.pointerId);
    const box = app.element("tracks").getBoundingClientRect();
    app.player.seek(((event.clientX - box.left) / box.width) * line.duration);
  }

  const group = () => GROUPS[app.element("curves").value];
  const hue = (place) => app.colour(`--curve-${place + 1}`);

  function writeLegend() {
    app.element("legend").replaceChildren(
      ...group().map(([label], place) => {
        const button = app.make("button", label, "curve");
        button.style.setProperty("--hue", `var(--curve-${place + 1})`);
        button.setAttribute("aria-pressed", String(!hidden.has(label)));
        button.addEventListener("click", () => {
          if (!hidden.delete(label)) hidden.add(label);
          button.setAttribute("aria-pressed", String(!hidden.has(label)));
          redraw();
        });
        return button;
      }),
    );
  }

  function redraw() {
    isFresh = false;
    show(time);
  }

  function show(now) {
    time = now;
    if (isWanted) return;
    isWanted = true;
    requestAnimationFrame(() => {
      isWanted = false;
      paint();
    });
  }

  function paint() {
    const canvas = app.element("tracks");
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (!isFresh || canvas.width !== size[0] || canvas.height !== size[1]) {
      for (const one of [canvas, picture]) [one.width, one.height] = size;
      const below = picture.getContext("2d");
      below.setTransform(scale, 0, 0, scale, 0, 0);
      if (line) drawAll(below, width, height);
      isFresh = true;
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, ...size);
    context.drawImage(picture, 0, 0);
    if (!line) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const x = (Math.min(time, line.duration) / line.duration) * width;
    context.fillStyle = app.colour("--accent");
    context.fillRect(Math.min(x, width - 2), 0, 2, height);
  }

  function drawAll(context, width, height) {
    const toX = (seconds) => (seconds / line.duration) * width;
    drawFlags(context, toX, height);
    drawWave(context, width, FLAGS_PX + GAP_PX);
    drawPhones(context, toX, FLAGS_PX + WAVE_PX + 2 * GAP_PX);
    const top = FLAGS_PX + WAVE_PX + PHONES_PX + 3 * GAP_PX;
    drawCurves(context, toX, width, top, height - top - GAP_PX);
  }

  function drawFlags(context, toX, height) {
    for (const [begin, end] of flags.flatMap((flag) => flag.spans)) {
      const wide = Math.max(toX(end) - toX(begin), 2);
      context.fillStyle = app.colour("--flag");
      context.fillRect(toX(begin), 0, wide, FLAGS_PX);
      context.globalAlpha = 0.13;
      context.fillRect(toX(begin), 0, wide, height);
      context.globalAlpha = 1;
    }
  }

  function drawWave(context, width, top) {
    const middle = top + WAVE_PX / 2;
    context.fillStyle = app.colour("--wave");
    context.fillRect(0, middle, width, 1);
    for (let x = 0; x < width; x++) {
      const first = Math.floor((x / width) * line.duration * PEAKS_RATE);
      const stop = Math.max(first + 1, ((x + 1) / width) * line.duration * PEAKS_RATE);
      let peak = 0;
      for (let k = first; k < stop; k++) peak = Math.max(peak, line.peaks[k] || 0);
      const high = (peak / 255) * WAVE_PX;
      context.fillRect(x, middle - high / 2, 1, high);
    }
  }

  function drawPhones(context, toX, top) {
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [begin, end, name] of line.phones) {
      const [x, wide] = [toX(begin), toX(end) - toX(begin)];
      context.fillStyle = app.colour(name === "sil" ? "--sunken" : "--phone");
      context.fillRect(x, top, Math.max(wide - 1, 1), PHONES_PX);
      if (name === "sil" || context.measureText(name).width > wide - 2) continue;
      context.fillStyle = app.colour("--text");
      context.fillText(name, x + wide / 2, top + PHONES_PX / 2);
    }
  }

  function drawCurves(context, toX, width, top, high) {
    const curves = group().map(([label, names]) => [label, mean(names)]);
    const shown = curves.filter(([label]) => !hidden.has(label)).flatMap(([, values]) => values);
    const reach = shown.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const isHead = app.element("curves").value === "Head";
    const up = SCALES.find((scale) => scale >= reach) || reach;
    const low = isHead ? -up : 0;
    const toY = (value) => top + high * (1 - (value - low) / (up - low));
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "left";
    for (const value of [low, (low + up) / 2, up]) {
      const y = Math.round(toY(value));
      context.fillStyle = app.colour("--line");
      context.fillRect(0, y, width, 1);
      context.fillStyle = app.colour("--quiet");
      context.textBaseline = value === low ? "bottom" : "top";
      const text = String(Number(value.toFixed(3)));
      context.fillText(isHead ? `${text} rad` : text, 3, y + (value === low ? -1 : 3));
    }
    curves.forEach(([label, values], place) => {
      if (hidden.has(label)) return;
      context.beginPath();
      values.forEach((value, frame) => context.lineTo(toX(frame / line.fps), toY(value)));
      context.strokeStyle = hue(place);
      context.lineWidth = 1.75;
      context.lineJoin = "round";
      context.stroke();
    });
  }

  /** The mean of some channels, frame by frame. */
  function mean(names) {
    const columns = names.map((name) => app.head.channels.indexOf(name));
    return Array.from({ length: line.frames }, (_, frame) => {
      const sum = columns.reduce((all, c) => all + line.values[frame * line.width + c], 0);
      return sum / columns.length;
    });
  }

  return {
    start,
    show,
    /** Draws another line, or none. */
    open(data, found) {
      line = data;
      flags = found;
      redraw();
    },
  };
})();
