/* Going through the history of an environment in place. Without this each bar is a link to the same page. */
(() => {
  "use strict";

  const PARTS = ["scrub-head", "scrub-changed"];
  const bars = () => [...document.querySelectorAll("#bars a")];
  const range = () => document.getElementById("scrub");
  let wait = 0;
  let wanted = "";

  const fill = async (address) => {
    const answer = await fetch(address).catch(() => null);
    if (wanted !== address) return;
    if (!answer?.ok || answer.redirected) {
      window.location.assign(address);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (wanted !== address) return;
    for (const id of PARTS) {
      const part = page.getElementById(id);
      if (part) document.getElementById(id)?.replaceWith(part);
    }
    window.history.replaceState(null, "", address);
  };

  const choose = (at) => {
    const links = bars();
    const link = links[at];
    if (!link) return;
    for (const other of links) other.classList.toggle("chosen", other === link);
    document.getElementById("handle").setAttribute("x", link.dataset.middle);
    range().value = at;
    range().setAttribute("aria-valuetext", link.querySelector("title").textContent);
    wanted = link.getAttribute("href");
    clearTimeout(wait);
    wait = setTimeout(fill, 120, wanted);
  };

  document.addEventListener("input", (event) => event.target.id === "scrub" && choose(Number(event.target.value)));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-scrub]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const at = bars().findIndex((bar) => bar.getAttribute("href") === link.getAttribute("href"));
    if (at < 0) return;
    event.preventDefault();
    choose(at);
  });
  // The page that asks for itself anew asks for the snapshot that is looked at.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id === "page" && range()) event.detail.path = location.pathname + location.search;
  });
})();
