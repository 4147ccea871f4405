import { expect, it } from "vitest";
import { fakeEngine } from "../../test/engine/fake-engine.ts";
import { checkEngine } from "./checks.ts";

it.each([
  ["Engine", "26.1.5 at "],
  ["Podman Engine", "Podman 26.1.5 at "],
])("an Engine whose component is %s is %s", async (component, expected) => {
  const engine = await fakeEngine({
    documents: {
      "/info": { ServerVersion: "26.1.5" },
      "/version": { Version: "26.1.5", ApiVersion: "1.45", Components: [{ Name: component }] },
    },
  });
  try {
    const options = { host: engine.host, context: undefined, environment: {}, home: "/nonexistent" };
    const [first] = await checkEngine(options, "/proc");
    expect(first).toMatchObject({ name: "Docker Engine", state: "ok" });
    expect(first?.found.startsWith(expected)).toBe(true);
  } finally {
    engine.stop();
  }
});
