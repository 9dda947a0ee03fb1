"""The page for battles in headless Chromium: mouse and keyboard, reloads, tabs, widths, and its requests."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
from browser import PALE, chromium, needs_browser, watched

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.narration import narrated
from pokespiel.game.gen1.teams import PokemonSet
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.lobby import Lobby
from pokespiel.play.opening import load_policy_named
from pokespiel.play.server import PageServer
from pokespiel.play.session import BattleSession, BattleSetup

pytestmark = needs_browser
MOST_TURNS = 300


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[PageServer]:
    lobby = Lobby(load_policy_named, ("max_damage", "random", "shipped"), "shipped", tmp_path_factory.mktemp("kept"))
    with PageServer(lobby).running() as serving:
        yield serving


def begin(context: Any, server: PageServer, seed: int, opponent: str = "max_damage") -> Any:
    """A page in a battle."""
    page = context.new_page()
    page.goto(server.address)
    page.get_by_label("Policy").select_option(opponent)
    page.get_by_text("Side and seed").click()
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_role("button", name="Start the battle").click()
    page.locator(".moves").wait_for()
    return page


def session_of(page: Any, server: PageServer) -> BattleSession:
    return server.lobby.tables[page.url.partition("#battle=")[2]].session


def log_of(page: Any) -> list[str]:
    return page.locator(".story .log li").all_text_contents()


def settled(page: Any, session: BattleSession, step: int) -> None:
    """Wait until the page shows the battle after step `step`."""
    wait_for_step(session, step)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        shown = page.evaluate(SHOWN)
        if shown == [len(narrated(session.log(session.side), session.side)), session.ended, False]:
            return
        time.sleep(0.005)
    raise AssertionError(f"the page shows {shown}")


SHOWN = """() => [document.querySelectorAll('.story .log li').length, Boolean(document.querySelector('.ending')),
  Boolean(document.querySelector('[aria-busy]'))]"""
"""Sentences of the log, whether the battle has ended, whether an answer is awaited."""
PATIENCE = 20.0
"""Seconds."""


def wait_for_step(session: BattleSession, step: int) -> None:
    """Wait until the server has played another step."""
    until = time.monotonic() + PATIENCE
    while session.step == step and not session.ended and time.monotonic() < until:
        time.sleep(0.002)


def is_engines_own(session: BattleSession) -> bool:
    """Whether the engine, given the same teams, seed and choices, writes the same log."""
    battle = Battle(*session.setup.teams, seed=session.setup.words, names=session.setup.players)
    for pair in session._inputs:
        battle.choose(*pair)
    return battle.log(None) == session.log(None)


def test_a_whole_battle_by_mouse(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 11)
        session, number = session_of(page, server), 0
        while not session.ended and number < MOST_TURNS:
            buttons, step = page.locator("button[data-choice]:enabled"), session.step
            legal = [button.get_attribute("data-choice") for button in buttons.all()]
            assert legal == session.choices(), "what can be clicked is what is legal"
            buttons.nth(0 if number % 3 else len(legal) - 1).click()
            settled(page, session, step)
            number += 1
        assert session.ended
        assert log_of(page) == [told.text for told in session.told()]
        assert log_of(page) == [told.text for told in narrated(session.battle.log(1), 1)]
        assert is_engines_own(session)
        assert {one.choice.split()[0] for one in session.decisions if one.player == 1} == {"move", "switch"}
        page.locator(".account .chart").wait_for()
        assert page.locator(".account tbody tr").count() == len(session.decisions)
        with page.expect_download() as download:
            page.get_by_role("link", name="log", exact=True).click()
        assert download.value.path().read_text(encoding="utf-8").splitlines() == session.log(0)


def test_a_whole_battle_by_keyboard(browser, server):
    with watched(browser, scheme="dark") as context:
        page = begin(context, server, 12)
        session, number = session_of(page, server), 0
        while not session.ended and number < MOST_TURNS:
            choices, step = session.choices(), session.step
            kind, digit = choices[(3 * number) % len(choices)].split()
            page.keyboard.press(f"Shift+Digit{digit}" if kind == "switch" else digit)
            settled(page, session, step)
            assert [d.choice for d in session.decisions if d.player == 1][-1] == f"{kind} {digit}"
            number += 1
        assert session.ended
        assert log_of(page) == [told.text for told in session.told()]
        assert is_engines_own(session)


def test_digits_alone_send_in_the_next_and_keys_of_fields_are_left_alone(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 13)
        session = session_of(page, server)
        while session.legal(1)[:4].any():
            step = session.step
            page.keyboard.press("1")
            settled(page, session, step)
        choice, step = session.choices()[0], session.step
        page.keyboard.press(choice.removeprefix("switch "))
        wait_for_step(session, step)
        assert [d.choice for d in session.decisions if d.player == 1][-1] == choice
        settled(page, session, step)
        step = session.step
        for key in ("9", "Control+1", "5", "x"):
            page.keyboard.press(key)
        page.wait_for_timeout(100)
        assert session.step == step


def test_a_pasted_team_that_is_not_legal_is_refused_with_reasons(browser, server):
    with watched(browser) as context:
        page = context.new_page()
        page.goto(server.address)
        own = page.locator("fieldset#team")
        own.get_by_text("Paste one").click()
        own.get_by_role("textbox").fill("Mewtwo\n- Psychic\n\nTauros\n- Fissure\n")
        count = len(server.lobby.tables)
        page.get_by_role("button", name="Start the battle").click()
        reasons = own.locator(".reasons li")
        reasons.first.wait_for()
        said = " ".join(reasons.all_text_contents())
        assert "is banned" in said
        assert "faints in one hit" in said
        assert len(server.lobby.tables) == count
        own.get_by_role("textbox").fill("<b>Bo</b> (Tauros)\n- Body Slam\n")
        own.get_by_role("button", name="Check").click()
        own.get_by_text("Legal: Tauros").wait_for()
        page.get_by_role("button", name="Start the battle").click()
        page.locator(".moves").wait_for()
        assert "<b>Bo</b>" in page.locator(".own h2").text_content(), "a nickname is text, not markup"


def test_a_reload_in_mid_battle_resumes_it(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 14)
        session = session_of(page, server)
        for _ in range(3):
            step = session.step
            page.keyboard.press("1")
            settled(page, session, step)
        before = log_of(page)
        page.reload()
        page.locator(".moves, .bench").first.wait_for()
        assert log_of(page) == before
        step = session.step
        page.locator("button[data-choice]:enabled").first.click()
        settled(page, session, step)
        assert log_of(page)[: len(before)] == before


def test_two_tabs_play_two_battles_and_may_share_one(browser, server):
    with watched(browser) as context:
        first, second = begin(context, server, 15), begin(context, server, 16)
        one, other = session_of(first, server), session_of(second, server)
        first.keyboard.press("1")
        settled(first, one, 0)
        assert other.step == 0
        second.goto(first.url)
        second.reload()
        second.locator(".story .log li").first.wait_for()
        assert log_of(second) == log_of(first)
        step = one.step
        first.locator("button[data-choice]:enabled").first.click()
        settled(first, one, step)
        settled(second, one, step)
        assert log_of(second) == log_of(first)


def test_hints_show_the_agents_view_and_only_on_request(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 17)
        assert page.locator(".hint").count() == 0
        page.keyboard.press("h")
        page.locator(".hint").first.wait_for()
        shares = [int(text.split(":")[1].strip(" %")) for text in page.locator(".hint").all_text_contents()]
        assert len(shares) == len(session_of(page, server).choices())
        assert 97 <= sum(shares) <= 103
        assert "win chance" in page.locator(".own").text_content()
        page.keyboard.press("h")
        assert page.locator(".hint").count() == 0


def test_forfeit_and_the_same_battle_with_sides_swapped(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 18)
        session = session_of(page, server)
        page.get_by_role("button", name="Forfeit").click()
        assert not session.ended, "it asks again first"
        page.get_by_role("button", name="Really forfeit?").click()
        page.get_by_text("You lost by forfeit").wait_for()
        page.get_by_role("button", name="Same, sides swapped").click()
        page.locator(".moves").wait_for()
        again = session_of(page, server)
        assert again is not session
        assert (again.setup.seed, again.side, again.setup.teams) == (18, 2, session.setup.teams)


def weighed(page: Any) -> None:
    """Wait until every decision has been weighed."""
    page.locator("section[data-weighed=yes]").wait_for()


def finished(server: PageServer, seed: int) -> str:
    """The name of a battle that was played to its end without a page."""
    state = server.lobby.answer(json.dumps({"do": "begin", "seed": seed, "opponent": "max_damage"})).data
    session = server.lobby.tables[state["battle"]].session
    while not session.ended:
        session.choose(session.choices()[session.step % len(session.choices())])
    return state["battle"]


def test_a_battle_is_reviewed_and_played_on_from_another_choice(browser, server):
    with watched(browser) as context:
        page = context.new_page()
        page.goto(f"{server.address}#battle={finished(server, 31)}")
        session = session_of(page, server)
        page.get_by_role("button", name="Review on the board").click()
        weighed(page)
        mine = [one for one in session.decisions if one.player == 1]
        assert page.get_by_text(f"decision 1 of {len(mine)}").count() == 1
        for index in range(1, 6):
            page.keyboard.press("ArrowRight")
            page.get_by_text(f"decision {index + 1} of {len(mine)}").wait_for()
            page.get_by_role("heading", name=f"Turn {mine[index].turn}").first.wait_for()
        rows = page.locator("section[aria-label='The decision'] tbody tr")
        assert rows.count() == int(mine[5].legal.sum())
        assert page.locator("tr.played").count() == 1
        assert page.locator(".worst button").count() > 0
        page.locator(".worst button").first.click()
        page.get_by_text("of win chance against the best").wait_for()
        page.reload()
        weighed(page)
        page.get_by_label("Decision", exact=True).fill("5")
        page.get_by_text(f"decision 6 of {len(mine)}").wait_for()
        page.get_by_role("button", name="Play on from here").click()
        page.locator("button[data-choice]:enabled").first.wait_for()
        branch = session_of(page, server)
        assert branch is not session
        assert branch.choices() == [ACTION_NAMES[action] for action in mine[5].legal.nonzero()[0]]
        step = branch.step
        page.locator("button[data-choice]:enabled").last.click()
        settled(page, branch, step)


def test_the_last_pokemon_of_both_sides_have_exact_values(browser, server):
    """The page shows an estimate first, then the value and both equilibria, and goes on answering meanwhile."""
    team = (PokemonSet("Tauros", ("Body Slam", "Hyper Beam", "Blizzard")),)
    session = BattleSession(BattleSetup((team, team), seed=3, side=1), BASELINES.build("max_damage"), "max_damage")
    while not session.ended:
        session.choose(session.choices()[0])
    review = server.lobby.answer(json.dumps({"do": "study", "text": session.record_text()})).data["review"]
    with watched(browser) as context:
        page = context.new_page()
        page.goto(f"{server.address}#review={review}")
        page.locator("p.exact").wait_for()
        text = page.locator("p.exact").inner_text()
        assert re.search(r"Win chance 50.0\s%.*: this side Body Slam 100.0\s%; the other Body Slam 100.0\s%", text)
        assert page.get_by_text("exact values, both teams being known").count() == 1
        page.keyboard.press("ArrowRight")
        page.get_by_text("decision 2 of").wait_for()
        page.locator("[aria-busy=false] p.exact").wait_for()
        assert page.locator("p.exact").inner_text() != text


def test_a_public_log_is_reviewed_from_a_file_and_its_position_changed(browser, server, tmp_path):
    name = finished(server, 32)
    path = tmp_path / "battle.log"
    path.write_text("\n".join(server.lobby.tables[name].session.log(0)), encoding="utf-8")
    with watched(browser) as context:
        page = context.new_page()
        page.goto(server.address)
        page.get_by_label("A log").set_input_files(path)
        weighed(page)
        page.get_by_text("What the log hides").wait_for()
        assert page.get_by_text("(assumed)").count() > 0
        page.get_by_text("Change the position first").click()
        hp = page.locator(".editor input[type=number]").first
        hp.fill("7")
        page.get_by_label("attack stages").first.fill("3")
        page.get_by_role("button", name="Play on from this position").click()
        page.locator("button[data-choice]:enabled").first.wait_for()
        assert page.locator(".own .points").first.text_content().startswith("7/")
        assert page.get_by_text("Atk +3").count() == 1


def test_a_text_that_is_no_log_is_refused(browser, server):
    with watched(browser) as context:
        page = context.new_page()
        page.goto(server.address)
        page.get_by_text("Paste it").click()
        page.get_by_label("Log text").fill("hello")
        page.get_by_role("button", name="Review", exact=True).click()
        page.get_by_text("no battle in this text").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_on_a_phone(browser, server, scheme):
    lines = "\n".join(server.lobby.tables[finished(server, 33)].session.log(0))
    review = server.lobby.answer(json.dumps({"do": "study", "text": lines})).data["review"]
    with watched(browser, 360, 740, scheme) as context:
        page = context.new_page()
        page.goto(f"{server.address}#review={review}")
        weighed(page)
        page.get_by_text("Change the position first").click()
        page.locator(".editor").wait_for()
        page.get_by_text("I know this team").first.click()
        assert fits(page)
        assert page.evaluate(PALE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_scrolls_sideways_and_all_can_be_read(browser, server, scheme):
    with watched(browser, 360, 740, scheme) as context:
        page = context.new_page()
        page.goto(server.address)
        page.locator("form.setup").wait_for()
        views = {"setup": (fits(page), page.evaluate(PALE))}
        page.close()
        page = begin(context, server, 19)
        page.keyboard.press("1")
        settled(page, session_of(page, server), 0)
        recent = page.locator(".recent li").all_text_contents()
        assert recent
        assert page.locator(".recent").is_visible()
        assert set(recent) <= set(log_of(page)), "what has just happened stands above the choices"
        page.get_by_text("Both teams, as far as you know").click()
        page.locator("#main").click(position={"x": 2, "y": 2})
        page.keyboard.press("h")
        page.locator(".hint").first.wait_for()
        views["battle"] = fits(page), page.evaluate(PALE)
        page.get_by_role("button", name="Forfeit").click()
        page.get_by_role("button", name="Really forfeit?").click()
        page.locator(".account .chart").wait_for()
        views["ending"] = fits(page), page.evaluate(PALE)
        assert views == dict.fromkeys(views, (True, []))


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= 360")


def test_a_screen_reader_is_told_what_is_there(browser, server):
    with watched(browser) as context:
        page = begin(context, server, 20)
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("h1").count() == 1
        log = page.get_by_role("log")
        assert log.get_attribute("aria-live") == "polite"
        meters = page.get_by_role("meter")
        assert meters.count() >= 2
        assert meters.first.get_attribute("aria-valuetext") == "100 %"
        assert all(meter.get_attribute("aria-label") for meter in meters.all())
        for button in page.get_by_role("button").all():
            assert button.text_content().strip()
        page.keyboard.press("Tab")
        page.keyboard.press("1")
        assert page.evaluate("document.activeElement.tagName") in ("BUTTON", "A", "MAIN", "BODY")


def test_the_page_answers_a_choice_within_a_tenth_of_a_second(browser, server, capsys):
    """From the click until the page is updated, against the shipped agent."""
    times: list[float] = []
    with watched(browser) as context:
        page = begin(context, server, 21, "shipped")
        session = session_of(page, server)
        while not session.ended:
            times.append(page.evaluate(CLICK))
            settled(page, session, 0)
    with capsys.disabled():
        print(f"\nthe page's answer to a click: median {statistics.median(times):.1f} ms of {len(times)}")
    assert statistics.median(times) < 100


CLICK = """() => new Promise(resolve => {
  const actions = document.querySelector(".actions"), began = performance.now();
  new MutationObserver((_, observer) => { observer.disconnect(); resolve(performance.now() - began); })
    .observe(actions, {childList: true});
  actions.querySelector("button[data-choice]:enabled").click();
})"""
"""Clicks the first enabled choice; returns the milliseconds until other choices are shown."""
