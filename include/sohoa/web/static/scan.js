"use strict";
/** A scan that is zoomed and moved; beyond the picture that fits, the tiles in sight are loaded, as fine as they are. */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });

  const scan = document.getElementById("scan");
  if (!scan) return;
  const state = document.querySelector("[data-state]");
  const layer = scan.querySelector(".tiles");
  const [, , width, height] = scan.getAttribute("viewBox").split(" ").map(Number);
  let view = { x: 0, y: 0, width, height };
  let tiles = null;

  function apply() {
    scan.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    if (view.width < width * 0.95) sharpen();
  }

  function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
    const wide = Math.min(width * 1.2, Math.max(width / 40, view.width * factor));
    const real = wide / view.width;
    view = { x: x - (x - view.x) * real, y: y - (y - view.y) * real, width: wide, height: view.height * real };
    apply();
  }

  function move(across, down) {
    view.x += across * view.width;
    view.y += down * view.height;
    apply();
  }

  /** Asks once for all of the page in tiles, then loads those that are in sight. */
  async function sharpen() {
    if (tiles === null) {
      tiles = "asked";
      state.textContent = state.dataset.loading;
      try {
        const answer = await fetch(scan.dataset.tiles, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(answer.status);
        tiles = await answer.json();
        state.textContent = state.dataset.full.replace("{}", tiles.width).replace("{}", tiles.height);
      } catch {
        tiles = "none";
        state.textContent = state.dataset.failed;
      }
    }
    if (typeof tiles === "object") load();
  }

  function load() {
    const scale = width / tiles.width;
    const side = tiles.tile * scale;
    const [left, top] = [Math.max(0, Math.floor(view.x / side)), Math.max(0, Math.floor(view.y / side))];
    const right = Math.min(Math.ceil(tiles.width / tiles.tile), Math.ceil((view.x + view.width) / side));
    const bottom = Math.min(Math.ceil(tiles.height / tiles.tile), Math.ceil((view.y + view.height) / side));
    if ((right - left) * (bottom - top) > 24) return;
    const wanted = new Set();
    for (let x = left; x < right; x += 1) for (let y = top; y < bottom; y += 1) wanted.add(`${x}-${y}`);
    for (const old of [...layer.children]) if (!wanted.delete(old.dataset.place)) old.remove();
    for (const place of wanted) layer.append(tile(place, scale));
  }

  function tile(place, scale) {
    const [x, y] = place.split("-").map((n) => Number(n) * tiles.tile);
    const picture = document.createElementNS(SVG, "image");
    picture.dataset.place = place;
    const sizes = { x, y, width: Math.min(tiles.tile, tiles.width - x), height: Math.min(tiles.tile, tiles.height - y) };
    for (const [name, value] of Object.entries(sizes)) picture.setAttribute(name, value * scale);
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("href", `${scan.dataset.tile}${place}?${scan.dataset.query}`);
    return picture;
  }

  function pointAt(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(scan.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  scan.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, ...pointAt(event));
  }, { passive: false });
  let held = null;
  scan.addEventListener("pointerdown", (event) => { held = pointAt(event); scan.setPointerCapture(event.pointerId); });
  scan.addEventListener("pointerup", () => { held = null; });
  scan.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = pointAt(event);
    view.x -= x - held[0];
    view.y -= y - held[1];
    apply();
  });
  const DO = {
    in: () => zoom(0.7), out: () => zoom(1.4), fit: () => { view = { x: 0, y: 0, width, height }; apply(); },
  };
  document.querySelectorAll("button[data-do]").forEach((button) => button.addEventListener("click", DO[button.dataset.do]));
  const shown = document.querySelector("[data-do=marks]");
  shown.addEventListener("change", () => scan.querySelector(".marks").classList.toggle("hidden", !shown.checked));
  scan.addEventListener("keydown", (event) => {
    const keys = {
      "+": DO.in, "=": DO.in, "-": DO.out, "0": DO.fit, ArrowLeft: () => move(-0.2, 0), ArrowRight: () => move(0.2, 0),
      ArrowUp: () => move(0, -0.2), ArrowDown: () => move(0, 0.2),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
