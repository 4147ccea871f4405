import type { Attack } from "./attack.ts";
import { create, harmless, type Json, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

/** As often as the race is run, unless it is won before. */
const rounds = 6;

const dangerous: Json = { ...harmless, Privileged: true };

const isRunning = (stage: Stage) =>
  someContainer(stage, { HostConfig: { Privileged: true }, State: { Running: true } });

export const raceAttacks: readonly Attack[] = [
  {
    name: "a container whose name is the beginning of a dangerous one's id, renamed while it is started",
    prepare: async (stage) => {
      const id = await stage.make("dangerous", { Cmd: ["sleep", "1000"], HostConfig: dangerous });
      stage.kept.set("beginning", id.slice(0, 10));
    },
    attempt: async (door, stage) => {
      const name = stage.kept.get("beginning") ?? "";
      const start = () => door.call("POST", `/containers/${name}/start`);
      await create(door, { Cmd: ["true"] }, name);
      for (let round = 0; round < rounds && !(await isRunning(stage)); round += 1) {
        const away = door.call("POST", `/containers/${name}/rename?name=away`);
        await Promise.allSettled([...Array.from({ length: 6 }, start), away]);
        await start().catch(() => undefined);
        await door.call("POST", `/containers/away/rename?name=${name}`).catch(() => undefined);
      }
    },
    seen: isRunning,
  },
];
