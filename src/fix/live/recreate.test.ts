import { describe, expect, it } from "vitest";
import type { Answer, EngineClient } from "../../engine/client.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import { recreate } from "./recreate.ts";

const done: Answer = { ok: true, value: { Id: "new" } };

/** An Engine that notes what it is told, and refuses what `refuse` matches. */
function engine(refuse: RegExp, state: object = { Running: true, Health: { Status: "healthy" } }) {
  const told: string[] = [];
  const answer = async (line: string): Promise<Answer> => {
    told.push(line);
    return refuse.test(line) ? { ok: false, reason: `no ${line}`, kind: "refused" } : done;
  };
  const writer: EngineWriter = {
    post: (path) => answer(`POST ${path}`),
    delete: (path) => answer(`DELETE ${path}`),
    close: async () => {},
  };
  const reader: EngineClient = {
    address: "",
    socketPath: undefined,
    tls: undefined,
    apiVersion: "1.45",
    get: async () => ({ ok: true, value: { State: state, RestartCount: 0 } }),
    close: async () => {},
  };
  return { told, reader, writer };
}

const request = { id: "old", name: "web", running: true, body: {}, networks: [], interrupted: () => false };

const never = /$^/;

const back = [
  "DELETE /containers/new?force=1",
  "POST /containers/old/rename?name=web",
  "POST /containers/old/start",
];

describe("recreating", () => {
  it("takes the old one away last", async () => {
    const { told, reader, writer } = engine(never);
    expect(await recreate(request, reader, writer)).toEqual({ ok: true, value: "new" });
    expect(told).toEqual([
      "POST /containers/create?name=web-bulkhead",
      "POST /containers/old/stop",
      "POST /containers/old/rename?name=web-before-bulkhead",
      "POST /containers/new/rename?name=web",
      "POST /containers/new/start",
      "DELETE /containers/old",
    ]);
  });

  it("touches nothing where the Engine refuses the new one", async () => {
    const { told, reader, writer } = engine(/create/);
    expect(await recreate(request, reader, writer)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/web is as it was/),
    });
    expect(told).toHaveLength(1);
  });

  it.each([/new\/start/, /new\/rename/])("puts the old one back where %s fails", async (step) => {
    const { told, reader, writer } = engine(step);
    expect(await recreate(request, reader, writer)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/web is as it was$/),
    });
    expect(told.slice(-3)).toEqual(back);
  });

  it("puts the old one back where it is interrupted while it waits", async () => {
    const { told, reader, writer } = engine(never, { Running: true });
    const interrupted = () => told.includes("POST /containers/new/start");
    const result = await recreate({ ...request, interrupted }, reader, writer);
    expect(result).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/interrupted; web is as it was/),
    });
    expect(told.slice(-3)).toEqual(back);
  });

  it("leaves a stopped one stopped", async () => {
    const { told, reader, writer } = engine(never);
    await recreate({ ...request, running: false }, reader, writer);
    expect(told.filter((line) => /start|stop/.test(line))).toEqual([]);
  });

  it("says what to do by hand where it cannot be put back", async () => {
    const { reader, writer } = engine(/start/);
    expect(await recreate(request, reader, writer)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(
        /could not be put back: .*docker rename web-before-bulkhead web && docker start web/,
      ),
    });
  });
});
