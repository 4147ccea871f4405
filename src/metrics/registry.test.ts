import { expect, test } from "vitest";
import { createRegistry } from "./registry.ts";

test("counters count per label values, and values are escaped", () => {
  const registry = createRegistry();
  const requests = registry.counter("requests_total", 'Requests\nwith a "break".', ["route"]);
  requests.add(["ping"]);
  requests.add(["ping"], 2);
  requests.add(['a"b\\c\nd']);
  registry.counter("empty_total", "Nothing yet.", []);
  expect(registry.text()).toBe(
    [
      '# HELP requests_total Requests\\nwith a "break".',
      "# TYPE requests_total counter",
      'requests_total{route="ping"} 3',
      'requests_total{route="a\\"b\\\\c\\nd"} 1',
      "# HELP empty_total Nothing yet.",
      "# TYPE empty_total counter",
      "empty_total 0",
      "",
    ].join("\n"),
  );
});

test("a histogram's buckets add up, and a value on a bound belongs to it", () => {
  const registry = createRegistry();
  const seconds = registry.histogram("seconds", "Time.", ["route"], [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) seconds.observe(["ping"], value);
  expect(registry.text().split("\n").slice(2)).toEqual([
    'seconds_bucket{route="ping",le="0.1"} 1',
    'seconds_bucket{route="ping",le="1"} 2',
    'seconds_bucket{route="ping",le="+Inf"} 3',
    'seconds_sum{route="ping"} 7.6',
    'seconds_count{route="ping"} 3',
    "",
  ]);
});

test("a gauge is read when it is asked for", () => {
  const registry = createRegistry();
  let open = 1;
  registry.gauge("open", "Connections.", () => open);
  open = 5;
  expect(registry.text()).toContain("\nopen 5\n");
});

test("a gauge with labels has a line for each set of values, and says that it is there without one", () => {
  const registry = createRegistry();
  const samples = [{ values: ["a", 'b"'], number: 2 }];
  registry.gauges("found", "Findings.", ["control", "host"], () => samples);
  expect(registry.text()).toContain('\nfound{control="a",host="b\\""} 2\n');
  samples.pop();
  expect(registry.text()).toBe("# HELP found Findings.\n# TYPE found gauge\n");
});
