/* Beside pytest-html's own script: unfold, filter and sort the models, show a picture's values, copy. */
document.documentElement.lang = "en";
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const main = document.querySelector(".f07-main");
  const find = (selector, top = document) => top.querySelector(selector);
  const findAll = (selector, top = document) => [...top.querySelectorAll(selector)];

  main.classList.add("f07-live");
  find("#f07-environment").append(find("#environment"));
  findAll(".f07-filter, #f07-environment, .f07-chart input, .f07-chart output, .f07-curl").forEach((part) => (part.hidden = false));

  // Unfold: the link of a model's name, or a click anywhere in its row.
  const table = find(".f07-models");
  const rows = findAll(":scope > tbody", table);
  const details = (row) => find(".f07-more > td > details", row);
  const fold = (row, open) => {
    if (!details(row)) return;
    details(row).open = open;
    find("a", row).setAttribute("aria-expanded", String(open));
  };
  rows.forEach((row) => fold(row, details(row)?.open));
  table.addEventListener("click", (event) => {
    const row = event.target.closest(".f07-row")?.parentElement;
    if (!row || getSelection().toString() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a");
    if (link) {
      event.preventDefault();
      remember(`#${row.id}`);
    }
    fold(row, !details(row)?.open);
  });
  const showHash = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const row = rows.find((each) => each.id === name);
    if (!row) return;
    row.hidden = false;
    fold(row, true);
    row.scrollIntoView();
  };
  addEventListener("hashchange", showHash);
  findAll("[data-fold]").forEach((button) => button.addEventListener("click", () => {
    rows.filter((row) => !row.hidden).forEach((row) => fold(row, button.dataset.fold === "open"));
  }));

  // Filter; the address keeps it.
  const form = find(".f07-filter");
  const fields = findAll("input, select", form);
  const remember = (hash = location.hash) => {
    const query = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}${hash}`);
  };
  const filter = () => {
    const wanted = Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
    rows.forEach((row) => {
      const { name, result, code, dataset } = row.dataset;
      row.hidden = !(
        name.toLowerCase().includes(wanted.q.toLowerCase()) &&
        (!wanted.result || result === wanted.result) &&
        (!wanted.code || code.split(" ").includes(wanted.code)) &&
        (!wanted.dataset || dataset === wanted.dataset)
      );
    });
    const shown = rows.filter((row) => !row.hidden).length;
    find(".f07-shown").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} models`;
    find(".f07-none").hidden = shown > 0;
  };
  const asked = new URLSearchParams(location.search);
  fields.forEach((field) => {
    field.value = asked.get(field.name) ?? "";
    if (field.selectedIndex === -1) field.selectedIndex = 0;
  });
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  find(".f07-none button").addEventListener("click", () => {
    fields.forEach((field) => (field.value = ""));
    filter();
    remember();
  });
  filter();
  showHash();

  // Sort by a heading; a model without a value comes last.
  const orderOf = (row, { cellIndex: place, dataset: { key } }) => {
    if (key === "name" || key === "result") return row.dataset[key];
    const value = parseFloat(find(".f07-row", row).cells[place].firstChild.data.replaceAll(",", ""));
    return Number.isNaN(value) ? null : value;
  };
  findAll(":scope > thead th", table).forEach((head) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      findAll(":scope > thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = rows.map((row) => [orderOf(row, head), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
      });
      table.append(...keyed.map(([, row]) => row));
    });
  });

  // A picture's values, where the pointer is or the slider was moved to.
  const data = new WeakMap();
  const show = (chart) => {
    if (!data.has(chart)) data.set(chart, JSON.parse(chart.dataset.values));
    const slider = find("input", chart);
    const place = Number(slider.value);
    const told = data.get(chart).map(([title, values]) => `${title} ${values[place]?.toLocaleString("en", { maximumFractionDigits: 4 }) ?? "–"}`).join(", ");
    find("output", chart).textContent = told;
    slider.setAttribute("aria-valuetext", told);
    const [from, to] = [Number(chart.dataset.from), Number(chart.dataset.to)];
    const at = from + (Number(slider.max) ? ((to - from) * place) / Number(slider.max) : 0);
    const { width, height } = find("svg", chart).viewBox.baseVal;
    const ends = "vertical" in chart.dataset ? { x1: 0, x2: width, y1: at, y2: at } : { x1: at, x2: at, y1: 0, y2: height };
    Object.entries(ends).forEach(([name, value]) => find(".f07-cursor", chart).setAttribute(name, value));
  };
  for (const kind of ["input", "focusin"]) {
    main.addEventListener(kind, ({ target }) => { if (target.matches(".f07-chart input")) show(target.closest(".f07-chart")); });
  }
  const point = ({ target, clientX, clientY }) => {
    const svg = target.closest(".f07-chart > svg");
    if (!svg) return;
    const chart = svg.parentElement;
    const box = svg.getBoundingClientRect();
    const at = "vertical" in chart.dataset ? clientY - box.top : clientX - box.left;
    const [from, to] = [Number(chart.dataset.from), Number(chart.dataset.to)];
    const slider = find("input", chart);
    const scale = svg.viewBox.baseVal.width / box.width;
    slider.value = Math.round(((at * scale - from) / (to - from || 1)) * Number(slider.max));
    show(chart);
  };
  for (const kind of ["pointermove", "pointerdown"]) main.addEventListener(kind, point); // a finger that taps does not move

  // Copy a digest, or a line that asks the server about a row.
  document.addEventListener("click", async ({ target }) => {
    if (!target.matches(".f07-copy, .f07-curl")) return;
    const code = find("code", target.parentElement);
    const text = (target.dataset.copy ??= `${main.dataset.curl} '{"window": ${target.dataset.window ?? code.textContent}}'`);
    try {
      await navigator.clipboard.writeText(text);
      target.textContent = "copied";
    } catch {
      code.textContent = text;
      getSelection().selectAllChildren(code);
      target.textContent = "selected: press Ctrl+C";
    }
  });

  // Print the provenance even where it is folded.
  let printed = [];
  addEventListener("beforeprint", () => {
    printed = findAll('[data-key="equivalence"], [data-key="provenance"], [data-key="seal"]').filter((part) => !part.open);
    printed.forEach((part) => (part.open = true));
  });
  addEventListener("afterprint", () => printed.forEach((part) => (part.open = false)));
});
