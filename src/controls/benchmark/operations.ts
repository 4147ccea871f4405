import { fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Checks, Control } from "../control.ts";
import { benchmarkControl, bySight, bySwarm } from "./define.ts";

export const imageSprawl = benchmarkControl({
  id: "image-sprawl",
  title: "Most images are not used",
  why: "Images that no container uses take up the disk, get no updates, and can be started by mistake with their old holes.",
  severity: "info",
  cis: ["6.1"],
  attack: ["T1499.001"],
  cwe: [1104],
  where: ["E"],
  references: ["https://docs.docker.com/engine/manage-resources/pruning/"],
  advice: "Remove what nobody uses: docker image prune -a (it removes every image without a container).",
  check: {
    engine: bySight(({ stock }) => {
      if (!stock) return unknown("the Engine did not list its images");
      const { images, usedImages } = stock;
      const said = `${images} images, ${usedImages} in use`;
      if (usedImages * 2 >= images) return pass(said);
      return fail(`has ${said}: the others get old unseen`, { evidence: "images", observed: said });
    }),
  },
});

/** docker-bench-security's own threshold. */
const mostStopped = 25;

export const containerSprawl = benchmarkControl({
  id: "container-sprawl",
  title: "Stopped containers pile up",
  why: "A stopped container keeps its files, with whatever secrets are in them, and its old image. Anyone with access to the Engine can start it again.",
  severity: "info",
  cis: ["6.2"],
  attack: ["T1499.001"],
  cwe: [459],
  where: ["E"],
  references: ["https://docs.docker.com/engine/manage-resources/pruning/"],
  advice: "Remove stopped containers: docker container prune; start short jobs with --rm.",
  check: {
    engine: bySight(({ stock }) => {
      if (!stock) return unknown("the Engine did not list its containers");
      const stopped = stock.containers - stock.runningContainers;
      const said = `${stock.containers} containers, ${stopped} of them stopped`;
      if (stopped <= mostStopped) return pass(said);
      return fail(`has ${said}`, { evidence: "containers", observed: said });
    }),
  },
});

const swarm = "https://docs.docker.com/engine/swarm";

export const swarmManagers = benchmarkControl({
  id: "swarm-managers",
  title: "The swarm has a bad number of managers",
  why: "Every manager holds the swarm's secrets and can start anything on any node, so there should be no more than needed. An even number survives no more failures than one manager fewer. More than seven only slow down each decision.",
  severity: "low",
  cis: ["7.1"],
  attack: ["T1499"],
  cwe: [1188],
  where: ["E"],
  references: [`${swarm}/admin_guide/#add-manager-nodes-for-fault-tolerance`],
  advice: "Have 1, 3, 5 or 7 managers: docker node demote NODE.",
  check: {
    engine: bySwarm((_, { managers }): Verdict => {
      const said = managers === 1 ? "1 manager" : `${managers} managers`;
      if (managers % 2 === 1 && managers <= 7) return pass(said);
      return fail(
        `has ${said}: ${managers > 7 ? "more than are needed" : "an even number survives no more failures than one less"}`,
        {
          origins: [{ pointer: "/info/Swarm/Managers" }],
          evidence: "managers",
          observed: said,
        },
      );
    }),
  },
});

export const swarmListenAddress = benchmarkControl({
  id: "swarm-listen-address",
  title: "The swarm's managers listen on every interface",
  why: "Port 2377 takes requests of nodes that want to join and of managers. If it listens on every interface, networks without a node can reach it, even the internet.",
  severity: "medium",
  cis: ["7.2"],
  attack: ["T1133", "T1210"],
  cwe: [668, 1327],
  where: ["E"],
  references: [`${swarm}/swarm-tutorial/#open-protocols-and-ports-between-the-hosts`],
  advice:
    "Make the swarm listen on one address: docker swarm init --listen-addr IP:2377 --advertise-addr IP.",
  check: {
    engine: bySwarm((_, { managerAddresses }) => {
      if (!managerAddresses) return unknown("the host's sockets cannot be seen from here");
      const open = managerAddresses.filter((ip) => ip === "0.0.0.0" || /^(?:::|0(?::0){7})$/.test(ip));
      if (open.length === 0) return pass(managerAddresses.join(", ") || "not listening");
      return fail(`listens on ${open.join(", ")}:2377, on every interface of the host`, {
        origins: [{ kernel: "/proc/net/tcp" }],
        evidence: "2377",
        observed: open.join(", "),
      });
    }),
  },
});

export const swarmOverlayEncryption = benchmarkControl({
  id: "swarm-overlay-encryption",
  title: "Overlay networks are not encrypted",
  why: "What containers on different nodes send each other crosses the network between the nodes in the clear. Anyone who is on that network reads and changes it. The option encrypted puts IPsec between the nodes.",
  severity: "medium",
  cis: ["7.3"],
  attack: ["T1040", "T1557"],
  cwe: [319],
  where: ["E"],
  references: [
    "https://docs.docker.com/engine/network/drivers/overlay/#encrypt-traffic-on-an-overlay-network",
  ],
  advice: "Make the network anew with encryption: docker network create -d overlay --opt encrypted NAME.",
  check: {
    engine: bySwarm(({ overlays }) => {
      const plain = overlays.filter(({ encrypted }) => !encrypted).map(({ name }) => name);
      if (plain.length === 0) return pass(`${overlays.length} overlay networks, all encrypted`);
      return fail(`sends traffic of ${plain.join(", ")} between nodes without encryption`, {
        origins: plain.map((name) => ({ pointer: `/networks/${name}/Options` })),
        evidence: plain.join(" "),
        observed: plain.join(", "),
      });
    }),
  },
});

