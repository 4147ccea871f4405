import { setItems } from "../../model/fact.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const engineInsecureRegistry: Control = {
  id: "engine-insecure-registry",
  title: "Images are pulled from a registry without TLS",
  why: "For an insecure registry dockerd accepts any certificate and falls back to plain HTTP: anyone who sits on the way reads the password that is pushed with it and hands out images of his own, which then run as root. A registry on the loopback address does not leave the host and is no finding.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: ["2.5"],
  attack: ["T1195.002", "T1557"],
  cwe: [319, 295],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/reference/cli/dockerd/#insecure-registries",
    "https://distribution.github.io/distribution/about/insecure/",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "insecure-registries": ["registry.example:5000"] }\n' },
      { syntax: "dockerd", text: "dockerd --insecure-registry 10.0.0.0/8" },
    ],
    good: [
      {
        syntax: "daemon.json",
        text: '{ "insecure-registries": ["127.0.0.0/8", "localhost:5000", "[::1]:5000"] }\n',
      },
      { syntax: "daemon.json", text: "{}\n" },
    ],
  },
  check: {
    engine: ({ insecureRegistries }) =>
      judgeItems(insecureRegistries, ({ value, origins }) =>
        isLoopback(value)
          ? pass()
          : fail(
              `trusts ${value} without TLS: anyone who is on the way there decides which images run here`,
              {
                origins,
                evidence: value,
                observed: `insecure ${value}`,
              },
            ),
      ),
  },
  remedy: {
    engine: ({ insecureRegistries }) => ({
      kind: "decision",
      summary:
        "Take the registry out, and put its certificate authority into /etc/docker/certs.d/HOST:PORT/ca.crt.",
      patches: setItems(insecureRegistries)
        .filter(({ value }) => !isLoopback(value))
        .map(({ value }) => ({ op: "remove", field: "insecureRegistries", value })),
      breaks:
        "Pulls from that registry fail (“http: server gave HTTP response to HTTPS client”, “certificate signed by unknown authority”) until it speaks TLS with a certificate that dockerd trusts.",
    }),
  },
};

/** A name, an address or a CIDR, with or without a port. A range that is larger than the loopback's is not in it. */
function isLoopback(registry: string): boolean {
  const text = registry.trim().replace(/^https?:\/\//, "");
  const range = /^127(?:\.\d{1,3}){3}\/(\d+)$/.exec(text);
  if (range) return Number(range[1]) >= 8;
  return /^(?:localhost(?::\d+)?|127(?:\.\d{1,3}){3}(?::\d+)?|::1(?:\/128)?|\[::1\](?::\d+)?)$/i.test(text);
}
