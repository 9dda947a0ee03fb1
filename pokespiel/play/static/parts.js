// Small parts: badges, bars and chips.

import { h, svg } from "./dom.js";

const STATUS = {
  slp: "asleep", frz: "frozen", par: "paralyzed", brn: "burned", psn: "poisoned", tox: "badly poisoned",
};
const STAT = { attack: "Atk", defense: "Def", speed: "Spe", special: "Spc", accuracy: "Acc", evasion: "Eva" };
const shown = new Map(); // the last position of each bar, from which it moves

const initials = (name) => {
  const words = name.replace(/[^\p{L}\d ]/gu, " ").trim().split(/\s+/);
  return words.length > 1 ? words.map((word) => word[0]).join("").slice(0, 2) : name.slice(0, 2);
};

// A species as a hexagon in the colours of its types, hidden from screen readers, since the name is beside it.
export function badge(pokemon, size = "") {
  const [first, second] = [pokemon.types[0], pokemon.types[1] ?? pokemon.types[0]].map((type) => type ?? "none");
  return svg("svg", { viewBox: "0 0 48 48", class: `badge ${size} ${pokemon.fainted ? "out" : ""}`, "aria-hidden": "true" },
    svg("path", { class: `fill type-${first}`, d: "M24 2 43.5 13v22L24 46 4.5 35V13Z" }),
    svg("path", { class: `fill type-${second}`, d: "M43.5 13v22L24 46 4.5 35Z" }),
    svg("path", { class: "shine", d: "M24 2 43.5 13 4.5 35V13Z" }),
    svg("path", { class: "edge", d: "M24 3.2 42.4 13.6v20.8L24 44.8 5.6 34.4V13.6Z" }),
    svg("text", { x: 24, y: 30.5, "text-anchor": "middle" }, pokemon.species ? initials(pokemon.species) : "?"));
}

export const typeChip = (type) => (type ? h("span", { class: `chip type type-${type}` }, type) : null);

export function statusChip(pokemon) {
  if (pokemon.fainted) return h("span", { class: "chip status fnt" }, "fainted");
  if (!pokemon.status) return null;
  const turns = pokemon.status === "slp" && pokemon.sleep_turns ? ` ${pokemon.sleep_turns}` : "";
  const words = STATUS[pokemon.status] + (turns ? ` for ${pokemon.sleep_turns} turns so far` : "");
  return h("span", { class: `chip status ${pokemon.status}`, title: words },
    h("span", { "aria-hidden": "true" }, pokemon.status.toUpperCase() + turns), h("span", { class: "unseen" }, words));
}

export function hpText(pokemon) {
  if (pokemon.fainted) return "0 %";
  if (pokemon.hp !== null) return `${pokemon.hp}/${pokemon.full_hp}`;
  return `${Math.round(pokemon.percent)} %`;
}

export function hpBar(pokemon, key, label) {
  const share = pokemon.fainted ? 0 : pokemon.percent;
  const level = share > 50 ? "high" : share > 20 ? "middle" : "low";
  const inner = h("span", { class: `inner ${level}` });
  const before = shown.get(key) ?? share;
  shown.set(key, share);
  inner.style.width = `${before}%`;
  if (before !== share) requestAnimationFrame(() => requestAnimationFrame(() => { inner.style.width = `${share}%`; }));
  return h("span", { class: "hp", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.round(share), "aria-valuetext": hpText(pokemon) }, inner);
}

export function stageChips(active) {
  const stages = Object.entries(active.boosts).map(([stat, stages]) =>
    h("span", { class: `chip stage ${stages > 0 ? "up" : "down"}` }, `${STAT[stat]} ${stages > 0 ? "+" : "−"}${Math.abs(stages)}`));
  return [...stages, ...active.conditions.map((text) => h("span", { class: "chip condition" }, text))];
}

// Damage in percent of the target's full HP, as numbers and as a range on the remaining HP.
export function damageText(move) {
  if (!move.damage) return "";
  const { least, most, expected } = move.damage;
  if (!most && expected) return `about ${Math.round(expected)} %`;
  if (!most) return "no damage";
  return Math.round(least) === Math.round(most) ? `${Math.round(most)} %` : `${Math.round(least)}–${Math.round(most)} %`;
}

export function damageBar(move, left) {
  if (!move.damage || !move.damage.most) return null;
  const bar = h("span", { class: "range", "aria-hidden": "true" });
  const [rest, least, most] = ["rest", "least", "most"].map((name) => h("span", { class: name }));
  rest.style.width = `${left}%`;
  least.style.width = `${Math.min(left, move.damage.least)}%`;
  most.style.width = `${Math.min(left, move.damage.most)}%`;
  bar.append(rest, most, least);
  return bar;
}

export function factorText(move) {
  const factor = move.damage?.factor;
  if (factor === undefined || factor === 1) return "";
  if (factor === 0) return "no effect";
  return factor > 1 ? "super effective" : "not very effective";
}
