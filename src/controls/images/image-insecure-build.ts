import type { Origin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import { combine, fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly, judgeOptions } from "../engine/docker-only.ts";
import { judgeFact } from "../facts.ts";
import { byLayer, type Flaw } from "./by-layer.ts";

export const imageInsecureBuild: Control = {
  id: "image-insecure-build",
  title: "A build step runs without its sandbox",
  why: "RUN --security=insecure, and `build.privileged` or `build.entitlements` of a Compose file, give the step every capability and device of the machine that builds, as --privileged does for a container. On the host's network it reaches what listens on loopback. An image of `# syntax=` reads the file in place of Docker's own program. Whatever the step downloads can take that machine over, and with it every image that it builds.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1611", "T1612"],
  cwe: [250],
  where: ["D", "F", "J", "E"],
  references: [
    "https://docs.docker.com/reference/dockerfile/#run---security",
    "https://docs.docker.com/build/buildkit/frontend/",
    "https://docs.docker.com/reference/dockerfile/#run---device",
    "https://docs.docker.com/reference/compose-file/build/#privileged",
    "https://docs.docker.com/reference/compose-file/build/#entitlements",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN --security=insecure make install\n" },
      { syntax: "dockerfile", text: "# syntax=registry.example.org/frontend:1\nFROM debian:12\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN --device=vendor.com/gpu=all make test\n" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    build:\n      context: .\n      privileged: true\n",
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    build:\n      context: .\n      network: host\n      entitlements: [security.insecure]\n      ssh: [default]\n",
      },
      {
        syntax: "daemon.json",
        text: '{ "builder": { "entitlements": { "security-insecure": true } } }\n',
      },
    ],
    good: [
      { syntax: "dockerfile", text: "# syntax=docker/dockerfile:1\nFROM debian:12\n" },

      { syntax: "compose", text: "services:\n  web:\n    build:\n      context: .\n      network: none\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN make install\n" },
    ],
  },
  check: {
    engine: dockerOnly((engine) =>
      judgeOptions(engine, {
        builder: (value, origins) =>
          value === "entitlements.security-insecure=true"
            ? fail(
                "lets every build run steps without their sandbox (security-insecure): anyone who may build is root on the host",
                { origins, evidence: "security-insecure", observed: "security-insecure" },
              )
            : pass(value),
      }),
    ),
    container: ({ build }) =>
      judgeFact(build, (value) =>
        value
          ? combine((value.gets ?? []).map(judgeRight), pass("its build stays in its sandbox"))
          : pass("it is not built here"),
      ),
    image: byLayer(leavesSandbox, "every step is in its sandbox"),
  },
  remedy: {
    container: () =>
      manual(
        "Take the key out, and do what needs it outside of the build: in the container, or in a step of your CI.",
      ),
    engine: () => manual("Take security-insecure out of the builder's entitlements."),
    image: () => manual("Remove --security=insecure, and do what needs it outside of the build."),
  },
};

const rights: Readonly<Record<string, { readonly severity: Severity; readonly message: string }>> = {
  privileged: {
    severity: "high",
    message:
      "builds with privileged: true: every step that asks for it has all capabilities and devices of the machine that builds",
  },
  "entitlement security.insecure": {
    severity: "high",
    message:
      "lets steps of its build run with --security=insecure, with every capability and device of the machine that builds",
  },
  "entitlement network.host": {
    severity: "medium",
    message: "lets steps of its build run on the network of the machine that builds",
  },
  "network: host": {
    severity: "medium",
    message:
      "builds on the network of the machine that builds: every step reaches what listens on its loopback",
  },
  ssh: {
    severity: "low",
    message:
      "hands its build the SSH agent or a key: a step with --mount=type=ssh signs in with it wherever it likes",
  },
};

function judgeRight({ what, origin }: { readonly what: string; readonly origin: Origin }): Verdict {
  const { severity, message } = rights[what] ?? {
    severity: "medium" as const,
    message: `gives its build the ${what}, which Docker does not give by itself`,
  };
  return fail(message, { severity, origins: [origin], evidence: what, observed: what });
}

/** Docker's own frontends, which BuildKit has built in as well. */
const ownFrontend = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;

function leavesSandbox(instruction: string): Flaw | undefined {
  const frontend = /^# syntax=(.+)$/.exec(instruction)?.[1];
  if (frontend !== undefined && !ownFrontend.test(frontend))
    return {
      severity: "medium",
      message: `lets the image ${frontend} read the file: it decides what is built, and gets the secrets and the context of the build`,
      evidence: `syntax ${frontend}`,
    };
  const flag = /^RUN\s+(?:--\S+\s+)*?--(security=insecure|network=host|device=\S+)/i.exec(instruction)?.[1];
  if (flag === undefined) return undefined;
  const what = flag.startsWith("security")
    ? "with every capability and device of the machine that builds"
    : flag.startsWith("network")
      ? "on the network of the machine that builds"
      : "with a device of the machine that builds";
  const severity = flag.startsWith("device") ? { severity: "medium" as const } : {};
  return { message: `runs a step with --${flag}: it runs ${what}`, evidence: flag, ...severity };
}
