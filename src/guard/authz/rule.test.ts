import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { offline } from "../check/offline.ts";
import { loadPolicies, type Policies } from "../policy/policies.ts";
import type { AuthzMessage } from "./message.ts";
import { denialText, isHandedOn, judgeMessage } from "./rule.ts";

function policiesOf(yaml: string): Policies {
  const config = readConfig("b", memoryFiles({ b: yaml }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {} });
}

const web = {
  Id: "a".repeat(64),
  Name: "/web",
  Config: { Labels: { "bulkhead.owner": "ci" } },
  HostConfig: { NetworkMode: "bridge" },
  State: { Running: true },
};
const cafe = { ...web, Id: "b".repeat(64), Name: "/cafe" };
const bed = { ...web, Id: "bed".padEnd(64, "0"), Name: "/bed" };
const world = offline({ known: { container: { web, cafe, bed, gone: null } }, engine: undefined });

/** The lists of an Engine on which `web` has the id aaa… and a network of the host's begins with ada. */
const engine = {
  get: async (path: string) =>
    path === "/networks"
      ? {
          ok: true as const,
          value: [
            { Id: "ada1".padEnd(64, "0"), Name: "host" },
            { Id: "f".repeat(64), Name: "ada" },
          ],
        }
      : {
          ok: true as const,
          value: [
            { Id: web.Id, Names: ["/web"] },
            { Id: cafe.Id, Names: ["/cafe"] },
            { Id: "cafe".padEnd(64, "0"), Names: ["/mighty"] },
            { Id: bed.Id, Names: ["/bed"] },
          ],
        },
};

function asked(method: string, target: string, body?: unknown, user?: string): AuthzMessage {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return {
    method,
    target,
    headers: [
      ...(bytes ? [["Content-Type", "application/json"] as const] : []),
      ["Content-Length", String(bytes?.length ?? 0)],
    ],
    body: bytes,
    user,
    authenticatedBy: user === undefined ? undefined : "TLS",
  };
}

async function ruled(yaml: string, message: AuthzMessage) {
  const { judged, asker } = await judgeMessage(message, policiesOf(yaml), world.ask, engine);
  const said = judged.verdict === "deny" ? denialText(judged.reasons) : "";
  return { verdict: judged.verdict, client: asker.client, said, judged };
}

const plain = { Image: "app:1", HostConfig: { NetworkMode: "bridge" } };
const complete = {
  ...plain,
  HostConfig: {
    ...plain.HostConfig,
    PidsLimit: 100,
    SecurityOpt: ["no-new-privileges"],
    LogConfig: { Type: "local", Config: {} },
  },
};
const create = "/v1.45/containers/create";

test("what the proxy would harden is denied, with every flag in one line", async () => {
  const { verdict, said } = await ruled("", asked("POST", create, plain));
  expect(verdict).toBe("deny");
  expect(said).toMatch(/^a plugin cannot add what is missing; say it yourself: --/);
  expect(said).toContain("--pids-limit 8192");
  expect(said).toContain("--security-opt no-new-privileges");
  expect((await ruled("", asked("POST", create, complete))).verdict).toBe("allow");
});

test("a mode that only warns lets it through, with the same words", async () => {
  const { verdict, judged } = await ruled("guard: { mode: warn }", asked("POST", create, plain));
  expect(verdict).toBe("allow");
  expect(judged.verdict !== "deny" && judged.warnings.map(({ rule }) => rule)).toContain("pids-limit");
});

test("a label of the owner's and a narrowed list are asked for, since they cannot be added", async () => {
  const policy = "guard: { owner: { label: team, value: a } }";
  expect((await ruled(policy, asked("POST", create, complete))).said).toContain("--label team=a");
  expect((await ruled(policy, asked("POST", create, { ...complete, Labels: { team: "a" } }))).verdict).toBe(
    "allow",
  );
  expect((await ruled(policy, asked("GET", "/v1.45/containers/json"))).said).toContain(
    "--filter label=team=a",
  );
  const filters = encodeURIComponent('{"label":["team=a"]}');
  expect((await ruled(policy, asked("GET", `/v1.45/containers/json?filters=${filters}`))).verdict).toBe(
    "allow",
  );
});

