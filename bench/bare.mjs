// The yardstick for 100 containers: lists them, inspects each in parallel, and reads the same files of /proc and cgroupfs
// for every process, with Node alone and without judging anything. Usage: node bench/bare.mjs SOCKET
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
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
for (const container of inspected.filter((each) => each.State.Running)) {
  const folder = `/proc/${container.State.Pid}`;
  for (const file of ["status", "mountinfo", "cgroup", "uid_map", "attr/current", "stat"]) {
    if (attempt(() => readFileSync(`${folder}/${file}`)) !== undefined) read += 1;
  }
  for (const kind of ["net", "pid", "ipc", "uts", "cgroup", "user", "mnt"]) {
    attempt(() => readlinkSync(`${folder}/ns/${kind}`));
  }
  for (const line of attempt(() => readFileSync(`${folder}/cgroup`, "utf8").split("\n")) ?? []) {
    const [, controller, path] = line.split(":");
    const wanted = {
      memory: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"],
      "cpu,cpuacct": ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares"],
      cpuset: ["cpuset.cpus"],
      pids: ["pids.max"],
      blkio: ["blkio.weight", "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"],
      devices: ["devices.list"],
    }[controller];
    for (const file of wanted ?? []) {
      attempt(() => readFileSync(`/sys/fs/cgroup/${controller}${path}/${file}`));
    }
  }
}
for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
  attempt(() => readlinkSync(`/proc/${pid}/ns/pid`));
  attempt(() => readlinkSync(`/proc/${pid}/ns/mnt`));
}
process.stdout.write(`${inspected.length} containers, ${read} files\n`);
