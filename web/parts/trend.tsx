import { useEffect, useRef } from "preact/hooks";
import Plot from "uplot";
import type { Answer } from "../api.ts";
import "uplot/dist/uPlot.min.css";
import { severities } from "./parts.tsx";

/** Open findings over the last days, a line a severity. The table below the overview says the same in numbers. */
export function Trend({ of }: { readonly of: Answer<"/overview">["trend"] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();
    const shown = severities.filter((severity) =>
      of.some(({ bySeverity }) => (bySeverity[severity] ?? 0) > 0),
    );
    const data = [
      of.map(({ time }) => time / 1_000),
      ...shown.map((severity) => of.map(({ bySeverity }) => bySeverity[severity] ?? 0)),
    ];
    const axis = {
      stroke: colour("dim"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
    };
    const plot = new Plot(
      {
        width: element.clientWidth,
        height: 180,
        cursor: { drag: { setScale: false } },
        legend: { live: true },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most)] } },
        axes: [axis, { ...axis, size: 44 }],
        series: [
          {},
          ...shown.map((severity) => ({ label: severity, stroke: colour(`line-${severity}`), width: 2 })),
        ],
      },
      data as Plot.AlignedData,
      element,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 180 }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [of]);
  const last = of.at(-1)?.bySeverity ?? {};
  const words = severities
    .flatMap((severity) => (last[severity] ? [`${last[severity]} ${severity}`] : []))
    .join(", ");
  return (
    <div
      ref={place}
      class="trend"
      role="img"
      aria-label={`Open findings over 30 days. Now: ${words || "none"}.`}
    />
  );
}
