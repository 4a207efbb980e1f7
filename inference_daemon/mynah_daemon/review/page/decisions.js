// What was decided, in the browser's memory of this batch.
"use strict";

mynahReview.decisions = (() => {
  const listeners = [];
  let key = "";
  let all = {};
  let isKept = true;

  function read() {
    try {
      const found = JSON.parse(localStorage.getItem(key) || "{}");
      all = found && typeof found === "object" ? found : {};
    } catch {
      all = {};
    }
  }

  function write() {
    try {
      localStorage.setItem(key, JSON.stringify(all));
    } catch {
      isKept = false; // no memory for pages from disk, or a full one
    }
    listeners.forEach((listener) => listener());
  }

  return {
    open(batch) {
      key = `mynah-review:${batch}`;
      read();
      try {
        localStorage.setItem(`${key}:probe`, "");
        localStorage.removeItem(`${key}:probe`);
      } catch {
        isKept = false;
      }
      window.addEventListener("storage", (event) => {
        if (event.key !== key) return; // another tab with the same page
        read();
        listeners.forEach((listener) => listener());
      });
    },
    onChange(listener) {
      listeners.push(listener);
    },
    isKept: () => isKept,
    /** "open", "approved", "rejected", or "changed" if the line was made anew since. */
    state(line) {
      const found = Object.hasOwn(all, line.output) ? all[line.output] : null;
      if (!found || !found.state) return "open";
      return found.id === line.id ? found.state : "changed";
    },
    comment(line) {
      return Object.hasOwn(all, line.output) ? all[line.output].comment || "" : "";
    },
    /** What was decided of the line as it was before it was made anew. */
    before(line) {
      return this.state(line) === "changed" ? all[line.output].state : "";
    },
    decide(line, state) {
      all[line.output] = { state, comment: this.comment(line), id: line.id };
      write();
    },
    remark(line, comment) {
      const before = Object.hasOwn(all, line.output) ? all[line.output] : { state: "", id: line.id };
      all[line.output] = { ...before, comment };
      write();
    },
  };
})();
