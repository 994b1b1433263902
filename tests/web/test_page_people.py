"""The page of people: tabs by role, and what each of them does, by keyboard too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from looking import PHONE, picture
from running import Running
from staffed import PASSWORD, browser, sign_in, staffed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    with staffed(tmp_path_factory.mktemp("people") / "home", town) as running:
        yield running


def opened(page: Page, up: Running, person: str, tab: str = "me") -> Page:
    page.goto(up.url)
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    queue, people = page.get_by_role("region", name="Queue"), page.get_by_role("tablist")
    expect(queue.or_(people)).to_be_visible()  # who works at no console is led there already
    page.goto(f"{up.url}/people#{tab}")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    return page


def tabs(page: Page) -> list[str]:
    return page.get_by_role("tab").all_inner_texts()


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("ana", ["Me", "Crews"]),
        ("eva", ["Me", "People", "Crews", "Devices", "Sharing", "Review"]),
        ("leo", ["Me", "People", "Crews", "Devices", "Requests", "Sharing", "Review"]),
    ],
)
def test_only_the_tabs_that_the_roles_allow(
    up: Running, page: Page, person: str, shown: list[str]
) -> None:
    opened(page, up, person)
    assert tabs(page) == shown


def test_tabs_by_arrows(up: Running, page: Page) -> None:
    opened(page, up, "leo")
    page.get_by_role("tab", name="Me").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="People")).to_be_focused()
    expect(page.get_by_role("tab", name="People")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Review")).to_be_focused()


def test_volunteers_and_a_crew_in_a_minute(up: Running, page: Page) -> None:
    opened(page, up, "ana", "crews")
    form = page.get_by_role("form", name="Volunteers who have just come")
    form.get_by_label("Names, one a line").fill("Berta Walk\nKim Up")
    form.get_by_label("What they can do").fill("search, first_aid")
    form.get_by_role("button", name="Make a party").click()
    expect(form.get_by_role("status")).to_have_text("Volunteers 1 can be sent.")
    rows = page.get_by_role("listitem")
    expect(rows.filter(has_text="Volunteers 1")).to_contain_text("search, first_aid")
    expect(page.get_by_role("list")).not_to_contain_text("Berta")  # guests' names are opened apart
    form = page.get_by_role("form", name="Sign a crew on")
    form.get_by_label("Callsign").select_option("E1")
    form.get_by_label("People, one a line").fill("rui: pump\nAna Reis: first_aid")
    form.get_by_role("button", name="Sign on", exact=True).click()
    expect(form.get_by_role("status")).to_have_text("Signed on to E1.")
    expect(rows.filter(has_text="E1")).to_contain_text("Rui (pump), guest (first_aid)")
    form.get_by_label("People, one a line").fill("nobody9: pump")
    form.get_by_role("button", name="Sign on", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("nobody of the staff has the id 'nobody9'")
    picture(page, "crews")
    page.get_by_role("button", name="Sign off E1").click()
    expect(rows.filter(has_text="E1")).to_have_count(0)


def test_a_console_in_a_secured_room(up: Running, page: Page) -> None:
    opened(page, up, "leo", "devices")
    form = page.get_by_role("form", name="Consoles in a secured room")
    form.get_by_label("Name of this console").fill("Desk 1")
    form.get_by_role("button", name="Mark this browser").click()
    expect(form.get_by_role("status")).to_contain_text("Desk 1: this browser is marked")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    opened(page, up, "leo", "devices")
    assert page.evaluate("fetch('/api/session').then(r => r.json()).then(s => s.secured)") is True
    page.get_by_role("button", name="Take the mark back: Desk 1").click()
    expect(page.get_by_text("Desk 1", exact=True)).to_have_count(0)


def test_somebody_is_added_changed_and_leaves(up: Running, page: Page) -> None:
    opened(page, up, "leo", "staff")
    form = page.get_by_role("form", name="Add somebody")
    form.get_by_label("Name", exact=True).fill("Zoe Quibble")
    form.get_by_label("Id (left empty, one is made)").fill("zoe")
    form.get_by_label("Agency").select_option("fire")
    form.get_by_label("call taker").check()
    form.get_by_role("button", name="Add").click()
    row = page.get_by_role("listitem").filter(has_text="Zoe Quibble").first
    expect(row).to_contain_text("call taker: given by Leo")
    expect(row).to_contain_text("cannot sign in yet")
    row.get_by_role("button", name="Change roles").click()
    row.get_by_label("dispatcher").check()
    row.get_by_role("button", name="Give these roles").click()
    expect(row).to_contain_text("dispatcher: given by Leo")
    row.get_by_role("button", name="Invite").click()
    expect(page.locator(".handed .qr svg")).to_be_visible()
    expect(page.locator(".handed .link")).to_contain_text("/enrol#")
    page.get_by_role("button", name="Done: hide it").click()
    row.get_by_role("button", name="End account").click()
    row.get_by_role("button", name="Yes, end the account of Zoe Quibble").click()
    expect(row).to_contain_text("left")
    assert up.room.picture.access.person("zoe").left_us


def test_nobody_is_offered_to_change_themselves(up: Running, page: Page) -> None:
    opened(page, up, "leo", "staff")
    row = page.get_by_role("listitem").filter(has_text="leo").first
    expect(row).to_contain_text("administrator")
    expect(row.get_by_role("button")).to_have_count(0)


def test_roles_are_asked_for_and_granted_by_another(up: Running, page: Page) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        body = {"roles": ["supervisor"], "hours": 4, "reason": "Leo is at the fire"}
        assert ana.post("/api/requests", json=body).status_code == 201
    opened(page, up, "leo", "requests")
    row = page.get_by_role("listitem").filter(has_text="Ana asks for supervisor")
    expect(row).to_contain_text("Leo is at the fire")
    row.get_by_label("Hours").fill("2")
    row.get_by_role("button", name="Grant").click()
    expect(row).to_contain_text("granted by Leo")
    with browser(up) as ana:
        sign_in(ana, "ana")
        assert "supervisor" in ana.get("/api/session").json()["roles"]


def test_an_agency_shares_by_a_tick(up: Running, page: Page) -> None:
    opened(page, up, "leo", "sharing")
    board = up.room.picture.access
    owner, to = [board.agencies[agency] for agency in sorted(board.agencies)][:2]
    box = page.get_by_label(f"{to} may see what is {owner}'s")
    box.click()
    expect(box).to_be_checked()
    first, second = sorted(board.agencies)[:2]
    assert board.sharing[first][second] == ("see",)
    box.click()
    expect(box).not_to_be_checked()


def test_what_was_never_used_is_listed(up: Running, page: Page) -> None:
    with browser(up) as leo:
        sign_in(leo, "leo")
        body = {"id": "ida", "agency": "fire", "name": "Ida", "roles": ["call_taker"]}
        assert leo.post("/api/people", json=body).status_code == 201
    up.room.picture.access.person("ida").roles_us -= 100 * 24 * 3600 * 1_000_000
    opened(page, up, "eva", "review")
    accounts = page.locator("section").filter(has_text="Accounts")
    expect(accounts.get_by_role("listitem").filter(has_text="ida")).to_have_count(1)
    page.get_by_label("Days").select_option("180")
    expect(page.get_by_text("not used for 180 days")).to_be_visible()
    expect(accounts.get_by_text("ida")).to_have_count(0)


def test_my_own_sessions_code_and_shift(up: Running, page: Page) -> None:
    with browser(up) as other:
        sign_in(other, "rui")
        opened(page, up, "rui")
        expect(page.get_by_text("this one:")).to_be_visible()
        picture(page, "me")
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Close all others").click()
        expect(page.get_by_text("1 session closed.")).to_be_visible()
        assert other.get("/api/session").json()["person"] is None
    page.get_by_role("button", name="Sign off").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert up.room.picture.access.person("rui").shift.ends_us <= up.room.clock.now_us()  # type: ignore[union-attr]