export const swarmSecrets = benchmarkControl({
  id: "swarm-secrets",
  title: "The swarm keeps no secrets",
  why: "Docker's secrets are encrypted in the managers' log and reach a task as a file in memory. Services that use none get their passwords by environment or image, where anyone who inspects them reads them.",
  severity: "info",
  cis: ["7.4"],
  attack: ["T1552.001"],
  cwe: [522],
  where: ["E"],
  references: [`${swarm}/secrets/`],
  advice:
    "Keep passwords and keys as secrets: docker secret create NAME FILE, docker service update --secret-add NAME.",
  check: {
    engine: bySwarm(({ secrets, services }) => {
      if (secrets > 0) return pass(`${secrets} secrets`);
      if (services === 0) return pass("no service, so no secret is needed");
      return fail(`runs ${services} services and keeps no secret: confirm that none of them needs one`, {
        origins: [{ pointer: "/secrets" }],
        evidence: "secrets",
        observed: "no secret",
      });
    }),
  },
});

export const swarmAutoLock = benchmarkControl({
  id: "swarm-auto-lock",
  title: "The swarm's managers are not locked",
  why: "A manager keeps the key to the swarm's log, with all secrets in it, on its disk. With auto-lock that key is encrypted, and a stolen disk or backup gives nothing away without the unlock key.",
  severity: "low",
  cis: ["7.5"],
  attack: ["T1552.004"],
  cwe: [522],
  where: ["E"],
  references: [`${swarm}/swarm_manager_locking/`],
  advice: "Turn it on: docker swarm update --autolock=true, and keep the unlock key elsewhere.",
  check: {
    engine: bySwarm(({ autoLock }) =>
      autoLock
        ? pass("locked")
        : fail("does not lock its managers: their disks hold the key to every secret", {
            origins: [{ pointer: "/swarm/Spec/EncryptionConfig/AutoLockManagers" }],
            evidence: "autolock",
            observed: "off",
          }),
    ),
  },
});

/** Docker's default: 90 days. */
const usualHours = 90 * 24;

export const swarmCertificates = benchmarkControl({
  id: "swarm-certificates",
  title: "Node certificates live too long",
  why: "A node proves itself by its certificate. A stolen one is good until it expires. Docker renews them by itself every 90 days, and can do so more often.",
  severity: "low",
  cis: ["7.7"],
  attack: ["T1552.004"],
  cwe: [324],
  where: ["E"],
  references: [`${swarm}/how-swarm-mode-works/pki/`],
  advice: "Renew them more often: docker swarm update --cert-expiry 720h.",
  check: {
    engine: bySwarm(({ nodeCertificateHours: hours }) => {
      const said = `${Math.round(hours / 24)} days`;
      if (hours > 0 && hours <= usualHours) return pass(said);
      return fail(`gives nodes certificates for ${said}`, {
        origins: [{ pointer: "/swarm/Spec/CAConfig/NodeCertExpiry" }],
        evidence: "cert-expiry",
        observed: said,
      });
    }),
  },
});

const byHand: Readonly<Record<string, Checks>> = {
  "7.6": {
    engine: bySwarm(({ autoLock }) =>
      autoLock
        ? fail("has an unlock key, and the Engine does not say when it was last changed", {
            evidence: "unlock-key",
          })
        : notApplicable("auto-lock is off, so there is no unlock key"),
    ),
  },
  "7.8": {
    engine: bySwarm(() =>
      fail("has a root certificate, and the Engine does not say when it was last changed", {
        evidence: "ca",
      }),
    ),
  },
  "7.9": {
    engine: bySwarm((_, { advertiseAddress }) =>
      fail(
        `manages its nodes on ${advertiseAddress ?? "one address"}: the Engine does not tell where containers' traffic goes`,
        {
          evidence: "data-path",
        },
      ),
    ),
  },
};

export const swarmByHand: Control = benchmarkControl({
  id: "swarm-by-hand",
  title: "Keys and networks of the swarm need a look",
  why: "The Engine does not tell when the unlock key and the root certificate were last changed, nor whether containers' traffic goes over another interface than the managers' own. Each of them limits what a stolen key or a flooded network can do.",
  severity: "info",
  cis: Object.keys(byHand),
  attack: ["T1552.004"],
  cwe: [324],
  where: ["E"],
  references: [`${swarm}/swarm_manager_locking/`, `${swarm}/how-swarm-mode-works/pki/`],
  advice: "Change both keys on a schedule, and make swarms with --data-path-addr.",
  check: { engine: bySwarm(() => pass("a person has to look")) },
  recommendations: byHand,
});
