import { parseImageReference } from "../../model/container/image-reference.ts";
import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import { isOpen, type SetFact, setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import { combine, fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual, type Remedy } from "../control.ts";
import { nameProcesses, originsIn, ownProcesses } from "../processes.ts";
import { undecided } from "../undecided.ts";
import { startingUser } from "../users/starting-user.ts";
import { type Danger, dangerousCapabilities } from "./dangerous.ts";
import { asksPrivileged, impliedByPrivileged, unlessPrivileged } from "./privilege.ts";

export const capabilitiesDangerous: Control = {
  id: "capabilities-dangerous",
  title: "A dangerous capability is added",
  why: "Some capabilities are root by another name: SYS_ADMIN mounts file systems, SYS_MODULE and BPF put code into the host's kernel, SYS_PTRACE rewrites other processes, DAC_READ_SEARCH reads any file of the host by its handle. All containers share the host's kernel, so what these capabilities allow does not end at the container's edge. A process that does not run as root has an added capability only in its bounding set. It needs a setuid program or file capabilities to use it, so that weighs less.",
  row: "2.8",
  severity: "high",
  guard: "deny",
  cis: ["5.4"],
  attack: ["T1611", "T1068"],
  cwe: [250, 269],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    "https://docs.docker.com/reference/compose-file/services/#cap_add",
    "https://man7.org/linux/man-pages/man7/capabilities.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --cap-add SYS_ADMIN alpine" },
      { syntax: "run", text: "docker run --cap-drop all --cap-add cap_sys_ptrace alpine" },
      {
        syntax: "compose",
        text: "services:\n  vpn:\n    image: alpine\n    cap_add: [NET_ADMIN, SYS_MODULE]\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --cap-drop ALL --cap-add NET_BIND_SERVICE nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    cap_drop: [ALL]\n    cap_add: [CHOWN, SETUID, SETGID]\n",
      },
    ],
  },
  check: {
    container: (container) =>
      container.level === "effective" ? judgeHeld(container) : judgeAdded(container),
  },
  remedy: {
    container(container): Remedy<ContainerPatch> {
      const dangerous = setItems(container.capAdd).filter(({ value }) => dangerousCapabilities.has(value));
      if (dangerous.length === 0) {
        return manual("Find what gives it the capability (--cap-add, --privileged) and take that away.");
      }
      return {
        kind: "decision",
        summary: `Do not add ${dangerous.map(({ value }) => value).join(", ")}; look for what the workload does with it, and for a way that needs less.`,
        patches: dangerous.map(({ value }) => ({ op: "remove", field: "capAdd", value })),
        breaks: "System calls that need the capability fail with EPERM (“Operation not permitted”).",
      };
    },
  },
};

const everyOne = "gives every capability";

/** What a file or the Engine says is added. `--privileged` grants all of them too and is its own control. */
function judgeAdded(container: Container): Verdict {
  const starting = startingUser(container);
  // The table of known images is nobody's word on this very image, so it lowers nothing.
  const asUser =
    starting.known && !starting.isRoot && starting.saidBy !== "table" ? starting.user : undefined;
  const parts = setItems(container.capAdd).map((item) =>
    item.value === "NET_ADMIN" && isVpn(container) ? judgeVpn(item) : judgeName(item, asUser),
  );
  const added = combine([...parts, undecided(...container.capAdd) ?? pass("no dangerous capability added")]);
  return unlessPrivileged(container, added, everyOne);
}

/** A VPN sets routes and addresses, which needs NET_ADMIN; in a network of its own it changes nothing of the host's. */
function judgeVpn({ value, origins }: SetFact<string>): Verdict {
  return fail(
    `adds the capability ${value}, which a VPN needs: it can rewrite its own network, not the host's`,
    {
      origins,
      evidence: value,
      about: "capAdd",
      severity: "low",
      observed: value,
    },
  );
}

