import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Attack } from "./attack.ts";
import type { Door } from "./door.ts";
import { create, type Json } from "./make.ts";
import type { Stage } from "./stage.ts";

/** A file of the host that no policy opens. */
const treasury = "/tmp/bulkhead-treasury";

const policy = "{ allow: { mounts: ['/tmp/bulkhead-attacked-*/**'] }}";

/** What the container `evil` has said. */
async function said(stage: Stage): Promise<string> {
  return (await stage.door.call("GET", "/containers/evil/logs?stdout=1")).text;
}

/** Mounts the folder `sub`, and says what is in its file `secret`. */
const reads = (stage: Stage, more: Json): Json => ({
  Cmd: ["sh", "-c", "cat /x/secret; sleep 0.2"],
  HostConfig: { Binds: [`${stage.folder}/sub:/x`], ...more },
});

/** Starts a neighbour that may write to the folder above. */
async function neighbour(door: Door, { folder }: Stage, script: string): Promise<void> {
  const body = { Cmd: ["sh", "-c", script], HostConfig: { Binds: [`${folder}:/d`] } };
  await create(door, body, "neighbour");
  await door.call("POST", "/containers/neighbour/start");
}

const swap: Pick<Attack, "policy" | "prepare" | "clean"> = {
  policy,
  prepare: async ({ folder }) => {
    mkdirSync(treasury, { recursive: true });
    writeFileSync(`${treasury}/secret`, "treasure\n");
    mkdirSync(`${folder}/sub`);
  },
  clean: async () => rmSync(treasury, { recursive: true, force: true }),
};

export const swapAttacks: readonly Attack[] = [
  {
    name: "a folder that a neighbour swaps for a link, mounted again by a restart policy",
    ...swap,
    async attempt(door, stage) {
      await create(door, reads(stage, { RestartPolicy: { Name: "always" } }));
      await door.call("POST", "/containers/evil/start");
      await neighbour(door, stage, `rm -r /d/sub; ln -s ${treasury} /d/sub; sleep 1000`);
      // Where nothing was made, there is nothing to wait for.
      if ((await stage.containers()).length === 2)
        await stage.comes(async () => (await said(stage)).includes("treasure"));
    },
    seen: async (stage) => (await said(stage)).includes("treasure"),
  },
  {
    name: "a folder that a neighbour swaps for a link between the judgement and the start",
    ...swap,
    async attempt(door, stage) {
      await neighbour(
        door,
        stage,
        `while :; do rm -rf /d/sub; ln -s ${treasury} /d/sub; sleep 0.05; rm -rf /d/sub; mkdir /d/sub; sleep 0.05; done`,
      );
      for (let round = 0; round < 40 && !(await said(stage)).includes("treasure"); round += 1) {
        await create(door, reads(stage, {}));
        const started = await door.call("POST", "/containers/evil/start");
        await door.call("POST", "/containers/evil/wait");
        if ((await said(stage)).includes("treasure") || started.status === 404) return;
      }
    },
    seen: async (stage) => (await said(stage)).includes("treasure"),
  },
];
