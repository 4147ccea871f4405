import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { beforeEach, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { putChanges, putHost } from "../store/hosts/hosts.ts";

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const {
  $schema: _draft,
  id: _id,
  ...schema
} = JSON.parse(readFileSync("src/report/fixtures/sarif-2.1.0.schema.json", "utf8"));
const validate = ajv.compile(schema);

interface Run {
  readonly tool: {
    readonly driver: {
      readonly name: string;
      readonly rules: readonly {
        readonly id: string;
        readonly properties: Readonly<Record<string, unknown>>;
      }[];
    };
  };
  readonly results: readonly object[];
}

let test: Test;

beforeEach(async () => {
  test = await testApp();
  const containers = [{ name: "web", image: "nginx:1", project: "shop", running: true }];
  await putHost(
    test.database,
    { id: "h", name: "h.example", engine: "e", version: "1", connected: true, containers },
    1,
  );
});

async function put(count: number, message = "plain"): Promise<void> {
  const changes = Array.from({ length: count }, (_, index) =>
    changeOf("opened", findingOf(`control-${index}`, { message })),
  );
  await putChanges(test.database, "h", changes, () => "");
}

async function read(path: string, role: "viewer" | "administrator" = "viewer"): Promise<string> {
  const headers = await signedIn(test, role);
  return await (await test.call("GET", path, { headers })).text();
}

it("findings leave as CSV, which no spreadsheet runs", async () => {
  await put(1, '=cmd("x"), with a comma');
  const lines = (await read("/api/v1/exports/findings.csv?severity=high")).split("\r\n");
  expect(lines).toEqual([
    "host,subject,control,title,severity,verdict,message,image,project,opened,changed,resolved",
    `h.example,container:web,control-0,title of control-0,high,fail,"'=cmd(""x""), with a comma",nginx:1,shop,2027-01-31T12:00:00.000Z,2027-01-31T12:00:00.000Z,`,
    "",
  ]);
});

it("all findings leave as JSON, also more than are read at once, and none", async () => {
  await put(2_500);
  const headers = await signedIn(test, "viewer");
  const ask = async (query: string) => {
    const answer = await test.call("GET", `/api/v1/exports/findings.json${query}`, { headers });
    return (await answer.json()) as { schemaVersion: number; findings: { control: string }[] };
  };
  const { schemaVersion, findings } = await ask("");
  expect(schemaVersion).toBe(1);
  expect(new Set(findings.map(({ control }) => control)).size).toBe(2_500);
  expect((await ask("?severity=low")).findings).toEqual([]);
});

it("findings leave as SARIF, with what DefectDojo reads of it", async () => {
  const privileged = findingOf("privileged", { severity: "critical", subject: "container:web" });
  const unknown = findingOf("log-limit", { verdict: "unknown", severity: "low", subject: "container:web" });
  await putChanges(
    test.database,
    "h",
    [privileged, unknown].map((each) => changeOf("opened", each)),
    () => "",
  );
  const document: unknown = JSON.parse(await read("/api/v1/exports/findings.sarif"));
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  const [run] = (document as { runs: readonly Run[] }).runs;
  expect(run?.tool.driver.name).toBe("bulkhead");
  const rules = new Map(run?.tool.driver.rules.map((rule) => [rule.id, rule]));
  expect(rules.get("privileged")?.properties["security-severity"]).toBe("9.5");
  expect(run?.results).toMatchObject([
    {
      ...{ ruleId: "privileged", level: "error", kind: "fail" },
      message: { text: expect.stringMatching(/^h\.example, container:web: /) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "docker/h.example/container/web" },
            region: { startLine: 1 },
          },
        },
      ],
      partialFingerprints: { "bulkhead/v1": expect.stringMatching(/^[0-9a-f]{32}$/) },
    },
    { ruleId: "log-limit", level: "none", kind: "open" },
  ]);
  const none: unknown = JSON.parse(
    await read("/api/v1/exports/findings.sarif?severity=medium", "administrator"),
  );
  expect(none).toMatchObject({ runs: [{ results: [], tool: { driver: { rules: [] } } }] });
});

it("findings leave as OCSF Compliance Findings, with every attribute that the class requires", async () => {
  await putChanges(test.database, "h", [changeOf("opened", findingOf("privileged"))], () => "");
  await putChanges(test.database, "h", [changeOf("resolved", findingOf("privileged"), 60)], () => "");
  await putChanges(test.database, "h", [changeOf("opened", findingOf("memory-limit"))], () => "");
  const lines = async (state: string, role: "viewer" | "administrator") =>
    (await read(`/api/v1/exports/findings.ocsf.jsonl?state=${state}`, role))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const [open] = await lines("open", "viewer");
  // objects/finding_info, metadata, product and compliance_finding of the schema, 1.4.0.
  const required = ["activity_id", "category_uid", "class_uid", "compliance", "finding_info", "metadata"];
  expect(Object.keys(open ?? {})).toEqual(
    expect.arrayContaining([...required, "severity_id", "time", "type_uid"]),
  );
  expect(open).toMatchObject({
    ...{ category_uid: 2, class_uid: 2003, activity_id: 1, type_uid: 200_301, status_id: 1 },
    metadata: { version: "1.4.0", product: { name: "bulkhead" } },
    finding_info: { uid: expect.stringMatching(/^[0-9a-f]{32}$/), title: "title of memory-limit" },
    compliance: { control: "memory-limit", status_id: 3, requirements: ["5.11"] },
    resources: [{ hostname: "h.example", type: "container" }],
  });
  const [resolved] = await lines("resolved", "administrator");
  expect(resolved).toMatchObject({
    activity_id: 3,
    type_uid: 200_303,
    status_id: 4,
    compliance: { control: "privileged" },
  });
});

it("the audit log leaves with its chain, and says where it is broken", async () => {
  const headers = await signedIn(test, "administrator");
  for (const role of ["viewer", "operator"]) {
    await test.call("POST", "/api/v1/invitations", { headers, body: { role } });
  }
  const ask = async () => {
    const answer = await test.call("GET", "/api/v1/exports/audit-log.jsonl", { headers });
    return (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  };
  expect(await ask()).toMatchObject([
    { id: 1, what: "invited", previous: "0".repeat(64) },
    { id: 2, what: "invited", hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    { brokenAt: null },
  ]);
  await test.database
    .updateTable("audit_log")
    .set({ what: "nothing" } as never)
    .where("id", "=", 1)
    .execute();
  expect((await ask()).at(-1)).toEqual({ brokenAt: 1 });
});

it("Prometheus reads counts by a token for nothing else", async () => {
  await put(3);
  const headers = await signedIn(test, "viewer");
  const made = await test.call("POST", "/api/v1/tokens", {
    headers,
    body: { name: "prometheus", scopes: ["metrics"], days: 1 },
  });
  const { token } = (await made.json()) as { token: string };
  const ask = (path: string, more: Record<string, string> = { authorization: `Bearer ${token}` }) =>
    test.call("GET", path, { headers: more });
  const text = await (await ask("/metrics")).text();
  expect(text).toContain('bulkhead_open_findings{severity="high"} 3\n');
  expect(text).toContain('bulkhead_open_findings{severity="low"} 0\n');
  expect(text).toContain("bulkhead_silent_hosts 1\n");
  expect((await ask("/metrics", {})).status).toBe(401);
  expect((await ask("/api/v1/findings")).status).toBe(403);
});
