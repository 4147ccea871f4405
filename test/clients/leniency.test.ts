import { request } from "node:http";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { clientStage } from "./stage.ts";

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function ask(socketPath: string, method: string, path: string, body?: unknown): Promise<Answered> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath,
        method,
        path,
        ...(text !== undefined && {
          headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) },
        }),
      },
      (answer) => {
        let said = "";
        answer.on("data", (chunk) => {
          said += chunk;
        });
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, body: said.startsWith("{") ? JSON.parse(said) : {} });
        });
      },
    );
    call.on("error", reject);
    call.end(text);
  });
}

/** What the guard leaves out, each asked for with something dangerous in it. */
const dropped = [
  {
    name: "members of the body in the query",
    query:
      "HostConfig%5BPrivileged%5D=true&HostConfig=%7B%22Privileged%22%3Atrue%7D&Privileged=true&Image=other",
    body: {},
  },
  { name: "a parameter in another case", query: "Name=other&PLATFORM=windows", body: {} },
  { name: "a second name", query: "name=lenient&name=other", body: {} },
  {
    name: "members that no Engine knows",
    query: "",
    body: {
      HostConfig: { Priviledged: true, Capabilities: ["ALL"], HostConfig: { Privileged: true } },
      Foo: { Privileged: true },
    },
  },
  {
    name: "names with something behind them",
    query: "",
    body: { "HostConfig ": { Privileged: true }, "Privileged\u0000": true },
  },
] as const;

describeWithEngine("what the guard leaves out has no effect in dockerd", () => {
  const stage = clientStage();

  /** What a container became, without what differs from one to the next. */
  async function made(socketPath: string, query: string, body: object): Promise<unknown> {
    const name = query.includes("name=") ? "" : `name=lenient${query === "" ? "" : "&"}`;
    const created = await ask(socketPath, "POST", `/v1.45/containers/create?${name}${query}`, {
      Image: busybox,
      Cmd: ["true"],
      Hostname: "same",
      ...body,
    });
    expect(created).toMatchObject({ status: 201 });
    const [document] = JSON.parse(await stage().engine.docker(["inspect", String(created.body.Id)]));
    await stage().engine.docker(["rm", "-f", String(created.body.Id)]);
    return { Name: document.Name, Config: document.Config, HostConfig: document.HostConfig };
  }

  it.each(dropped)("$name", async ({ query, body }) => {
    const { engine, guard } = stage();
    expect(await made(engine.socketPath, query, body), "straight").toEqual(
      await made(engine.socketPath, "", {}),
    );
    expect(await made(guard.socketPath, query, body), "guarded").toEqual(
      await made(guard.socketPath, "", {}),
    );
    const entry = guard.entries().findLast(({ route }) => route === "container-create");
    expect(entry).toMatchObject({ verdict: "harden" });
  });

  it("a body where the Engine reads none", async () => {
    const { engine, guard } = stage();
    const id = await engine.docker(["create", busybox, "sleep", "100"]);
    try {
      for (const path of [engine.socketPath, guard.socketPath]) {
        expect(await ask(path, "POST", `/v1.45/containers/${id}/start`, {})).toMatchObject({ status: 204 });
        const started = ask(path, "POST", `/v1.45/containers/${id}/stop?t=0`, { t: 1_000, Privileged: true });
        expect(await started).toMatchObject({ status: 204 });
        // Here dockerd does read it, to refuse it: and so does the guard.
        const bad = await ask(path, "POST", `/v1.45/containers/${id}/start`, { Privileged: true });
        expect(bad.status).toBeGreaterThanOrEqual(400);
      }
    } finally {
      await engine.docker(["rm", "-f", id]);
    }
  });

  it("but what dockerd reads under another spelling is no such thing", async () => {
    const { engine, guard } = stage();
    for (const body of [
      { HostConfig: { privileged: true } },
      { hostconfig: { Privileged: true } },
      { Privileged: true },
    ]) {
      const straight = await ask(engine.socketPath, "POST", "/v1.45/containers/create", {
        Image: busybox,
        ...body,
      });
      const id = String(straight.body.Id);
      expect(await engine.docker(["inspect", "--format", "{{.HostConfig.Privileged}}", id])).toBe("true");
      await engine.docker(["rm", id]);
      const guarded = await ask(guard.socketPath, "POST", "/v1.45/containers/create", {
        Image: busybox,
        ...body,
      });
      expect(guarded).toMatchObject({ status: 403 });
    }
  });

  it("a whole number beyond 2^53 arrives as it was sent", async () => {
    const { engine, guard } = stage();
    const text = `{"Image":"${busybox}","HostConfig":{"Ulimits":[{"Name":"fsize","Soft":9007199254740993,"Hard":9223372036854775807}]}}`;
    const created = await ask(guard.socketPath, "POST", "/v1.45/containers/create", text);
    expect(created).toMatchObject({ status: 201 });
    const id = String(created.body.Id);
    expect(await engine.docker(["inspect", "--format", "{{json .HostConfig.Ulimits}}", id])).toBe(
      '[{"Name":"fsize","Hard":9223372036854775807,"Soft":9007199254740993}]',
    );
    await engine.docker(["rm", id]);
  });
});
