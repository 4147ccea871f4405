import { expect, test } from "vitest";
import { planForCompose } from "../../test/support/formats/plans.ts";
import { bareContext } from "../controls/control.ts";
import { describePlans } from "./describe.ts";
import { needsOf } from "./plan/kinds.ts";
import type { Step } from "./plan/step.ts";
import type { WrittenPlan } from "./write-plans.ts";

const services = {
  proxy: 'image: nginx:1.27, ports: ["80:80"], volumes: ["./nginx.conf:/etc/nginx/nginx.conf"]',
  api: 'image: acme/api:1, volumes: ["./app:/app"]',
  worker: 'image: acme/worker:1, user: "1000"',
  db: 'image: postgres:17, volumes: ["db:/var/lib/postgresql/data"]',
  cache: 'image: redis:8, ports: ["6379:6379"]',
  agent: "image: acme/agent:1, privileged: true, pid: host",
};

const plans = Object.entries(services).map(([name, text]): WrittenPlan => {
  const takes = ({ kind }: { readonly kind: string }) => kind !== "decision";
  const plan = planForCompose(`services: { ${name}: { ${text} } }`, { takes, needs: needsOf });
  return {
    ...plan,
    context: bareContext("compose"),
    input: undefined,
    declined: [],
    refused: [],
  } as WrittenPlan;
});

const look = { colour: false, width: 100 };

test("six services get a block each, and what all get is said once, on a screen or two", () => {
  const lines = describePlans(plans, look).split("\n");
  const titles = lines.filter((line) => /^\S/.test(line));
  expect(titles).toEqual([
    "compose.yaml: all 6",
    ...Object.keys(services).map((name) => `compose.yaml#${name}`),
    "Could break: look for it once it runs again",
  ]);
  expect(lines.length).toBeLessThanOrEqual(90);
});

test("each step is in a block that its service is in", () => {
  const blocks = new Map(
    describePlans(plans, { colour: false, width: 1_000 })
      .split("\n\n")
      .map((block) => [block.split("\n")[0] ?? "", block] as const),
  );
  for (const { subject, steps, open } of plans) {
    const own = `${blocks.get("compose.yaml: all 6")}\n${blocks.get(subject.id)}`;
    for (const { controls } of [...steps, ...open]) expect(own).toContain(` ${controls.join(", ")}: `);
  }
});

test("what could break is said once, and with the services' names where only some share it", () => {
  const said = describePlans(plans, { colour: false, width: 1_000 }).split("Could break: ")[1] ?? "";
  expect(said.match(/fails with EROFS/g)).toHaveLength(2);
  expect(said).toContain("db: As published, the image postgres:17 writes nowhere else outside its volumes.");
  expect(said).not.toContain("published-port");
});

test("why a step is not written stands beside it", () => {
  const [plan] = plans;
  const [first, second] = plan?.steps ?? [];
  if (!plan || !first || !second) throw new Error("there is no plan");
  const refused = [
    { step: first, reason: "the line is quoted" },
    { step: second, reason: "the line is quoted" },
  ];
  const said = describePlans([{ ...plan, steps: [], open: [], refused }], look).replace(/\n {4}/g, " ");
  for (const { controls, summary } of [first, second]) {
    expect(said).toContain(`  refused ${controls.join(", ")}: ${summary} Not written: the line is quoted.\n`);
  }
});

test("a decision that somebody made is told from one that is open", () => {
  const text = 'services: { agent: { image: "acme/agent:1", privileged: true, pid: host } }';
  const takes = ({ kind, controls }: Step) => kind !== "decision" || controls.includes("host-pid");
  const plan = planForCompose(text, { takes });
  const whole = { ...plan, context: bareContext("compose"), input: undefined, declined: [], refused: [] };
  const said = describePlans([whole as WrittenPlan], look);
  expect(said).toContain("  accepted host-pid: ");
  expect(said).toContain("  decision privileged: ");
});

const planned = (text: string): WrittenPlan =>
  ({
    ...planForCompose(text, { takes: ({ kind }) => kind !== "decision", needs: needsOf }),
    ...{ context: bareContext("compose"), input: undefined, declined: [], refused: [] },
  }) as WrittenPlan;

test("a row names what it is about, once, and is every service's only where it is", () => {
  const web = planned(
    `services: { web: { image: acme/web:1, cap_add: [SYS_ADMIN, NET_ADMIN], ports: ["80:80", "443:443"],
      environment: { DB_PASSWORD: hunter2hunter2, API_TOKEN: k9Xq2mVw71zLp0Rt }, devices: [/dev/sda, /dev/kmem],
      volumes: ["/etc:/host/etc", "/root/.ssh:/ssh", "/var/lib:/host/lib"] } }`,
  );
  const other = planned("services: { other: { image: acme/other:1 } }");
  const said = describePlans([web, other], { colour: false, width: 1_000 });
  const [all = "", own = ""] = said.split("\n\n");
  for (const item of ["80:80, 443:443", "/dev/sda, /dev/kmem", "/etc:/host/etc", "/root/.ssh:/ssh"])
    expect(own).toContain(item);
  for (const item of ["SYS_ADMIN, NET_ADMIN", "DB_PASSWORD, API_TOKEN"]) expect(own).toContain(item);
  for (const control of ["capabilities-dangerous", "image-secret", "device-access", "published-port"])
    expect(all).not.toContain(control);
  expect(said).not.toMatch(/hunter2|k9Xq2/);
  const rows = own.split("\n").map((line) => line.trim());
  expect(rows).toEqual([...new Set(rows)]);
});
