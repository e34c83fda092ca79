// Progressive extras; every page works without them.
const root = document.documentElement;
root.classList.add("js");
const isDark = () => getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  document.cookie = `tieline_theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Strict`;
  draw();
});
document.addEventListener("keydown", (e) => {
  if (e.target.matches("input,select,textarea") || e.metaKey || e.ctrlKey || e.altKey) return;
  const items = [...document.querySelectorAll(".queue a.item")];
  const at = items.indexOf(document.activeElement);
  if (e.key === "/") { e.preventDefault(); document.querySelector("[type=search]")?.focus(); }
  if (e.key === "j") items[Math.min(at + 1, items.length - 1)]?.focus();
  if (e.key === "k") items[Math.max(at - 1, 0)]?.focus();
});

// Moments come in UTC and are shown in the reader's own zone.
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date()).find((p) => p.type === "timeZoneName")?.value;
function localize() {
  const today = new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
  for (const time of document.querySelectorAll("time[data-moment]")) {
    const at = new Date(time.dateTime);
    const short = `${at.getDate()} ${at.toLocaleString("en-US", { month: "short" })}`;
    const hours = at.toLocaleTimeString("en-GB", clock);
    time.textContent = at.toDateString() === today ? `today ${hours}` : at.getFullYear() === new Date().getFullYear() ? `${short} ${hours}` : `${short} ${at.getFullYear()}`;
    time.title = at.toString();
  }
  for (const place of document.querySelectorAll("[data-zone]")) place.textContent = zone;
}
localize();

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (e) => {
  if (e.target.dataset.sent) e.preventDefault();
  e.target.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

// A table that scrolls sideways can be reached by keyboard.
function reach() {
  for (const w of document.querySelectorAll(".wrap")) w.scrollWidth > w.clientWidth ? (w.tabIndex = 0) : w.removeAttribute("tabindex");
}
addEventListener("load", reach);
addEventListener("resize", reach);
document.addEventListener("htmx:afterSettle", () => { localize(); reach(); draw(); });

// A figure.chart holds a table; the chart is drawn from the table, which then folds away.
const number = (text) => (text.trim() === "" || text.trim() === "–" ? null : Number(text.replace(/,/g, "").replace("\u2212", "-")));
function draw() {
  if (!window.echarts) return;
  const css = getComputedStyle(root);
  const probe = document.body.appendChild(document.createElement("i"));
  const token = (name) => { probe.className = "tone-" + name; return getComputedStyle(probe).color; };
  const tone = Object.fromEntries(["text", "muted", "line", "accent", "river", "warn", "surface", "info"].map((n) => [n, token(n)]));
  probe.remove();
  for (const figure of document.querySelectorAll("figure.chart")) {
    const table = figure.querySelector("table");
    let plot = figure.querySelector(".plot");
    if (!plot) {
      plot = document.createElement("div"); plot.className = "plot"; plot.setAttribute("aria-hidden", "true");
      const fold = document.createElement("details"); const title = document.createElement("summary");
      title.textContent = "Show the figures as a table";
      fold.append(title); table.replaceWith(plot, fold); fold.append(table);
    }
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const rows = [...table.tBodies[0].rows];
    const labels = rows.map((r) => r.cells[0].textContent);
    const ends = heads.map((h, i) => ("label" in h.dataset ? rows.map((r) => number(r.cells[i + 1].textContent)).filter((v) => v !== null).at(-1) : NaN));
    const apart = (i) => { // two labels at nearly the same height step aside
      const near = ends.findIndex((v, k) => k !== i && Math.abs(v - ends[i]) < 0.02 * Math.abs(v));
      return near < 0 ? 0 : ends[i] > ends[near] || (ends[i] === ends[near] && i < near) ? -8 : 8;
    };
    const series = heads.map((h, i) => {
      const color = tone[h.dataset.tone || "accent"];
      const dashed = "dashed" in h.dataset;
      const data = rows.map((r) => number(r.cells[i + 1].textContent));
      return h.dataset.kind === "bar"
        ? { name: h.textContent, type: "bar", stack: h.dataset.stack, data, barMaxWidth: 26, itemStyle: { color, decal: dashed ? { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0.8, color: tone.surface } : undefined } }
        : { name: h.textContent, type: "line", data, symbol: "circle", symbolSize: dashed ? 0 : 5, lineStyle: { color, width: 2, type: dashed ? [5, 4] : "solid" }, itemStyle: { color },
            endLabel: { show: "label" in h.dataset, color, offset: [0, apart(i)], fontWeight: 600, backgroundColor: tone.surface, padding: [1, 3], formatter: (p) => h.dataset.label } };
    });
    const text = { color: tone.muted, fontSize: 12, fontFamily: css.getPropertyValue("--font") };
    const axis = { type: "value", splitLine: { lineStyle: { color: tone.line } }, axisLabel: { ...text, formatter: (v) => (v >= 1e6 ? `${v / 1e6} m` : v >= 1e4 ? `${v / 1e3} k` : v.toLocaleString("en")) }, splitNumber: 4 };
    const chart = echarts.getInstanceByDom(plot) || echarts.init(plot);
    chart.setOption({
      animation: false, aria: { enabled: true, decal: { show: false } }, textStyle: text,
      grid: { left: 4, right: figure.dataset.right ? Number(figure.dataset.right) : 8, top: heads.every((h) => h.dataset.label) ? 12 : 30, bottom: 4, containLabel: true },
      legend: { show: !heads.every((h) => h.dataset.label), top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 8, itemGap: 16, textStyle: { ...text, color: tone.text } },
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: tone.surface, borderColor: tone.line, textStyle: { ...text, color: tone.text } },
      xAxis: { type: "category", data: labels, axisLine: { lineStyle: { color: tone.line } }, axisTick: { show: false }, axisLabel: { ...text, interval: labels.length < 8 ? 0 : "auto", hideOverlap: true } },
      yAxis: axis,
      series,
    }, true);
  }
}
addEventListener("load", () => document.fonts.ready.then(draw));
addEventListener("resize", () => document.querySelectorAll(".plot").forEach((p) => window.echarts?.getInstanceByDom(p)?.resize()));
