// The yardstick for 100 containers: lists them, inspects each in parallel, and reads the same files of /proc and cgroupfs
// for every process, with Node alone and without judging anything. Usage: node bench/bare.mjs SOCKET
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { Agent, get } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 12 });

function ask(path) {
  return new Promise((resolve, reject) => {
    get({ socketPath: process.argv[2], path, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      response.on("error", reject);
    }).on("error", reject);
  });
}

function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

await Promise.all(["/info", "/version", "/volumes", "/networks"].map(ask));
const listed = await ask("/containers/json?all=1");
const images = [...new Set(listed.map((each) => each.ImageID))];
const [inspected] = await Promise.all([
  Promise.all(listed.map((each) => ask(`/containers/${each.Id}/json`))),
  Promise.all(images.map((id) => ask(`/images/${id}/json`))),
]);
agent.destroy();

let read = 0;
const limits = {
  memory: [
    "cgroup.procs",
    "memory.limit_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.soft_limit_in_bytes",
    "memory.oom_control",
  ],
  cpu: ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares"],
  cpuset: ["cpuset.effective_cpus"],
  pids: ["pids.max"],
  blkio: [
    ...["blkio.bfq.weight", "blkio.bfq.weight_device"],
    ...["read", "write"].flatMap((way) => [
      `blkio.throttle.${way}_bps_device`,
      `blkio.throttle.${way}_iops_device`,
    ]),
  ],
  devices: ["devices.list"],
};

for (const { State } of inspected.filter((each) => each.State.Running)) {
  const folder = `/proc/${State.Pid}`;
  for (const file of ["status", "mountinfo", "cgroup", "stat", "attr/current"]) {
    if (attempt(() => readFileSync(`${folder}/${file}`)) !== undefined) read += 1;
  }
  for (const kind of ["net", "ipc", "uts", "cgroup", "user"])
    attempt(() => readlinkSync(`${folder}/ns/${kind}`));
  const lines = attempt(() => readFileSync(`${folder}/cgroup`, "utf8").split("\n")) ?? [];
  for (const line of lines) {
    const [, controllers = "", path = ""] = line.split(":");
    for (const controller of controllers.split(",")) {
      for (const file of limits[controller] ?? []) {
        attempt(() => readFileSync(`/sys/fs/cgroup/${controller}${path}/${file}`));
      }
    }
  }
  for (const name of attempt(() => readdirSync(`${folder}/root/dev`)) ?? []) {
    attempt(() => lstatSync(`${folder}/root/dev/${name}`));
  }
}
for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
  attempt(() => readFileSync(`/proc/${pid}/comm`));
  attempt(() => readlinkSync(`/proc/${pid}/ns/pid`));
  attempt(() => readlinkSync(`/proc/${pid}/ns/mnt`));
}
process.stdout.write(`${inspected.length} containers, ${read} files\n`);
