// Shortcuts, and what the dialogs have in common.
"use strict";

mynahReview.keys = (() => {
  const app = mynahReview;
  const KEYS = {
    " ": () => app.player.toggle(),
    ArrowUp: () => app.list.go(-1),
    ArrowDown: () => app.list.go(1),
    ArrowLeft: (event) => app.player.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => app.player.step(event.shiftKey ? 10 : 1),
    a: () => app.detail.decide("approved"),
    r: () => reject(),
    "/": () => app.element("search").focus(),
  };

  function start() {
    document.addEventListener("keydown", press);
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("button");
      // after a click the keys belong to the page again; whoever came by Tab stays there
      if (button && event.detail > 0) button.blur();
      if (button && "close" in button.dataset) button.closest("dialog").close();
    });
    app.element("help").addEventListener("click", () => app.element("help-dialog").showModal());
    app.element("rules").replaceChildren(
      ...app.batch.flags.flatMap(({ title, rule }) => [app.make("dt", title), app.make("dd", rule)]),
    );
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) {
      return;
    }
    const target = event.target;
    const isText = target.matches("textarea, input:not([type=checkbox])");
    if (isText) {
      const ends = event.key === "Escape" || (event.key === "Enter" && !event.shiftKey);
      if (ends) {
        event.preventDefault();
        target.blur();
      }
      return;
    }
    if (target.matches("select") || (event.key === " " && target.matches("button, input"))) return;
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  }

  function reject() {
    const line = app.list.chosen();
    app.detail.decide("rejected");
    if (line && app.decisions.state(line) === "rejected") app.element("comment").focus();
  }

  return { start };
})();
