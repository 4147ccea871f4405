import { expect, test } from "vitest";
import { exposedPorts } from "./run-words.ts";

test("a port is exposed by itself only where it is not published", () => {
  const body = {
    ExposedPorts: { "80/tcp": {}, "81/tcp": {}, "80/udp": {} },
    HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
  };
  expect(exposedPorts(body)).toEqual(["81/tcp", "80/udp"]);
  expect(exposedPorts({ ExposedPorts: { "80/tcp": {} } })).toEqual(["80/tcp"]);
  expect(exposedPorts({})).toEqual([]);
});
