import { lower } from "../../model/severity.ts";
import type { Context, Control } from "../control.ts";
import { socketService } from "./engine-sockets.ts";
import {
  describeMount,
  type ExposedMount,
  exposedMounts,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { isVolumeFolder, sensitivePlace } from "./sensitive-paths.ts";

/** Only read there to show the right time: nothing to gain from it. */
const clocks = new Set(["/etc/localtime", "/etc/timezone"]);

export const sensitiveHostMount: Control = {
  id: "sensitive-host-mount",
  title: "A sensitive place of the host is mounted",
  why: "A bind mount is the host's own file, not a copy. Whoever writes to /etc, /usr, /boot, /lib/modules or the engine's data root from inside a container changes what the host runs next, as root; whoever reads /root, a home folder or a key folder takes the keys along. Read-only is one step less, because only the second half is left; it is no pass, least of all for `/` and `/root`.",
  row: "1.3",
  severity: "high",
  cis: ["5.6"],
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
      judgeMounts(container, context, (exposed) => sensitive(exposed, context)),
  },
  remedy: {
    container(container, context) {
      const rule = (exposed: ExposedMount) => sensitive(exposed, context);
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
        kind: "behavioural",
        summary:
          "Remove the mount, or narrow it to the one file that the workload reads, outside the sensitive place, and mount that read-only.",
        patches: [...removals, ...readOnly],
        breaks: "A program that reads or writes those files of the host no longer finds them (ENOENT).",
      };
    },
  },
};

function sensitive(exposed: ExposedMount, { engine }: Context): MountProblem | undefined {
  const { mount, path } = exposed;
  if (socketService(path, engine)) return undefined;
  if (mount.readOnly && clocks.has(path)) return undefined;
  if (mount.type === "volume" && isVolumeFolder(path, mount.source ?? "", engine)) return undefined;
  const place = sensitivePlace(path, mount.source, engine);
  if (!place) return undefined;
  const severity = place.severity ?? "high";
  const start = `${describeMount(exposed)}${mount.readOnly ? " read-only" : ""}`;
  return {
    severity: mount.readOnly ? (place.readingSeverity ?? lower(severity)) : severity,
    message: `${start}, ${place.what}: a process in it can ${mount.readOnly ? place.reading : place.writing}`,
  };
}
