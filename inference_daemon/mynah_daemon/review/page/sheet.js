// Rejected lines as a dialogue sheet that `mynah batch` takes.
"use strict";

mynahReview.sheet = (() => {
  const app = mynahReview;
  const rejected = () =>
    app.batch.lines.filter((line) => app.decisions.state(line) === "rejected");

  function start() {
    const dialog = app.element("export-dialog");
    app.element("export").addEventListener("click", () => {
      const count = rejected().length;
      app.element("export-count").textContent =
        count === 1 ? "One line is rejected." : `${count || "No"} lines are rejected.`;
      app.element("save").disabled = !count;
      app.element("command").textContent = app.batch.command;
      dialog.showModal();
    });
    app.element("save").addEventListener("click", () => {
      save("rejected.csv", text(rejected(), app.element("other-take").checked));
      dialog.close();
    });
  }

  /** The sheet; `isOtherTake`: with the next seed. Comments stand in a column of their own. */
  function text(lines, isOtherTake) {
    const columns = [...app.batch.columns, "comment"];
    const rows = lines.map((line) => {
      const row = { ...line.row, comment: app.decisions.comment(line) };
      if (isOtherTake) row.seed = (BigInt(row.seed || 0) + 1n).toString();
      return columns.map((column) => cell(row[column] || ""));
    });
    return [columns, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
  }

  function cell(value) {
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }

  function save(name, content) {
    const link = document.createElement("a");
    // the mark at the start has spreadsheets read it as UTF-8
    link.href = URL.createObjectURL(new Blob(["\uFEFF", content], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  return { start };
})();
