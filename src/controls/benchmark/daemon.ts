import type { Engine } from "../../model/engine.ts";
import { firstOpen, isOpen, setItems, valueOr } from "../../model/fact.ts";
import { fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { dockerOnly, optionsOf } from "../engine/docker-only.ts";
import { judgeFact } from "../facts.ts";
import { benchmarkControl } from "./define.ts";

const dockerd = "https://docs.docker.com/reference/cli/dockerd/";

/** Judges an option of dockerd that has no fact of its own; undefined is Docker's default. */
function byOption(name: string, judge: (value: string | undefined) => Verdict) {
  return dockerOnly((engine: Engine) => {
    const given = optionsOf(engine, name).at(-1);
    const open = firstOpen(engine.furtherOptions);
    if (!given && open) return unknown(open.reason, open.origins);
    const verdict = judge(given?.value.value);
    if (verdict.verdict !== "fail" || !given) return verdict;
    const [first, ...more] = verdict.problems;
    return {
      ...verdict,
      problems: [{ ...first, origins: given.origins }, ...more],
    };
  });
}

export const engineRootless = benchmarkControl({
  id: "engine-rootless",
  title: "The Docker daemon runs as root",
  why: "Every hole in dockerd, containerd or runc is a hole in a process of root. In rootless mode the daemon and its containers run as a user of the host, so a break-out ends there. How to get there: install uidmap and dbus-user-session, give your user 65536 ids in /etc/subuid and /etc/subgid, stop the daemon of root, run `dockerd-rootless-setuptool.sh install` as that user, then `sudo loginctl enable-linger USER`. Images and volumes do not move along: save and load, or pull again. What then works differently: ports below 1024 need net.ipv4.ip_unprivileged_port_start; storage is overlay2 only on Linux 5.11 or newer (else fuse-overlayfs or vfs); limits hold only with cgroup v2 and delegated controllers (engine-limits); `--net=host` is rootlesskit's network, not the host's; servers see one address for all clients (rootless-port-driver). What it settles: a privileged container, a mount of the socket, /proc, /dev or the kernel's settings, `--pid=host` and added capabilities no longer reach root. These findings stay in the report with a lower severity, as *mitigated by rootless*: an intruder has the user's account and files, and more of the kernel to attack.",
  severity: "info",
  cis: ["2.1"],
  attack: ["T1611"],
  cwe: [250],
  where: ["E"],
  references: ["https://docs.docker.com/engine/security/rootless/"],
  advice:
    "Run the daemon in rootless mode where its limits do not matter to you: dockerd-rootless-setuptool.sh install.",
  check: {
    engine: dockerOnly(({ rootless }) =>
      judgeFact(rootless, (isRootless) =>
        isRootless
          ? pass("rootless")
          : fail("runs dockerd as root: anyone who breaks out through it is root on the host", {
              evidence: "rootless",
              observed: "root",
            }),
      ),
    ),
  },
});

export const engineLogLevel = benchmarkControl({
  id: "engine-log-level",
  title: "The daemon's log level is not info",
  why: "At warn, error or fatal dockerd does not write down who started what, and after an incident that is missing. At debug it writes so much, request bodies too, that the important lines drown.",
  severity: "info",
  cis: ["2.3"],
  attack: ["T1562.001"],
  cwe: [778, 532],
  where: ["J", "E"],
  references: [dockerd],
  examples: {
    bad: [{ syntax: "daemon.json", text: '{ "log-level": "debug" }\n' }],
    good: [{ syntax: "daemon.json", text: '{ "log-level": "info" }\n' }],
  },
  advice: "Remove log-level, or set it to info.",
  check: {
    engine: byOption("log-level", (value = "info") =>
      value === "info" || value === ""
        ? pass("info")
        : fail(`logs at level ${value} instead of info`, { evidence: "log-level", observed: value }),
    ),
  },
});

export const engineIptables = benchmarkControl({
  id: "engine-iptables",
  title: "Docker may not manage the firewall",
  why: "With iptables set to false dockerd sets up none of the rules that separate containers and networks from one another and from the host. Published ports then often work by accident, or reach more than was meant.",
  severity: "medium",
  cis: ["2.4"],
  attack: ["T1562.004"],
  cwe: [923],
  where: ["J", "E"],
  references: ["https://docs.docker.com/engine/network/packet-filtering-firewalls/"],
  examples: {
    bad: [{ syntax: "dockerd", text: "dockerd --iptables=false" }],
    good: [{ syntax: "daemon.json", text: "{}\n" }],
  },
  advice: "Remove iptables: false, and put your own rules into the chain DOCKER-USER.",
  check: {
    engine: byOption("iptables", (value = "true") =>
      value !== "false"
        ? pass("Docker manages its rules")
        : fail("sets iptables to false: nothing separates the networks of containers", {
            evidence: "iptables",
            observed: "false",
          }),
    ),
  },
});

const removedDrivers: Readonly<Record<string, string>> = {
  aufs: "keeps images with aufs, which can crash the kernel and gets no fixes",
  devicemapper: "keeps images with devicemapper, which loses data where its pool is full and gets no fixes",
};

function withoutDrivers(unwanted: readonly string[]) {
  return dockerOnly(({ storageDriver }) => {
    if (isOpen(storageDriver)) return unknown(storageDriver.reason, storageDriver.origins);
    const driver = valueOr(storageDriver, "overlay2");
    const problem = removedDrivers[driver];
    if (problem === undefined || !unwanted.includes(driver)) return pass(driver);
    return fail(problem, {
      origins: storageDriver.state === "set" ? storageDriver.origins : [],
      evidence: "storage-driver",
      observed: driver,
    });
  });
}

export const engineStorageDriver = benchmarkControl({
  id: "engine-storage-driver",
  title: "The storage driver is one that Docker removed",
  why: "aufs never became a part of the Linux kernel. Its patches can crash or corrupt it, and Docker removed the driver in version 24. devicemapper fills its pool and then loses data; Docker removed it in version 25.",
  severity: "low",
  cis: ["2.6"],
  attack: ["T1499.001"],
  cwe: [1104],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/deprecated/#aufs-storage-driver",
    "https://docs.docker.com/engine/deprecated/#device-mapper-storage-driver",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "storage-driver": "aufs" }\n' },
      { syntax: "daemon.json", text: '{ "storage-driver": "devicemapper" }\n' },
    ],
    good: [{ syntax: "daemon.json", text: '{ "storage-driver": "overlay2" }\n' }],
  },
  advice: "Move to overlay2: save what you need, set storage-driver to overlay2, and pull the images again.",
  check: { engine: withoutDrivers(Object.keys(removedDrivers)) },
  recommendations: {
    "2.6": { engine: withoutDrivers(["aufs"]) },
    devicemapper: { engine: withoutDrivers(["devicemapper"]) },
  },
});

