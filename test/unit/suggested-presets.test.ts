import { expect, it } from "vitest";
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
  expect(socketClientOf(image)).toBe(preset);
});

it.each(["example/unknown", "ghcr.io/nextcloud-releases/all-in-one", "ghcr.io/mailcow/dockerapi:2"])(
  "%s gets the default policy: it may drive containers",
  (image) => {
    expect(socketClientOf(image)).toBeUndefined();
  },
);
