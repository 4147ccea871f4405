import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bareContext } from "../../src/controls/control.ts";
import { findControl } from "../../src/controls/registry.ts";
import { judge } from "../support/control-table.ts";
import { containerFromCompose, imageFromDockerfile } from "../support/subjects.ts";

const page = readFileSync("docs/coming-from.md", "utf8");

/** The rules of the page with the controls that it names for each. */
const rows = [...page.matchAll(/^\| (\S+) \|(.*)\|$/gm)]
  .map(([, rule = "", rest = ""]) => ({
    rule,
    controls: [...rest.matchAll(/\]\(controls\/([\w-]+)\.md\)/g)].map(([, id = ""]) => id),
  }))
  .filter(({ rule }) => rule !== "rule" && rule !== "---");

test("every rule of the page has a control, and the page of each control is there", () => {
  expect(rows.length).toBeGreaterThan(100);
  for (const { rule, controls } of rows) expect(controls.length, rule).toBeGreaterThan(0);
  const named = new Set([...page.matchAll(/controls\/([\w-]+)\.md/g)].map(([, id = ""]) => id));
  for (const id of named) expect(findControl(id)?.id, id).toBe(id);
});

const service = (lines: string) => containerFromCompose(`services: { a: { image: 'x:1', ${lines} } }`);
const build = (lines: string) => imageFromDockerfile(`FROM debian:12\n${lines}\n`);

/** What each rule is about, in its plainest form: a control that the page names for it must fail. */
const dangers: Readonly<Record<string, ReturnType<typeof service> | ReturnType<typeof build>>> = {
  "CL-0001": service("volumes: ['/var/run/docker.sock:/s']"),
  "CL-0002": service("privileged: true"),
  "CL-0003": service("user: '1'"),
  "CL-0004": containerFromCompose("services: { a: { image: 'nginx:latest' } }"),
  "CL-0005": service("ports: ['80:80']"),
  "CL-0006": service("user: '1'"),
  "CL-0007": service("user: '1'"),
  "CL-0008": service("network_mode: host"),
  "CL-0009": service("security_opt: ['seccomp:unconfined']"),
  "CL-0010": service("pid: host"),
  "CL-0011": service("cap_add: [NET_ADMIN]"),
  "CL-0013": service("volumes: ['/etc/shadow:/s:ro']"),
  "CL-0014": service("logging: { driver: none }"),
  "CL-0016": service("devices: [/dev/mem]"),
  "CL-0017": service("volumes: ['/srv:/s:shared']"),
  "CL-0018": service("user: root"),
  "CL-0020": service("environment: { DB_PASSWORD: tr0ub4dor-and-3 }"),
  "CL-0021": service("environment: { URL: 'postgres://a:tr0ub4dor@db/a' }"),
  "CL-0022": service("tmpfs: ['/t:exec']"),
  "CL-0024": service("cap_add: [SYS_ADMIN]"),
  "CL-0025": service("volumes: ['/etc:/s']"),
  "CL-0026": service("user: '1'"),
  "CL-0027": service("cap_add: [SYS_PTRACE]"),
  "CL-0028": service("cap_add: [PERFMON]"),
  "CL-0029": service("cap_add: [LEASE]"),
  "CL-0030": service("cap_add: [SYSLOG]"),
  "698ed579": service("user: '1'"),
  "2fc99041": service("restart: always"),
  bc2908f3: service("ports: ['53:53']"),
  "9513a694": build("ADD a /a"),
  "9bae49be": build("RUN apt-get update"),
  b03a748a: build("EXPOSE 80"),
  CKV_DOCKER_1: build("EXPOSE 22"),
  CKV_DOCKER_3: build("RUN true"),
  CKV2_DOCKER_1: build("RUN sudo id"),
  CKV2_DOCKER_2: build("RUN curl -k https://x.example"),
  CKV2_DOCKER_5: build("ENV PYTHONHTTPSVERIFY=0"),
  CKV2_DOCKER_17: build("RUN echo a:b | chpasswd"),
  DL3002: build("USER root"),
  DL3007: imageFromDockerfile("FROM debian:latest\n"),
  DL3020: build("ADD a /a"),
  DL3067: imageFromDockerfile("FROM debian:12 AS b\nFROM scratch\nCOPY --from=b / /\n"),
  "DS-0005": build("ADD a /a"),
  "DS-0017": build("RUN apt-get update"),
  "DS-0030": build("WORKDIR /proc"),
};

describe("a control that the page names finds the danger of the rule", () => {
  test.each(Object.entries(dangers))("%s", (rule, view) => {
    const controls = rows.find((row) => row.rule === rule)?.controls ?? [];
    const found = controls.filter((id) => {
      const control = findControl(id);
      return control?.check[view.kind] && judge(control, view, bareContext("compose")).verdict === "fail";
    });
    expect(found, `${rule}: ${controls.join(", ")}`).not.toEqual([]);
  });
});
