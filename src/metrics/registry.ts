/**
 * Counters, gauges and histograms in Prometheus' text form. Labels must be of few values: never a name that a client or
 * a workload chose.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export interface Registry {
  counter(name: string, help: string, labels: readonly string[]): Counter;
  /** Read when the metrics are asked for. */
  gauge(name: string, help: string, read: () => number): void;
  /** Likewise, a number for each set of values of the labels. */
  gauges(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void;
  /** As `gauges`, for counts that are kept elsewhere and only grow. */
  counters(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void;
  /** `bounds` ascending, in the unit that the name says. */
  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram;
  /** All of it, as the body of an answer. */
  text(): string;
}

export interface Sample {
  readonly values: readonly string[];
  readonly number: number;
}

export interface Counter {
  add(values: readonly string[], by?: number): void;
}

export interface Histogram {
  observe(values: readonly string[], value: number): void;
}

export const contentType = "text/plain; version=0.0.4; charset=utf-8";

export function createRegistry(): Registry {
  const families: (() => readonly string[])[] = [];
  const family =
    (type: "gauge" | "counter") =>
    (name: string, help: string, labels: readonly string[], read: () => readonly Sample[]) => {
      families.push(() => [
        ...header(name, help, type),
        ...read().map(({ values, number }) => `${name}${labelKey(labels, values)} ${number}`),
      ]);
    };
  return {
    counter(name, help, labels) {
      const counts = new Map<string, number>();
      if (labels.length === 0) counts.set("", 0);
      families.push(() => [
        ...header(name, help, "counter"),
        ...[...counts].map(([key, count]) => `${name}${labelKey(labels, key.split("\0"))} ${count}`),
      ]);
      return {
        add(values, by = 1) {
          const key = values.join("\0");
          counts.set(key, (counts.get(key) ?? 0) + by);
        },
      };
    },
    gauge(name, help, read) {
      families.push(() => [...header(name, help, "gauge"), `${name} ${read()}`]);
    },
    gauges: family("gauge"),
    counters: family("counter"),
    histogram(name, help, labels, bounds) {
      interface Series {
        readonly values: readonly string[];
        readonly buckets: number[];
        sum: number;
      }
      const series = new Map<string, Series>();
      families.push(() => [
        ...header(name, help, "histogram"),
        ...[...series.values()].flatMap(({ values, buckets, sum }) => {
          let total = 0;
          const lines = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
            total += buckets[index] ?? 0;
            const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
            return `${name}_bucket${labelKey([...labels, "le"], [...values, le])} ${total}`;
          });
          const key = labelKey(labels, values);
          return [...lines, `${name}_sum${key} ${sum}`, `${name}_count${key} ${total}`];
        }),
      ]);
      return {
        observe(values, value) {
          const key = values.join("\0");
          let found = series.get(key);
          if (!found) {
            found = { values: [...values], buckets: new Array(bounds.length + 1).fill(0), sum: 0 };
            series.set(key, found);
          }
          const at = bounds.findIndex((bound) => value <= bound);
          const bucket = at === -1 ? bounds.length : at;
          found.buckets[bucket] = (found.buckets[bucket] ?? 0) + 1;
          found.sum += value;
        },
      };
    },
    text: () => `${families.flatMap((family) => family()).join("\n")}\n`,
  };
}

function header(name: string, help: string, type: string): readonly string[] {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${type}`];
}

function labelKey(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return "";
  return `{${labels.map((label, index) => `${label}="${escapeValue(values[index] ?? "")}"`).join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
