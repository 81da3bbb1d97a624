"""What has to hold on every page in a browser, in light and dark, wide and narrow; and a picture of each.

A page is loaded once for each person; scheme and width change under it. What holds just what another page held that was
looked at before, but for names and instants, is not looked at again.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.test import Client
    from playwright.sync_api import Browser, BrowserContext, Page

SHOTS: Final = "PARITYCHECK_SHOTS"
"""Names the directory in which the pictures are kept; without it they lie in pytest's own."""
WIDE, BETWEEN, NARROW = 1440, 1024, 390
MANUAL: Final = "/docs"
SHOWCASE: Final = "/docs/design"
TALLEST_PX: Final = 3_000
SESSION: Final = "paritycheck-session"
_STANDARD: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# Landmarks and headings are of pages; a mail or a part of one has none.
_PRACTICE: Final = (*_STANDARD, "best-practice")
# In dark all else is as in light: no rule of the stylesheet hangs on the scheme, only the values of colours do.
_OF_COLOURS: Final = ("color-contrast", "link-in-text-block")
# What a narrow screen changes: where things stand, and which of them stand there.
_OF_WIDTH: Final = (*_OF_COLOURS, "target-size", "scrollable-region-focusable", "button-name", "link-name", "label")
Look = tuple[int, Literal["light", "dark"]]
Rules = dict[str, Any]
_ALL: Final[Rules] = {"type": "tag", "values": _PRACTICE}
IN_LIGHT: Final[Mapping[Look, Rules]] = {(WIDE, "light"): _ALL}
IN_DARK: Final[Mapping[Look, Rules]] = {(NARROW, "dark"): {"type": "rule", "values": _OF_WIDTH}}
BOTH: Final[Mapping[Look, Rules]] = {**IN_LIGHT, **IN_DARK}
EVERY: Final[Mapping[Look, Rules]] = {
    **BOTH,
    (WIDE, "dark"): {"type": "rule", "values": _OF_COLOURS},
    (NARROW, "light"): _ALL,
}
FRAMED: Final[Mapping[Look, Rules]] = {look: {"type": "tag", "values": _STANDARD} for look in BOTH}
"""Of mails and parts of pages."""
_AXE: Final = """async (only) => {
    const options = { runOnly: only, resultTypes: ["violations"], iframes: false, preload: false };
    const found = await axe.run(document, options);
    return found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any, all, none }) => `${id} at ${target}: ${[...any, ...all, ...none][0]?.message}`));
}"""
_STRUCTURE: Final = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    const wrong = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id ${id} twice`);
    const heads = document.querySelectorAll("h1").length;
    if (heads !== 1) wrong.push(`${heads} h1`);
    for (const node of document.querySelectorAll("a:not([href]), button:not([type]), img:not([alt])"))
        wrong.push(`bare ${node.outerHTML.slice(0, 120)}`);
    return wrong;
}"""
_SETTLED: Final = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
_DRAWN: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# How old something is goes on while one looks; what needs a script is not there without one.
_WORDS: Final = """(main) => {
    for (const time of main.querySelectorAll("time")) time.textContent = time.dateTime || time.title;
    for (const node of main.querySelectorAll("[data-needs-script], #live")) node.remove();
    return main.innerText;
}"""
_AGE: Final = re.compile(r"\d+[ \xa0](?:s|min)\b|\d\d:\d\d:\d\d")
# Of no account to what a page looks like: names, secrets of forms, instants.
_PASSING: Final = re.compile(r'[a-z]+@example\.com|name="csrfmiddlewaretoken" value="\w+"|<time.*?</time>', re.DOTALL)


class Walk:
    """Collects what is wrong instead of stopping at it: `faults` names role, page, and what is the matter.

    Pages are addresses as every_page.py has them; `ids` fills them. A `long` walk looks at every width in every scheme.
    A short one takes the looks it is told, so that what several roles see alike is examined once in each look; of the
    manual, whose pages are long and alike, it looks at the one that shows every component, and whether the others
    complain or overflow.
    """

    def __init__(self, browser: Browser, site: str, ids: Mapping[str, str], pictures: Path, *, long: bool) -> None:
        self.browser, self.site, self.ids, self.long = browser, site, ids, long
        self.pictures = Path(os.environ.get(SHOTS) or pictures)
        self.faults: list[str] = []
        self._seen: set[str] = set()
        self._short: Mapping[Look, Rules] = BOTH

    def go(
        self,
        role: str,
        client: Client | None,
        pages: Iterable[str],
        *,
        status: int = 200,
        looks: Mapping[Look, Rules] = BOTH,
    ) -> None:
        """Each page as this person sees it; without a client as somebody who has not signed in."""
        self._short = looks
        context = self._context(client)
        page, said = context.new_page(), list[str]()
        page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("requestfailed", lambda request: said.append(f"failed: {request.url} {request.failure}"))
        for path in pages:
            said.clear()
            wrong = self._visit(page, role, path, status)
            # Whoever leaves a page leaves what it was asking for.
            told = [text for text in said if f"status of {status}" not in text and "ERR_ABORTED" not in text]
            self._note(f"{role} {path}", [*told, *wrong])
        context.close()

    def read(self, role: str, client: Client, pages: Iterable[str]) -> None:
        """Documents in which nothing runs, in a page of their own in which axe does."""
        context = self._context(None)
        for path in pages:
            page = context.new_page()
            page.set_content(client.get(path.format(**self.ids)).content.decode())
            page.evaluate(AXE_SCRIPT)
            self._note(f"{role} {path}", self._looks(page, f"{role}{path}", FRAMED))
            page.close()
        context.close()

    def compare_without_script(self, client: Client, pages: Iterable[str]) -> None:
        """Every word of a page with scripts stands on it without them."""
        contexts = self._context(client), self._context(client, java_script_enabled=False)
        views = [context.new_page() for context in contexts]
        for path in pages:
            texts = []
            for page in views:
                page.goto(self.site + path.format(**self.ids))
                if page is views[0]:
                    page.wait_for_function(_SETTLED)
                texts.append(Counter(_AGE.sub("", page.locator("main").evaluate(_WORDS)).split()))
            # Buttons that a script makes needless stand there only without one.
            if lost := texts[0] - texts[1]:
                self._note(path, [f"with scripts alone: {sorted(lost)}, without: {sorted(texts[1] - texts[0])}"])
        for context in contexts:
            context.close()

    def _note(self, where: str, wrong: Iterable[str]) -> None:
        found = [f"{where} {text}" for text in wrong]
        self.faults += found
        # The report of a failed comparison shortens lists; what was written meanwhile it shows whole.
        sys.stdout.writelines(f"{fault}\n" for fault in found)

    def _context(self, client: Client | None, **options: Any) -> BrowserContext:
        # A colour in the midst of its transition has no contrast of its own.
        look: dict[str, Any] = {"viewport": {"width": WIDE, "height": 900}, "reduced_motion": "reduce"}
        context = self.browser.new_context(**look, **options)
        if client is not None:
            value = client.cookies[SESSION].value
            context.add_cookies([{"name": SESSION, "value": value, "url": self.site}])
        return context

    def _visit(self, page: Page, role: str, path: str, status: int) -> list[str]:
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.emulate_media(color_scheme="light")
        address = self.site + path.format(**self.ids)
        answer = page.goto(address)
        wrong = [] if answer and answer.status == status else [f"answers {answer and answer.status}"]
        # A key of a mail goes into the session, out of the address.
        wrong += [] if page.url == address or "{reset}" in path else [f"leads to {page.url}"]
        page.wait_for_function(_SETTLED)
        held = page.locator("main").evaluate("(node) => node.innerHTML")
        look = hashlib.sha256(_PASSING.sub("", held).encode()).hexdigest()
        if look in self._seen:
            return wrong
        self._seen.add(look)
        wrong += page.evaluate(_STRUCTURE)
        if not self.long and (not self._short or (path.startswith(MANUAL) and path != SHOWCASE)):
            return [*wrong, *self._wide(page, NARROW)]
        page.evaluate(AXE_SCRIPT)
        return [*wrong, *self._looks(page, f"{role}{path}", EVERY if self.long else self._short)]

    def _looks(self, page: Page, name: str, looks: Mapping[Look, Rules]) -> list[str]:
        wrong = self._wide(page, BETWEEN)
        for (width, scheme), only in looks.items():
            wrong += self._wide(page, width)
            page.emulate_media(color_scheme=scheme)
            page.evaluate(_DRAWN)
            wrong += [f"{width} {scheme}: {text}" for text in page.evaluate(_AXE, only)]
            self.picture(page, name, f"{width}-{scheme}")
        return wrong

    def _wide(self, page: Page, width: int) -> list[str]:
        page.set_viewport_size({"width": width, "height": 900})
        over = page.evaluate("document.documentElement.scrollWidth")
        return [f"is {over} px wide at {width}"] if over > width else []

    def picture(self, page: Page, name: str, look: str) -> None:
        """Keep how the page looks, as far down as a picture is of use."""
        file = f"{re.sub(r'[^a-z0-9=-]+', '_', name)[:120]}-{look}.jpg"
        width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip: Any = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST_PX)}
        page.screenshot(full_page=True, clip=clip, path=self.pictures / file, type="jpeg", quality=80)
