import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { ReportedSubject } from "../../src/audit/finding.ts";
import { socketClientOf } from "../../src/controls/mounts/socket-clients.ts";
import { presetNames } from "../../src/guard/policy/presets/preset-names.ts";
import { commandFor } from "../../src/report/next-steps.ts";
import { findingOf } from "../support/changes.ts";

it.each([
  ["traefik:v3", "traefik"],
  ["nginxproxy/nginx-proxy:1.6", "docker-gen"],
  ["crazymax/diun:4", "diun"],
  ["willfarrell/autoheal", "autoheal"],
  ["gcr.io/cadvisor/cadvisor:v0.49", "cadvisor"],
  ["netdata/netdata", "netdata"],
  ["crowdsecurity/crowdsec:v1.6", "crowdsec"],
  ["gitlab/gitlab-runner:v17", "gitlab-runner"],
  ["gitea/act_runner:0.2", "act"],
  ["myoung34/github-runner", "github-runner"],
  ["jenkins/jenkins:lts", "jenkins"],
  ["woodpeckerci/woodpecker-agent:v3", "ci-runner"],
])("a socket mounted into %s leads to the preset %s, which there is", (image, preset) => {
  const message = "mounts /var/run/docker.sock at /var/run/docker.sock: it can own the host";
  const subject: ReportedSubject = {
    ...{ id: "a", kind: "container", name: "web", source: "compose", location: null, verdicts: {} },
    image,
  };
  expect(commandFor(findingOf("docker-socket-mount", { message }), subject)).toBe(
    `bulkhead guard proxy --preset ${preset} --listen unix:///run/bulkhead-web.sock`,
  );
  expect(presetNames).toContain(preset);
  expect(socketClientOf(image).preset).toBe(preset);
});

it("of an image that is not known nothing is said", () => {
  expect(socketClientOf("example/unknown")).toEqual({ preset: undefined, setting: undefined });
});

it.each(["ghcr.io/nextcloud-releases/all-in-one", "ghcr.io/mailcow/dockerapi:2", "nextcloud/all-in-one"])(
  "%s opens the socket by its path, so no guard is put before it",
  (image) => {
    const message = "mounts /var/run/docker.sock at /var/run/docker.sock: it can own the host";
    const location = { file: "compose.yaml", line: 1, column: 1 } as never;
    const subject: ReportedSubject = {
      ...{ id: "a", kind: "container", name: "web", source: "compose", location, verdicts: {} },
      image,
    };
    expect(commandFor(findingOf("docker-socket-mount", { message }), subject)).toBe(
      "bulkhead explain docker-socket-mount",
    );
  },
);

// A preset's page has the tool behind a guard as it was run: fix sets the same.
it.each(presetNames.filter((name) => existsSync(`docs/guard/${name}.md`)))(
  "%s is set up as its page shows",
  (preset) => {
    const page = readFileSync(`docs/guard/${preset}.md`, "utf8");
    const compose = parse(/```yaml\n(services:.*?)```/s.exec(page)?.[1] ?? "services: {}") as {
      services: Record<string, { image?: string }>;
    };
    const service = Object.values(compose.services).find(
      ({ image }) => socketClientOf(image).preset === preset,
    );
    if (!service)
      return expect([
        "act",
        "ci-runner",
        "devcontainers",
        "github-runner",
        "read-only",
        "testcontainers",
      ]).toContain(preset);
    const { setting } = socketClientOf(service.image);
    const written = JSON.stringify(service);
    if (setting === undefined || setting === "none" || "file" in setting)
      return expect(written).not.toContain("docker.sock");
    const word = "variable" in setting ? setting.variable : setting.option;
    const path = "variable" in setting && setting.isPath ? "" : "unix://";
    return expect(written).toMatch(new RegExp(`"${word}(?:=|":"|",")${path}/run/bulkhead/docker\\.sock"`));
  },
);
