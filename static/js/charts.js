// Draws the charts of a page. Their numbers stand in a table below each, which is what one sees without this script.

const style = getComputedStyle(document.documentElement);
const ink = () => getComputedStyle(document.body).color;
const line = () => getComputedStyle(document.querySelector(".card")).borderTopColor;
const palette = () => [1, 2, 3, 4, 5, 6].map((n) => style.getPropertyValue(`--chart-${n}`).trim());

// «12 тыс.», «1,2 млн»: an axis has no room for more.
const compact = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });

const shortened = (name) => (name.length > 20 ? `${name.slice(0, 19)}…` : name);

// A scale of values or of names, whichever way the bars lie.
function scale(ofValues, { stacked, horizontal }) {
  const ticks = { color: ink(), maxRotation: 0, autoSkipPadding: 12 };
  if (ofValues) {
    Object.assign(ticks, { precision: 0, maxTicksLimit: 6, callback: (value) => compact.format(value) });
  } else if (horizontal) {
    Object.assign(ticks, { autoSkip: false, callback(value) { return shortened(this.getLabelForValue(value)); } });
  }
  return { stacked, beginAtZero: true, grid: { display: ofValues, color: line() }, border: { display: false }, ticks };
}

function draw(figure) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const box = figure.querySelector(".chart-canvas");
  const colours = palette();
  const { horizontal } = chart;
  const shape = { stacked: chart.kind === "stacked", horizontal };
  box.hidden = false;
  new Chart(box.querySelector("canvas"), {
    type: chart.kind === "line" ? "line" : "bar",
    data: {
      labels: chart.labels,
      datasets: chart.series.map((series, i) => ({
        label: series.name,
        data: series.values,
        texts: series.texts,
        borderColor: colours[i % colours.length],
        backgroundColor: colours[i % colours.length],
        borderWidth: chart.kind === "line" ? 2 : 0,
        borderRadius: chart.kind === "line" ? 0 : 3,
        borderDash: series.dashed ? [4, 4] : [],
        pointRadius: 0,
        pointHitRadius: 12,
        tension: 0.25,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: horizontal ? "y" : "x" },
      color: ink(),
      scales: { x: scale(horizontal, shape), y: scale(!horizontal, shape) },
      plugins: {
        legend: { display: chart.series.length > 1, position: "bottom", labels: { color: ink(), boxWidth: 12 } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.dataset.texts[item.dataIndex]}` } },
      },
    },
  });
  // The table waits below, closed; a page that changes its colours leaves it as it is.
  if (!figure.hasAttribute("data-drawn")) figure.querySelector(".chart-table").open = false;
  figure.setAttribute("data-drawn", "");
}

if (document.documentElement.lang === "ru") Chart.defaults.locale = "ru-RU";
Chart.defaults.font.family = "Inter, system-ui, sans-serif";
const drawAll = () => {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    Chart.getChart(figure.querySelector("canvas"))?.destroy();
    draw(figure);
  }
};
drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
