/* Comfort on top of pages that work without it: live state, popovers, theme, copying. Keys stand in keys.js. */
(() => {
  "use strict";

  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const clock = () => new Date().toISOString().slice(11, 19);
  /* Words */

  const age = (seconds) => {
    const two = (unit, word, lesser, lesserWord, below) => {
      const count = Math.floor(seconds / unit);
      const rest = Math.floor((seconds % unit) / lesser);
      return `${count}\u00a0${word}` + (count < below && rest ? `\u00a0${rest}\u00a0${lesserWord}` : "");
    };
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))}\u00a0s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min`;
    return seconds < 86400 ? two(3600, "h", 60, "min", 6) : two(86400, "d", 3600, "h", 7);
  };

  const tick = () => {
    for (const time of $$("time[data-age]")) {
      const seconds = Date.now() / 1000 - Number(time.dataset.age);
      if (seconds < 30 * 86400) time.textContent = age(seconds);
    }
  };
  setInterval(() => document.hidden || tick(), 5000);

  const toast = (text) => {
    const place = $("#toasts");
    const item = document.createElement("div");
    item.className = "toast";
    item.textContent = text;
    place.append(item);
    setTimeout(() => item.remove(), 4000);
  };
  for (const told of $$("[data-said]")) setTimeout(() => told.remove(), 10000);

  /* The strip of tabs begins at the current one; here for browsers whose stylesheets cannot say so. */
  if (!CSS.supports("scroll-initial-target", "nearest")) {
    $(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /* Live: a small request says whether something changed; only then the page is asked for again. */

  const live = () => $("#live");
  const say = (state, text) => {
    if (!live()) return;
    live().dataset.state = state;
    $(".live-text", live()).textContent = text;
  };
  const since = clock().slice(0, 5);
  let lostAt = null;

  const heard = () => {
    lostAt = null;
    say("live", `Live since ${since}`);
  };
  const lost = () => {
    lostAt ??= clock();
    say("lost", `Connection lost at ${lostAt}. Next try in 5\u00a0s.`);
  };
  const isLive = (event) => event.target === live();

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isLive(event) && (document.hidden || live().dataset.state === "paused")) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isLive(event)) (event.detail.successful ? heard : lost)();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    // A session that ended answers with the sign-in page: go there instead of drawing it into this one.
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    if (event.detail.xhr.responseURL.includes("/sign-in")) {
      event.preventDefault();
      window.location.reload();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!live()) return;
    if (document.hidden) say("paused", `Paused, last change ${clock()}`);
    else {
      heard();
      tick();
      window.htmx?.trigger(live(), "parity:look");
    }
  });

  let before = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "page") return;
    before = new Map($$("[data-key]").map((node) => [node.dataset.key, node.textContent]));
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!before) return;
    for (const node of $$("#page [data-key]")) {
      if (before.get(node.dataset.key) !== node.textContent) node.classList.add("changed");
    }
    before = null;
    closePop();
  });

  /* A button that is pressed stays until it is let go: a preview that redraws it would swallow the click. */

  const held = ({ target, detail }) =>
    detail.requestConfig?.triggeringEvent?.type === "change" && target.closest("form")?.querySelector("button:active");
  document.addEventListener("htmx:beforeRequest", (event) => held(event) && event.preventDefault());
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (held({ target: event.detail.requestConfig.elt, detail: event.detail })) event.detail.shouldSwap = false;
  });

  /* Theme and density: the same form works without this, with a page load. */

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.target.id !== "preferences" || !button) return;
    event.preventDefault();
    const root = document.documentElement;
    if (button.value === "system") delete root.dataset[button.name];
    else root.dataset[button.name] = button.value;
    document.cookie = `${button.name}=${button.value};path=/;max-age=31536000;samesite=lax`;
    for (const other of $$(`#preferences [name="${button.name}"]`)) {
      if (other === button) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    button.closest("details")?.removeAttribute("open");
  });

  /* Menus close on Escape and on a click elsewhere. */

  const closeMenus = (except) => $$("details.menu[open]").forEach((menu) => menu !== except && menu.removeAttribute("open"));

  /* Popover of a cell: both sides with their sources, asked for when pointed at or focused. */

  let pop = null;
  let popFor = null;
  let popTimer = 0;

  const closePop = () => {
    clearTimeout(popTimer);
    pop?.remove();
    pop = popFor = null;
  };

  const place = (cell) => {
    const box = cell.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - pop.offsetWidth - 16);
    const below = box.bottom + 4;
    const fits = below + pop.offsetHeight < window.innerHeight || box.top < pop.offsetHeight + 60;
    pop.style.left = `${Math.max(8, left) + window.scrollX}px`;
    pop.style.top = `${(fits ? below : box.top - pop.offsetHeight - 4) + window.scrollY}px`;
  };

  const openPop = async (cell) => {
    if (popFor === cell) return;
    closePop();
    popFor = cell;
    const answer = await fetch(cell.dataset.pop || cell.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || answer.redirected || popFor !== cell) return;
    pop = document.createElement("div");
    pop.className = "pop";
    pop.setAttribute("role", "tooltip");
    pop.innerHTML = await answer.text();
    document.body.append(pop);
    place(cell);
  };

  const wantPop = (cell, wait) => {
    clearTimeout(popTimer);
    popTimer = setTimeout(() => openPop(cell), wait);
  };

  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("[data-pop]");
    if (cell) wantPop(cell, 250);
    else if (!event.target.closest(".pop")) {
      clearTimeout(popTimer);
      popTimer = setTimeout(closePop, 200);
    } else clearTimeout(popTimer);
  });
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-pop]");
    if (cell?.matches(":focus-visible")) wantPop(cell, 150);
    else if (!event.target.closest(".pop")) closePop();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closePop();
    closeMenus();
  });

  /* The policy's draft: the lines under the text lend it their colours while they are of this very text. */

  const colour = () => {
    const draft = $("#draft");
    const lines = $$("#draft-lines .line-text").map((line) => line.textContent);
    draft?.classList.toggle("fresh", lines.join("\n") === draft.value);
  };
  document.addEventListener("input", (event) => event.target.id === "draft" && event.target.classList.remove("fresh"));
  document.addEventListener("htmx:afterSettle", colour);
  colour();

  /* Copying */

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      toast("Not copied: the browser does not allow it here");
    }
  };

  /* Each line of code is a block; an empty one holds a blank, which is no blank to YAML. */
  const written = (node) => node.innerText.replace(/[ \u00a0]+$/gm, "").trim();

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy === "link" ? location.href : written($(button.dataset.copy)));
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  });

  /* What the other files need: `acts` by name are what keys and the palette start, and each file adds its own. */
  window.parity = { acts: {}, copy, toast };

  /* What needs a script is shown once there is one: on the page as it came, and in what is drawn into it later. */
  const usable = () => $$("[data-needs-script]").forEach((node) => (node.hidden = false));
  document.addEventListener("htmx:afterSettle", usable);
  usable();
  tick();
  if (live()) heard();
})();
