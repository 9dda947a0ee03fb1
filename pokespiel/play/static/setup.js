// The first screen: opponent, teams, side and seed.

import { h } from "./dom.js";
import { openLog } from "./review.js";

const EXAMPLE = "Tauros\n- Body Slam\n- Hyper Beam\n- Blizzard\n- Earthquake\n\nSnorlax\n- …";
let kept = null; // the last choice, for the next battle

export function setupView(page) {
  const { welcome, link } = page;
  const opponent = h("select", { id: "opponent" }, welcome.opponents.map((name) => h("option", { value: name }, name)));
  const own = teamPicker("team", "Your team", welcome, link);
  const foe = teamPicker("foe_team", "The opponent's team", welcome, link);
  const side = h("select", { id: "side" }, h("option", { value: 1 }, "player 1"), h("option", { value: 2 }, "player 2"));
  const seed = h("input", { id: "seed", inputmode: "numeric", pattern: "[0-9]*", placeholder: "random", autocomplete: "off" });
  const start = h("button", { class: "primary", type: "submit" }, "Start the battle");
  if (kept) opponent.value = kept;
  const form = h("form", { class: "setup" },
    h("section", { class: "card" },
      h("h2", {}, "Opponent"),
      h("label", { class: "field" }, h("span", {}, "Policy"), opponent),
      h("details", {}, h("summary", {}, "Side and seed"),
        h("div", { class: "pair" },
          h("label", { class: "field" }, h("span", {}, "You play"), side),
          h("label", { class: "field" }, h("span", {}, "Seed"), seed)),
        h("p", { class: "muted" }, "The same seed, teams and choices lead to the same battle."))),
    own.element, foe.element, h("div", { class: "start" }, start));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    start.disabled = true;
    start.textContent = "Loading the opponent …";
    kept = opponent.value;
    const wish = { team: own.wish(), foe_team: foe.wish(), opponent: opponent.value, side: Number(side.value) };
    if (seed.value.trim()) wish.seed = Number(seed.value);
    try {
      const answer = await link.ask("begin", wish);
      if (answer.is === "refused") (await own.refused(answer.reasons)) || foe.show(answer.reasons);
      else page.enter(answer);
    } catch (error) {
      page.trouble(error.message);
    }
    start.disabled = false;
    start.textContent = "Start the battle";
  });
  return h("div", {},
    h("div", { class: "hero" }, h("h1", {}, "Gen 1 OU, against the agent"),
      h("p", {}, "You choose, the policy answers. Moves show what they do to the Pokémon opposite, as far as you can know it.")),
    form, h("div", { class: "below" }, openLog(page)));
}

function teamPicker(id, title, welcome, link) {
  const kinds = { random: "Drawn from a pool", named: "Pick one", paste: "Paste one" };
  const preview = h("div", { class: "preview" });
  const pool = h("select", { "aria-label": `${title}: pool` }, welcome.pools.map((name) => h("option", { value: name }, name)));
  const named = h("select", { "aria-label": `${title}: team` }, Object.entries(welcome.teams).map(([group, teams]) =>
    h("optgroup", { label: group }, teams.map((team) => h("option", { value: `${group}\n${team.name}` }, team.name)))));
  const text = h("textarea", { "aria-label": `${title}: Showdown's text`, rows: 9, spellcheck: "false", placeholder: EXAMPLE });
  const reasons = h("div", { class: "reasons", role: "alert" });
  const check = h("button", { type: "button", class: "small" }, "Check");
  const panels = {
    random: h("div", { class: "field" }, pool), named: h("div", { class: "field" }, named, preview),
    paste: h("div", { class: "field" }, text, h("div", { class: "row" }, check, h("span", { class: "muted" }, "Export, packed or JSON")), reasons),
  };
  let kind = "random";
  const tabs = Object.entries(kinds).map(([name, label]) => {
    const input = h("input", { type: "radio", name: id, value: name, checked: name === kind });
    input.addEventListener("change", () => choose(name));
    return h("label", { class: "tab" }, input, h("span", {}, label));
  });
  const choose = (name) => {
    kind = name;
    for (const [other, panel] of Object.entries(panels)) panel.hidden = other !== name;
  };
  const show = (list, ok = false) => {
    reasons.className = `reasons ${ok ? "fine" : "bad"}`;
    reasons.replaceChildren(ok ? list : h("div", {}, h("strong", {}, "This team may not play:"), h("ul", {}, list.map((reason) => h("li", {}, reason)))));
  };
  const look = () => {
    const [group, name] = named.value.split("\n");
    const team = welcome.teams[group].find((one) => one.name === name);
    preview.replaceChildren(...team.species.map((species) => h("span", { class: "mini" }, species)));
  };
  const wish = () => {
    if (kind === "paste") return { paste: text.value };
    if (kind === "random") return { pool: pool.value };
    const [group, name] = named.value.split("\n");
    return { pool: group, team: name };
  };
  const ask = async () => {
    const answer = await link.ask("check", { team: wish() });
    if (answer.is === "legal") show(`Legal: ${answer.species.join(", ")}`, true);
    else show(answer.reasons);
    return answer.is === "refused";
  };
  check.addEventListener("click", ask);
  named.addEventListener("change", look);
  look();
  choose(kind);
  const element = h("fieldset", { class: "card", id }, h("legend", {}, title), h("div", { class: "tabs" }, tabs), Object.values(panels));
  return { element, wish, show, refused: async () => kind === "paste" && ask() };
}
