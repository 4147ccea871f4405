import type { Container } from "../../model/container.ts";
import { firstOpen, isOpen, setItems, valueOr } from "../../model/fact.ts";
import { fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";

/** Drivers that write on this host and open no connection (https://docs.docker.com/engine/logging/configure/). */
const local: ReadonlySet<string> = new Set(["json-file", "local", "none", "journald"]);

export const remoteLogDriver: Control = {
  id: "remote-log-driver",
  title: "Logs leave the host",
  why: "With syslog, gelf, fluentd, splunk and the drivers of cloud providers, dockerd sends what the container prints to another machine, from the host's network and past the container's own. What is printed often holds secrets, and plain syslog, gelf and fluentd do not encrypt it. Anyone who may choose the address can make dockerd connect anywhere. Central logs are good practice: check the address and TLS, then ignore this.",
  row: undefined,
  severity: "info",
  guard: "deny",
  cis: [],
  attack: ["T1020"],
  cwe: [532, 319],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/logging/configure/",
    "https://docs.docker.com/engine/logging/drivers/syslog/",
  ],
  examples: {
    bad: [
      {
        syntax: "run",
        text: "docker run --log-driver syslog --log-opt syslog-address=tcp://logs.example.com:514 nginx",
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    logging:\n      driver: gelf\n      options:\n        gelf-address: udp://10.0.0.5:12201\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --log-driver local nginx" },
      { syntax: "run", text: "docker run --log-driver syslog nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    logging:\n      driver: journald\n",
      },
    ],
  },
  check: { container: judge },
  remedy: {
    container: () =>
      manual("Check the address and use TLS; or log locally and let an agent on the host send the logs."),
  },
};

function judge({ logDriver, logOptions }: Container, { engine }: Context): Verdict {
  if (isOpen(logDriver)) return unknownFact(logDriver);
  const asked = valueOr(logDriver, "");
  const address = setItems(logOptions).find(({ value }) => /(?:-address|-url)$/.test(value.name));
  if (asked === "" && !address) return pass();
  const driver = asked !== "" ? asked : valueOr(engine?.logDriver ?? { state: "unset" }, "");
  if (local.has(driver)) return pass(driver);
  const open = firstOpen(logOptions);
  if (driver === "syslog" && !address) {
    return open ? unknownFact(open) : pass("the host's syslog");
  }
  if (address && /^unix(?:gram)?:\/\//.test(address.value.value)) return pass(driver);
  const target = address ? hostOf(address.value.value) : undefined;
  return fail(
    `sends its logs${driver === "" ? "" : ` with the driver ${driver}`}${target ? ` to ${target}` : " to another service"}: dockerd connects to it from the host's network`,
    {
      origins: [...(logDriver.state === "set" ? logDriver.origins : []), ...(address?.origins ?? [])],
      evidence: driver,
      observed: driver,
    },
  );
}

/** Scheme, host and port; credentials in a URL reach no report. */
function hostOf(address: string): string | undefined {
  const [, scheme = "", host] = /^([a-z+]+:\/\/)?(?:[^/@]*@)?([^/@\s?#]+)/i.exec(address) ?? [];
  return host === undefined ? undefined : `${scheme}${host}`;
}
