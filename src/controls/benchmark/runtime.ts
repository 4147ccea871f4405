import type { Container } from "../../model/container.ts";
import { firstOpen, isOpen, setItems, valueOr } from "../../model/fact.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Context } from "../control.ts";
import { nameProcesses, originsIn } from "../processes.ts";
import { isRootText } from "../users/user-text.ts";
import { benchmarkControl } from "./define.ts";

const runReference = "https://docs.docker.com/reference/cli/docker/container/run/";

export const engineSwarm = benchmarkControl({
  id: "engine-swarm",
  title: "Swarm mode is on and runs nothing",
  why: "Swarm mode opens ports for its managers and for the traffic between nodes (2377, 7946, 4789). An Engine that runs no service gains nothing from it.",
  severity: "low",
  cis: ["5.1"],
  attack: ["T1210"],
  cwe: [1188],
  where: ["E"],
  references: ["https://docs.docker.com/engine/swarm/swarm-mode/"],
  advice: "Leave the swarm: docker swarm leave --force.",
  check: {
    engine({ swarmActive }, { sight }) {
      if (swarmActive.state !== "set") return unknown("whether Swarm mode is on is not known");
      if (!swarmActive.value) return pass("off");
      const details = sight?.swarm?.details;
      if (!details)
        return unknown("only a manager knows whether the swarm runs services", swarmActive.origins);
      if (details.services > 0) return pass(`on, with ${details.services} services`);
      return fail("has Swarm mode on and runs no service: its ports are open for nothing", {
        origins: swarmActive.origins,
        evidence: "swarm",
        observed: "on",
      });
    },
  },
});

export const containerSshd = benchmarkControl({
  id: "container-sshd",
  title: "An SSH server runs in the container",
  why: "sshd in a container means keys and accounts to manage in each one, a second way in past Docker's API, and its logs inside. docker exec and docker logs do the same from the host.",
  severity: "medium",
  cis: ["5.7"],
  attack: ["T1021.004"],
  cwe: [1188, 668],
  where: ["A", "K"],
  references: ["https://docs.docker.com/reference/cli/docker/container/exec/"],
  advice: "Remove sshd from the image, and use docker exec on the host.",
  check: {
    container(container, { sight }) {
      if (container.level !== "effective") {
        return sight && !sight.host
          ? unknown("the container's processes cannot be seen from here")
          : notApplicable("only a running container's processes tell");
      }
      if (container.processes.length === 0) return unknown("none of its processes could be seen");
      const servers = container.processes.filter(({ name }) => /^(?:sshd|dropbear)\b/.test(name));
      if (servers.length === 0) return pass("no SSH server");
      return fail(`runs ${nameProcesses(servers)}: a second way in, with its own accounts`, {
        origins: originsIn(servers, ({ uid }) => uid),
        evidence: "sshd",
        observed: "sshd",
      });
    },
  },
});

export const privilegedPort = benchmarkControl({
  id: "privileged-port",
  title: "A port below 1024 is published",
  why: "Ports below 1024 belong to well-known services, and clients trust what answers there. A container needs root or a capability to listen on one, and Docker's publishing goes around that check. Web servers on 80 and 443 are the usual, wanted case.",
  severity: "info",
  cis: ["5.8"],
  attack: ["T1190"],
  cwe: [668],
  where: ["F", "A"],
  references: ["https://docs.docker.com/engine/network/port-publishing/"],
  examples: {
    bad: [{ syntax: "run", text: "docker run -p 53:5353/udp dns" }],
    good: [{ syntax: "run", text: "docker run -p 8080:80 nginx" }],
  },
  advice: "Publish a port from 1024 on, or confirm that this one is meant.",
  check: {
    container: ({ ports }) =>
      combine(
        ports.map((item): Verdict => {
          if (item.state !== "set") return unknown(item.reason, item.origins);
          const { hostPort, containerPort, protocol } = item.value;
          const first = Number.parseInt(hostPort ?? "", 10);
          if (Number.isNaN(first) || first === 0 || first >= 1024) return pass();
          return fail(
            `publishes port ${hostPort}/${protocol} (to ${containerPort}), a well-known port of the host`,
            {
              origins: item.origins,
              evidence: `${hostPort}/${protocol}`,
              observed: `${hostPort}`,
            },
          );
        }),
        pass("no port below 1024"),
      ),
  },
});

