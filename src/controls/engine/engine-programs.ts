import type { Origin } from "../../model/origin.ts";
import { fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly, judgeOptions } from "./docker-only.ts";

export const enginePrograms: Control = {
  id: "engine-programs",
  title: "dockerd takes programs or plugins from a place that others can write to",
  why: "dockerd runs its runtimes, docker-init and docker-proxy as root, and so does containerd with NRI plugins. CDI specifications name files and hooks of the host that a container gets. If one of these paths is below /tmp, a home folder or a relative path, a user without rights puts a program there and is root with the next container. NRI plugins may change every container, privileged or not, and no authorization plugin sees it.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1554", "T1611"],
  cwe: [426, 732],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/daemon/alternative-runtimes/",
    "https://docs.docker.com/build/building/cdi/",
    "https://github.com/containerd/nri/blob/main/README.md",
    "https://github.com/moby/moby/blob/master/daemon/pkg/opts/nri_opts.go",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "runtimes": { "own": { "path": "/home/ci/runc" } } }\n' },
      { syntax: "daemon.json", text: '{ "cdi-spec-dirs": ["/tmp/cdi"] }\n' },
      { syntax: "daemon.json", text: '{ "nri-opts": { "enable": true } }\n' },
      { syntax: "daemon.json", text: '{ "init-path": "/var/tmp/docker-init" }\n' },
      { syntax: "dockerd", text: "dockerd --userland-proxy-path=/tmp/docker-proxy" },
      { syntax: "dockerd", text: "dockerd --nri-opts enable=true,plugin-path=/tmp/nri" },
      { syntax: "dockerd", text: "dockerd --add-runtime own=./runc" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "runtimes": { "runsc": { "path": "/usr/local/bin/runsc" } } }\n' },
      { syntax: "daemon.json", text: '{ "cdi-spec-dirs": ["/etc/cdi"] }\n' },
      { syntax: "dockerd", text: "dockerd --nri-opts enable=false" },
    ],
  },
  check: {
    engine: dockerOnly((engine) =>
      judgeOptions(engine, {
        runtimes: (value, origins) => {
          const [name = "", path = ""] = value.split(/=(.*)/s);
          return judgePath(path, `runs the runtime ${name} from`, origins);
        },
        "init-path": (path, origins) => judgePath(path, "runs docker-init from", origins),
        "userland-proxy-path": (path, origins) => judgePath(path, "runs docker-proxy from", origins),
        "cdi-spec-dirs": (path, origins) => judgePath(path, "reads CDI specifications from", origins),
        "nri-opts": judgeNri,
      }),
    ),
  },
  remedy: {
    engine: () =>
      manual(
        "Move the program to a folder that only root writes to, such as /usr/local/bin, and name it by its whole path. Turn NRI off where no plugin needs it.",
      ),
  },
};

const openPlaces = /^\/(?:tmp|var\/tmp|dev\/shm|run\/user|home|mnt|media)(?:\/|$)|^(?!\/)[^/]*\//;

function judgePath(path: string, what: string, origins: readonly Origin[]): Verdict {
  if (!openPlaces.test(path)) return pass(path);
  return fail(`${what} ${path}: a user who can write there is root with the next container`, {
    origins,
    evidence: path,
    observed: path,
  });
}

function judgeNri(value: string, origins: readonly Origin[]): Verdict {
  const [name = "", text = ""] = value.split(/=(.*)/s);
  if (name === "enable") {
    if (text !== "true") return pass("NRI is off");
    return fail(
      "runs NRI plugins: each of them can change every container, and no check of the Engine sees it",
      {
        origins,
        severity: "low",
        evidence: "nri-opts enable",
        observed: "NRI on",
      },
    );
  }
  return judgePath(text, `takes NRI's ${name} from`, origins);
}
