import { describe, expect, test } from "vitest";
import { engineFromDaemonJson, engineFromDockerd } from "../../../test/support/subjects.ts";
import { bareContext, type Control } from "../control.ts";
import { imageInsecureBuild } from "../images/image-insecure-build.ts";
import { imageSecret } from "../images/image-secret.ts";
import { networkOptions } from "../namespaces/network-options.ts";
import { engineAuthorization } from "./engine-authorization.ts";
import { engineNetworkSocket } from "./engine-network-socket.ts";
import { enginePrograms } from "./engine-programs.ts";

/** What a control says of an option, as daemon.json and, where it has a flag, as the flag: both must say the same. */
function evidenceOf(control: Control, options: object, line?: string): readonly string[] {
  const engines = [engineFromDaemonJson(JSON.stringify(options)), ...(line ? [engineFromDockerd(line)] : [])];
  const said = engines.map((engine) => {
    const verdict = control.check.engine?.(engine, bareContext("daemon-json"));
    return verdict?.verdict === "fail" ? verdict.problems.map(({ evidence }) => evidence) : [];
  });
  for (const each of said) expect(each).toEqual(said[0]);
  return said[0] ?? [];
}

describe("programs and plugins", () => {
  test.each([
    [
      { runtimes: { a: { path: "/tmp/runc" }, b: { path: "/usr/bin/runc" } } },
      "--add-runtime a=/tmp/runc",
      ["/tmp/runc"],
    ],
    [{ runtimes: { a: { runtimeType: "io.containerd.runsc.v1" } } }, undefined, []],
    [{ "cdi-spec-dirs": ["/etc/cdi", "/home/u/cdi"] }, "--cdi-spec-dir /home/u/cdi", ["/home/u/cdi"]],
    [{ "init-path": "docker-init" }, "--init-path docker-init", []],
    [{ "init-path": "bin/docker-init" }, "--init-path bin/docker-init", ["bin/docker-init"]],
    [{ "userland-proxy-path": "/var/tmp/p" }, "--userland-proxy-path=/var/tmp/p", ["/var/tmp/p"]],
    [
      { "nri-opts": { enable: true, "plugin-path": "/tmp/x" } },
      "--nri-opts enable,plugin-path=/tmp/x",
      ["nri-opts enable", "/tmp/x"],
    ],
    [{ "nri-opts": { enable: false } }, "--nri-opts enable=false", []],
  ])("%j", (options, flags, expected) => {
    expect(evidenceOf(enginePrograms, options, flags && `dockerd ${flags}`)).toEqual(expected);
  });
});

describe("networks", () => {
  const gateway = "com.docker.network.bridge.gateway_mode_ipv4";
  test.each([
    [
      { "default-network-opts": { bridge: { [gateway]: "nat-unprotected" } } },
      `--default-network-opt bridge=${gateway}=nat-unprotected`,
      [`${gateway}=nat-unprotected`],
    ],
    [{ "default-network-opts": { bridge: { "com.docker.network.driver.mtu": "1400" } } }, undefined, []],
    [{ "allow-direct-routing": true }, "--allow-direct-routing", ["allow-direct-routing"]],
    [{ "ip-forward-no-drop": true }, "--ip-forward-no-drop", ["ip-forward-no-drop"]],
    [{ iptables: false }, "--iptables=false", ["iptables"]],
    [{ ip6tables: false }, "--ip6tables=false", ["ip6tables"]],
  ])("%j", (options, flags, expected) => {
    expect(evidenceOf(networkOptions, options, flags && `dockerd ${flags}`)).toEqual(expected);
  });
});

test.each([
  ["0.0.0.0:9323", true],
  [":9323", true],
  ["10.0.0.1:9323", true],
  ["127.0.0.1:9323", false],
  ["[::1]:9323", false],
])("metrics at %s", (address, isOpen) => {
  const said = evidenceOf(
    engineNetworkSocket,
    { "metrics-addr": address },
    `dockerd --metrics-addr ${address}`,
  );
  expect(said).toEqual(isOpen ? [`metrics-addr ${address}`] : []);
});

test("what the builder lets a build do, in any case of letters", () => {
  for (const options of [
    { builder: { Entitlements: { "security-insecure": true } } },
    { builder: { entitlements: { "security-insecure": true, "network-host": true } } },
  ])
    expect(evidenceOf(imageInsecureBuild, options)).toEqual(["security-insecure"]);
  expect(
    evidenceOf(imageInsecureBuild, { builder: { entitlements: { "security-insecure": false } } }),
  ).toEqual([]);
});

test("old APIs", () => {
  const plugin = { "authorization-plugins": ["x"] };
  expect(evidenceOf(engineAuthorization, { ...plugin, "min-api-version": "1.24" })).toEqual([
    "min-api-version",
  ]);
  expect(evidenceOf(engineAuthorization, { ...plugin, "min-api-version": "1.44" })).toEqual([]);
});

test("credentials of proxies and log drivers, by the name of their option", () => {
  const token = "0123abcd-aaaa-bbbb-cccc-0123456789ab";
  expect(
    evidenceOf(
      imageSecret,
      { "log-opts": { "splunk-token": token } },
      `dockerd --log-opt splunk-token=${token}`,
    ),
  ).toHaveLength(1);
  expect(evidenceOf(imageSecret, { proxies: { "http-proxy": "http://u:hunter22@p:3128" } })).toHaveLength(1);
  expect(
    evidenceOf(imageSecret, { proxies: { "http-proxy": "http://p:3128", "no-proxy": "a.example" } }),
  ).toEqual([]);
});
