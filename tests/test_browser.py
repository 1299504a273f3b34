"""The built pages in Debian's Chromium: from disk, alone, without errors, on a desk and on a phone, light and dark."""

import fcntl
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache

import books
import chromium
import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    chromium.needed,
]

NO_ALT = """() => [...document.querySelectorAll('article img, main img')].filter(i => !i.alt.trim()).map(i => i.src)
    .concat([...document.querySelectorAll('.vvs-plot')].filter(p => !p.getAttribute('aria-label')).map(p => p.className))"""
UNDRAWN = """() => [...document.querySelectorAll('.vvs-figure[data-script]')]
    .filter(f => !f.querySelector('.main-svg')).map(f => f.dataset.figure)"""
ALL_DRAWN = "() => [...document.querySelectorAll('.vvs-figure[data-script]')].every(f => f.querySelector('.main-svg'))"
COLOURS = """() => [...document.querySelectorAll('.vvs-plot')].map(p =>
    [getComputedStyle(p.querySelector('.xtick text')).fill, p.layout.xaxis.gridcolor].join(' '))"""
BUTTON = """kind => { const plot = document.querySelector('.vvs-plot'), button = plot.querySelector(kind);
    return [button.getAttribute('aria-pressed'), document.activeElement === button,
            plot.data.filter(t => t.visible === 'legendonly' || t.opacity === 0).length]; }"""
TOOLBAR = "() => [...document.querySelectorAll('.modebar-btn')].map(b => b.getAttribute('aria-label'))"
LAID_OVER = """() => [...document.querySelectorAll('.vvs-plot')].flatMap(plot => {
    const at = plot.querySelector('.main-svg').getBoundingClientRect();
    const areas = Object.values(plot._fullLayout._plots).map(({xaxis: x, yaxis: y}) =>
        [at.left + x._offset, at.top + y._offset, at.left + x._offset + x._length, at.top + y._offset + y._length]);
    return [...plot.querySelectorAll('g[class^="y"][class$="tick"] > text')].filter(text => {
        const r = text.getBoundingClientRect();
        return areas.some(([x0, y0, x1, y1]) => r.right > x0 + 2 && r.left < x1 - 2 && r.bottom > y0 + 2 && r.top < y1 - 2);
    }).map(text => text.textContent);
})"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [document.documentElement.scrollWidth].concat([...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.tagName + '.' + e.className))"""


ON_PAPER = """() => {
    const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
    const wrong = [...document.querySelectorAll('.bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .bd-footer, ' +
        '.prev-next-footer, button, input, select, .modebar, .headerlink, .vvs-plot')].filter(shown)
        .map(e => 'shown: ' + e.tagName + '.' + e.className);
    const cut = e => e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1;
    const parts = [...document.querySelectorAll('article table, article pre, article img, .vvs-scroll')].filter(shown);
    const lost = [...document.querySelectorAll('.vvs-figure img')].filter(i => !shown(i) || !i.complete || !i.naturalWidth);
    return wrong.concat(parts.filter(cut).map(e => 'cut: ' + e.tagName + '.' + e.className),
                        lost.map(i => 'not printed: ' + i.alt),
                        [...document.querySelectorAll('h1')].some(shown) ? [] : ['no title']);
}"""
SERIOUS = {"serious", "critical"}


@dataclass
class Seen:
    """What the browser saw of one page."""

    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    no_alt: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    laid_over: list[str] = field(default_factory=list)
    drawn: int = 0
    toolbar: list[str] = field(default_factory=list)
    colours: dict[str, list[str]] = field(default_factory=dict)
    barriers: list[str] = field(default_factory=list)
    on_paper: list[str] = field(default_factory=list)


NARROW = ["scrollable-region-focusable", "aria-hidden-focus", "button-name", "link-name"]
"""What can differ on a phone: tables that scroll, menus that fold."""


def barriers(page, rules=None):
    """What axe finds that keeps somebody out, by all rules or by some: rule, theme, first elements concerned."""
    from axe_playwright_python.sync_playwright import Axe

    theme = page.evaluate("document.documentElement.dataset.theme")
    # It would ask for style sheets by XMLHttpRequest, which a page opened from disk may not.
    options = {"resultTypes": ["violations"], "preload": False}
    if rules is not None:
        options["runOnly"] = rules
    # A figure's marks are for the eye alone, and the rows of a table are alike: thousands of elements less.
    context = {"exclude": [[".main-svg"], ["tbody tr:nth-child(n+4)"]]}
    found = [one for one in Axe().run(page, context, options).response["violations"] if one["impact"] in SERIOUS]
    return [f"{one['id']} ({theme}): {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def look(context, url):
    """Open a page and note everything."""
    seen, page = Seen(), context.new_page()
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else seen.requests.append(r.url))
    page.on("requestfailed", lambda r: seen.failed.append(r.url))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: seen.errors.append(str(e)))
    page.goto(url)
    page.wait_for_load_state("load")
    try:
        page.wait_for_function(ALL_DRAWN, timeout=30_000)
    finally:
        seen.undrawn = page.evaluate(UNDRAWN)
    seen.drawn = page.locator(".vvs-plot .main-svg").count()
    seen.toolbar = page.evaluate(TOOLBAR)
    seen.no_alt = page.evaluate(NO_ALT)
    seen.too_wide = page.evaluate(TOO_WIDE)
    seen.laid_over = page.evaluate(LAID_OVER)
    wide = page.viewport_size["width"] > 400  # colours and paper are the same for what is narrow
    seen.barriers = barriers(page, None if wide else NARROW)
    if not wide:
        page.close()
        return seen
    theme = page.evaluate("document.documentElement.dataset.theme")
    seen.colours[theme] = page.evaluate(COLOURS)
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            break
    page.mouse.move(1, 1)  # the button's hint goes
    page.wait_for_function("document.querySelector('.tooltip') === null")
    page.wait_for_timeout(300)
    seen.colours[page.evaluate("document.documentElement.dataset.theme")] = page.evaluate(COLOURS)
    seen.barriers += barriers(page, ["color-contrast"])
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 less its margins
    seen.on_paper = page.evaluate(ON_PAPER)
    page.close()
    return seen


