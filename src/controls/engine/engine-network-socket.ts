import { commandsOfWords, hasOption, programOf, shellCommands } from "../../base/shell.ts";
import type { Container } from "../../model/container.ts";
import { forwardedSocket, type ListenAddress } from "../../model/engine.ts";
import { type FactList, setItems, valueOr } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { Origin } from "../../model/origin.ts";
import type { EnginePatch } from "../../model/patch.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";
import { undecided } from "../undecided.ts";
import { optionsOf } from "./docker-only.ts";

export const engineNetworkSocket: Control = {
  id: "engine-network-socket",
  title: "dockerd listens on the network",
  why: "Anyone who reaches the Engine's API starts a privileged container and is root on the host; there is no second question. Open TCP sockets of dockerd are found and abused within hours, and one on the loopback address is open to every local user, every container on the host's network and every page in a browser that can be made to send a request. Server-side TLS alone encrypts the attack; only client certificates (`tlsverify`) keep strangers out, and they too are a key to the host that has to be kept, rotated and revoked.",
  row: "1.1",
  severity: "critical",
  guard: "off",
  cis: ["2.7"],
  attack: ["T1133", "T1609", "T1610"],
  cwe: [306, 668],
  where: ["J", "E", "F", "D", "A"],
  references: [
    "https://docs.docker.com/engine/security/protect-access/",
    "https://docs.docker.com/engine/daemon/remote-access/",
    "https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option",
    "https://docs.docker.com/engine/daemon/prometheus/",
  ],
  examples: {
    bad: [
      { syntax: "dockerd", text: "dockerd -H tcp://0.0.0.0:2375 -H unix:///var/run/docker.sock" },
      {
        syntax: "compose",
        text: "services:\n  dind:\n    image: docker:28-dind\n    command: dockerd -H tcp://0.0.0.0:2375\n",
      },
      {
        syntax: "daemon.json",
        text: '{ "hosts": ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"] }\n',
      },
      {
        syntax: "dockerd",
        text: "dockerd --tlsverify --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem -H tcp://0.0.0.0:2376",
      },
      { syntax: "daemon.json", text: '{ "metrics-addr": "0.0.0.0:9323" }\n' },
    ],
    good: [
      { syntax: "dockerd", text: "dockerd -H unix:///var/run/docker.sock" },
      { syntax: "daemon.json", text: '{ "hosts": ["fd://"] }\n' },
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "daemon.json", text: '{ "metrics-addr": "127.0.0.1:9323" }\n' },
    ],
  },
  recommendations: {
    // The benchmark accepts TCP where clients prove themselves, and says nothing of an Engine that does not listen there.
    "2.7": {
      engine({ listenAddresses }) {
        const network = listenAddresses.filter(
          (item) => item.state !== "set" || !/^(?:unix|fd|npipe|ssh):/.test(item.value.address),
        );
        if (network.length === 0) return notApplicable("the API listens on no TCP port");
        return judgeItems(network, ({ value, origins }) =>
          value.tls === "mutual" ? pass(`${value.address} with client certificates`) : judge(value, origins),
        );
      },
    },
  },
  check: {
    engine: (engine) =>
      combine([
        judgeItems(engine.listenAddresses, ({ value, origins }) => judge(value, origins)),
        ...optionsOf(engine, "metrics-addr").map(({ value, origins }) => judgeMetrics(value.value, origins)),
      ]),
    container: judgeCommand,
    image: judgeCommand,
  },
  remedy: {
    container: adviseForCommand,
    image: adviseForCommand,
    engine({ listenAddresses }) {
      const patches = patchesOf(listenAddresses);
      if (patches.length === 0)
        return manual("Bind metrics-addr to 127.0.0.1, and let Prometheus ask there.");
      return {
        kind: "decision",
        summary: "Listen on the unix socket only, and reach the Engine from elsewhere by `ssh://user@host`.",
        patches,
        breaks:
          "Clients with `DOCKER_HOST=tcp://…` can no longer connect; `docker context create NAME --docker host=ssh://user@host` replaces it.",
      };
    },
  },
};

const unixSocket: ListenAddress = { address: "unix:///var/run/docker.sock", tls: "none" };

/**
 * Where nothing else is left the first address becomes the unix socket: a dockerd without any address listens on TCP where
 * TLS is asked for (moby: opts/hosts.go, ParseHost).
 */