export const openPorts = benchmarkControl({
  id: "open-ports",
  title: "Ports are published",
  why: "Each published port is a way in from outside. Images expose ports that nobody uses, and -P publishes all of them. Containers on one network reach each other without publishing anything.",
  severity: "info",
  cis: ["5.9"],
  attack: ["T1190", "T1046"],
  cwe: [668],
  where: ["F", "A"],
  references: ["https://docs.docker.com/engine/network/port-publishing/"],
  examples: {
    bad: [{ syntax: "run", text: "docker run -P nginx" }],
    good: [{ syntax: "run", text: "docker run nginx" }],
  },
  advice: "Confirm that each port is needed, and remove the others.",
  check: {
    container({ ports, publishAllPorts }) {
      if (valueOr(publishAllPorts, false)) {
        return fail("publishes every port that its image exposes (-P)", {
          origins: publishAllPorts.state === "set" ? publishAllPorts.origins : [],
          evidence: "-P",
          observed: "-P",
        });
      }
      const published = setItems(ports);
      const open = firstOpen(ports);
      if (published.length === 0) return open ? unknown(open.reason, open.origins) : pass("no port");
      const names = published
        .map(({ value }) => `${value.hostPort ?? "any"}→${value.containerPort}`)
        .join(", ");
      return fail(`publishes ${names}: confirm that each is needed`, {
        origins: published.flatMap(({ origins }) => origins),
        evidence: names,
        observed: names,
      });
    },
  },
});

export const restartPolicy = benchmarkControl({
  id: "restart-policy",
  title: "A failing container restarts without end",
  why: "With `always`, `unless-stopped`, or on-failure without a number, Docker starts a container that crashes again and again. The loop eats CPU and log space, and hides that something is broken or under attack.",
  severity: "info",
  cis: ["5.15"],
  attack: ["T1499"],
  cwe: [400],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/containers/start-containers-automatically/",
    "https://docs.docker.com/reference/compose-file/services/#restart",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --restart on-failure nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    restart: always\n" },
    ],
    good: [{ syntax: "run", text: "docker run --restart on-failure:5 nginx" }],
  },
  advice: "Limit the attempts: --restart on-failure:5 (restart: on-failure:5 in Compose).",
  check: {
    container({ restart, level }) {
      if (level === "effective") return notApplicable("the Engine knows the restart policy");
      if (isOpen(restart)) return unknown(restart.reason, restart.origins);
      if (restart.state === "unset") return pass("not restarted by failures alone");
      const [name = "", retries = "0"] = restart.value.split(":");
      const times = Number(retries);
      if (name === "on-failure" && times > 0 && times <= 5) return pass(restart.value);
      const said = times === 0 ? "without end" : `up to ${retries} times`;
      return fail(`is started again ${said} when it fails (${restart.value})`, {
        origins: restart.origins,
        evidence: "restart",
        observed: restart.value,
      });
    },
  },
});

export const containerUlimits = benchmarkControl({
  id: "container-ulimits",
  title: "The container has no ulimits",
  why: "Without ulimits, from its own options or from the daemon, one container can open all files that the host allows. A limit keeps a leak or an attack inside.",
  severity: "info",
  cis: ["5.19"],
  attack: ["T1499.001"],
  cwe: [770],
  where: ["F", "A"],
  references: [`${runReference}#ulimit`],
  examples: {
    bad: [{ syntax: "run", text: "docker run nginx" }],
    good: [{ syntax: "run", text: "docker run --ulimit nofile=1024:2048 nginx" }],
  },
  advice: "Set --ulimit nofile=SOFT:HARD where the daemon's default does not fit.",
  check: {
    container({ ulimits }, { engine }) {
      const own = setItems(ulimits);
      if (own.length > 0) return pass(own.map(({ value }) => `${value.name} ${value.hard}`).join(", "));
      const open = firstOpen(ulimits);
      if (open) return unknown(open.reason, open.origins);
      if (engine && setItems(engine.defaultUlimits).length > 0) return pass("the daemon's default");
      return fail("has no ulimits, and the daemon sets no default", {
        evidence: "ulimits",
        observed: "none",
      });
    },
  },
});

export const execRoot = benchmarkControl({
  id: "exec-root",
  title: "A command runs as root by docker exec",
  why: "`docker exec --user root` starts a root process in a container that was made to run as another user. That process can change what the container's own user cannot.",
  severity: "info",
  cis: ["5.24"],
  attack: ["T1609"],
  cwe: [250],
  where: ["A", "K"],
  references: ["https://docs.docker.com/reference/cli/docker/container/exec/"],
  advice: "Leave --user root away, and end the exec when you no longer need it.",
  check: {
    exec({ user, container, processes, level }) {
      if (level === "effective") {
        const roots = processes.filter(({ uid }) => uid.state === "set" && uid.value === 0);
        if (roots.length === 0) return pass("another user");
        return fail(`${nameProcesses(roots)} runs as root in it`, {
          origins: originsIn(roots, ({ uid }) => uid),
          evidence: "root",
          observed: "root",
        });
      }
      if (isOpen(user)) return unknown(user.reason, user.origins);
      const name = valueOr(user, "") || valueOr(container.user, "");
      if (!isRootText(name)) return pass(name);
      return fail("runs as root in it", {
        origins: user.state === "set" ? user.origins : [],
        evidence: "root",
        observed: "root",
      });
    },
  },
});

