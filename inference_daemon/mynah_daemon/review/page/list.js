// The list of lines: filters, order, and which one is chosen.
"use strict";

mynahReview.list = (() => {
  const app = mynahReview;
  const SIGNS = { open: "○", approved: "✓", rejected: "✗", changed: "↻" };
  const STATES = {
    "": "All",
    open: "Not decided",
    approved: "Approved",
    rejected: "Rejected",
    changed: "Made anew since",
  };
  const byText = (text) => (a, b) => text(a).localeCompare(text(b), undefined, { numeric: true });
  const byName = byText((line) => line.name);
  const byCharacter = byText((line) => line.character);
  const rank = (line) => Object.keys(STATES).indexOf(app.decisions.state(line));
  const ORDERS = {
    "As in the sheet": () => 0,
    "Most flags first": (a, b) => b.flags.length - a.flags.length,
    Name: byName,
    Character: (a, b) => byCharacter(a, b) || byName(a, b),
    "Longest first": (a, b) => b.duration - a.duration,
    Decision: (a, b) => rank(a) - rank(b),
  };
  let rows = new Map(); // output → element
  let shown = [];
  let chosen = null;

  function start() {
    const lines = app.batch.lines;
    document.title = `Review of ${app.batch.name}`;
    app.element("batch-name").textContent = `Review of ${app.batch.name}`;
    fill("character", [["", "All"], ...characters(lines)]);
    fill("decision", Object.entries(STATES));
    fill("flag", flagChoices(lines));
    fill("order", Object.keys(ORDERS).map((name) => [name, name]));
    for (const id of ["search", "character", "decision", "flag", "order"]) {
      app.element(id).addEventListener("input", write);
    }
    rows = new Map(lines.map((line) => [line.output, row(line)]));
    app.decisions.onChange(() => {
      lines.forEach(mark);
      tellProgress();
    });
    lines.forEach(mark);
    tellProgress();
    write();
    const asked = lines.find((line) => addressOf(line) === location.hash);
    choose(asked || shown[0] || null);
  }

  const addressOf = (line) => `#${encodeURIComponent(line.output)}`;

  function fill(id, choices) {
    app.element(id).replaceChildren(
      ...choices.map(([value, text]) => {
        const option = app.make("option", text);
        option.value = value;
        return option;
      }),
    );
  }

  function characters(lines) {
    const names = [...new Set(lines.map((line) => line.character))].sort(byText((name) => name));
    return names.map((name) => [`=${name}`, name || "(nobody named)"]);
  }

  function flagChoices(lines) {
    const count = (kind) => lines.filter((line) => has(line, kind)).length;
    const kinds = app.batch.flags.map(({ kind, title }) => [kind, title, count(kind)]);
    return [
      ["", "All lines"],
      ["any", `Any flag (${lines.filter((line) => line.flags.length).length})`],
      ["none", `No flag (${lines.filter((line) => !line.flags.length).length})`],
      ...kinds.filter((kind) => kind[2]).map(([kind, title, n]) => [kind, `${title} (${n})`]),
    ];
  }

  const has = (line, kind) => line.flags.some((flag) => flag.kind === kind);

  function row(line) {
    const made = app.make("li", "", "line");
    made.id = `line-${app.batch.lines.indexOf(line)}`;
    made.setAttribute("role", "option");
    const head = app.make("span", "", "what");
    head.append(app.make("b", line.name), app.make("span", line.character, "who"));
    const chips = app.make("span", "", "chips");
    for (const kind of new Set(line.flags.map((flag) => flag.kind))) {
      chips.append(app.make("span", title(kind), `chip ${kind}`));
    }
    made.append(
      app.make("span", "", "sign"),
      head,
      app.make("span", line.duration ? `${line.duration.toFixed(1)} s` : "", "long"),
      app.make("span", line.text, "said"),
      chips,
    );
    made.addEventListener("click", () => choose(line));
    return made;
  }

  function title(kind) {
    const found = app.batch.flags.find((flag) => flag.kind === kind);
    return found ? found.title : kind;
  }

  function mark(line) {
    const state = app.decisions.state(line);
    const made = rows.get(line.output);
    const sign = made.querySelector(".sign");
    made.dataset.state = state;
    sign.textContent = SIGNS[state];
    sign.title = STATES[state];
    sign.setAttribute("aria-label", STATES[state]);
  }

  function tellProgress() {
    const states = app.batch.lines.map((line) => app.decisions.state(line));
    const count = (state) => states.filter((one) => one === state).length;
    app.element("progress").textContent =
      `${count("approved")} approved, ${count("rejected")} rejected, ` +
      `${count("open") + count("changed")} to decide`;
  }

  function isShown(line) {
    const value = (id) => app.element(id).value;
    const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
    const text = `${line.name} ${line.character} ${line.text}`.toLowerCase();
    const flag = value("flag");
    return (
      words.every((word) => text.includes(word)) &&
      (!value("character") || `=${line.character}` === value("character")) &&
      (!value("decision") || app.decisions.state(line) === value("decision")) &&
      (!flag ||
        (flag === "any" && line.flags.length > 0) ||
        (flag === "none" && !line.flags.length) ||
        has(line, flag))
    );
  }

  function write() {
    shown = app.batch.lines.filter(isShown).sort(ORDERS[app.element("order").value]);
    app.element("list").replaceChildren(...shown.map((line) => rows.get(line.output)));
    app.element("count").textContent = `${shown.length} of ${app.batch.lines.length} lines`;
  }

  function choose(line) {
    chosen = line;
    for (const [output, made] of rows) {
      made.setAttribute("aria-selected", String(Boolean(line) && output === line.output));
    }
    if (line) {
      const made = rows.get(line.output);
      app.element("list").setAttribute("aria-activedescendant", made.id);
      made.scrollIntoView({ block: "nearest" });
      history.replaceState(null, "", addressOf(line));
    }
    app.detail.open(line);
    const next = shown[shown.indexOf(line) + 1];
    if (next && next.id) app.load(next.id).catch(() => {}); // told when it is opened
  }

  return {
    start,
    title,
    STATES,
    chosen: () => chosen,
    /** Goes to the next line (1) or the one before (-1) of those that are shown. */
    go(step) {
      const place = shown.indexOf(chosen);
      const next = shown[place < 0 ? 0 : Math.min(Math.max(place + step, 0), shown.length - 1)];
      if (next && next !== chosen) choose(next);
    },
  };
})();
