/* The palette: the search page's hits in a dialog. A combobox whose list the server draws; the focus stays in the field. */
(() => {
  "use strict";

  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const dialog = $("#palette");
  const field = $("#palette-text");
  const list = $("#hits");
  const said = $("#palette-said");
  const all = $("#palette-all");
  let within = dialog.dataset.in;
  let asked = null;
  let timer = 0;
  let came = null;
  // Enter pressed before the answer to what was typed: it means the answer, not what stands there still.
  let entered = false;

  const busy = (is) => list.setAttribute("aria-busy", String(is));
  const hits = () => $$(".hit", list);
  const chosen = () => $(".hit[aria-selected='true']", list);

  const choose = (hit) => {
    chosen()?.setAttribute("aria-selected", "false");
    hit?.setAttribute("aria-selected", "true");
    hit?.scrollIntoView({ block: "nearest" });
    if (hit) field.setAttribute("aria-activedescendant", hit.id);
    else field.removeAttribute("aria-activedescendant");
  };

  const show = (html) => {
    list.innerHTML = html;
    const told = $("[data-said]", list);
    said.textContent = told?.content.textContent.trim() ?? "";
    told?.remove();
    field.setAttribute("aria-expanded", String(hits().length > 0));
    list.scrollTop = 0;
    choose(hits()[0]);
  };

  const drop = () => {
    clearTimeout(timer);
    asked?.abort();
    asked = null;
  };
  const ask = async () => {
    drop();
    busy(true);
    const mine = (asked = new AbortController());
    const query = new URLSearchParams({ q: field.value, ...(within ? { in: within } : {}) });
    const headers = { "HX-Request": "true" };
    const answer = await fetch(`${dialog.dataset.url}?${query}`, { headers, signal: mine.signal }).catch(() => null);
    const html = answer?.ok && !answer.redirected ? await answer.text().catch(() => null) : null;
    if (mine !== asked) return;
    busy(false);
    if (answer?.redirected) window.location.reload();
    else if (html !== null) show(html);
    else said.textContent = "No answer. The server is away, or you are offline.";
    if (entered && html !== null) chosen()?.click();
    entered = false;
  };
  const soon = () => {
    drop();
    busy(true);
    entered = false;
    timer = setTimeout(ask, 90);
  };

  const open = (text = "") => {
    if (dialog.open) return;
    // A sheet that is open gives way, so that there is one dialog at a time.
    $("dialog[open]")?.close();
    came = document.activeElement;
    within = dialog.dataset.in;
    if (all) all.hidden = false;
    field.value = text;
    dialog.showModal();
    field.focus();
    ask();
  };

  const run = (hit, event) => {
    const act = window.parity.acts[hit.dataset.act];
    if (hit.dataset.field) {
      event.preventDefault();
      const { field: name, value } = hit.dataset;
      dialog.close();
      $(name === "sign-out" ? "form[action$='/sign-out'] button" : `#preferences [name="${name}"][value="${value}"]`)?.click();
    } else if (act) {
      event.preventDefault();
      dialog.close();
      if (act() === false && hit.href) window.location.assign(hit.href);
    }
  };

  const step = (by) => {
    const found = hits();
    if (found.length) choose(found[(found.indexOf(chosen()) + by + found.length) % found.length]);
  };
  const moves = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    PageDown: () => choose(hits()[Math.min(hits().length - 1, hits().indexOf(chosen()) + 7)]),
    PageUp: () => choose(hits()[Math.max(0, hits().indexOf(chosen()) - 7)]),
  };

  field.addEventListener("keydown", (event) => {
    if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const hit = chosen();
      if (list.getAttribute("aria-busy") === "true") entered = true;
      else if ((event.ctrlKey || event.metaKey) && hit?.href) window.open(hit.href, "_blank", "noopener");
      else hit?.click();
    }
  });
  field.addEventListener("input", soon);
  list.addEventListener("mousemove", (event) => {
    const hit = event.target.closest(".hit");
    if (hit && hit !== chosen()) choose(hit);
  });
  // The field keeps the focus while the list is pointed at.
  list.addEventListener("mousedown", (event) => event.preventDefault());

  document.addEventListener("click", (event) => {
    const hit = event.target.closest(".hit");
    const meant = event.target.closest("[data-meant]");
    if (hit && !meant) run(hit, event);
    else if (meant) {
      field.value = meant.dataset.meant;
      ask();
    } else if (event.target === dialog) dialog.close();
  });
  all?.addEventListener("click", () => {
    within = "";
    all.hidden = true;
    field.focus();
    ask();
  });
  dialog.addEventListener("close", () => {
    drop();
    entered = false;
    if (came?.isConnected) came.focus();
  });

  /* The way in: Ctrl K anywhere, and the field of the app bar, which without this is a form. */

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  const bar = $("form[data-palette]");
  const inBar = $("#search");
  bar.addEventListener("click", (event) => {
    event.preventDefault();
    open(inBar.value);
  });
  inBar.addEventListener("input", () => {
    const text = inBar.value;
    inBar.value = "";
    open(text);
  });
  if (/Mac|iP/.test(navigator.platform)) for (const key of $$("[data-palette] kbd, .palette-foot .keys-hint kbd:first-child")) key.textContent = key.textContent.replace(/Ctrl ?/, "⌘");
})();