export const containerHealthcheck = benchmarkControl({
  id: "container-healthcheck",
  title: "The container's health is not checked",
  why: "Without a health check Docker knows that the process runs, not that it answers. A server that hangs stays in service, and nobody notices.",
  severity: "info",
  cis: ["5.27"],
  attack: ["T1499"],
  cwe: [754],
  where: ["F", "A"],
  references: [
    `${runReference}#health-cmd`,
    "https://docs.docker.com/reference/compose-file/services/#healthcheck",
  ],
  examples: {
    bad: [{ syntax: "compose", text: "services:\n  web:\n    image: nginx:1.27\n" }],
    good: [{ syntax: "run", text: "docker run --health-cmd 'curl -f http://localhost/' nginx:1.27" }],
  },
  advice: "Add a HEALTHCHECK to the image, or --health-cmd (healthcheck: in Compose) to the container.",
  check: {
    container({ healthcheck, level, job }) {
      if (level === "effective") return notApplicable("the Engine knows the health check");
      if (job !== undefined) return notApplicable(`${job.why}: nobody waits for its health`);
      if (isOpen(healthcheck)) return unknown(healthcheck.reason, healthcheck.origins);
      if (valueOr(healthcheck, "none") === "command") return pass("a health check");
      const hope = level === "declared" && healthcheck.state === "unset" ? ", unless its image has one" : "";
      return fail(`has no health check${hope}: a server that hangs stays in service`, {
        origins:
          level === "configured"
            ? [{ pointer: "/Config/Healthcheck" }]
            : healthcheck.state === "set"
              ? healthcheck.origins
              : [],
        evidence: "healthcheck",
        observed: "none",
      });
    },
  },
});

export const containerImageCurrent = benchmarkControl({
  id: "container-image-current",
  title: "The container runs an older image than its tag",
  why: "A container keeps the image that it was made from. When the tag has moved on, by a pull or a build, it still runs the old one, with its known holes, until somebody recreates it.",
  severity: "low",
  cis: ["5.28"],
  attack: ["T1190"],
  cwe: [1104],
  where: ["A"],
  references: ["https://docs.docker.com/reference/cli/docker/image/pull/"],
  advice: "Make the container anew from the image that is there now: docker compose up -d, or docker run.",
  check: { container: judgeCurrent },
});

function judgeCurrent({ image, inspected }: Container, { sight }: Context): Verdict {
  if (image.state !== "set" || inspected?.imageId === undefined) return unknown("its image is not known");
  if (!sight?.images) return unknown("the Engine was not asked for its images");
  const name = image.value;
  if (name.startsWith("sha256:") || name.includes("@")) return pass("pinned by digest");
  const last = name.slice(name.lastIndexOf("/") + 1);
  const now = sight.images.get(last.includes(":") ? name : `${name}:latest`);
  if (now === undefined) {
    return fail(`runs an image that ${name} no longer names`, {
      origins: image.origins,
      evidence: name,
      observed: "a replaced image",
    });
  }
  if (now === inspected.imageId) return pass("the image that its tag names here");
  return fail(`runs an older image than ${name} names on this Engine`, {
    origins: image.origins,
    evidence: name,
    observed: "an older image",
  });
}

export const defaultBridge = benchmarkControl({
  id: "default-bridge",
  title: "The container is on the default bridge",
  why: "All containers without a network of their own meet on docker0. There they can reach one another, and nothing says which of them belong together. On its own network a container sees only its peers, and finds them by name.",
  severity: "low",
  cis: ["5.30"],
  attack: ["T1046", "T1021"],
  cwe: [653, 923],
  where: ["A"],
  references: ["https://docs.docker.com/engine/network/drivers/bridge/"],
  advice:
    "Make a network for containers that belong together: docker network create NAME, docker run --network NAME.",
  check: {
    container({ inspected }) {
      if (!inspected) return unknown("its networks are not known");
      const isDefault = inspected.networks.includes("bridge");
      if (!isDefault) return pass(inspected.networks.join(", ") || "no network");
      return fail("is on the default bridge, with every other container that names no network", {
        origins: [{ pointer: "/NetworkSettings/Networks/bridge" }],
        evidence: "bridge",
        observed: "bridge",
      });
    },
  },
});
