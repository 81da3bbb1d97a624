/* The matrix with a keyboard and in bulk: x selects rows, w waives, the view is copied as text. All of it works without
   this too: boxes are ticked, a form is sent, a page answers. */
(() => {
  "use strict";

  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const plural = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
  const boxes = () => $$("#matrix .pick input");
  const ticked = () => boxes().filter((box) => box.checked);

  /* Selection: the bar stands there by the style sheet alone, here it learns to count. */

  const count = () => {
    const words = $("#pick .picked-words");
    if (!words) return;
    const chosen = ticked();
    const drifts = chosen.reduce((sum, box) => sum + Number(box.dataset.open), 0);
    const text = `${plural(chosen.length, "fact")} selected, ${plural(drifts, "open drift")}`;
    if (words.textContent !== text) words.textContent = text;
    $("#pick [data-pick-all]").hidden = chosen.length === boxes().length;
  };

  /* One tab stop in the table: a box is ticked by x, by the mouse, or by the screen reader's own cursor. */
  const settle = () => {
    for (const box of boxes()) box.tabIndex = -1;
    count();
  };

  let last = null;
  document.addEventListener("change", (event) => event.target.closest?.(".pick") && count());
  document.addEventListener("reset", (event) => event.target.id === "pick" && setTimeout(count));
  document.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    if (box) {
      /* With Shift all rows from the last one on follow. */
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      if (event.shiftKey && from >= 0) for (const each of all.slice(from, to + 1)) each.checked = box.checked;
      last = box;
      count();
    }
    if (event.target.closest("[data-pick-all]")) {
      for (const each of boxes()) each.checked = true;
      count();
    }
  });

  /* What is selected stays so while the page refreshes itself. */
  let kept = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "page") kept = new Set(ticked().map((box) => box.value));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) if (kept.has(box.value)) box.checked = true;
    kept = new Set();
    for (const node of $$("#page [data-needs-script]")) node.hidden = false;
    settle();
  });

  /* Waiving in a dialog over the matrix. */

  const dialog = () => $("#waive");
  const send = async (action, body, target) => {
    const headers = { "HX-Request": "true", ...(target ? { "HX-Target": target } : {}) };
    return fetch(action, { method: "POST", body, headers }).catch(() => null);
  };

  const ask = async (extra) => {
    const form = $("#pick");
    if (!form || dialog().open) return;
    const body = new FormData(form);
    if (extra) {
      body.delete("row");
      body.set("drifts", extra);
    }
    const answer = await send(form.action, body);
    if (!answer?.ok) return window.parity.toast("Not asked: the connection or the session is lost");
    dialog().innerHTML = await answer.text();
    dialog().showModal();
    $("#waive-reason")?.focus();
  };

  /* What it would hide and until when, anew when the end changes; an answer that comes late is dropped. Not after the
     words: they change as the button is pressed, which must then still be there. */
  let asked = 0;
  document.addEventListener("change", async (event) => {
    const form = event.target.form;
    if (form?.id !== "waive-form" || !dialog()?.contains(form) || !["ends", "date"].includes(event.target.name)) return;
    const turn = ++asked;
    const answer = await send(form.action, new FormData(form), "waive-preview");
    const text = answer?.ok ? await answer.text() : "";
    if (text && turn === asked && !$("button:active", form)) $("#waive-preview", form).outerHTML = text;
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id === "pick") {
      event.preventDefault();
      ask();
      return;
    }
    if (form.id !== "waive-form" || !dialog()?.contains(form)) return;
    event.preventDefault();
    const button = event.submitter;
    const body = new FormData(form, button);
    button.disabled = true;
    asked += 1;
    const answer = await send(button.getAttribute("formaction") ?? form.action, body);
    const target = answer?.headers.get("HX-Redirect");
    if (target) {
      /* The same page: reloading keeps the place it is scrolled to. */
      if (new URL(target, location.href).href === location.href.split("#")[0]) location.reload();
      else location.assign(target);
      return;
    }
    if (answer) $("#waive-preview", form).outerHTML = await answer.text();
    else button.disabled = false;
  });

  const focused = () => document.activeElement?.closest?.("a[data-cell]");
  const drift = (cell) => /\/d\/([0-9a-f]{10,64})$/.exec(new URL(cell.href).pathname)?.[1];

  const waive = () => {
    if (!$("#pick")) return;
    if (ticked().length) return ask();
    const cell = focused();
    const ident = cell && !cell.closest(".is-waived") && drift(cell);
    if (ident) return ask(ident);
    window.parity.toast(cell ? "Nothing is open in this cell" : "Select a row with x, or go to a cell");
  };

  const select = () => {
    const box = focused()?.closest("[data-row]").querySelector(".pick input");
    if (!box) return window.parity.toast(focused() ? "Nothing is open in this row" : "Go to a row with j first");
    box.checked = !box.checked;
    last = box;
    count();
  };

  /* Which key starts them stands in the sheet. */
  const { acts } = window.parity;
  Object.assign(acts, { choose: () => $("#pick") ? select() : false, waive: () => $("#matrix") ? waive() : false });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".pop a");
    if (!link || event.ctrlKey || event.metaKey) return;
    if (link.dataset.waive && $("#pick")) {
      event.preventDefault();
      ask(link.dataset.waive);
    }
    if ("copyLink" in link.dataset) {
      event.preventDefault();
      window.parity.copy(link.href);
    }
  });

  /* The view as a table of text, which chats and issues draw as one. */

  const clean = (node) => node.innerText.replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
  const cell = (node) => {
    const parts = [".glyph", ".cell-value", ".cell-note"].map((name) => $(name, node)?.textContent.trim());
    if ($(".cell-value[title]", node)) parts[1] = $(".cell-value", node).title;
    return parts.filter(Boolean).join(" ").replaceAll("|", "\\|");
  };
  const rowText = (row) => {
    const name = $(".name", row).title;
    const remark = $("small", row)?.textContent.trim();
    const sign = $(".fact-name > .vh", row)?.textContent ?? "";
    const cells = $$(".cell", row).map(cell);
    return [sign, [name, remark && `(${remark})`].filter(Boolean).join(" ").replaceAll("|", "\\|"), ...cells, clean($(".col-since", row)), clean($(".col-owner", row))];
  };
  const view = () => {
    const heads = $$("#matrix .heads th a").map((link) => clean(link).replace(/ ?baseline$/, " (baseline)"));
    const lines = [["", "Fact", ...heads, "Since", "Owner"], Array(heads.length + 4).fill("---")];
    for (const group of $$("#matrix tbody")) {
      const rows = $$("[data-row]", group);
      if (rows.length) lines.push(["", `**${$(".group b", group).textContent}**`, ...Array(heads.length + 2).fill("")]);
      lines.push(...rows.map(rowText));
    }
    const table = lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
    return `${$("h1").textContent.trim()}: ${location.href}\n\n${table}\n`;
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-copy-view]")) window.parity.copy(view());
  });

  settle();
})();
