import { setItems } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Mount } from "../../model/mount.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";
import { hostPathOf } from "./exposed-mounts.ts";

export const readOnlyVolume: Control = {
  id: "read-only-volume",
  title: "A bind mount is writable",
  why: "What a container can write in a bind mount, it writes on the host: an intruder changes the source code, the configuration or the certificates that the host and other containers use next. Most binds only hand files in. Sockets and device nodes are left out here, because read-only does not protect them. Below Linux 5.12 `ro` does not reach what is mounted below the source.",
  row: "1.5",
  severity: "low",
  guard: "byName",
  cis: [],
  attack: ["T1565.001", "T1485"],
  cwe: [732],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/storage/bind-mounts/#use-a-read-only-bind-mount",
    "https://docs.docker.com/engine/storage/bind-mounts/#recursive-mounts",
    "https://docs.docker.com/reference/compose-file/services/#volumes",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /srv/secrets:/secrets nginx" },
      { syntax: "run", text: "docker run --mount type=bind,src=/srv/www,dst=/www nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    volumes:\n      - ./conf:/etc/nginx/conf.d\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run -v /srv/secrets:/secrets:ro nginx" },
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    volumes:\n      - data:/var/lib/postgresql/data\n      - type: bind\n        source: ./init\n        target: /docker-entrypoint-initdb.d\n        read_only: true\nvolumes:\n  data:\n",
      },
    ],
  },
  check: {
    container: ({ mounts }) =>
      judgeItems(mounts, ({ value, origins }) => {
        if (value.readOnly && value.isWritableBelow && value.type === "bind") {
          return fail(
            `mounts ${value.source ?? value.target} read-only, but what is mounted below it stays writable (recursive: writable)`,
            {
              origins,
              severity: "medium",
              evidence: value.target,
              observed: `${value.target} writable below`,
            },
          );
        }
        if (!isWritableBind(value)) return pass();
        const source = (value.type === "bind" ? value.source : value.hostPath) ?? "a folder of the host";
        const place = source === value.target ? source : `${source} at ${value.target}`;
        return fail(`can write to ${place}: what an intruder changes there is changed on the host`, {
          origins,
          evidence: value.target,
          observed: `${value.target} writable`,
        });
      }),
  },
  remedy: {
    container: ({ mounts }) => ({
      kind: "decision",
      summary: "Mount it read-only, or keep what the workload writes in a volume.",
      patches: setItems(mounts)
        .filter(({ value }) => isWritableBind(value))
        .map(({ value }) => ({ op: "replace", field: "mounts", value, with: { ...value, readOnly: true } })),
      breaks: "A program that writes there fails with EROFS (“Read-only file system”).",
    }),
  },
};

/** A volume that its driver options bind to a host path is a bind as well. */
function isWritableBind(mount: Mount): boolean {
  if (mount.readOnly || (mount.type !== "bind" && mount.hostPath === undefined)) return false;
  const path = hostPathOf(mount) ?? mount.source ?? "";
  return !/\.sock(?:et)?$/.test(path) && !(path !== "/dev" && isAtOrBelow(path, "/dev"));
}
