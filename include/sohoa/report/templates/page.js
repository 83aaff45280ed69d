"use strict";
(() => {
  const WEEKDAYS = ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"];
  const MONTHS = Array.from({ length: 12 }, (_, i) => `Tháng ${i + 1}`);
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const NUMBERS = read("locale");
  const TIMES = {
    dateTime: "%H:%M %d/%m/%Y", date: "%d/%m/%Y", time: "%H:%M:%S", periods: ["SA", "CH"],
    days: WEEKDAYS, shortDays: ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    months: MONTHS, shortMonths: MONTHS.map((_, i) => `Th${i + 1}`),
  };
  const narrow = window.matchMedia("(max-width: 40rem)").matches;

  const FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif";
  const DATA = new Set(["data", "datasets"]);
  const SCREEN = { background: null, font: FONT };
  const PHONE = {
    axis: {
      labelFontSize: 10, titleFontSize: 11, labelColor: "#000", titleColor: "#000", gridColor: "#ddd",
      labelOverlap: "greedy", labelSeparation: 3,
    },
    legend: { columns: 2, layout: { bottom: { direction: "vertical", anchor: "start" } } },
  };

  /** A part of a specification with what only fits on paper made smaller: long labels, texts, legends at the side. */
  function shrink(part) {
    if (Array.isArray(part)) return part.map(shrink);
    if (part === null || typeof part !== "object") return part;
    const small = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, DATA.has(key) ? value : shrink(value)]));
    if (small.labelLimit) small.labelLimit = Math.min(small.labelLimit, 105);
    if (small.fontSize) small.fontSize = Math.min(small.fontSize, 10);
    if (small.legend) small.legend = { ...small.legend, orient: "bottom" };
    return small;
  }

  /** The specification for a screen: as wide as its place where the kind of chart allows it; others are scrolled. */
  function fit(spec) {
    const shown = narrow ? shrink(spec) : spec;
    const config = { ...shown.config, ...SCREEN, ...(narrow && PHONE) };
    const composed = ["facet", "repeat", "concat", "hconcat", "vconcat"].some((key) => key in spec);
    const divided = spec.encoding && ["row", "column", "facet"].some((key) => key in spec.encoding);
    const fixed = composed || divided || typeof spec.width === "object";
    return { ...shown, config, ...(!fixed && { width: "container" }) };
  }

  /** The mark with something to tell at a place or close to it: a finger is broader than a mark. */
  function markAt(x, y) {
    for (const [dx, dy] of [[0, 0], [7, 0], [-7, 0], [0, 7], [0, -7]]) {
      const found = document.elementsFromPoint(x + dx, y + dy).find((element) => element.__data__?.tooltip);
      if (found) return found;
    }
    return null;
  }

  /** Vega tells of a mark when the pointer moves over it; a finger does not move. */
  function tellOnTap(place) {
    place.addEventListener("click", ({ clientX, clientY, target }) => {
      const at = markAt(clientX, clientY) ?? target;
      at.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX, clientY }));
    });
  }

  /** In the report's words: Vega takes role and label of a place away, and gives its marks roles without labels. */
  function sayWhatItShows(place, said) {
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", said);
    place.removeAttribute("aria-roledescription");
    place.querySelector("svg").setAttribute("aria-hidden", "true");
  }

  async function draw(place) {
    const spec = fit(read(place.dataset.spec));
    const said = place.getAttribute("aria-label");
    const options = {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      formatLocale: NUMBERS, timeFormatLocale: TIMES,
    };
    place.dataset.drawing = "yes";
    try {
      await window.vegaEmbed(place, spec, options);
      tellOnTap(place);
      sayWhatItShows(place, said);
      place.dataset.drawn = "yes";
    } catch (error) {
      delete place.dataset.drawing;
      console.error(error);
    }
  }

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const tools = document.querySelector(".tools");
  const district = document.getElementById("district");
  const find = document.getElementById("find");
  const NAMES = ["unit", "agency_name"];

  /** A table with its rows, and what of them is shown: what its own field, the field of the page and the district let through. */
  class Shown {
    constructor(table) {
      this.table = table;
      this.rows = [...table.tBodies[0].rows];
      this.heads = [...table.tHead.rows[0].cells];
      this.keys = this.heads.map((head) => head.dataset.key);
      this.place = this.keys.indexOf("district");
      this.name = this.keys.findIndex((key) => NAMES.includes(key));
      this.own = "";
      this.output = null;
    }

    get texts() { return (this.cached ??= this.rows.map((row) => plain(row.textContent))); }

    cell(row, index) { return row.cells[index].textContent; }

    apply() {
      const [wanted, everywhere] = [plain(this.own), this.name < 0 ? "" : plain(find.value.trim())];
      const where = this.place < 0 ? "" : district.value;
      const isFree = !wanted && !everywhere && !where;
      let shown = 0;
      this.rows.forEach((row, i) => {
        row.hidden = !isFree && !(this.texts[i].includes(wanted) && this.texts[i].includes(everywhere)
          && (!where || this.cell(row, this.place) === where));
        shown += !row.hidden;
      });
      if (this.output) this.output.textContent = isFree ? "" : `${shown} / ${this.rows.length} dòng`;
      return isFree ? 0 : shown;
    }

    /** A field that shows only those rows that hold its text, accents and case aside. */
    addSearch() {
      const bar = document.createElement("div");
      bar.className = "search";
      const label = document.createElement("label");
      label.textContent = "Tìm trong bảng ";
      const input = document.createElement("input");
      input.type = "search";
      label.append(input);
      this.output = document.createElement("output");
      bar.append(label, this.output);
      this.table.parentElement.before(bar);
      input.addEventListener("input", () => { this.own = input.value.trim(); this.apply(); });
    }

    /** Each heading is a button that orders the rows by its column: numbers and days by their value, what is not known last. */
    addSort() {
      this.heads.forEach((head, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "sort";
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => this.sort(head, index));
      });
    }

    sort(head, index) {
      const isNumber = head.classList.contains("n");
      const way = head.ariaSort === (isNumber ? "descending" : "ascending") ? !isNumber : isNumber;
      this.heads.forEach((other) => { other.ariaSort = null; });
      head.ariaSort = way ? "descending" : "ascending";
      const value = (row) => {
        const text = this.cell(row, index).trim();
        if (text === "–" || !text) return null;
        if (isNumber) return Number(text.replace(/[.%\s]/g, "").replace(",", ".").replace("\u2212", "-"));
        return head.dataset.kind === "date" ? text.split("/").reverse().join("") : text;
      };
      const compare = isNumber ? (a, b) => a - b : new Intl.Collator("vi", { numeric: true }).compare;
      const valued = this.rows.map((row) => [value(row), row]);
      valued.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : way ? compare(b, a) : compare(a, b)));
      this.table.tBodies[0].append(...valued.map(([, row]) => row));
    }

    /** On a phone the decisive columns are shown, and all of them when asked. */
    addColumns() {
      if (!this.table.querySelector(".x")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "columns";
      const name = () => { button.textContent = "all" in this.table.dataset ? "Ít cột hơn" : `Đủ ${this.heads.length} cột`; };
      button.addEventListener("click", () => { this.table.toggleAttribute("data-all"); name(); });
      name();
      this.table.parentElement.before(button);
    }
  }

  const tables = [...document.querySelectorAll("main table")].map((table) => new Shown(table));

  function applyAll() {
    const isFree = !find.value.trim() && !district.value;
    let [rows, count] = [0, 0];
    for (const one of tables) {
      const shown = one.apply();
      const folded = one.table.closest("details");
      if (folded && shown && !isFree) folded.open = true;
      rows += shown;
      count += shown > 0;
    }
    document.getElementById("found").textContent = isFree ? "" : `${rows} dòng trong ${count} bảng`;
  }

  /** From a proposal to its rows: each unit, agency or quoted name in it is a button that leaves the rows of that name. */
  function addRows(paragraph) {
    const text = paragraph.textContent;
    const names = new Set(tables.filter((one) => one.name >= 0).flatMap((one) => one.rows.map((row) => one.cell(row, one.name))));
    const quoted = [...text.matchAll(/“([^”]+)”/g)].map(([, words]) => words);
    const named = [...names].filter((name) => name.length > 3 && text.includes(name));
    const longest = named.filter((name) => !named.some((other) => other !== name && other.includes(name)));
    longest.sort((a, b) => text.indexOf(a) - text.indexOf(b));
    for (const words of [...longest, ...quoted].slice(0, 4)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "rows";
      button.textContent = `Xem các dòng: ${words}`;
      button.addEventListener("click", () => {
        find.value = words;
        applyAll();
        const first = tables.find((one) => one.name >= 0 && one.rows.some((row) => !row.hidden));
        document.getElementById(first?.table.getAttribute("aria-labelledby"))?.scrollIntoView();
      });
      paragraph.append(" ", button);
    }
  }

  /** What an address asks for: report.html#tim=Hòa Bình&huyen=Huyện Bình Gia. */
  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has("tim") && !asked.has("huyen")) return;
    find.value = asked.get("tim") ?? "";
    district.value = asked.get("huyen") ?? "";
    applyAll();
  }

  const placed = tables.filter((one) => one.place >= 0).map((one) => new Set(one.rows.map((row) => one.cell(row, one.place))));
  const districts = [...new Set(placed.flatMap((names) => [...names]))]
    .filter((name) => name !== "–" && placed.filter((names) => names.has(name)).length >= Math.min(2, placed.length));  // not the departments' page
  for (const name of districts.sort(new Intl.Collator("vi").compare)) district.add(new Option(name, name));
  district.parentElement.hidden = !districts.length;
  tools.hidden = !tables.some((one) => one.name >= 0);
  tools.addEventListener("input", applyAll);
  tools.addEventListener("reset", () => setTimeout(applyAll));
  tools.addEventListener("submit", (event) => event.preventDefault());
  for (const one of tables) {
    if ("long" in one.table.dataset) one.addSearch();
    one.addSort();
    one.addColumns();
  }
  document.querySelectorAll("[data-proposals] > p, .said > li").forEach(addRows);
  readAddress();
  window.addEventListener("hashchange", readAddress);

  window.addEventListener("scroll", () => document.getElementById("vg-tooltip-element")?.classList.remove("visible"));
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open], [data-list])")];
    folded.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
  document.querySelectorAll("[data-spec]").forEach(draw);
})();