/** By the tunnel device or the image's name, and only in a network namespace of its own. */
function isVpn({ image, devices, networkMode, privileged }: Container): boolean {
  const mode = valueOr(networkMode, undefined)?.mode;
  if (isOpen(networkMode) || mode === "host" || mode === "container" || valueOr(privileged, false))
    return false;
  const hasTunnel = setItems(devices).some(({ value }) => value.hostPath === "/dev/net/tun");
  return hasTunnel || vpn.test(parseImageReference(valueOr(image, "")).repository);
}

const vpn =
  /(?:^|[/_-])(?:wireguard|wg(?:-easy|-access-server)?|openvpn|gluetun|tailscale|zerotier(?:-one)?|strongswan|ipsec|l2tp|ocserv|nebula|netbird|netmaker|nordvpn|nordlynx|softether\w*|vpn)(?:$|[/_-])/;

function judgeName({ value, origins }: SetFact<string>, asUser: string | undefined): Verdict {
  const danger = dangerousCapabilities.get(value);
  if (!danger) return pass("no dangerous capability added");
  const held = asUser === undefined ? "" : `, once a setuid program takes it up (it runs as ${asUser})`;
  return fail(`adds the capability ${value}: a process can ${danger.allows}${held}`, {
    origins,
    evidence: value,
    about: "capAdd",
    severity: asUser === undefined ? danger.severity : weaker(danger),
    observed: value,
  });
}

/** What the processes hold in the kernel, by whatever they came to it. */
function judgeHeld(container: Container): Verdict {
  if (asksPrivileged(container)) return impliedByPrivileged(everyOne);
  const processes = ownProcesses(container);
  if (processes.length === 0) return unknown("none of its processes could be seen");
  const names = [...dangerousCapabilities.keys()].filter((name) => name !== "ALL");
  const found = names
    .map((name) => judgeHolders(name, processes))
    .filter((verdict) => verdict.verdict === "fail");
  const holdsAll = found.length === names.length;
  const open = undecided(
    ...processes.flatMap(({ capEffective, capBounding }) => [capEffective, capBounding]),
  );
  if (holdsAll) return combine([withAll(processes)]);
  return combine([...found, open ?? pass("no dangerous capability held")]);
}

function judgeHolders(name: string, processes: readonly Process[]): Verdict {
  const danger = dangerousCapabilities.get(name);
  const active = processes.filter((process) => isActive(process, name));
  const bounded = processes.filter((process) => holds(process, "capBounding", name));
  const holders = active.length > 0 ? active : bounded;
  if (!danger || holders.length === 0) return pass();
  const how = active.length > 0 ? "holds" : "may take up, through a setuid program,";
  return fail(`${nameProcesses(holders)} ${how} ${name}: it can ${danger.allows}`, {
    origins: originsIn(holders, (process) =>
      active.length > 0 ? process.capEffective : process.capBounding,
    ),
    evidence: name,
    severity: active.length > 0 ? danger.severity : weaker(danger),
    observed: name,
  });
}

function withAll(processes: readonly Process[]): Verdict {
  const active = processes.filter((process) => isActive(process, "SYS_ADMIN"));
  const holders = active.length > 0 ? active : processes;
  return fail(
    `${nameProcesses(holders)} ${active.length > 0 ? "holds" : "may take up, through a setuid program,"} every dangerous capability: it can do nearly all that root on the host can`,
    {
      origins: originsIn(holders, ({ capEffective }) => capEffective),
      evidence: "ALL",
      severity: active.length > 0 ? "critical" : "medium",
      observed: "every dangerous capability",
    },
  );
}

function isActive(process: Process, name: string): boolean {
  return (["capEffective", "capPermitted", "capAmbient"] as const).some((set) => holds(process, set, name));
}

function holds(
  process: Process,
  set: "capEffective" | "capPermitted" | "capAmbient" | "capBounding",
  name: string,
): boolean {
  const fact = process[set];
  const held: ReadonlySet<string> = fact.state === "set" ? fact.value : new Set();
  return held.has(name);
}

function weaker({ severity }: Danger): Severity {
  return compareSeverity(severity, "medium") > 0 ? "medium" : severity;
}
