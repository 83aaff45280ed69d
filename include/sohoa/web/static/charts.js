"use strict";
/** Draws each chart of the page from its address: the specification is the report's own, the library lies here too. */
(() => {
  const isVietnamese = document.documentElement.lang === "vi";
  const NUMBERS = isVietnamese
    ? { decimal: ",", thousands: ".", grouping: [3], currency: ["", " ₫"] }
    : { decimal: ".", thousands: ",", grouping: [3], currency: ["", " ₫"] };
  const NOT_YET = 202;
  const SCREEN = { background: null, font: "system-ui, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif" };

  function fit(spec) {
    const isFixed = typeof spec.width === "object" || spec.projection;
    return { ...spec, config: { ...spec.config, ...SCREEN }, ...(!isFixed && { width: "container" }) };
  }

  /** Says in words what the chart shows, and what else came with it; drawing takes a place's role and words away. */
  function tell(place, found) {
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", found.said);
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    const said = place.nextElementSibling;
    if (said?.hasAttribute("data-said")) said.textContent = found.said;
    const outlook = document.querySelector("[data-outlook]");
    if (outlook && found.outlook) outlook.textContent = found.outlook;
    if (found.parts > 1) addParts(place, found.parts);
  }

  function addParts(place, parts) {
    const bar = document.querySelector("[data-parts]");
    if (!bar || bar.childElementCount) return;
    for (let part = 1; part <= parts; part += 1) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = part;
      button.addEventListener("click", () => draw(place, `${place.dataset.chart}&part=${part}`));
      bar.append(button, " ");
    }
  }

  /** Draws a chart; a second one that only adds to the first leaves that where it cannot be had. */
  async function draw(place, address = place.dataset.chart, isSecond = false) {
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      if (answer.status === NOT_YET) {
        setTimeout(() => draw(place, address, isSecond), 1_000 * answer.headers.get("Retry-After"));
        return;
      }
      const found = await answer.json();
      if (!found) {
        place.textContent = place.dataset.nothing;
        place.dataset.drawn = "nothing";
        return;
      }
      place.textContent = "";
      await window.vegaEmbed(place, fit(found.spec), {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, formatLocale: NUMBERS,
        tooltip: { disableDefaultStyle: true },
      });
      tell(place, found);
      place.dataset.drawn = "yes";
      if (found.forecast) draw(place, `${address}&${found.forecast}`, true);
    } catch (error) {
      console.error(error);
      if (isSecond) return;
      place.textContent = place.dataset.failed;
      place.dataset.drawn = "failed";
    }
  }

  window.addEventListener("scroll", () => document.getElementById("vg-tooltip-element")?.classList.remove("visible"));
  document.querySelectorAll("[data-chart]").forEach((place) => draw(place));
})();
