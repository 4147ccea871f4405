import { fail, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly, judgeOptions } from "../engine/docker-only.ts";
import { byLayer, type Flaw } from "./by-layer.ts";

export const imageInsecureBuild: Control = {
  id: "image-insecure-build",
  title: "A build step runs without its sandbox",
  why: "RUN --security=insecure gives the step every capability and device of the machine that builds, as --privileged does for a container. Whatever the step downloads can take that machine over, and with it every image that it builds.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1611", "T1612"],
  cwe: [250],
  where: ["D", "F", "J", "E"],
  references: ["https://docs.docker.com/reference/dockerfile/#run---security"],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN --security=insecure make install\n" },
      {
        syntax: "daemon.json",
        text: '{ "builder": { "entitlements": { "security-insecure": true } } }\n',
      },
    ],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nRUN make install\n" }],
  },
  check: {
    engine: dockerOnly((engine) =>
      judgeOptions(engine, {
        builder: (value, origins) =>
          value === "entitlements.security-insecure=true"
            ? fail(
                "lets every build run steps without their sandbox (security-insecure): whoever may build is root on the host",
                { origins, evidence: "security-insecure", observed: "security-insecure" },
              )
            : pass(value),
      }),
    ),
    image: byLayer(leavesSandbox, "every step is in its sandbox"),
  },
  remedy: {
    engine: () => manual("Take security-insecure out of the builder's entitlements."),
    image: () => manual("Remove --security=insecure, and do what needs it outside of the build."),
  },
};

function leavesSandbox(instruction: string): Flaw | undefined {
  const flag = /^RUN\s+(?:--\S+\s+)*?--(security=insecure|network=host)\b/i.exec(instruction)?.[1];
  if (flag === undefined) return undefined;
  const what = flag.startsWith("security")
    ? "with every capability and device of the machine that builds"
    : "on the network of the machine that builds";
  return { message: `runs a step with --${flag}: it runs ${what}`, evidence: flag };
}