export const engineCgroupParent = benchmarkControl({
  id: "engine-cgroup-parent",
  title: "The daemon's cgroup parent is not the default",
  why: "Containers start under the cgroup that the daemon names. Another parent may have other limits, or none, and shares them with whatever else is in it.",
  severity: "info",
  cis: ["2.10"],
  attack: ["T1499"],
  cwe: [770],
  where: ["J", "E"],
  references: [dockerd],
  examples: {
    bad: [{ syntax: "daemon.json", text: '{ "cgroup-parent": "/batch" }\n' }],
    good: [{ syntax: "daemon.json", text: "{}\n" }],
  },
  advice: "Remove cgroup-parent, or confirm that the limits of that cgroup are the ones you want.",
  check: {
    engine: dockerOnly(({ cgroupParent }) => {
      if (isOpen(cgroupParent)) return unknown(cgroupParent.reason, cgroupParent.origins);
      if (cgroupParent.state === "unset" || cgroupParent.value === "") return pass("the default");
      return fail(
        `starts containers under the cgroup ${cgroupParent.value}: its limits apply to all of them`,
        {
          origins: cgroupParent.origins,
          evidence: "cgroup-parent",
          observed: cgroupParent.value,
        },
      );
    }),
  },
});

export const engineBaseSize = benchmarkControl({
  id: "engine-base-size",
  title: "The base device size is changed",
  why: "dm.basesize makes every image and container bigger on the devicemapper driver, and one container can then use up more of the disk. Docker removed that driver in version 25.",
  severity: "info",
  cis: ["2.11"],
  attack: ["T1499.001"],
  cwe: [770],
  where: ["J", "E"],
  references: ["https://docs.docker.com/engine/deprecated/#device-mapper-storage-driver"],
  examples: {
    bad: [{ syntax: "daemon.json", text: '{ "storage-opts": ["dm.basesize=50G"] }\n' }],
    good: [{ syntax: "daemon.json", text: '{ "storage-opts": ["overlay2.size=5G"] }\n' }],
  },
  advice: "Remove dm.basesize from storage-opts.",
  check: {
    engine: dockerOnly(({ storageOptions }) => {
      const size = setItems(storageOptions).find(({ value }) => value.name === "dm.basesize");
      if (size) {
        return fail(`sets dm.basesize to ${size.value.value}: each container can use that much of the disk`, {
          origins: size.origins,
          evidence: "dm.basesize",
          observed: size.value.value,
        });
      }
      const open = firstOpen(storageOptions);
      return open ? unknown(open.reason, open.origins) : pass("the default");
    }),
  },
});

