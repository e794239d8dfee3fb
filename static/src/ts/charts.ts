// Charts from JSON in the page, in the colours of the tokens. See templates/components/README.md.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Filler,
  Legend,
  LineController,
  LineElement,
  LinearScale,
  PointElement,
  Tooltip,
} from "chart.js";
import { all, token } from "./dom";

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LineController, LineElement, LinearScale, PointElement, Tooltip);

interface Series {
  name: string;
  values: (number | null)[];
  tone?: string;
}

interface ChartData {
  kind: "bar" | "line";
  labels: string[];
  series: Series[];
  unit?: string;
}

const drawn = new Map<HTMLCanvasElement, Chart>();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function colour(tone: string | undefined): string {
  return token(tone === "muted" ? "line-strong" : (tone ?? "brand"));
}

function configuration(data: ChartData): ChartConfiguration {
  const ticks = { color: token("muted"), font: { family: "Inter", size: 12 } };
  const unit = data.unit ? ` ${data.unit}` : "";
  return {
    type: data.kind,
    data: {
      labels: data.labels,
      datasets: data.series.map((series) => ({
        label: series.name,
        data: series.values,
        backgroundColor: colour(series.tone),
        borderColor: colour(series.tone),
        borderWidth: data.kind === "line" ? 2 : 0,
        borderRadius: 3,
        pointRadius: 0,
        pointHitRadius: 12,
        tension: 0.25,
        maxBarThickness: 18,
        categoryPercentage: 0.75,
        barPercentage: 0.95,
      })),
    },
    options: {
      animation: calm.matches ? false : { duration: 150 },
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { grid: { display: false }, border: { color: token("line") }, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 16 } },
        y: { beginAtZero: true, grid: { color: token("line") }, border: { display: false }, ticks: { ...ticks, precision: 0, maxTicksLimit: 5 } },
      },
      plugins: {
        legend: {
          display: data.series.length > 1,
          align: "end",
          labels: { color: token("muted"), boxWidth: 10, boxHeight: 10, font: { family: "Inter", size: 12 } },
        },
        tooltip: {
          backgroundColor: token("text"),
          titleColor: token("surface"),
          bodyColor: token("surface"),
          cornerRadius: 6,
          displayColors: false,
          callbacks: { label: (item) => `${item.dataset.label}: ${item.formattedValue}${unit}` },
        },
      },
    },
  };
}

function draw(): void {
  for (const [canvas, chart] of drawn) {
    if (canvas.isConnected) continue;
    chart.destroy();
    drawn.delete(canvas);
  }
  for (const canvas of all<HTMLCanvasElement>("canvas[data-chart]")) {
    const text = document.getElementById(canvas.dataset.chart ?? "")?.textContent;
    if (!text) continue;
    drawn.get(canvas)?.destroy();
    drawn.set(canvas, new Chart(canvas, configuration(JSON.parse(text) as ChartData)));
  }
}

draw();
document.addEventListener("theme:changed", draw);
document.addEventListener("htmx:after:swap", draw);
