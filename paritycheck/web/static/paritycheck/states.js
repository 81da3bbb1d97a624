/* Loading, lost and refused: what a page says while it waits for the server, and when no answer comes. */
(() => {
  "use strict";

  const main = () => document.querySelector("#main");
  const live = () => document.querySelector("#live");
  const ownRefresh = (event) => event.target === live() || event.target.id === "page";

  /* Loading: after 300 ms the rows that wait turn into bars, in the layout that they have. */

  let waiting = 0;
  let timer = 0;
  const begin = (event) => {
    if (ownRefresh(event)) return;
    waiting += 1;
    clearTimeout(timer);
    timer = setTimeout(() => waiting && main()?.setAttribute("aria-busy", "true"), 300);
  };
  const end = (event) => {
    if (ownRefresh(event)) return;
    waiting = Math.max(0, waiting - 1);
    if (waiting) return;
    clearTimeout(timer);
    main()?.removeAttribute("aria-busy");
  };
  document.addEventListener("htmx:beforeSend", begin);
  document.addEventListener("htmx:afterRequest", (event) => event.detail.xhr && end(event));

  /* Lost: the page says of when it is, above itself, until it hears of the server again. */

  const lostNotice = () => document.querySelector("#lost");
  const say = () => {
    const state = live()?.dataset.state;
    if (state !== "lost") {
      lostNotice()?.remove();
      return;
    }
    if (lostNotice()) return;
    const notice = document.querySelector("#lost-form").content.cloneNode(true);
    const at = new Date().toISOString();
    const time = notice.querySelector("time");
    time.dateTime = at;
    time.title = new Date(at).toUTCString();
    time.textContent = at.slice(11, 19);
    notice.querySelector("button").addEventListener("click", () => window.htmx?.trigger(live(), "parity:look"));
    main().prepend(notice);
  };
  if (live()) new MutationObserver(say).observe(live(), { attributes: true, attributeFilter: ["data-state"] });

  /* Refused: what was asked for did not come; what stands here stays. */

  const toast = (text) => {
    const item = document.createElement("div");
    item.className = "toast";
    item.textContent = text;
    document.querySelector("#toasts").append(item);
    setTimeout(() => item.remove(), 6000);
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => ownRefresh(event) || toast("No answer from the server. What you see is as it was."));
  }
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status >= 500 && event.target !== live()) toast("This failed on the server. What you see is as it was.");
  });
})();
