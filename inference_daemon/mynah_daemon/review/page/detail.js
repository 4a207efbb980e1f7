// One line: what it is, what was flagged, and the decision.
"use strict";

mynahReview.detail = (() => {
  const app = mynahReview;
  const MOST_PLACES = 8;
  let line = null;

  function start() {
    app.element("approve").addEventListener("click", () => decide("approved"));
    app.element("reject").addEventListener("click", () => decide("rejected"));
    app.element("comment").addEventListener("input", (event) => {
      if (line) app.decisions.remark(line, event.target.value);
    });
    app.decisions.onChange(tellDecision);
  }

  async function open(chosen) {
    line = chosen;
    document.querySelector(".detail").hidden = !chosen;
    app.element("nothing").hidden = Boolean(chosen);
    app.player.open(null);
    app.tracks.open(null, []);
    if (!chosen) return;
    app.element("title").textContent = chosen.title;
    app.element("text").textContent = chosen.text;
    app.element("settings").textContent = settings(chosen);
    app.element("flags").replaceChildren(...chosen.flags.map(flagItem));
    app.element("comment").value = app.decisions.comment(chosen);
    app.element("note").textContent = "";
    tellDecision();
    if (!chosen.id) return;
    try {
      const data = await app.load(chosen.id);
      if (line !== chosen) return; // another one was opened meanwhile
      app.player.open(data);
      app.tracks.open(data, chosen.flags);
      if (!chosen.listened) {
        app.element("note").textContent =
          "No phones are known for this line, so closures and clear speech were not checked.";
      }
    } catch (error) {
      if (line === chosen) app.element("note").textContent = error.message;
    }
  }

  function settings({ row, made_with: model }) {
    const parts = [
      `Style ${row.style || "neutral"}`,
      row.strength && `strength ${row.strength}`,
      `${row.quality} quality`,
      `seed ${row.seed || 0}`,
      model && `model ${model}`,
    ];
    return parts.filter(Boolean).join(", ");
  }

  function flagItem(flag) {
    const item = app.make("li", "", `flag ${flag.kind}`);
    const rule = app.batch.flags.find(({ kind }) => kind === flag.kind);
    const name = app.make("b", app.list.title(flag.kind));
    name.title = rule ? rule.rule : "";
    item.append(name, " ", app.make("span", flag.sentence));
    for (const [begin] of flag.spans.slice(0, MOST_PLACES)) {
      const button = app.make("button", app.seconds(begin), "place");
      button.title = "Go there";
      button.addEventListener("click", () => app.player.seek(begin));
      item.append(" ", button);
    }
    if (flag.spans.length > MOST_PLACES) item.append(` and ${flag.spans.length - MOST_PLACES} more`);
    return item;
  }

  /** Decides, or takes the same decision back. */
  function decide(state) {
    if (!line) return;
    app.decisions.decide(line, app.decisions.state(line) === state ? "" : state);
  }

  function tellDecision() {
    if (!line) return;
    const state = app.decisions.state(line);
    app.element("approve").setAttribute("aria-pressed", String(state === "approved"));
    app.element("reject").setAttribute("aria-pressed", String(state === "rejected"));
    const before = app.decisions.before(line);
    app.element("decided").textContent = [
      before && `Made anew since you ${before} it.`,
      !app.decisions.isKept() && "This browser keeps no decisions: export before you close it.",
    ]
      .filter(Boolean)
      .join(" ");
  }

  return { start, open, decide };
})();
