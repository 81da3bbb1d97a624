/* Keys. Which key starts which act is read from the help sheet, which the server draws of one list; what an act does is
   said here or by another file, in `parity.acts`. An act that has nothing to do returns false, and the key stays the browser's. */
(() => {
  "use strict";

  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const { acts, copy } = window.parity;

  /* Rows and cells: one tab stop in the matrix, arrows and h j k l inside, Enter is the link's own. */

  const rowsOf = () => $$("[data-row]").filter((row) => row.offsetParent !== null || row.getClientRects().length);
  const stopsOf = (row) => $$("[data-cell]", row);

  const rove = () => {
    const table = $("#matrix");
    if (!table) return;
    const stops = $$("[data-cell]", table);
    const current = stops.find((stop) => stop === document.activeElement) ?? stops[0];
    for (const stop of stops) stop.tabIndex = stop === current ? 0 : -1;
  };

  const focusStop = (stop) => {
    if (!stop) return;
    if (stop.hasAttribute("data-cell")) {
      for (const other of $$("#matrix [data-cell][tabindex='0']")) other.tabIndex = -1;
      stop.tabIndex = 0;
    }
    stop.focus({ focusVisible: true });
    stop.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const move = (down, across) => {
    const rows = rowsOf();
    if (!rows.length) return false;
    const active = document.activeElement;
    const row = active?.closest?.("[data-row]");
    const at = rows.indexOf(row);
    if (across) {
      const stops = row ? stopsOf(row) : [];
      return focusStop(stops[stops.indexOf(active) + across] ?? active);
    }
    const next = rows[at < 0 ? (down > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + down))];
    const stops = stopsOf(next);
    const column = row ? stopsOf(row).indexOf(active) : -1;
    const worst = Math.max(0, stops.findIndex((stop) => stop.dataset.worst !== undefined));
    return focusStop(stops[column < 0 ? worst : Math.min(column, stops.length - 1)] ?? $("a", next));
  };

  const follow = (name) => {
    const link = $(`[data-key-go="${name}"]`);
    link?.click();
    return Boolean(link);
  };
  const focus = (node) => node?.focus() ?? Boolean(node);

  Object.assign(acts, {
    "row-next": () => follow("j") || move(1, 0),
    "row-previous": () => follow("k") || move(-1, 0),
    "cell-previous": () => move(0, -1),
    "cell-next": () => move(0, 1),
    filter: () => focus($("#filter") ?? $("#search")),
    waive: () => focus($("#waive-form textarea, #waive-form input:not([type=hidden])")),
    copy: () => copy(new URL(document.activeElement?.closest("a[data-cell]")?.href ?? location.href).href),
    sheet: () => $("#keys").showModal(),
    back: () => {
      const up = $$(".trail > a").at(-1);
      up?.click();
      return Boolean(up);
    },
  });

  /* The sheet, read once: the key, and the act's name. */

  const starts = new Map($$("#keys [data-act]").map((node) => [node.textContent.trim(), node.dataset.act]));
  const goes = new Set($$("#keys [data-go]").map((node) => node.dataset.go));
  const arrows = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
  const named = { Escape: "Esc" };
  let pending = false;

  const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const off = () => document.documentElement.dataset.keys === "off";
  const start = (key) => acts[starts.get(key)]?.();

  /* Before the file that closes popovers and menus hears of it: Esc goes up only where there was nothing to close. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || $("dialog[open], .pop, details.menu[open]")) return;
    if (typing(event.target)) event.target.blur();
    else start(named.Escape);
  }, true);

  const second = (key) => {
    pending = false;
    return goes.has(key) && follow(`g${key}`);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.defaultPrevented || typing(event.target) || $("dialog[open]")) return;
    const arrow = arrows[event.key];
    if (arrow && document.activeElement?.closest("[data-cell]")) {
      event.preventDefault();
      move(...arrow);
    } else if (off()) return;
    else if (pending) {
      if (second(event.key)) event.preventDefault();
    } else if (event.key === "g") {
      pending = true;
      setTimeout(() => (pending = false), 1200);
    } else if (starts.has(event.key)) {
      // No act, or one that had nothing to do here: the key stays the browser's.
      const done = start(event.key);
      if (done !== false && acts[starts.get(event.key)]) event.preventDefault();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) acts.sheet();
  });
  document.addEventListener("htmx:afterSwap", rove);
  rove();
})();
