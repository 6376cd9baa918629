/* Beside pytest-html's own script: order the page, filter models by name, make it work with the keyboard, copy digests.
   pytest-html draws its table anew at every click; this script then restores what that loses. */
document.documentElement.lang = "en";
document.head.append(Object.assign(document.createElement("meta"), { name: "viewport", content: "width=device-width, initial-scale=1" }));
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const find = (selector, top = document) => top.querySelector(selector);
  const findAll = (selector, top = document) => [...top.querySelectorAll(selector)];

  // The verdict, the table, what is below it, the environment.
  const box = document.createElement("div");
  box.className = "f07-results";
  find("#results-table").before(box);
  box.append(find("#results-table"));
  box.after(find(".additional-summary.postfix"));
  find("#f07-environment").append(find("#environment"));

  // A filter by name beside pytest-html's own by outcome.
  const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Filter by name" });
  search.className = "f07-search";
  search.setAttribute("aria-label", "Filter models by name");
  find(".controls").prepend(search);
  findAll(".filters input").forEach((input) => {
    const label = input.nextElementSibling;
    label.textContent = label.textContent.replace(",", "");
    input.setAttribute("aria-label", label.textContent);
  });

  const name = (row) => find(".col-testId", row)?.firstChild?.textContent ?? "";
  const makePressable = (element, role) => {
    element.tabIndex = 0;
    if (role) element.setAttribute("role", role);
  };
  const opened = new Set();
  let focused = null;

  const restore = () => {
    const table = find("#results-table");
    table.setAttribute("aria-label", "Results of each model");
    findAll("th.sortable", table).forEach((head) => {
      makePressable(head);
      const sorted = head.classList.contains("asc") ? "ascending" : head.classList.contains("desc") ? "descending" : "none";
      head.setAttribute("aria-sort", sorted);
    });
    findAll("tbody", table).forEach((row) => {
      row.hidden = !name(row).toLowerCase().includes(search.value.trim().toLowerCase());
      const toggle = find(".col-result", row);
      if (!toggle) return;
      find(".extra", row).prepend(find(".logwrapper", row));
      makePressable(toggle, "button");
      toggle.setAttribute("aria-expanded", String(!toggle.classList.contains("collapsed")));
      toggle.setAttribute("aria-label", `${toggle.textContent}: details of ${name(row)}`);
      findAll("details", row).forEach((part) => (part.open = opened.has(part.dataset.key)));
    });
    if (focused) box.querySelector(focused)?.focus({ preventScroll: true });
    focused = null;
  };
  new MutationObserver(restore).observe(box, { childList: true });
  search.addEventListener("input", restore);

  box.addEventListener("toggle", ({ target }) => {
    if (target.isConnected) opened[target.open ? "add" : "delete"](target.dataset.key);
  }, true);

  box.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if ((key !== "Enter" && key !== " ") || !target.matches("th.sortable, td.col-result")) return;
    event.preventDefault();
    const id = target.parentElement.dataset.id;
    focused = id ? `[data-id="${id}"] .col-result` : `th[data-column-type="${target.dataset.columnType}"]`;
    target.click();
  });

  // Print the provenance even where it is folded.
  let printed = [];
  addEventListener("beforeprint", () => {
    printed = findAll('[data-key="equivalence"], [data-key="provenance"], [data-key="seal"]').filter((part) => !part.open);
    printed.forEach((part) => (part.open = true));
  });
  addEventListener("afterprint", () => printed.forEach((part) => (part.open = false)));

  document.addEventListener("click", async ({ target }) => {
    if (!target.matches(".f07-copy")) return;
    try {
      await navigator.clipboard.writeText(target.dataset.copy);
      target.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(find("code", target.parentElement));
      target.textContent = "selected: makePressable Ctrl+C";
    }
  });

  restore();
});
