/* On top of pytest-html's own script: the page's order, a filter by name, a way for the keyboard, digests to copy.
   pytest-html draws its table anew at every click; what it does not keep is put back here. */
document.documentElement.lang = "en";
document.head.append(Object.assign(document.createElement("meta"), { name: "viewport", content: "width=device-width, initial-scale=1" }));
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const one = (selector, top = document) => top.querySelector(selector);
  const all = (selector, top = document) => [...top.querySelectorAll(selector)];

  // The verdict, the table, what is below it, the environment.
  const box = document.createElement("div");
  box.className = "f07-results";
  one("#results-table").before(box);
  box.append(one("#results-table"));
  box.after(one(".additional-summary.postfix"));
  one("#f07-environment").append(one("#environment"));

  // A filter by name beside pytest-html's own by outcome.
  const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Filter by name" });
  search.className = "f07-search";
  search.setAttribute("aria-label", "Filter models by name");
  one(".controls").prepend(search);
  all(".filters input").forEach((input) => {
    const told = input.nextElementSibling;
    told.textContent = told.textContent.replace(",", "");
    input.setAttribute("aria-label", told.textContent);
  });

  const name = (row) => one(".col-testId", row)?.firstChild?.textContent ?? "";
  const press = (element, role) => {
    element.tabIndex = 0;
    if (role) element.setAttribute("role", role);
  };
  const opened = new Set();
  let focused = null;

  const dress = () => {
    const table = one("#results-table");
    table.setAttribute("aria-label", "Results of each model");
    all("th.sortable", table).forEach((head) => {
      press(head);
      const sorted = head.classList.contains("asc") ? "ascending" : head.classList.contains("desc") ? "descending" : "none";
      head.setAttribute("aria-sort", sorted);
    });
    all("tbody", table).forEach((row) => {
      row.hidden = !name(row).toLowerCase().includes(search.value.trim().toLowerCase());
      const toggle = one(".col-result", row);
      if (!toggle) return;
      one(".extra", row).prepend(one(".logwrapper", row));
      press(toggle, "button");
      toggle.setAttribute("aria-expanded", String(!toggle.classList.contains("collapsed")));
      toggle.setAttribute("aria-label", `${toggle.textContent}: details of ${name(row)}`);
      all("details", row).forEach((part) => (part.open = opened.has(part.dataset.key)));
    });
    if (focused) box.querySelector(focused)?.focus({ preventScroll: true });
    focused = null;
  };
  new MutationObserver(dress).observe(box, { childList: true });
  search.addEventListener("input", dress);

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

  // A printed page keeps where it all comes from.
  let printed = [];
  addEventListener("beforeprint", () => {
    printed = all('[data-key="equivalence"], [data-key="provenance"], [data-key="seal"]').filter((part) => !part.open);
    printed.forEach((part) => (part.open = true));
  });
  addEventListener("afterprint", () => printed.forEach((part) => (part.open = false)));

  document.addEventListener("click", async ({ target }) => {
    if (!target.matches(".f07-copy")) return;
    try {
      await navigator.clipboard.writeText(target.dataset.copy);
      target.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(one("code", target.parentElement));
      target.textContent = "selected: press Ctrl+C";
    }
  });

  dress();
});
