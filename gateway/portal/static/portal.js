// What makes the pages livelier; without it every page still works.
"use strict";

(() => {
  const status = document.getElementById("live");
  const quiet = status ? status.textContent : "";

  function say(text, on) {
    if (status && !status.classList.contains("off")) {
      status.textContent = text;
      status.classList.toggle("on", on);
    }
  }

  // Live: events come with their number, and a broken stream goes on after the last one that came.
  let source = null;
  let retry = 0;

  function follow() {
    const place = document.querySelector("[data-live]");
    if (source) source.close();
    source = null;
    clearTimeout(retry);
    if (!place || !place.dataset.live || !window.EventSource) return;
    const address = new URL(place.dataset.live, location.href);
    address.searchParams.set("after", place.dataset.after || "0");
    source = new EventSource(address);
    source.addEventListener("open", () => say("live", true));
    source.addEventListener("end", () => { source.close(); say(quiet, false); });
    source.addEventListener("rows", (message) => {
      if (message.lastEventId) place.dataset.after = message.lastEventId;
      const height = document.getElementById("height");
      const news = JSON.parse(message.data);
      if (height) height.textContent = String(news.height - 1);
      if (place.dataset.mode === "refresh") refresh(place); else prepend(news.rows);
    });
    source.addEventListener("error", () => {
      say("reconnecting", false);
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(follow, 2000);
    });
  }

  function prepend(html) {
    const rows = document.getElementById("rows");
    if (!rows) return;
    const made = document.createElement("template");
    made.innerHTML = html;
    for (const row of [...made.content.querySelectorAll("tr")].reverse()) {
      if (document.getElementById(row.id)) continue;
      row.classList.add("fresh");
      rows.prepend(row);
      setTimeout(() => row.classList.remove("fresh"), 4000);
    }
  }

  let refreshing = 0;
  function refresh(place) {
    clearTimeout(refreshing);
    refreshing = setTimeout(() => {
      htmx.ajax("GET", location.pathname + location.search, { target: "#" + place.id, select: "#" + place.id, swap: "outerHTML" });
    }, 300);
  }

  // The menu is open where there is room for it.
  const menu = document.querySelector(".side details");
  const wide = matchMedia("(min-width: 62.01rem)");
  function fold() { if (menu) menu.open = wide.matches; }
  wide.addEventListener("change", fold);

  function buttons(root) {
    for (const button of root.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard) continue;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
        button.textContent = "Copied";
      });
    }
  }

  // Charts are drawn from the numbers of the table that stands below them.
  async function charts() {
    for (const place of document.querySelectorAll("[data-chart]")) {
      if (!window.uPlot) return;
      const answer = await fetch(place.dataset.chart, { headers: { accept: "application/json" } });
      if (answer.ok) draw(place, await answer.json());
    }
  }

  function draw(place, given) {
    const css = getComputedStyle(document.documentElement);
    const ink = css.getPropertyValue("--soft").trim();
    const line = css.getPropertyValue("--line").trim();
    const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
    const colours = ["--accent", "--notable", "--good", "--attention"].map((name) => css.getPropertyValue(name).trim());
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    const options = {
      width: place.clientWidth,
      height: 280,
      scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, high * 1.08 || 1] } },
      axes: [{ ...axis, label: given.x, labelSize: 20, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, { ...axis, label: "ε", labelSize: 20 }],
      series: [{ label: given.x }, ...given.series.map((one, n) => ({
        label: one.label,
        stroke: one.cap ? ink : colours[n % colours.length],
        dash: one.cap ? [3, 6] : dashes[Math.floor(n / colours.length) % dashes.length],
        width: one.cap ? 1 : 2,
        spanGaps: true,
        points: { show: !one.cap, size: 5 },
        paths: one.cap ? undefined : uPlot.paths.stepped({ align: 1 }),
        value: (_plot, value) => (value === null ? "–" : value.toFixed(4)),
      }))],
      legend: { live: false },
    };
    const plot = new uPlot(options, [given.at, ...given.series.map((one) => one.values)], place);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 280 })).observe(place);
  }

  document.addEventListener("htmx:afterSettle", follow);
  addEventListener("pagehide", () => { if (source) source.close(); });
  fold();
  buttons(document);
  follow();
  charts();
})();
