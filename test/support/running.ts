import type { Context } from "../../src/controls/control.ts";
import type { Container } from "../../src/model/container.ts";

/** Running containers by name, for tests of what adds up. */
export function runningNamed(containers: Readonly<Record<string, Container>>): Context["running"] {
  return Object.entries(containers).map(([name, container]) => ({
    subject: {
      kind: "container",
      id: `container:${name}`,
      name,
      stableId: `container:${name}`,
      source: "engine-api",
      location: undefined,
      views: [container],
    },
    container,
  }));
}