def walk(built, width, part=slice(None)):
    """Some pages of a book at a width: ``{page at width: Seen}``."""
    with chromium.browser() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
        pages = built.pages()[part]
        found = {f"{path.relative_to(built.html)} at {width} px": look(context, path.as_uri()) for path in pages}
    return found


VISITS = {
    "sample": ("sample", {1400: slice(None), 400: slice(None)}),
    "real desk 1": ("real", {1400: slice(0, None, 2)}),
    "real desk 2": ("real", {1400: slice(1, None, 2)}),
    "real phone": ("real", {400: slice(None)}),
}
"""Visit → the book, and which of its pages at which widths: every page at 1400 px and at 400 px, in pieces (`conftest.LAST`)."""


@cache
def visit(name):
    """What a visit saw: ``{page at width: Seen}``."""
    book, looks = VISITS[name]
    built = getattr(books, book)()
    if built.status:
        pytest.fail(f"the book does not build:\n{built.said}")
    with books.checkout_book(fcntl.LOCK_SH) if book == "real" else nullcontext():
        found = [walk(built, width, part) for width, part in looks.items()]
    return {page: seen for one in found for page, seen in one.items()}


def found_by(name, what):
    """Pages at which something was found."""
    return {page: getattr(seen, what) for page, seen in visit(name).items() if getattr(seen, what)}


all_visits = pytest.mark.parametrize("book", VISITS)
on_a_desk = pytest.mark.parametrize("book", [name for name, (_, looks) in VISITS.items() if 1400 in looks])


def test_visits_see_every_page_at_both_widths():
    """No page of the whole book is left out between the pieces."""
    pages = list(range(7))
    for width in (1400, 400):
        parts = [looks[width] for book, looks in VISITS.values() if book == "real" and width in looks]
        assert sorted(page for part in parts for page in pages[part]) == pages


@all_visits
def test_no_request_leaves_the_machine(book):
    """Pages opened from disk ask for nothing but files."""
    assert found_by(book, "requests") == {}


@all_visits
def test_every_file_is_there(book):
    """No request fails."""
    assert found_by(book, "failed") == {}


@all_visits
def test_console_is_silent(book):
    """No page reports an error."""
    assert found_by(book, "errors") == {}


@all_visits
def test_pictures_have_alternative_text(book):
    """Every picture and every interactive figure says in words what it shows."""
    assert found_by(book, "no_alt") == {}


@all_visits
def test_pages_fit_a_phone(book):
    """No page scrolls sideways, on a desk or at 400 px."""
    assert found_by(book, "too_wide") == {}


@all_visits
def test_names_of_rows_keep_to_their_panel(book):
    """No name or number beside a vertical axis lies over the panel next to it."""
    assert found_by(book, "laid_over") == {}


@all_visits
def test_nothing_keeps_anybody_out(book):
    """An accessibility checker (axe-core) finds nothing serious on any page, light or dark, wide or narrow."""
    assert found_by(book, "barriers") == {}


@on_a_desk
def test_pages_print_clean(book):
    """On paper there is the article alone: a title, pictures for interactive figures, no table or code cut off, no button."""
    assert found_by(book, "on_paper") == {}


@all_visits
def test_interactive_figures_draw(book):
    """Every interactive figure is drawn by plotly."""
    assert found_by(book, "undrawn") == {}


def test_the_sample_has_an_interactive_figure():
    """There is a figure for plotly to draw, so that the tests above mean something."""
    assert visit("sample")["index.html at 1400 px"].drawn > 0


@on_a_desk
def test_figures_follow_the_theme(book):
    """The theme button changes the colours of every interactive figure."""
    for page, seen in ((page, seen) for page, seen in visit(book).items() if page.endswith(" 1400 px")):
        assert set(seen.colours) == {"light", "dark"}, page
        assert all(a != b for a, b in zip(seen.colours["light"], seen.colours["dark"], strict=True)), page


