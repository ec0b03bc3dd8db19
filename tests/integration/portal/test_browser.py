"""The portal in a real Chromium: strict policy, axe, keyboard, narrow windows, no JavaScript, live pages, two officers.

Each page's screenshot is written to build/screenshots, for people to look at.
"""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect, sync_playwright

from tests.integration.portal.stand import Stand
from tests.unit.gateway.portal.ledger import House, lively
from tests.unit.gateway.portal.rooms import answered

pytestmark = pytest.mark.e2e

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SHOTS = Path("build/screenshots")
PATIENCE_MS = 120_000


def keep(page, name, **how):
    """Write a screenshot for people to look at; no test rests on it, and Chromium sometimes cannot make one."""
    try:
        page.screenshot(path=SHOTS / name, **how)
    except Error as error:
        print(f"no screenshot {name}: {error.message}")  # noqa: T201 - shown with a failing test


WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective + " " + event.blockedURI);
});
"""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PLAIN = {
    "overview": "/",
    "timeline": "/timeline",
    "observed": "/timeline?kind=witness",
    "studies": "/studies",
    "study": "/studies/one",
    "round": "/studies/one/rounds/3",
    "privacy": "/privacy?recount=yes",
    "policies": "/policies",
    "models": "/models",
    "members": "/members",
    "refusals": "/refusals",
    "agreement": "/agreement",
    "reviews": "/reviews?review=first-model",
    "access": "/access",
    "exports": "/exports?study=one",
    "controls": "/controls",
    "questions": "/questions",
    "question": "/questions/approvals?study=one",
    "not-found": "/nothing",
}
FOUND = {
    "transaction": ("/timeline", "/transactions/"),
    "policy": ("/policies", "/policies/sha"),
    "model": ("/models", "/models/sha"),
}
PAGES = (*PLAIN, *FOUND, "prepared", "login")


@pytest.fixture(scope="module")
def house():
    return lively()


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    # Closed with this module: while it is open, this thread runs its event loop, and no other can be run.
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stand(tmp_path_factory, house):
    stand = Stand(tmp_path_factory.mktemp("portal"), house)
    stand.start()
    yield stand
    stand.end()


class Window:
    """A browser's window that remembers what its console said."""

    def __init__(self, chromium, stand, **how):
        how = {"viewport": {"width": 1360, "height": 860}, "reduced_motion": "reduce", **how}
        self.context = chromium.new_context(ignore_https_errors=True, base_url=stand.origin, **how)
        self.context.add_init_script(WATCH)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.said = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def open(self, name):
        """Open a page by its name in `PAGES`."""
        if name in FOUND:
            where, begins = FOUND[name]
            self.page.goto(where)
            self.page.goto(self.page.locator(f'main a[href^="{begins}"]').first.get_attribute("href"))
        elif name == "prepared":
            self.prepare()
        elif name == "login":
            self.context.clear_cookies()
            self.page.goto("/login")
        else:
            self.page.goto(PLAIN[name])
        return self.page

    def prepare(self):
        self.page.goto("/reviews?review=first-model")
        self.page.get_by_label("Becomes").select_option("CONCLUDED")
        self.page.get_by_label("Meaning").select_option("review")
        self.page.get_by_label("Outcome").select_option("accepted")
        self.press("Prepare")

    def press(self, name):
        """Press a button that leads to a page, and wait until that page has its styles."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()

    def log_in(self, signer):
        self.page.goto("/login")
        command = self.page.locator("#command").inner_text()
        self.page.get_by_label("Answer").fill(answered(command.split()[-1], signer))
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Overview")


@pytest.fixture(scope="module")
def state(chromium, stand, house):
    """The cookies of a session that the login page gave."""
    window = Window(chromium, stand)
    window.log_in(house.members[0].roles["officer"])
    yield window.context.storage_state()
    window.context.close()


@pytest.fixture
def window(chromium, stand, state, request):
    made = Window(chromium, stand, storage_state=state, **getattr(request, "param", {}))
    yield made
    made.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_obeys_the_strict_policy_and_axe_finds_nothing(name, window):
    page = window.open(name)
    page.wait_for_load_state("load")
    if name == "privacy":
        expect(page.locator(".uplot canvas")).to_be_visible()
    SHOTS.mkdir(parents=True, exist_ok=True)
    keep(page, f"{name}.png", full_page=True)
    assert page.evaluate("window.violations") == []
    assert [said for said in window.said if "404" not in said or name != "not-found"] == []
    found = Axe().run(page, options={"runOnly": AXE_TAGS, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("window", [{"color_scheme": "dark"}], indirect=True, ids=["dark"])
@pytest.mark.parametrize(
    "name", ["overview", "timeline", "observed", "privacy", "round", "policy", "model", "access", "login"]
)
def test_the_dark_pages_have_enough_contrast(name, window):
    page = window.open(name)
    keep(page, f"{name}-dark.png")
    found = Axe().run(page, options={"runOnly": ["wcag2aa"], "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("window", [{"viewport": {"width": 320, "height": 640}}], indirect=True, ids=["320px"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_narrow_window(name, window):
    page = window.open(name)
    keep(page, f"{name}-narrow.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """A portal over a study that two members have stopped."""
    house = House()
    house.round(1)
    house.open(2)
    for by, role, reason in ((1, "steward", "data"), (2, "operator", "key")):
        house.call("study:Suspend", by=by, role=role, study="one", round=2, reason=reason)
    stand = Stand(tmp_path_factory.mktemp("halted"), house)
    stand.start()
    yield stand, house.members[0].roles["officer"]
    stand.end()


@pytest.mark.parametrize("where", ["/studies/one", "/studies/one/rounds/2"])
def test_a_suspended_study_obeys_the_strict_policy_fits_and_axe_finds_nothing(where, chromium, halted):
    stand, officer = halted
    window = Window(chromium, stand)
    try:
        window.log_in(officer)
        page = window.page
        page.goto(where)
        expect(page.get_by_text("The study is suspended by BirchMSP (data), CedarMSP (key).")).to_be_visible()
        SHOTS.mkdir(parents=True, exist_ok=True)
        keep(page, f"suspended-{where.count('/')}.png", full_page=True)
        assert (page.evaluate("window.violations"), window.said) == ([], [])
        found = Axe().run(page, options={"runOnly": AXE_TAGS, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    finally:
        window.context.close()


def test_paper_is_light_whatever_the_screen_is(window):
    page = window.open("overview")
    window.press("Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    read = "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
    dark = page.evaluate(read)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(read) == "#17201e" != dark
    assert page.locator("nav.side").is_hidden()


@pytest.mark.parametrize("window", [{"java_script_enabled": False}], indirect=True, ids=["no-javascript"])
def test_everything_works_without_javascript(window):
    page = window.page
    page.goto("/timeline")
    page.get_by_label("Kind").select_option("round.disputed")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.locator("#rows a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A round is disputed")
    page.goto("/privacy")
    page.get_by_role("button", name="Recompute").click()
    expect(page.get_by_role("heading", name="Counted anew from history")).to_be_visible()
    window.prepare()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review first-model")
    window.press("Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("window", [{"java_script_enabled": False}], indirect=True, ids=["no-javascript"])
def test_an_officer_logs_in_and_out_without_javascript(window, house):
    window.context.clear_cookies()
    window.log_in(house.members[0].roles["operator"])
    window.page.get_by_role("button", name="Log out").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Log in with your Fabric identity")


def test_a_filter_answers_without_leaving_the_page_and_stands_in_the_address(window):
    page = window.page
    page.goto("/timeline")
    page.get_by_label("At least").select_option("2")
    page.wait_for_url(re.compile(r"severity=2"))
    marks = page.locator("#rows td:nth-child(3) .mark")
    expect(marks.first).to_have_text("attention")
    assert set(marks.all_inner_texts()) == {"attention"}
    page.reload()
    assert set(marks.all_inner_texts()) == {"attention"}


def focused(page):
    return page.evaluate(
        """() => { const one = document.activeElement; const style = getComputedStyle(one);
        return {text: (one.innerText || one.name || '').trim(), href: one.getAttribute('href'),
                outline: style.outlineStyle + ' ' + style.outlineWidth}; }"""
    )


def test_the_keyboard_alone_leads_everywhere(window):
    page = window.page
    page.goto("/")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.goto("/")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        now = focused(page)
        seen.append(now["href"])
        assert now["outline"] == "solid 3px", now
    menu = page.locator("nav li a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(menu) == 14
    assert set(menu) <= set(seen)


def test_a_filter_is_set_by_the_keyboard_alone(window):
    page = window.page
    page.goto("/timeline")
    page.get_by_label("Text or digest").focus()
    page.keyboard.type("MVCC")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("text=MVCC"))


def test_the_timeline_is_live_and_goes_on_after_a_restart(window, stand):
    page = window.page
    page.goto("/timeline")
    expect(page.locator("#live")).to_have_text("live")
    before = int(page.locator("#rows tr").first.get_attribute("data-sequence"))
    stand.add()
    expect(page.locator("#rows tr").first).not_to_have_attribute("data-sequence", str(before))
    stand.stop()
    expect(page.locator("#live")).to_have_text("reconnecting")
    missed = int(page.locator("#rows tr").first.get_attribute("data-sequence"))
    stand.start()
    stand.add()
    expect(page.locator("#rows tr").first).not_to_have_attribute("data-sequence", str(missed))
    expect(page.locator("#live")).to_have_text("live")
    seen = [int(one.get_attribute("data-sequence")) for one in page.locator("#rows tr").all()]
    assert seen == sorted(set(seen), reverse=True)
    assert seen == list(range(seen[0], seen[-1] - 1, -1))
    assert page.evaluate("window.violations") == []


def test_a_page_of_a_study_follows_the_ledger(window, stand):
    page = window.page
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    height = page.locator("#height").inner_text()
    stand.add()
    expect(page.locator("#height")).not_to_have_text(height)
    expect(page.locator("#found .figures")).to_be_visible()


def test_two_officers_at_once(chromium, stand, house, window):
    other = Window(chromium, stand)
    try:
        other.log_in(house.members[0].roles["operator"])
        window.page.goto("/studies")
        other.page.goto("/studies")
        assert "officer.alder.test" in window.page.locator("header").inner_text()
        assert "operator.alder.test" in other.page.locator("header").inner_text()
        assert other.page.goto("/access").status == 403
        assert window.page.goto("/access").status == 200
        other.page.goto("/")
        other.page.get_by_role("button", name="Log out").click()
        assert window.page.goto("/studies").status == 200
        window.page.goto("/access")
        assert {"officer", "operator"} <= set(re.findall(r"officer|operator", window.page.locator("main").inner_text()))
    finally:
        other.context.close()


def test_a_session_that_ends_leads_back_to_where_one_was(chromium, stand, house):
    other = Window(chromium, stand)
    try:
        other.log_in(house.members[0].roles["operator"])
        stand.clock.now += 31 * 60_000
        other.page.goto("/timeline?severity=2")
        expect(other.page.get_by_role("heading", level=1)).to_have_text("Log in with your Fabric identity")
        command = other.page.locator("#command").inner_text()
        other.page.get_by_label("Answer").fill(answered(command.split()[-1], house.members[0].roles["operator"]))
        other.page.get_by_role("button", name="Log in").click()
        other.page.wait_for_url(re.compile(r"/timeline\?severity=2$"))
    finally:
        stand.clock.now -= 31 * 60_000
        other.context.close()
