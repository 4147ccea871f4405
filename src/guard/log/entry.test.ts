import { expect, it } from "vitest";
import { defaultPolicy } from "../policy/defaults.ts";
import { readRequest } from "../request/read.ts";
import { logEntry, logLine } from "./entry.ts";

const asker = { client: "ci", listener: "unix:///run/ci.sock", policy: defaultPolicy };
const now = new Date("2026-01-02T03:04:05.678Z");

function create(document: unknown) {
  const bytes = Buffer.from(JSON.stringify(document));
  const headers = [
    ["Host", "docker"],
    ["Content-Type", "application/json"],
    ["Content-Length", String(bytes.length)],
  ] as const;
  const target = "/v1.45/containers/create?name=web";
  const read = readRequest(
    { method: "POST", target, headers, body: { kind: "bytes", bytes } },
    defaultPolicy.body,
  );
  if (!read.ok) throw new Error(read.message);
  return read.request;
}

it("is one line that names client, route, object, verdict, and what had a part in it", () => {
  const request = create({ Image: "nginx", HostConfig: {} });
  const change = {
    control: "pids-limit",
    patch: { op: "set", field: "pidsLimit", value: 200 },
    flag: "--pids-limit 200",
    replaced: false,
  } as const;
  const line = logLine(
    {
      verdict: "harden",
      route: request.route,
      request,
      changes: [change, change],
      warnings: [],
      notes: [],
      response: undefined,
    },
    "POST",
    asker,
    now,
  );
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({
    time: "2026-01-02T03:04:05.678Z",
    client: "ci",
    listener: "unix:///run/ci.sock",
    policy: defaultPolicy.name,
    mode: "enforce",
    method: "POST",
    route: "container-create",
    object: { name: "web", image: "nginx" },
    verdict: "harden",
    controls: ["pids-limit"],
    reasons: [],
    changes: [
      { control: "pids-limit", field: "pidsLimit", flag: "--pids-limit 200", replaced: false },
      { control: "pids-limit", field: "pidsLimit", flag: "--pids-limit 200", replaced: false },
    ],
    warnings: [],
  });
});

it("holds no variable, no command, no label and no option of a log", () => {
  const secret = "hunter2";
  const request = create({
    Image: "nginx",
    Env: [`PASSWORD=${secret}`],
    Cmd: ["login", secret],
    Entrypoint: [secret],
    Labels: { token: secret },
    HostConfig: { LogConfig: { Type: "json-file", Config: { tag: secret } } },
  });
  const patches = [
    { op: "remove", field: "environment", value: { name: "PASSWORD", value: secret } },
    { op: "add", field: "logOptions", value: { name: "tag", value: secret } },
  ] as const;
  const changes = patches.map((patch) => ({
    control: "x",
    patch: patch as never,
    flag: `--x ${secret}`,
    replaced: true,
  }));
  const entry = logEntry(
    {
      verdict: "harden",
      route: request.route,
      request,
      changes,
      warnings: [],
      notes: [],
      response: undefined,
    },
    "POST",
    asker,
    now,
  );
  expect(JSON.stringify(entry)).not.toContain(secret);
  expect(entry.changes.map(({ field }) => field)).toEqual(["environment", "logOptions"]);
});

it("shows the sizes of a log that the guard put in", () => {
  const request = create({ Image: "nginx" });
  const patch = { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } } as const;
  const changes = [{ control: "storage-limit", patch, flag: "--log-opt max-size=10m", replaced: false }];
  const { route } = request;
  const judged = {
    verdict: "harden",
    route,
    request,
    changes,
    warnings: [],
    notes: [],
    response: undefined,
  } as const;
  expect(logEntry(judged, "POST", asker, now).changes[0]?.flag).toBe("--log-opt max-size=10m");
});

it("prints the line of what is allowed as it would print any other", () => {
  const allowed = (document: unknown, warnings: readonly { rule: string; message: string }[]) => {
    const request = create(document);
    return {
      verdict: "allow",
      route: request.route,
      request,
      changes: [],
      warnings,
      notes: [],
      response: undefined,
    } as const;
  };
  for (const judged of [
    allowed({ Image: 'ng"inx\u2028' }, []),
    allowed({ Image: "nginx" }, [{ rule: "privileged", message: "runs privileged" }]),
  ]) {
    for (const client of ["ci", 'a "b"']) {
      const who = { ...asker, client };
      for (const time of [now, new Date(now.getTime() + 1)])
        expect(logLine(judged, "POST", who, time)).toBe(JSON.stringify(logEntry(judged, "POST", who, time)));
    }
  }
});

it("says what a request that could not be read was denied by", () => {
  const reasons = [{ rule: "guard-path", message: "two slashes" }];
  const entry = logEntry(
    { verdict: "deny", route: undefined, request: undefined, reasons, status: 403 },
    "GET",
    asker,
    now,
  );
  expect(entry).toMatchObject({
    route: null,
    object: {},
    verdict: "deny",
    controls: ["guard-path"],
    reasons,
  });
});
