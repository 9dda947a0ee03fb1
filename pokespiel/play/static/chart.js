// Curves of win chances by turn, drawn as SVG.

import { h, svg, percent } from "./dom.js";

const HEIGHT = 200, LEFT = 44, RIGHT = 10, TOP = 10, BOTTOM = 26;

// lines: [{key, name, points: [[turn, chance or null], ...]}]; onTurn: called with the turn nearest to a click.
export function chanceChart(lines, onTurn = null, mark = null) {
  const WIDTH = innerWidth < 600 ? 340 : 640; // so that text does not shrink on a phone
  const last = Math.max(2, ...lines.flatMap(({ points }) => points.map(([turn]) => turn)));
  const x = (turn) => LEFT + ((WIDTH - LEFT - RIGHT) * (turn - 1)) / (last - 1);
  const y = (chance) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - chance);
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((size) => last / size <= 8) ?? 500;
  const turns = [1, ...Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step).filter((turn) => turn > 1)];
  const said = lines.map(({ name, points }) => {
    const known = points.filter(([, chance]) => chance !== null);
    return known.length ? `${name}: from ${percent(known[0][1])} to ${percent(known.at(-1)[1])}` : `${name}: not known`;
  });
  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Win chance over ${last} turns. ${said.join(". ")}` },
    [0, 0.25, 0.5, 0.75, 1].map((chance) => [
      svg("line", { class: chance === 0.5 ? "half" : "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(chance), y2: y(chance) }),
      svg("text", { x: LEFT - 6, y: y(chance) + 4, "text-anchor": "end" }, percent(chance))]),
    turns.map((turn) => svg("text", { x: x(turn), y: HEIGHT - 8, "text-anchor": "middle" }, turn)),
    mark === null ? null : svg("line", { class: "mark", x1: x(mark), x2: x(mark), y1: TOP, y2: HEIGHT - BOTTOM }),
    lines.map(({ key, points }) => svg("polyline", { class: `curve ${key}`, points: points.filter(([, chance]) => chance !== null).map(([turn, chance]) => `${x(turn)},${y(chance)}`).join(" ") })));
  if (onTurn) {
    chart.addEventListener("click", (event) => {
      const box = chart.getBoundingClientRect();
      const at = ((event.clientX - box.left) * WIDTH) / box.width;
      onTurn(Math.max(1, Math.min(last, Math.round(1 + ((at - LEFT) * (last - 1)) / (WIDTH - LEFT - RIGHT)))));
    });
  }
  return h("figure", {}, chart, h("figcaption", {}, lines.map(({ key, name }) => h("span", { class: `key ${key}` }, name))));
}
