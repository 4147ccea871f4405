import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { diskFiles } from "./disk-files.ts";
import { inputsAt, readInput } from "./inputs.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function readings(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const io = diskFiles({});
  const { inputs } = inputsAt(folder, { exclude: [] }, io);
  return await Promise.all(inputs.map((input) => readInput(input, { profiles: [], envFiles: [] }, io)));
}

const service = "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n";
const dropIn = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// -H tcp://0.0.0.0:2375\n";

function engines(read: Awaited<ReturnType<typeof readings>>) {
  return read
    .flatMap(({ subjects }) => subjects)
    .map(({ id, views }) => {
      const [view] = views;
      return {
        id: id.slice(folder.length + 1),
        addresses:
          view?.kind === "engine"
            ? view.listenAddresses.flatMap((item) => (item.state === "set" ? [item.value.address] : []))
            : [],
        icc: view?.kind === "engine" && view.icc.state === "set" ? view.icc.value : undefined,
      };
    });
}

test("dockerd's unit is read with its drop-ins, its socket and the daemon.json beside it", async () => {
  const read = await readings({
    "docker.service": service,
    "docker.service.d/10-tcp.conf": dropIn,
    "docker.socket": "[Socket]\nListenStream=/run/docker.sock\n",
    "daemon.json": '{ "icc": false }\n',
  });
  expect(engines(read)).toEqual([
    {
      id: "docker.service#engine",
      addresses: ["tcp://0.0.0.0:2375", "unix:///run/docker.sock"],
      icc: false,
    },
  ]);
});

test("a drop-in alone is read by itself", async () => {
  expect(engines(await readings({ "docker.service.d/override.conf": dropIn }))).toMatchObject([
    { id: "docker.service.d/override.conf#engine", addresses: ["fd://", "tcp://0.0.0.0:2375"] },
  ]);
});

test("the environment files of another machine's unit are not looked for on this one", async () => {
  const given = `[Service]\nEnvironmentFile=-${folder}/nowhere\nExecStart=/usr/bin/dockerd $OPTS\n`;
  const [reading] = await readings({ "docker.service": given });
  expect(reading?.subjects[0]?.views[0]).toMatchObject({ icc: { state: "unresolved" } });
});

test("a socket unit alone tells its addresses, and of dockerd nothing", async () => {
  const [reading] = await readings({ "docker.socket": "[Socket]\nListenStream=2375\n" });
  expect(reading?.subjects[0]?.views[0]).toMatchObject({
    listenAddresses: [{ value: { address: "tcp://[::]:2375" } }],
    usernsRemap: { state: "unresolved" },
    defaultUlimits: [{ state: "unresolved" }],
  });
});
