import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { audit } from "../audit/audit.ts";
import { diskFiles } from "../audit/inputs/disk-files.ts";
import { survey } from "../audit/survey.ts";
import { applyEdits } from "../model/writing.ts";
import { guardEdits } from "./guard-service.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function guarded(text: string) {
  const file = join(folder, "compose.yaml");
  writeFileSync(file, text);
  const io = diskFiles({});
  const seen = await survey(
    auditRequest([file]),
    () => null,
    io,
    async () => undefined,
  );
  const made = seen.subjects.map(({ subject, context }) => guardEdits(subject, context, io));
  const edits = made.flatMap((each) => (each?.ok ? each.value : []));
  writeFileSync(file, applyEdits(text, edits));
  const { report } = await audit(auditRequest([file]), diskFiles({}), async () => undefined);
  const open = report.findings.filter(
    ({ control, verdict, suppressed }) =>
      control === "docker-socket-mount" && verdict === "fail" && !suppressed,
  );
  return { after: readFileSync(file, "utf8"), open: open.length, gaps: report.gaps, made };
}

const head = "services:\n  ui:\n    image: portainer/portainer-ce:2\n";
const mounts = "    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n      - data:/data\n";

test.each([
  ["no environment", `${head}${mounts}\nvolumes:\n  data: {}\n`],
  ["an environment that is a mapping", `${head}    environment:\n      A: b\n${mounts}volumes:\n  data:\n`],
  [
    "an environment that is a list",
    `${head}${mounts}    environment:\n      - A=b\nvolumes: { data: {} }\n`.replace(
      "volumes: { data: {} }\n",
      "volumes:\n  data: {}\n",
    ),
  ],
  ["an environment in flow", `${head}    environment: { A: b }\n${mounts}volumes:\n  data: {}\n`],
  [
    "a mount in the long syntax",
    `${head}    volumes:\n      - type: bind\n        source: /var/run/docker.sock\n        target: /var/run/docker.sock\n      - ./data:/data\n`,
  ],
  [
    "a mount in flow",
    `${head}    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "./data:/data"]\n`,
  ],
  [
    "other services behind it",
    `${head}${mounts}  # the web\n  web:\n    image: nginx\n\n# end\nvolumes:\n  data: {}\n`,
  ],
])("a service with the socket gets a guard in front: %s", async (_, text) => {
  const { after, open, gaps } = await guarded(text);
  expect({ open, gaps }).toEqual({ open: 0, gaps: [] });
  expect(after).toContain("  guard-ui:\n    image: bulkhead-guard:0.1.0\n");
  expect(after).toContain(
    '["--preset", "portainer", "--listen", "unix:///run/bulkhead/docker.sock,mode=0666"]',
  );
  expect(after).toContain("--host=unix:///run/bulkhead/docker.sock");
});

test("a tool whose calls are not known gets the default policy, for it may drive containers", async () => {
  const { after, open } = await guarded(
    `${head}${mounts}volumes:\n  data:\n`.replace("portainer/portainer-ce:2", "example/tool"),
  );
  expect(open).toBe(0);
  expect(after).not.toContain("--preset");
  expect(after).toContain("DOCKER_HOST: unix:///run/bulkhead/docker.sock");
});

const started = (image: string, more: string) =>
  `services:\n  ui:\n    image: ${image}\n${more}${mounts}volumes:\n  data:\n`;

test.each([
  [
    "another variable",
    started("willfarrell/autoheal", ""),
    /^ {4}environment:\n {6}DOCKER_SOCK: \/run\/bulkhead\/docker\.sock$/m,
  ],
  [
    "an address in a list",
    started("crazymax/diun:4", "    environment:\n      - A=b\n"),
    /^ {6}- DIUN_PROVIDERS_DOCKER_ENDPOINT=unix:/m,
  ],
  ["an option", started("portainer/portainer-ce", ""), /^ {4}command:\n {6}- --host=unix:/m],
  [
    "an option before others",
    started("traefik:v3", "    command:\n      - --api\n"),
    /^ {6}- --providers\.docker\.endpoint=unix:\S+\n {6}- --api$/m,
  ],
  [
    "an option in flow",
    started("portainer/portainer-ce", "    command: [--no-analytics]\n"),
    /\["--host=unix:\/\/\/run\/bulkhead\/docker\.sock", --no-analytics\]/,
  ],
  [
    "DOCKER_HOST",
    started("amir20/dozzle", "    environment: [A=b]\n"),
    /\["DOCKER_HOST=unix:\/\/\/run\/bulkhead\/docker\.sock", A=b\]/,
  ],
])("its program finds the guard by %s", async (_, text, expected) => {
  const { after, open, gaps } = await guarded(text);
  expect({ open, gaps }).toEqual({ open: 0, gaps: [] });
  expect(after).toMatch(expected);
});

test.each([
  ["nextcloud/all-in-one", "", /opens \/var\/run\/docker\.sock/],
  ["ghcr.io/gethomepage/homepage", "", /docker\.yaml, as docs\/guard\/homepage\.md/],
  ["traefik:v3", "    command: --api\n", /not written as a list/],
  ["traefik:v2", "", /configured elsewhere: set providers\.docker\.endpoint to unix:/],
  [
    "portainer/portainer-ce",
    "    command: [--host=tcp://x:1]\n",
    /its command has --host or -H: set it to unix:/,
  ],
  [
    "portainer/portainer-ce:2",
    "    command: [-H, 'unix:///var/run/docker.sock']\n",
    /has --host or -H: set it/,
  ],
  ["portainer/portainer-ce:lts", "    command: -H unix:///var/run/docker.sock\n", /not written as a list/],
  [
    "amir20/dozzle",
    "    environment: { DOCKER_HOST: unix:///var/run/docker.sock }\n",
    /environment has DOCKER_HOST/,
  ],
  [
    "willfarrell/autoheal",
    "    environment:\n      - DOCKER_SOCK=/var/run/docker.sock\n",
    /environment has DOCKER_SOCK/,
  ],
])("%s would not find the guard, so its file stays as it is", async (image, more, reason) => {
  const text = started(image, more);
  const { after, made } = await guarded(text);
  expect(after).toBe(text);
  expect(made).toEqual([{ ok: false, reason: expect.stringMatching(reason) }]);
});

test.each([
  [
    "services in flow",
    "services: { ui: { image: x, volumes: ['/var/run/docker.sock:/var/run/docker.sock'] } }\n",
  ],
  [
    "a list that an anchor shares",
    "x-v: &v [/var/run/docker.sock:/var/run/docker.sock]\nservices:\n  ui:\n    image: x\n    volumes: *v\n",
  ],
])("what cannot be edited stays as it is, and the reason is said: %s", async (_, text) => {
  const { after, made } = await guarded(text);
  expect(after).toBe(text);
  expect(made.map((each) => each?.ok)).toEqual([false]);
});

test("a service without the socket is left alone", async () => {
  expect((await guarded("services:\n  web:\n    image: nginx\n")).made).toEqual([undefined]);
});
