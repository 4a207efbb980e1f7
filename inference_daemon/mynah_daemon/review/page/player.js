// The sound of a line, and the one clock that head and tracks follow.
"use strict";

mynahReview.player = (() => {
  const app = mynahReview;
  const audio = new Audio();
  let line = null;
  let address = "";

  function start() {
    app.tracks.start();
    app.element("play").addEventListener("click", toggle);
    app.element("loop").addEventListener("change", (event) => (audio.loop = event.target.checked));
    app.element("speed").addEventListener("change", setSpeed);
    for (const event of ["play", "pause", "ended", "seeked"]) audio.addEventListener(event, tell);
    audio.addEventListener("play", follow);
  }

  function setSpeed() {
    audio.playbackRate = Number(app.element("speed").value);
  }

  /** While it plays, every picture of the screen shows where it is. */
  function follow() {
    tell();
    if (!audio.paused) requestAnimationFrame(follow);
  }

  function tell() {
    if (!line) return;
    const time = Math.min(audio.currentTime, line.duration);
    app.element("play").textContent = audio.paused ? "Play" : "Pause";
    app.element("time").value = `${app.seconds(time)} of ${app.seconds(line.duration)}`;
    const slider = app.element("tracks");
    slider.setAttribute("aria-valuemax", line.duration.toFixed(2));
    slider.setAttribute("aria-valuenow", time.toFixed(2));
    slider.setAttribute("aria-valuetext", app.seconds(time));
    app.face.show(line, time);
    app.tracks.show(time);
  }

  function toggle() {
    if (!line) return;
    if (audio.paused) audio.play().catch(() => {}); // browsers may want a click first
    else audio.pause();
  }

  function open(data) {
    audio.pause();
    if (address) URL.revokeObjectURL(address);
    line = data;
    address = data ? URL.createObjectURL(data.sound) : "";
    if (!data) {
      audio.removeAttribute("src");
      audio.load();
      app.element("time").value = "";
      app.face.clear();
      return;
    }
    audio.src = address;
    setSpeed(); // a new source plays at the normal speed
    tell();
    if (app.element("at-once").checked) toggle();
  }

  function seek(time) {
    if (!line) return;
    audio.currentTime = Math.min(Math.max(time, 0), line.duration);
    tell();
  }

  return {
    start,
    open,
    seek,
    toggle,
    time: () => audio.currentTime,
    isPlaying: () => !audio.paused,
    /** Goes some frames on or back, onto a frame. */
    step(frames) {
      if (!line) return;
      audio.pause();
      seek((Math.round(audio.currentTime * line.fps) + frames + 0.001) / line.fps);
    },
  };
})();
