import { execFileSync } from "node:child_process";
import { startEngine, type TestEngine } from "./engine.ts";

export interface TestSwarm {
  /** The first is the only manager. Their host names are `node1`, `node2`, … */
  readonly nodes: readonly TestEngine[];
  /** Pulls a node's cable, or plugs it in again. */
  cut(node: number, isCut: boolean): void;
  stop(): Promise<void>;
}

/**
 * A Docker Swarm of several Engines on this machine. Each has a network namespace, and a bridge in one more namespace connects
 * them, so the machine's own network stays as it is.
 */
export async function startSwarm(count: number): Promise<TestSwarm> {
  const prefix = `bulkhead-${process.pid}`;
  const nameOf = (node: number) => `${prefix}-${node}`;
  const addressOf = (node: number) => `10.213.7.${node}`;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const made: string[] = [];
  const nodes: TestEngine[] = [];

  async function stop(): Promise<void> {
    await Promise.all(nodes.map((node) => node.stop()));
    for (const name of made.toReversed()) ip("netns", "del", name);
  }

  function addNetwork(name: string): void {
    ip("netns", "add", name);
    made.push(name);
    ip("-n", name, "link", "set", "lo", "up");
  }

  try {
    const hub = `${prefix}-switch`;
    addNetwork(hub);
    ip("-n", hub, "link", "add", "switch", "type", "bridge");
    ip("-n", hub, "link", "set", "switch", "up");
    for (const node of numbers) {
      const [name, port] = [nameOf(node), `port${node}`];
      addNetwork(name);
      ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
      ip("-n", hub, "link", "set", port, "master", "switch", "up");
      ip("-n", name, "address", "add", `${addressOf(node)}/24`, "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
    }
    const engines = numbers.map((node) =>
      startEngine({ machine: { network: nameOf(node), name: `node${node}` } }).then((engine) => {
        nodes.push(engine);
        return engine;
      }),
    );
    await Promise.allSettled(engines);
    const [manager, ...workers] = await Promise.all(engines);
    if (!manager) throw new Error("a Swarm needs a node");
    await manager.docker(["swarm", "init", "--advertise-addr", addressOf(1)]);
    const token = await manager.docker(["swarm", "join-token", "-q", "worker"]);
    await Promise.all(
      workers.map((worker, index) =>
        worker.docker([
          ...["swarm", "join", "--token", token, "--advertise-addr", addressOf(index + 2)],
          `${addressOf(1)}:2377`,
        ]),
      ),
    );
    return {
      nodes: [manager, ...workers],
      cut: (node, isCut) => ip("-n", hub, "link", "set", `port${node}`, isCut ? "down" : "up"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
