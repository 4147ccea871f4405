import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeFact } from "../facts.ts";

export const engineMac: Control = {
  id: "engine-mac",
  title: "Mandatory access control of the kernel is not used",
  why: "AppArmor and SELinux hold where everything else has failed: a process that is root, or that broke out, still may not touch what its profile or label does not allow. A kernel that runs one of them and an engine that does not use it (dockerd without `--selinux-enabled`, AppArmor without its tools, SELinux permissive after `setenforce 0`) wastes the last wall.",
  row: "2.6",
  severity: "medium",
  guard: "off",
  cis: ["5.2", "5.3"],
  attack: ["T1611", "T1068"],
  cwe: [693],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/security/apparmor/",
    "https://docs.docker.com/reference/cli/dockerd/",
    "https://man7.org/linux/man-pages/man8/setenforce.8.html",
    "https://docs.kernel.org/admin-guide/LSM/index.html",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "selinux-enabled": false }\n' },
      { syntax: "dockerd", text: "dockerd --selinux-enabled=false" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "selinux-enabled": true }\n' },
      { syntax: "dockerd", text: "dockerd --selinux-enabled" },
    ],
  },
  check: { engine: judge },
  remedy: {
    engine(engine) {
      if (isPermissive(engine)) {
        return manual(
          "Make SELinux enforcing: `setenforce 1` now, `SELINUX=enforcing` in /etc/selinux/config for the next boot; `ausearch -m avc` shows first what it would deny.",
        );
      }
      if (modules(engine).includes("apparmor")) {
        if (valueOr(engine.rootless, false))
          return manual(
            "A rootless Engine cannot load a profile for its containers; one for rootlesskit and all that it starts has to be loaded by root.",
          );
        return manual(
          "Install the AppArmor tools (`apparmor_parser`) on the host and restart dockerd, so that it loads docker-default.",
        );
      }
      return {
        kind: "behavioural",
        summary: "Let dockerd label its containers for SELinux.",
        patches: [{ op: "set", field: "selinuxEnabled", value: true }],
        breaks:
          "Containers can no longer read bind mounts without a container label (EACCES); mount those with `:z` or `:Z`.",
      };
    },
  },
};

function judge(engine: Engine): Verdict {
  const { kernelLsm, apparmorEnabled, selinuxEnabled } = engine;
  if (isPermissive(engine) && valueOr(selinuxEnabled, true)) {
    return fail("runs with SELinux permissive: what it should forbid is only logged", {
      origins: engine.selinuxMode.state === "set" ? engine.selinuxMode.origins : [],
      evidence: "selinux-mode",
      observed: "SELinux permissive",
    });
  }
  if (valueOr(apparmorEnabled, false)) return pass("AppArmor");
  if (kernelLsm.state === "unset" || kernelLsm.state === "unseen") return judgeFile(engine);
  return judgeFact(kernelLsm, () => judgeKernel(engine));
}

/** Without a look at the kernel, only what is said of SELinux counts. */
function judgeFile({ selinuxEnabled, level }: Engine): Verdict {
  return judgeFact(selinuxEnabled, (enabled, origins) => {
    if (enabled) return pass("SELinux");
    if (enabled === false && level === "declared") {
      return fail("turns SELinux off for its containers: on a host that runs SELinux they are not confined", {
        origins,
        evidence: "selinux-enabled",
        observed: "selinux-enabled false",
      });
    }
    return unknown("which security modules the kernel runs cannot be seen here");
  });
}

function judgeKernel(engine: Engine): Verdict {
  const names = modules(engine);
  if (names.includes("selinux")) {
    return judgeFact(engine.selinuxEnabled, (enabled, origins) =>
      enabled
        ? pass("SELinux")
        : fail("does not use SELinux, which this kernel runs: its containers are not confined by it", {
            origins,
            evidence: "selinux-enabled",
            observed: "SELinux unused",
          }),
    );
  }
  if (!names.includes("apparmor")) return notApplicable("the kernel runs neither AppArmor nor SELinux");
  return judgeFact(engine.apparmorEnabled, (_, origins) =>
    fail("does not use AppArmor, which this kernel runs: its containers are not confined by it", {
      origins,
      evidence: "apparmor",
      observed: "AppArmor unused",
    }),
  );
}

/** What the kernel runs; an SELinux that is disabled confines nobody and is as good as absent. */
function modules({ kernelLsm, selinuxMode }: Engine): readonly string[] {
  const disabled = valueOr(selinuxMode, "enforcing") === "disabled";
  return valueOr(kernelLsm, []).filter((name) => !(disabled && name === "selinux"));
}

function isPermissive({ selinuxMode }: Engine): boolean {
  return valueOr(selinuxMode, "enforcing") === "permissive";
}
