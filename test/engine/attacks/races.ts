import type { Attack } from "./attack.ts";
import type { Door } from "./door.ts";
import { create, harmless, type Json, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

/** As often as a race is run. One that is lost once is enough. */
const rounds = 30;

const dangerous: Json = { ...harmless, Privileged: true };
const isRunning = (stage: Stage) =>
  someContainer(stage, { HostConfig: { Privileged: true }, State: { Running: true } });

async function both(stage: Stage): Promise<void> {
  const body = { Cmd: ["sleep", "1000"] };
  const id = await stage.make("dangerous", { ...body, HostConfig: dangerous });
  stage.kept.set("prefix", id.slice(0, 10));
}

/** Asks many times at once, while the harmless container has the name and gives it back. */
async function swapping(door: Door, name: string, ask: () => Promise<unknown>): Promise<void> {
  await create(door, { Cmd: ["true"] }, name);
  for (let round = 0; round < rounds; round += 1) {
    const swap = door.call("POST", `/containers/${name}/rename?name=away`);
    await Promise.allSettled([swap, ...Array.from({ length: 6 }, ask)]);
    await door.call("POST", `/containers/away/rename?name=${name}`).catch(() => undefined);
  }
}

export const raceAttacks: readonly Attack[] = [
  {
    name: "a harmless container whose name is the beginning of another's id, renamed while that one is started",
    prepare: both,
    attempt: (door, { kept }) => {
      const name = kept.get("prefix") ?? "";
      return swapping(door, name, () => door.call("POST", `/containers/${name}/start`));
    },
    seen: isRunning,
  },
];