@cache
def pressed():
    """What the keyboard does to the sample's first figure: ``{kind: [(aria-pressed, has focus, hidden traces)]}``."""
    found = {}
    with chromium.browser() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto((books.sample().html / "index.html").as_uri())
        page.wait_for_function(ALL_DRAWN, timeout=30_000)
        page.wait_for_selector(".legendtoggle[role=button]", state="attached")
        for kind in (".legendtoggle", ".updatemenu-button"):
            page.evaluate("kind => document.querySelector('.vvs-plot').querySelector(kind).focus()", kind)
            found[kind] = [page.evaluate(BUTTON, kind)]
            for key in ("Enter", " "):
                page.keyboard.press(key)
                page.wait_for_timeout(900)  # the legend waits for a second click
                found[kind].append(page.evaluate(BUTTON, kind))
    return found


@pytest.mark.parametrize("kind", [".legendtoggle", ".updatemenu-button"])
def test_the_keyboard_hides_and_shows(kind):
    """Enter hides a family or data set, Space shows it again, and the focus stays on the button."""
    before, hidden, again = pressed()[kind]
    assert [pressed for pressed, _, _ in (before, hidden, again)] == ["true", "false", "true"]
    assert hidden[1] and again[1]
    assert hidden[2] > before[2] == again[2]


@all_visits
def test_nothing_offers_to_upload(book):
    """No figure's toolbar offers to send the chart anywhere."""
    assert not [title for seen in visit(book).values() for title in seen.toolbar if "share" in title.lower()]


@cache
def searched(book, words):
    """What the search page says when it is opened from disk: titles found, and requests that are not for files."""
    asked = []
    with chromium.browser() as browser:
        page = browser.new_page()
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else asked.append(r.url))
        page.goto(f"{(getattr(books, book)().html / 'search.html').as_uri()}?q={words}")
        page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('found')", timeout=30_000)
        page.wait_for_selector("#search-results li a")
        titles = page.locator("#search-results li > a").all_text_contents()
    return titles, asked


@pytest.mark.parametrize(
    ("book", "words", "title"),
    [
        ("sample", "neuroid", "A sample"),
        ("real", "Chinchilla", "How the laws are fitted"),
        ("real", "ecoset", "Data diets"),
        ("real", "neuroid", "Terms and symbols"),
    ],
)
def test_search_finds(book, words, title):
    """The search of a book opened from disk finds a word that a page has, those of explained terms too, and asks nobody else."""
    titles, asked = searched(book, words)
    assert title in titles and asked == []


SHOWN_TIP = "() => { const tip = document.querySelector('.vvs-tip'); return tip && !tip.hidden ? tip.textContent : null; }"
WIDE_TIP = "() => document.querySelector('.vvs-tip').getBoundingClientRect().right <= innerWidth"


@cache
def explained():
    """What readers see of a term of the sample, by mouse, keyboard and touch."""
    found, address = {}, (books.sample().html / "index.html").as_uri()
    with chromium.browser() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        term = page.locator("a.vvs-term", has_text="neuroids")
        found["before"] = page.evaluate(SHOWN_TIP)
        term.hover()
        found["mouse"] = page.evaluate(SHOWN_TIP)
        page.locator(".vvs-tip").hover()
        page.wait_for_timeout(400)
        found["on the definition"] = page.evaluate(SHOWN_TIP)
        page.mouse.move(5, 5)
        page.wait_for_timeout(400)
        found["away"] = page.evaluate(SHOWN_TIP)
        term.focus()
        found["keyboard"] = page.evaluate(SHOWN_TIP)
        page.keyboard.press("Escape")
        found["escape"] = page.evaluate(SHOWN_TIP)
        page.keyboard.press("Enter")
        page.wait_for_url("**/words.html#term-neuroid")
        phone = browser.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True).new_page()
        phone.goto(address)
        phone.locator("a.vvs-term", has_text="neuroids").tap()
        found["tap"] = phone.evaluate(SHOWN_TIP), phone.url == address, phone.evaluate(WIDE_TIP)
        phone.locator("article h1").tap()
        found["tap elsewhere"] = phone.evaluate(SHOWN_TIP)
        phone.locator("a.vvs-term", has_text="neuroids").tap()
        phone.locator("a.vvs-term", has_text="neuroids").tap()
        phone.wait_for_url("**/words.html#term-neuroid")
    return found


NEUROID = "A recorded site, or a model’s unit that stands for one."


@pytest.mark.parametrize("way", ["mouse", "on the definition", "keyboard"])
def test_terms_explain_themselves(way):
    """The definition of a term is there while the mouse, also on the definition, or the focus is on it."""
    assert explained()[way] == NEUROID


@pytest.mark.parametrize("way", ["before", "away", "escape", "tap elsewhere"])
def test_definitions_go_away(way):
    """The definition goes with the mouse, at Escape, and at a tap elsewhere."""
    assert explained()[way] is None


def test_a_tap_explains_a_term():
    """On a phone the first tap shows the definition, within the screen, and stays on the page; a second one follows the link."""
    assert explained()["tap"] == (NEUROID, True, True)
