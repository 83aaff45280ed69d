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

  async function draw(place) {
    const spec = fit(read(place.dataset.spec));
    const options = {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      formatLocale: NUMBERS, timeFormatLocale: TIMES,
    };
    try {
      await window.vegaEmbed(place, spec, options);
      place.dataset.drawn = "yes";
    } catch (error) {
      place.textContent = place.getAttribute("aria-label");
      console.error(error);
    }
  }

  /** A field that shows only those rows of a long table that hold its text, accents and case aside. */
  function addSearch(table) {
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
    const rows = [...table.tBodies[0].rows];
    const bar = document.createElement("div");
    bar.className = "search";
    const label = document.createElement("label");
    label.textContent = "Tìm trong bảng ";
    const input = document.createElement("input");
    input.type = "search";
    label.append(input);
    const count = document.createElement("output");
    bar.append(label, count);
    table.parentElement.before(bar);
    let texts = null;
    const search = () => {
      texts ??= rows.map((row) => plain(row.textContent));
      const wanted = plain(input.value.trim());
      let shown = 0;
      rows.forEach((row, i) => { row.hidden = !texts[i].includes(wanted); shown += !row.hidden; });
      count.textContent = wanted ? `${shown} / ${rows.length} dòng` : "";
    };
    input.addEventListener("input", search);
  }

  document.querySelectorAll("table[data-long]").forEach(addSearch);
  document.querySelectorAll("[data-spec]").forEach(draw);
})();
