// The keyboard: rows with j and k, g and a letter for pages, and whatever carries data-shortcut.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  let going = 0;

  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  const visible = (element) => element.offsetParent !== null || element.closest("details:not([open])") !== null;

  // rows ------------------------------------------------------------------------------------------------------------
  let chosen = null;
  const selected = () => document.querySelector("tr[data-row].chosen");
  function choose(row) {
    selected()?.classList.remove("chosen");
    selected()?.removeAttribute("aria-selected");
    if (!row) return;
    chosen = row.dataset.row;
    row.classList.add("chosen");
    row.scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    const rows = all("tr[data-row]").filter((row) => row.offsetParent !== null);
    if (!rows.length) return;
    const at = rows.indexOf(selected());
    choose(rows[Math.min(Math.max(at + by, 0), rows.length - 1)]);
  }
  // a list that was fetched anew keeps its choice
  document.addEventListener("htmx:afterSettle", () => {
    if (chosen !== null && !selected()) choose(all("tr[data-row]").find((row) => row.dataset.row === chosen));
  });

  // shortcuts -------------------------------------------------------------------------------------------------------
  function press(key) {
    const row = selected();
    const within = row ? all("[data-shortcut]", row).find((one) => one.dataset.shortcut === key) : null;
    const target = within || all("[data-shortcut]").find((one) => one.dataset.shortcut === key && !one.closest("tr[data-row]") && visible(one));
    if (!target) return false;
    if (target.matches("input[type=checkbox]")) target.click();
    else if (target.matches("input, textarea, select")) (target.focus(), target.select?.());
    else target.click();
    return true;
  }
  function flipTimes() {
    const root = document.documentElement;
    const button = document.querySelector(`button[name=times][value=${root.dataset.times === "absolute" ? "relative" : "absolute"}]`);
    root.dataset.times = button.value;
    const form = new FormData(button.form);
    form.set("times", button.value);
    fetch("/preferences", { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return press("ctrl+k");
    }
    if (event.target.closest("#palette")) return inPalette(event);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (Date.now() - going < 1200) {
      going = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) (event.preventDefault(), link.click());
      return;
    }
    const moves = { j: 1, k: -1 };
    if (event.key in moves) (selected() || !press(event.key)) && step(moves[event.key]);
    else if (event.key === "Enter" && selected() && event.target === document.body) selected().querySelector("a")?.click();
    else if (event.key === "Escape") choose(null);
    else if (event.key === "g") going = Date.now();
    else if (event.key === "t" && document.querySelector("button[name=times]")) flipTimes();
    else if (press(event.key)) event.preventDefault();
  });

  function inPalette(event) {
    const hits = all("#palette-hits a");
    const at = hits.findIndex((hit) => hit.getAttribute("aria-current") === "true");
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && hits.length) {
      event.preventDefault();
      hits[at]?.removeAttribute("aria-current");
      const next = hits[(at + by + hits.length) % hits.length];
      next.setAttribute("aria-current", "true");
      next.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && hits.length) {
      event.preventDefault();
      (hits[at] || hits[0]).click();
    }
  }
})();
