// Draws the charts of a page. Their numbers stand in a table below each, which is what one sees without this script.

const style = getComputedStyle(document.documentElement);
const ink = () => getComputedStyle(document.body).color;
const line = () => getComputedStyle(document.querySelector(".card")).borderTopColor;
const palette = () => [1, 2, 3, 4, 5, 6].map((n) => style.getPropertyValue(`--chart-${n}`).trim());

function draw(figure) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const box = figure.querySelector(".chart-canvas");
  const colours = palette();
  const stacked = chart.kind === "stacked";
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
      indexAxis: chart.horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: chart.horizontal ? "y" : "x" },
      color: ink(),
      scales: {
        x: { stacked, grid: { display: false }, ticks: { color: ink(), maxRotation: 0, autoSkipPadding: 16 } },
        y: { stacked, beginAtZero: true, grid: { color: line() }, ticks: { color: ink(), maxTicksLimit: 6 } },
      },
      plugins: {
        legend: { display: chart.series.length > 1, position: "bottom", labels: { color: ink(), boxWidth: 12 } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.dataset.texts[item.dataIndex]}` } },
      },
    },
  });
  figure.querySelector(".chart-table").open = false;
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
