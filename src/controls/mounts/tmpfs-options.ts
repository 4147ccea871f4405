import { setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const tmpfsOptions: Control = {
  id: "tmpfs-options",
  title: "A tmpfs lets programs run, setuid bits count or devices open",
  why: "Docker mounts every tmpfs noexec, nosuid and nodev. It is often the one writable place of a hardened container: with `exec` an intruder downloads a tool there and runs it, with `suid` a setuid program in it raises its privileges, with `dev` a device node made there works. `defaults` in the options turns all three back on.",
  row: "1.4",
  severity: "low",
  guard: "harden",
  cis: [],
  attack: ["T1059"],
  cwe: [732],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/storage/tmpfs/#options-for---tmpfs",
    "https://man7.org/linux/man-pages/man8/mount.8.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --tmpfs /tmp:rw,exec,size=64m nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    tmpfs:\n      - /run:suid,size=16m\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --tmpfs /tmp:size=64m,mode=1777 nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    tmpfs: /tmp\n" },
    ],
  },
  check: {
    container: ({ mounts }) =>
      judgeItems(mounts, ({ value, origins }) => {
        const on = turnedOn(value);
        if (on.length === 0) return pass();
        return fail(
          `mounts a tmpfs at ${value.target} with ${on.join(", ")}: ${on.map((name) => harm[name]).join(", and ")}`,
          {
            origins,
            evidence: value.target,
            observed: `${value.target} ${on.join(",")}`,
          },
        );
      }),
  },
  remedy: {
    container: ({ mounts }) => ({
      kind: "behavioural",
      summary: "Leave the tmpfs at Docker's defaults: noexec, nosuid, nodev.",
      patches: setItems(mounts).flatMap(({ value }) =>
        value.tmpfs && turnedOn(value).length > 0
          ? [
              {
                op: "replace" as const,
                field: "mounts" as const,
                value,
                with: { ...value, tmpfs: { ...value.tmpfs, exec: false, suid: false, dev: false } },
              },
            ]
          : [],
      ),
      breaks:
        "A program that unpacks and runs files there fails with EACCES (“Permission denied”): Java's native libraries (`-Djava.io.tmpdir`), some installers.",
    }),
  },
};

const harm = {
  exec: "an intruder can run what it downloads there",
  suid: "a setuid program in it raises privileges",
  dev: "device nodes made in it work",
} as const;

function turnedOn({ tmpfs }: Mount): readonly (keyof typeof harm)[] {
  return (["exec", "suid", "dev"] as const).filter((name) => tmpfs?.[name]);
}
