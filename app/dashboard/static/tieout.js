// Dialogs, toasts, copying, live counts and charts. Pages can be read without any of it.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // dialogs -------------------------------------------------------------------------------------------------------
  function open(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    all("details.menu[open]").forEach((menu) => (menu.open = false));
    dialog.showModal();
    const field = dialog.querySelector("input[type=search], textarea, input:not([type=hidden]), select");
    if (field) field.focus();
    if (id === "palette" && window.htmx) {
      field.value = "";
      htmx.trigger(field, "opened");
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-opens], [data-closes], [data-copies]");
    if (target && target.dataset.opens) open(target.dataset.opens);
    else if (target && "closes" in target.dataset) (target.closest("dialog")?.close(), target.closest(".toast-line")?.remove());
    else if (target && target.dataset.copies) copy(target);
    if (event.target instanceof HTMLDialogElement) event.target.close(); // beside the sheet
    all("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copies);
      toast("Copied.");
    } catch {
      toast("This browser does not allow copying: select the text instead.", "bad");
    }
  }

  // a second click on a button that changes something does nothing
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // toasts --------------------------------------------------------------------------------------------------------
  function toast(words, tone = "good") {
    const line = document.createElement("div");
    line.className = `toast-line tone-${tone}`;
    line.textContent = words;
    document.querySelector(".toasts")?.append(line);
    if (tone !== "bad") setTimeout(() => line.remove(), 6000);
  }
  all(".toast-line.tone-good").forEach((line) => setTimeout(() => line.remove(), 8000));

  // on a phone, where a bar is longer than the screen, the entry of this page is in view
  function showHere() {
    all(".side ul, .tabs ul").forEach((bar) => {
      const here = bar.querySelector("[aria-current]");
      if (here) bar.scrollLeft = here.offsetLeft - bar.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
    });
  }
  addEventListener("resize", showHere);
  showHere();

  // live ----------------------------------------------------------------------------------------------------------
  let last = document.body.dataset.counts;
  let missed = false;
  function tellPage() {
    missed = document.querySelector("dialog[open]") !== null; // what is being read stays as it is
    if (!missed) document.body.dispatchEvent(new Event("live"));
  }
  document.addEventListener("close", () => missed && tellPage(), true);
  function listen() {
    const source = new EventSource("/live");
    source.addEventListener("counts", (event) => {
      const counts = JSON.parse(event.data);
      all("[data-live]").forEach((place) => show(place, counts[place.dataset.live]));
      if (event.data !== last) tellPage();
      last = event.data;
    });
    source.onopen = () => say("");
    source.onerror = () => say(source.readyState === EventSource.CLOSED ? "Not live: reload the page." : "Not live just now.");
    addEventListener("pagehide", () => source.close());
  }
  function show(place, count) {
    if (count === undefined) return;
    const most = Number(place.dataset.most || 999);
    place.textContent = count > most ? `${most}+` : String(count);
    place.hidden = place.dataset.most !== undefined && !count;
  }
  function say(words) {
    const place = document.querySelector("[data-live-state]");
    if (place) (place.textContent = words), (place.hidden = !words);
  }
  if (document.querySelector("body.shell")) listen();

  // what was unfolded stays unfolded when its list is fetched anew
  const unfolded = new Map();
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id) unfolded.set(detail.target.id, all("details", detail.target).map((one) => one.open));
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const was = unfolded.get(detail.elt?.id);
    const now = was && all("details", detail.elt);
    if (now && now.length === was.length) now.forEach((one, at) => (one.open = was[at]));
    unfolded.delete(detail.elt?.id);
  });

  // forms that htmx sends carry the token of the session
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("meta[name=form-token]");
    if (token && event.detail.verb !== "get") event.detail.headers["X-Form-Token"] = token.content;
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) toast(event.detail.xhr.responseText.slice(0, 300) || "That did not work.", "bad");
  });

  // charts: the library is fetched by the pages that have one --------------------------------------------------------
  let library = null;
  function echarts() {
    library ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = document.querySelector("meta[name=echarts]").content;
      script.onload = () => done(window.echarts);
      document.head.append(script);
    });
    return library;
  }
  async function draw(within) {
    const places = all("[data-chart]", within);
    if (!places.length) return;
    const library = await echarts();
    const style = getComputedStyle(document.body);
    const ink = style.getPropertyValue("--ink-quiet").trim() || style.color;
    const line = style.getPropertyValue("--line").trim() || ink;
    const axis = { axisLabel: { color: ink }, axisLine: { lineStyle: { color: line } }, axisTick: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } } };
    const theme = { legend: { textStyle: { color: ink } }, categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, timeAxis: axis };
    for (const place of places) {
      library.getInstanceByDom(place)?.dispose();
      // as an attribute: htmx takes scripts out of what it fetches, JSON or not
      const option = JSON.parse(place.dataset.option ?? document.getElementById(place.dataset.chart).textContent);
      const chart = library.init(place, theme, { renderer: "canvas" });
      const base = { textStyle: { color: ink, fontFamily: style.fontFamily }, animation: false, aria: { enabled: false } };
      // a tooltip of HTML would need style attributes, which the page's policy forbids
      chart.setOption({ ...base, ...option, tooltip: { ...(option.tooltip || {}), renderMode: "richText" } });
    }
  }
  document.addEventListener("htmx:afterSwap", (event) => draw(event.target.parentElement || document));
  addEventListener("resize", () => all("[data-chart]").forEach((place) => window.echarts?.getInstanceByDom(place)?.resize()));
  new MutationObserver(() => draw(document)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  draw(document);

  window.tieout = { open, toast };
})();
