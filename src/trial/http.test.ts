import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished } from "vitest";
import { ask, parseHttpCheck } from "./http.ts";
import type { ContainerState } from "./state.ts";

describe("ask", () => {
  it("ends at its limit where the server is silent, also when memory was collected meanwhile", async () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const check = parseHttpCheck(`web:${(server.address() as AddressInfo).port}/`);
    if (!check.ok) throw new Error(check.reason);
    const state = { address: "127.0.0.1" } as ContainerState;
    const asked = ask(check.value, {
      states: new Map([["web", state]]),
      targets: ["web"],
      signal: new AbortController().signal,
      limit: 200,
      jar: new Map(),
    });
    const [socket] = await once(server, "connection");
    onTestFinished(() => void socket.destroy());
    await new Promise(setImmediate);
    collect();
    const answer = await asked;
    expect(answer.ok || answer.reason).toMatch(/^web does not answer \/ on port \d+$/);
  });
});