/** They write on this host and nowhere else. */
const localDrivers = new Set(["json-file", "local", "none", "journald"]);

export const engineRemoteLogging = benchmarkControl({
  id: "engine-remote-logging",
  title: "Container logs stay on the host",
  why: "Anyone who takes over the host can erase the logs that show how. Logs that are sent away at once stay, and an alert can come from them. An agent that ships the files (Fluent Bit, Vector, Promtail) does the same job, and the Engine does not know of it.",
  severity: "info",
  cis: ["2.13"],
  attack: ["T1070.002"],
  cwe: [778],
  where: ["J", "E"],
  references: ["https://docs.docker.com/engine/logging/configure/"],
  examples: {
    bad: [{ syntax: "daemon.json", text: '{ "log-driver": "json-file" }\n' }],
    good: [
      {
        syntax: "daemon.json",
        text: '{ "log-driver": "syslog", "log-opts": { "syslog-address": "tcp+tls://logs.example:6514" } }\n',
      },
    ],
  },
  advice:
    "Send logs away: by log-driver (syslog, fluentd, gelf …) with TLS, or by an agent that reads the local files.",
  check: {
    engine: dockerOnly(({ logDriver }) => {
      if (isOpen(logDriver)) return unknown(logDriver.reason, logDriver.origins);
      const driver = valueOr(logDriver, "json-file");
      if (!localDrivers.has(driver)) return pass(driver);
      return fail(`keeps container logs on this host (${driver}): an intruder can erase them`, {
        origins: logDriver.state === "set" ? logDriver.origins : [],
        evidence: "log-driver",
        observed: driver,
      });
    }),
  },
});

export const engineUserlandProxy = benchmarkControl({
  id: "engine-userland-proxy",
  title: "The userland proxy is on",
  why: "For each published port dockerd starts a proxy process. The kernel's own forwarding does the same on every host with hairpin NAT; the proxy is one more program that listens, and it hides the client's address for connections that go through it.",
  severity: "info",
  cis: ["2.16"],
  attack: ["T1046"],
  cwe: [1188],
  where: ["J", "E"],
  references: ["https://docs.docker.com/engine/network/packet-filtering-firewalls/"],
  examples: {
    bad: [{ syntax: "daemon.json", text: "{}\n" }],
    good: [{ syntax: "daemon.json", text: '{ "userland-proxy": false }\n' }],
  },
  advice: "Set userland-proxy to false, and check that published ports still work from the host itself.",
  check: {
    engine: byOption("userland-proxy", (value = "true") =>
      value === "false"
        ? pass("off")
        : fail("starts a proxy process for every published port", {
            evidence: "userland-proxy",
            observed: "on",
          }),
    ),
  },
});

export const engineExperimental = benchmarkControl({
  id: "engine-experimental",
  title: "Experimental features are on",
  why: "Experimental features are less tested, may change or vanish, and open routes of the API that others do not have (checkpoints, for one). A production host does not need them.",
  severity: "low",
  cis: ["2.18"],
  attack: ["T1068"],
  cwe: [1188],
  where: ["J", "E"],
  references: [dockerd],
  examples: {
    bad: [{ syntax: "daemon.json", text: '{ "experimental": true }\n' }],
    good: [{ syntax: "daemon.json", text: '{ "experimental": false }\n' }],
  },
  advice: "Remove experimental, or set it to false.",
  check: {
    engine: byOption("experimental", (value = "false") =>
      value !== "true"
        ? pass("off")
        : fail("has experimental features on", { evidence: "experimental", observed: "on" }),
    ),
  },
});
