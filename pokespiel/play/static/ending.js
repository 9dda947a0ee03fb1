// After a battle: the result, what to do next, records, and both sides turn by turn.

import { h, percent } from "./dom.js";
import { chanceChart } from "./chart.js";

export function endingView(page, state) {
  const words = { won: "You won", lost: "You lost", tied: "A tie" }[state.outcome];
  const how = state.forfeited ? "by forfeit " : "";
  const again = (label, fields) => h("button", { type: "button", class: fields.first ? "primary" : "", onclick: () => next(page, state, fields) }, label);
  const files = ["html", "log", "log.json"].map((kind, index) =>
    h("a", { href: `battles/${state.battle}.${kind}`, download: `pokespiel-battle.${kind}` }, ["replay page", "log", "record"][index]));
  const account = h("div", { class: "account" });
  const view = h("div", { class: `card ending ${state.outcome}`, role: "status" },
    h("h2", {}, `${words} ${how}after ${state.sight.turn} turns.`),
    h("div", { class: "row wrap" }, again("Rematch", { first: true }), again("Rematch, sides swapped", { swap: true }),
      again("Same battle again", { same: true }), again("Same, sides swapped", { same: true, swap: true }),
      h("a", { class: "button", href: "#" }, "New teams"),
      h("button", { type: "button", onclick: () => study(page, state) }, "Review on the board")),
    h("p", { class: "muted" }, "Download: ", files.flatMap((file, index) => (index ? [", ", file] : [file])), `. Seed ${state.seed}.`,
      state.saved ? h("span", {}, " Kept as ", h("code", {}, state.saved), ".") : null, state.trouble ? ` ${state.trouble}` : null));
  showAccount(page, state, account);
  return h("div", {}, view, account);
}

async function next(page, state, { swap = false, same = false }) {
  try {
    page.enter(await page.link.ask("rematch", { battle: state.battle, swap, same }));
  } catch (error) {
    page.trouble(error.message);
  }
}

async function study(page, state) {
  try {
    page.review(await page.link.ask("study", { battle: state.battle }), state.side);
  } catch (error) {
    page.trouble(error.message);
  }
}

async function showAccount(page, state, place) {
  try {
    const account = await page.link.ask("account", { battle: state.battle });
    place.replaceChildren(...accountView(account, state));
  } catch (error) {
    page.trouble(error.message);
  }
}

export function accountView(account, { names, outcome, sight }) {
  const lines = [["own", names[0], account.own], ["foe", names[1], account.foe]];
  const result = { own: { won: 1, lost: 0, tied: 0.5 }[outcome] };
  result.foe = 1 - result.own;
  const curve = (key, list) => {
    const points = list.map((one) => [one.turn, one.win_chance]);
    return points.some(([, chance]) => chance !== null) ? [...points, [sight.turn + 1, result[key]]] : points;
  };
  return [h("section", { class: "card" },
    h("h2", {}, "Turn by turn"),
    h("p", { class: "muted" }, `What ${account.by} would have chosen in each place, knowing what that side knew, and the win chance that it saw.`),
    chanceChart(lines.map(([key, name, list]) => ({ key, name, points: curve(key, list) }))),
    h("div", { class: "two" }, lines.map(([key, name, list]) => h("div", {}, h("h3", { class: key }, name), choiceTable(list)))))];
}

export function choiceTable(list) {
  const body = list.map((one) => {
    const played = one.shares.find(([choice]) => choice === one.choice)?.[2] ?? 0;
    const best = one.shares[0];
    return h("tr", {},
      h("td", { class: "number" }, one.turn), h("td", {}, one.label, h("span", { class: "muted" }, ` ${percent(played)}`)),
      h("td", {}, best && best[0] !== one.choice ? [best[1], h("span", { class: "muted" }, ` ${percent(best[2])}`)] : "the same"),
      h("td", { class: "number" }, one.win_chance === null ? "–" : percent(one.win_chance)));
  });
  return h("div", { class: "scroll", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, ["Turn", "Chosen", "Likeliest", "Win"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, body)));
}
