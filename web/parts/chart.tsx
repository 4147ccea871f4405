import Plot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "preact/hooks";

interface Line {
  readonly name: string;
  /** Of a variable of the style sheet: `line-high`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

/** Lines over time. What it shows stands in a table or in words beside it. */
export function Chart({
  times,
  lines,
  label,
  height = 180,
}: {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly label: string;
  readonly height?: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: colour("dim"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
    };
    const size = () => ({ width: element.clientWidth, height });
    const plot = new Plot(
      {
        ...size(),
        cursor: { drag: { setScale: false } },
        legend: { live: true },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most)] } },
        axes: [axis, { ...axis, size: 44 }],
        series: [{}, ...lines.map((line) => ({ label: line.name, stroke: colour(line.colour), width: 2 }))],
      },
      [times.map((time) => time / 1_000), ...lines.map(({ values }) => values)] as Plot.AlignedData,
      element,
    );
    const watcher = new ResizeObserver(() => plot.setSize(size()));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
    // They are made anew each time, and say the same.
  }, [JSON.stringify([times, lines, height])]);
  return <div ref={place} class="trend" role="img" aria-label={label} />;
}