function patchesOf(addresses: FactList<ListenAddress>): readonly EnginePatch[] {
  const open = setItems(addresses).filter(({ value }) => isNetwork(value));
  const isAll = open.length === addresses.length;
  return open.map(({ value }, index) =>
    isAll && index === 0
      ? { op: "replace", field: "listenAddresses", value, with: unixSocket }
      : { op: "remove", field: "listenAddresses", value },
  );
}

function judge(listen: ListenAddress, origins: readonly Origin[]): Verdict {
  if (!isNetwork(listen)) return pass(listen.address);
  const where = { origins, evidence: listen.address, observed: listen.address };
  if (listen.tls === "mutual") {
    return fail(
      `listens on ${listen.address} with client certificates: every such certificate is a key to root on the host`,
      { ...where, severity: "low" },
    );
  }
  const guard = listen.tls === "server" ? "with TLS but without client certificates" : "without TLS";
  return fail(
    `listens on ${listen.address} ${guard}: anyone who reaches that address is root on the host`,
    where,
  );
}

/** dockerd's metrics have no sign-in (https://docs.docker.com/engine/daemon/prometheus/). */
function judgeMetrics(address: string, origins: readonly Origin[]): Verdict {
  if (/^(?:127\.|localhost:|\[::1\]|unix:)/.test(address)) return pass(`metrics at ${address}`);
  return fail(
    `serves its metrics at ${address} to everybody who reaches it: they show its version, its load and its builds`,
    { origins, severity: "low", evidence: `metrics-addr ${address}`, observed: `metrics at ${address}` },
  );
}

/** An address without a scheme is TCP to dockerd (moby: opts/hosts.go, ParseHost). */
function isNetwork({ address }: ListenAddress): boolean {
  return !/^(?:unix|fd|npipe):\/\//i.test(address.trim()) && address.trim() !== "";
}

/** A dockerd that the command or the entrypoint starts (Docker in Docker). */
function judgeCommand({
  entrypoint,
  command,
  image,
}: Pick<Image, "entrypoint" | "command"> & Partial<Pick<Container, "image">>): Verdict {
  const words = [...setItems(entrypoint), ...setItems(command)];
  const given = words.map(({ value }) => value);
  // The entrypoint of docker's own image gives options to dockerd (docker-library/docker: dockerd-entrypoint.sh).
  const name = image ? valueOr(image, "") : "";
  const isOwn = /(?:^|\/)docker:(?:\S*-)?dind(?:-|@|$)/.test(name) && given[0]?.startsWith("-");
  const text = isOwn ? ["dockerd", ...given] : given;
  const script = text.find((_, index) => index > 0 && /^-\w*c$/.test(text[index - 1] ?? ""));
  const commands = [...commandsOfWords(text), ...(script === undefined ? [] : shellCommands(script))];
  const forwarded = commands.flatMap(
    (each) => forwardedSocket(each.words) ?? forwardedSocket(["socat", ...each.words]) ?? [],
  );
  const hands = forwarded.map((address) =>
    fail(`hands the Engine's socket on at ${address}: anyone who reaches that address is root on the host`, {
      origins: words.flatMap(({ origins }) => origins).slice(0, 1),
      evidence: address,
      observed: address,
    }),
  );
  if (hands.length > 0) return combine(hands);
  const dockerd = commands.find((each) => /^dockerd(?:-entrypoint\.sh)?$/.test(programOf(each.words)));
  if (!dockerd) return undecided(...entrypoint, ...command) ?? pass("it starts no dockerd");
  const has = (...names: readonly string[]) => hasOption(dockerd.words, { names });
  const tls = has("--tlsverify") ? "mutual" : has("--tls") ? "server" : "none";
  return combine([
    ...addressesIn(dockerd.words).map((address) => {
      const at = words.find(({ value }) => value.includes(address)) ?? words[0];
      return judge({ address, tls }, at?.origins ?? []);
    }),
    pass("no address of the network"),
  ]);
}

function addressesIn(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (word === "-H" || word === "--host") return [words[index + 1] ?? ""];
    return /^(?:--host=|-H=?)(.+)$/.exec(word)?.[1] ?? [];
  });
}

function adviseForCommand() {
  return manual(
    "Let it listen on a unix socket in a volume that its clients mount, or give it --tlsverify with client certificates.",
  );
}
