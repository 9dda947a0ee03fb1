// Both sides of a position, for a battle and for the board.

import { h } from "./dom.js";
import { badge, hpBar, hpText, stageChips, statusChip, typeChip } from "./parts.js";

// The Pokémon on the field and the rest of its team; `who` is own or foe.
export function sideParts(party, active, name, who) {
  const front = party.find((one) => one.active) ?? party[0];
  const left = party.filter((one) => !one.fainted).length;
  const form = active.form && active.form !== front.species ? ` as ${active.form}` : "";
  return [
    badge(front, "large"),
    h("div", { class: "who" },
      h("h2", {}, front.name || "…", form && h("small", {}, form), front.level && front.level !== 100 ? h("small", {}, ` L${front.level}`) : null),
      h("div", { class: "chips" }, (active.types.length ? active.types : front.types).map(typeChip), statusChip(front), stageChips(active)),
      h("div", { class: "bar" }, hpBar(front, who + front.species, `HP of ${who === "own" ? "your" : "the foe's"} ${front.name}`), h("span", { class: "points" }, hpText(front)))),
    h("div", { class: "team" }, h("span", { class: "owner" }, name),
      h("span", { class: "pips", role: "img", "aria-label": `${left} of ${party.length} left` },
        party.map((one) => h("span", { class: `pip ${one.fainted ? "out" : one.status || (one.species ? "fit" : "hidden")}`, title: one.name || "not seen yet" })))),
  ];
}

// A party with HP and known moves.
export function memberList(party, foe) {
  return h("ul", { class: "members" }, party.filter((one) => one.species).map((one) =>
    h("li", { class: one.fainted ? "out" : "" }, badge(one, "tiny"), h("strong", {}, one.name), " ", one.types.map(typeChip), " ", statusChip(one),
      h("span", { class: "muted" }, ` ${hpText(one)}`),
      h("span", { class: "set" }, one.moves.length ? one.moves.map((move) => `${move.name} ${move.pp}`).join(" · ") : foe ? "no move seen yet" : ""))));
}