test("an answer that must be blanked is denied, unless the policy says otherwise", async () => {
  const inspect = asked("GET", "/v1.45/containers/web/json");
  expect((await ruled("guard: { redact: true }", inspect)).said).toContain("(guard-answer)");
  expect((await ruled("guard: { redact: true, rules: { guard-answer: allow } }", inspect)).verdict).toBe(
    "allow",
  );
  expect((await ruled("", inspect)).verdict).toBe("allow");
});

test("a certificate's common name says which client asks", async () => {
  const yaml = "guard: { clients: { ci: { certificates: [runner], preset: read-only } } }";
  const start = (user?: string) => asked("POST", "/v1.45/containers/web/start", undefined, user);
  expect(await ruled(yaml, start("runner"))).toMatchObject({ client: "ci", verdict: "deny" });
  expect((await ruled(yaml, start("other"))).client).toBe("default");
  expect((await ruled(yaml, { ...start("runner"), authenticatedBy: undefined })).client).toBe("default");
});

test("what is not there is handed on where it is a question, and denied where it is not", async () => {
  const question = await ruled("", asked("GET", "/v1.45/containers/gone/json"));
  expect([question.verdict, isHandedOn(question.judged)]).toEqual(["deny", true]);
  const change = await ruled("", asked("POST", "/v1.45/containers/gone/start"));
  expect([change.verdict, isHandedOn(change.judged)]).toEqual(["deny", false]);
  const closed = await ruled(
    "guard: { groups: { secretRead: deny } }",
    asked("GET", "/v1.45/containers/gone/json"),
  );
  expect(isHandedOn(closed.judged)).toBe(false);
});

test("a build goes through where a hidden form is allowed, or only warned of", async () => {
  const build: AuthzMessage = {
    ...asked("POST", "/v1.45/build?t=x"),
    headers: [["Content-Type", "application/x-tar"]],
  };
  expect((await ruled("", build)).said).toContain("(guard-hidden-form)");
  expect((await ruled("guard: { rules: { guard-hidden-form: allow } }", build)).verdict).toBe("allow");
  const warned = await ruled("guard: { mode: warn }", build);
  expect(warned.judged.verdict !== "deny" && warned.judged.warnings.map(({ rule }) => rule)).toContain(
    "guard-hidden-form",
  );
});

test("a name that is the beginning of another's id as well is denied, for it may mean that one a moment later", async () => {
  const stop = (name: string) => ruled("", asked("POST", `/v1.45/containers/${name}/stop`));
  expect((await stop("cafe")).said).toContain(
    "names the container cafe, and the id of mighty begins like that: a moment later it may mean that one",
  );
  // Its own id begins with its name: there is no other.
  for (const name of ["web", "bed"]) expect((await stop(name)).verdict).toBe("allow");
  const joining = (HostConfig: object) =>
    ruled("", asked("POST", create, { ...complete, HostConfig: { ...complete.HostConfig, ...HostConfig } }));
  expect((await joining({ NetworkMode: "ada" })).said).toContain("names the network ada");
  expect((await joining({ PidMode: "container:cafe" })).said).toContain("names the container cafe");
  expect((await joining({ VolumesFrom: ["cafe:ro"] })).said).toContain("names the container cafe");
});

test("what else a name may mean and is not told counts as the worst", async () => {
  const mute = {
    get: async () => ({ ok: false as const, kind: "lost" as const, reason: "it does not answer" }),
  };
  const message = asked("POST", "/v1.45/containers/cafe/stop");
  const { judged } = await judgeMessage(message, policiesOf(""), world.ask, mute);
  expect(judged).toMatchObject({ verdict: "deny", reasons: [{ rule: "guard-unknown" }] });
});
