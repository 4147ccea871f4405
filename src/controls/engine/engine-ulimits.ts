import type { Ulimit } from "../../model/container-values.ts";
import { firstOpen, setItems } from "../../model/fact.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { dockerOnly } from "./docker-only.ts";

/** Enough for servers, and far from what exhausts the host. */
const openFiles: Ulimit = { name: "nofile", soft: 1024, hard: 65_536 };

export const engineUlimits: Control = {
  id: "engine-ulimits",
  title: "Containers have no default ulimits",
  why: "Without `default-ulimits` a container inherits what dockerd has, which service managers set to infinity or a billion: one process that leaks descriptors takes the kernel's memory for all, and programs that close every possible descriptor hang for minutes. A default bounds every container whose author did not think of it.",
  row: "2.5",
  severity: "low",
  guard: "off",
  cis: ["2.8"],
  attack: ["T1499.001"],
  cwe: [770, 400],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/reference/cli/dockerd/#default-ulimit-settings",
    "https://docs.docker.com/reference/cli/docker/container/run/#ulimit",
    "https://man7.org/linux/man-pages/man2/getrlimit.2.html",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "dockerd", text: "dockerd --default-ulimit nofile=-1:-1" },
    ],
    good: [
      {
        syntax: "daemon.json",
        text: '{ "default-ulimits": { "nofile": { "Name": "nofile", "Soft": 1024, "Hard": 65536 } } }\n',
      },
      { syntax: "dockerd", text: "dockerd --default-ulimit nofile=1024:65536" },
    ],
  },
  check: {
    engine: dockerOnly(({ defaultUlimits }) => {
      const limits = setItems(defaultUlimits);
      const limited = limits.filter(({ value }) => value.hard >= 0);
      if (limited.length > 0)
        return pass(limited.map(({ value }) => `${value.name} ${value.hard}`).join(", "));
      const open = firstOpen(defaultUlimits);
      if (open) return unknownFact(open);
      return fail(
        limits.length > 0
          ? "sets its default ulimits to unlimited: one container can take all the host's descriptors or processes"
          : "sets no default ulimits: one container can take all the host's descriptors or processes",
        {
          origins: limits.flatMap(({ origins }) => origins),
          evidence: "default-ulimits",
          observed: "no default ulimits",
        },
      );
    }),
  },
  remedy: {
    engine: ({ defaultUlimits }) => ({
      kind: "behavioural",
      summary: "Set a default limit of open files; a container that needs more asks for it with `--ulimit`.",
      patches: [
        ...setItems(defaultUlimits)
          .filter(({ value }) => value.name === openFiles.name)
          .map(({ value }) => ({ op: "remove", field: "defaultUlimits", value }) as const),
        { op: "add", field: "defaultUlimits", value: openFiles },
      ],
      breaks:
        "A program that opens more files than its soft limit and does not raise it fails with EMFILE (“Too many open files”).",
    }),
  },
};
