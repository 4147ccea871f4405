import { parseImageReference } from "../../model/container/image-reference.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import { isVolumeFolder, type Reached } from "../../model/host/reach.ts";
import type { Context, Control } from "../control.ts";
import {
  describeMount,
  type ExposedMount,
  exposedMounts,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { reachOf, sayReached } from "./mount-reach.ts";

/** Only read there to show the right time: nothing to gain from it. */
const clocks = new Set(["/etc/localtime", "/etc/timezone"]);

export const sensitiveHostMount: Control = {
  id: "sensitive-host-mount",
  title: "A sensitive place of the host is mounted",
  why: "A bind mount is the host's own file, not a copy. A process that writes to the host's programs, units, cron jobs, accounts or start-up files becomes root on the host. A process that reads keys and tokens can use them elsewhere. A folder counts for what is in it: /usr/local has /usr/local/bin, /var/spool the cron jobs. Read-only takes the writing away; the severity then depends on what can be read. Sockets work read-only as well.",
  row: "1.3",
  severity: "high",
  guard: "deny",
  cis: ["5.6"],
  attack: ["T1611", "T1003.008", "T1552.001"],
  cwe: [250, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/storage/bind-mounts/",
    "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
    "https://man7.org/linux/man-pages/man7/hier.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /:/host:ro alpine" },
      { syntax: "run", text: "docker run -v ~/.ssh:/root/.ssh:ro alpine/git" },
      {
        syntax: "compose",
        text: "services:\n  backup:\n    image: example/backup\n    volumes:\n      - /etc:/backup/etc\n      - /var/lib/docker/volumes:/backup/volumes:ro\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run -v /etc/localtime:/etc/localtime:ro nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    volumes:\n      - /srv/www:/usr/share/nginx/html:ro\n      - /var/www/uploads:/uploads\n",
      },
    ],
  },
  check: {
    container: (container, context) =>
      judgeMounts(container, context, (exposed) => sensitive(exposed, container, context)),
  },
  remedy: {
    container(container, context) {
      const rule = (exposed: ExposedMount) => sensitive(exposed, container, context);
      const clockMounts = exposedMounts(container, context).flatMap((item) =>
        item.state === "set" && item.value.from === undefined && clocks.has(item.value.path)
          ? [item.value.mount]
          : [],
      );
      const removals = withoutMounts(container, context, rule).filter(
        (patch) => !clockMounts.some((mount) => patch.op === "remove" && patch.value === mount),
      );
      const readOnly = clockMounts
        .filter((mount) => !mount.readOnly)
        .map(
          (mount) =>
            ({ op: "replace", field: "mounts", value: mount, with: { ...mount, readOnly: true } }) as const,
        );
      if (removals.length === 0) {
        return { kind: "safe", summary: "Mount the time zone read-only.", patches: readOnly };
      }
      return {
        kind: "decision",
        summary:
          "Remove the mount, or narrow it to the one file that the workload reads, outside the sensitive place, and mount that read-only.",
        patches: [...removals, ...readOnly],
        breaks: "A program that reads or writes those files of the host no longer finds them (ENOENT).",
      };
    },
  },
};

function sensitive(exposed: ExposedMount, container: Container, context: Context): MountProblem | undefined {
  const { mount, path } = exposed;
  const dataRoot = context.engine && valueOr(context.engine.dataRoot, undefined);
  if (mount.type === "volume" && isVolumeFolder(path, mount.source ?? "", dataRoot)) return undefined;
  const all = reachOf(exposed, context);
  const reached = all.filter(isForThis).map(atMostHigh);
  if (path === "/") return wholeHost(exposed, reached);
  const [worst] = reached;
  if (!worst || all.some(({ gives, how }) => gives === "engine" && how !== "above")) {
    return undefined;
  }
  if (worst.place.path === "/etc" && worst.how === "below" && isOwnFolder(path, container)) {
    return {
      severity: "low",
      message: `${start(exposed)}, a folder of the host's configuration that is named after it: what it writes there stays on the host`,
    };
  }
  const also = reached.find(({ gives, severity }) => severity === worst.severity && gives !== worst.gives);
  return {
    severity: worst.severity,
    message: `${start(exposed)}, ${sayReached(worst, path)}: a process in it can ${worst.can}${also ? `, and ${also.can}` : ""}`,
  };
}

/** `/etc/pihole` of pihole/pihole: no service of the host reads it, unless the same program runs there too. */
function isOwnFolder(path: string, { image }: Container): boolean {
  const name = /^\/etc\/([\w.-]{4,})(?:\/|$)/.exec(path)?.[1] ?? "";
  if (image.state !== "set" || name === "") return false;
  if (name === "dnsmasq.d" && /pi-?hole|dnsmasq/.test(image.value)) return true;
  return parseImageReference(image.value)
    .repository.split(/[/_.-]/)
    .includes(name.replace(/\.d$/, ""));
}

function start(exposed: ExposedMount): string {
  return `${describeMount(exposed)}${exposed.mount.readOnly ? " read-only" : ""}`;
}

/** Of a place that lies below the mount another control says the worst: the Engine's socket is mostly there too. */
function atMostHigh(each: Reached): Reached {
  return each.how === "above" && each.severity === "critical" ? { ...each, severity: "high" } : each;
}

/** What the other controls on mounts do not judge. */
function isForThis({ place }: Reached): boolean {
  if (place.gives === "engine") return false;
  const isDevice = isAtOrBelow(place.path, "/dev") && place.gives !== "manager";
  return !isDevice && !isAtOrBelow(place.path, "/proc");
}

/** The sockets below `/` are docker-socket-mount's. */
function wholeHost(exposed: ExposedMount, reached: readonly Reached[]): MountProblem {
  const worst = reached.find(({ place }) => !place.isSocket);
  return {
    severity: worst?.severity,
    message: `${start(exposed)}, the host's whole file system: a process in it can ${exposed.mount.readOnly ? "read every secret of the host" : "change any file of the host and own it"}`,
  };
}
