// The mapping studio: choosing among NetSuite's accounts and items, completing what is typed, rows for more.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  let lists = 0;

  // a field with a list under it (the combobox pattern of WAI-ARIA) -----------------------------------------------
  // `ask(input)` gives [{word, label, more, odd, off}]; `take(input, option)` puts the chosen one in.
  function combobox(input, list, ask, take) {
    let offered = [];
    let at = -1;
    let asked = 0;
    let timer = 0;

    const isOpen = () => !list.hidden;
    function close() {
      clearTimeout(timer);
      asked += 1;
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function mark(next) {
      all("[role=option]", list).forEach((option, number) => option.setAttribute("aria-selected", number === next ? "true" : "false"));
      at = next;
      const option = list.children[at];
      if (!option) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
    async function show() {
      const mine = ++asked;
      const found = await ask(input);
      if (mine !== asked || document.activeElement !== input) return;
      offered = found;
      list.replaceChildren(...found.map(drawn));
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", found.length ? "true" : "false");
      mark(-1);
    }
    function drawn(one, number) {
      const option = document.createElement("span");
      option.id = `${list.id}-${number}`;
      option.className = "map-option";
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      if (one.off) option.setAttribute("aria-disabled", "true");
      const name = document.createElement("span");
      name.textContent = one.label;
      const more = document.createElement("span");
      more.className = "map-more";
      more.textContent = one.more || "";
      option.append(name, more);
      if (one.odd) {
        const odd = document.createElement("span");
        odd.className = "map-option-odd";
        odd.textContent = one.odd;
        option.append(odd);
      }
      option.addEventListener("mousedown", (event) => (event.preventDefault(), choose(number)));
      return option;
    }
    function choose(number) {
      const one = offered[number];
      if (!one || one.off) return;
      close();
      take(input, one);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const soon = () => (clearTimeout(timer), (timer = setTimeout(show, 130)));

    input.addEventListener("input", soon);
    input.addEventListener("focus", soon);
    input.addEventListener("click", () => !isOpen() && soon());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen()) return void show();
        const count = offered.length;
        mark((at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + count) % count);
      } else if (event.key === "Enter" && isOpen() && at >= 0) (event.preventDefault(), choose(at));
      else if (event.key === "Tab" && isOpen() && at >= 0) choose(at);
      else if (event.key === "Escape" && isOpen()) (event.preventDefault(), event.stopPropagation(), close());
    });
  }

  // accounts and items --------------------------------------------------------------------------------------------
  function pick(place) {
    const input = place.querySelector("input");
    const said = place.querySelector(".map-said");
    const key = () => place.closest("[data-pair]")?.querySelector("input")?.value.trim() || "";
    const ask = async () => {
      // what stands there already is no search
      const typed = input.value === place.dataset.chosen ? "" : input.value;
      const query = new URLSearchParams({ q: typed, setting: place.dataset.setting, iso: key().length === 3 ? key() : "" });
      const answer = await fetch(`/mapping/choices/${place.dataset.pick}?${query}`, { headers: { "X-Live": "1" } });
      if (!answer.ok) return [];
      return (await answer.json()).offered.map((one) => ({ ...one, word: one.id, more: [one.more, `id ${one.id}`].filter(Boolean).join(" · ") }));
    };
    place.dataset.chosen = input.value;
    combobox(input, place.querySelector(".map-list"), ask, (_, one) => {
      input.value = place.dataset.chosen = one.word;
      said.textContent = one.odd || `${one.label} · ${one.more}`;
      said.classList.toggle("map-odd", Boolean(one.odd));
    });
    input.addEventListener("input", () => input.value !== place.dataset.chosen && ((said.textContent = ""), said.classList.remove("map-odd")));
  }

  // rows for more -------------------------------------------------------------------------------------------------
  function another(button) {
    const rows = all("[data-pair]", button.parentElement);
    const row = rows[rows.length - 1].cloneNode(true);
    lists += 1;
    all("[id], [aria-controls], [aria-describedby]", row).forEach((one) => {
      ["id", "aria-controls", "aria-describedby"].forEach((name) => one.hasAttribute(name) && one.setAttribute(name, `${one.getAttribute(name)}-${lists}`));
    });
    all("input", row).forEach((input) => (input.value = ""));
    all(".map-said", row).forEach((said) => ((said.textContent = ""), said.classList.remove("map-odd")));
    button.before(row);
    all("[data-pick]", row).forEach(pick);
    row.querySelector("input").focus();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-adds]");
    if (button) another(button);
  });

  // the words of a field rule --------------------------------------------------------------------------------------
  const kept = new Map();
  function known(form) {
    const flow = form.elements.flow?.value || document.querySelector("[name=record]")?.value.split("/")[0] || "";
    const query = String(new URLSearchParams({ record_type: form.elements.record_type.value, flow }));
    if (!kept.has(query)) {
      const asked = fetch(`/mapping/fields/words?${query}`, { headers: { "X-Live": "1" } });
      kept.set(query, asked.then((answer) => (answer.ok ? answer.json() : { fields: [], words: [] })));
    }
    return kept.get(query);
  }
  const TOKEN = /(\|\s*\w*|[A-Za-z_][\w.]*)$/;
  const token = (input) => (input.dataset.words === "fields" ? input.value : (input.value.slice(0, input.selectionStart).match(TOKEN) || [""])[0]);
  const plain = (text) => text.replace(/^\|\s*/, "| ").toLowerCase();
  function near(choices, typed) {
    const wanted = plain(typed);
    const starts = choices.filter((one) => one.word.toLowerCase().startsWith(wanted));
    const holds = choices.filter((one) => !starts.includes(one) && one.word.toLowerCase().includes(wanted.replace(/^\| /, "")));
    return [...starts, ...(wanted.startsWith("| ") ? holds.filter((one) => one.word.startsWith("| ")) : holds)].slice(0, 60);
  }
  function words(input) {
    const list = document.createElement("span");
    list.className = "map-list";
    list.id = `words-${(lists += 1)}`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "What can stand here");
    const label = input.closest("label");
    label.classList.add("map-pick");
    input.after(list);
    const name = label.querySelector("span").textContent;
    const spoken = { role: "combobox", "aria-label": name, "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id };
    Object.entries(spoken).forEach(([key, value]) => input.setAttribute(key, value));
    const ask = async () => {
      const typed = token(input);
      const found = await known(input.form);
      const choices = input.dataset.words === "fields" ? found.fields : found.words;
      const offered = near(choices, typed);
      if (offered.length === 1 && offered[0].word === typed) return [];
      return offered.map((one) => ({ word: one.word, label: one.word, more: one.type, odd: one.refused, off: Boolean(one.refused) }));
    };
    combobox(input, list, ask, (_, one) => {
      const typed = token(input);
      const end = input.dataset.words === "fields" ? input.value.length : input.selectionStart;
      const before = input.value.slice(0, end - typed.length);
      input.value = before + one.word + input.value.slice(end);
      input.setSelectionRange(before.length + one.word.length, before.length + one.word.length);
    });
  }

  all("[data-pick]").forEach(pick);
  all("[data-words]").forEach(words);
  all("[data-adds]").forEach((button) => (button.hidden = false));
})();
