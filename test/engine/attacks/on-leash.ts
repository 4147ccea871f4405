import { dirname } from "node:path";
import { builtCommand } from "../../support/cli.ts";
import { type LeashedRun, openLeashes } from "../../support/guard/leash-process.ts";
import type { Attack } from "./attack.ts";
import { type Door, openDoor } from "./door.ts";
import { leashAttacks, prepareVictims } from "./leash.ts";
import { create } from "./make.ts";
import { type Stage, startStage } from "./stage.ts";
import { subjects } from "./subjects.ts";

/** A budget that the attacks on a policy do not meet: they must not be stopped for a wrong reason. */
const budgets = {
  wide: "memory=64g,pids=99999,containers=999,volumes=999,networks=25,ports=999",
  narrow: "memory=256m,pids=200,containers=6,volumes=4,networks=3,ports=2",
};

/** Two leashes of a user who is not root, each with a socket that a hostile command has. */
export interface HostileStage {
  readonly stage: Stage;
  /** The sockets' paths. */
  readonly doors: Readonly<Record<keyof typeof budgets, string>>;
  /** Whether what it forbids comes to be, and the leash still answers. */
  succeeds(how: Attack, door: Door): Promise<boolean>;
  /** The leashes end, as if their commands did. */
  endLeashes(): Promise<void>;
  stop(): Promise<void>;
}

/** Attacks on a policy that every client has; those with a policy of their own are about that policy. */
export const usualAttacks = subjects
  .map(({ subject, attacks }) => ({ subject, attacks: attacks.filter(({ policy }) => policy === undefined) }))
  .filter(({ attacks }) => attacks.length > 0);

export async function openHostileStage(): Promise<HostileStage> {
  const program = builtCommand();
  const stage = await startStage();
  const leashes = openLeashes(program, stage.engine.host);
  Object.assign(stage.guard, { folder: leashes.folder, program });
  const running: LeashedRun[] = [];
  const doorOf = async (name: keyof typeof budgets): Promise<string> => {
    const command = ["--", "sh", "-c", "echo at $DOCKER_HOST.; exec sleep 100000"];
    const run = leashes.start(["--name", name, "--budget", budgets[name], ...command]);
    running.push(run);
    await run.until("docker.sock.");
    const socket = /at unix:\/\/(\S+)\./.exec(run.said())?.[1] ?? "";
    // With the first container the leash makes its cgroup and its views, by a privileged one that is not the command's.
    await create(openDoor(socket), {});
    await openDoor(socket).call("DELETE", "/containers/evil?force=1");
    return socket;
  };
  const doors = { wide: await doorOf("wide"), narrow: await doorOf("narrow") };
  const endLeashes = async () => {
    for (const run of running) run.child.kill("SIGTERM");
    await Promise.all(running.map(({ ended }) => ended));
  };
  return {
    stage,
    doors,
    async succeeds(how, door) {
      if (how.prepare !== prepareVictims) await stage.clear();
      stage.kept.set("home", dirname(leashes.folder));
      await how.prepare?.(stage);
      try {
        await how.attempt(door, stage).catch(() => undefined);
        if (door.socketPath !== stage.door.socketPath) {
          const { text } = await door.call("GET", "/_ping");
          if (text !== "OK") throw new Error(`the leash does not answer after: ${how.name}: ${text}`);
        }
        return await how.seen(stage, door.heard());
      } finally {
        await how.clean?.(stage);
      }
    },
    endLeashes,
    async stop() {
      await endLeashes();
      leashes.remove();
      await stage.stop();
    },
  };
}

/** Every attack on a leash, in an order by `below`: what one leaves behind may help the next. Gives those that came through. */
export async function hostileScript(
  below: (count: number) => number,
): Promise<{ tried: number; through: string[] }> {
  const { stage, doors, succeeds, stop } = await openHostileStage();
  const own = leashAttacks.flatMap(({ attacks }) => attacks.map((how) => ({ how, socket: doors.narrow })));
  const usual = usualAttacks.flatMap(({ attacks }) => attacks.map((how) => ({ how, socket: doors.wide })));
  const left = [...own, ...usual];
  const tried = left.length;
  const through: string[] = [];
  try {
    while (left.length > 0) {
      const [{ how, socket } = { how: undefined, socket: "" }] = left.splice(below(left.length), 1);
      if (how && (await succeeds(how, openDoor(socket)))) through.push(how.name);
    }
    await stage.clear();
  } finally {
    await stop();
  }
  return { tried, through };
}
