// npx tsx scripts/learn-servers.ts [WORKLOAD…]: what `fix --apply` makes of each real server of the tests, what `fix --verify`
// keeps and what `learn` finds, as a table. It ends with status 1 where a hardened server does not serve, keeps a capability that it does not need, has a
// finding that is not documented, or is not proven. The tests try one of the fourteen the same way: all take half an hour.
import { documentedFindings, documentedProofs } from "../test/engine/servers/documented.ts";
import { importServers, type ServerName } from "../test/engine/servers/images.ts";
import {
  type Bench,
  capabilitiesIn,
  findingsOf,
  fixServer,
  learnServer,
  notHeld,
  verifyServer,
  whyNotWithout,
} from "../test/engine/servers/learnt.ts";
import { chosenFrom, withBench } from "../test/engine/servers/with-bench.ts";
import { type Workload, workloads } from "../test/engine/servers/workloads.ts";

const chosen = chosenFrom(workloads, process.argv.slice(2));
await withBench("servers", async (bench) => {
  const images = chosen.flatMap((workload): readonly ServerName[] => workload.images);
  await importServers(bench.engine, [...new Set(images)]);
  for (const workload of chosen) {
    const faults = await tryOne(bench, workload);
    for (const fault of faults) console.log(`    FAULT ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
});

async function tryOne(bench: Bench, workload: Workload): Promise<readonly string[]> {
  console.log(`\n${workload.name}`);
  const faults: string[] = [];
  const whyNotFixed = await fixServer(bench, workload);
  if (whyNotFixed !== undefined) faults.push(`fix --apply: ${whyNotFixed}`);
  else console.log("    fix --apply: it serves, and keeps what it stores");
  for (const { subject, steps, reason, steady } of await verifyServer(bench, workload)) {
    const named = (outcome: string) =>
      steps.filter((step) => step.outcome === outcome).map(({ controls }) => controls[0]);
    console.log(`    ${subject.split("#")[1]}: verify keeps ${named("holds").join(", ") || "nothing"}`);
    if (named("breaks").length > 0) console.log(`        what breaks it: ${named("breaks").join(", ")}`);
    if (!steady) faults.push(`verify: ${reason}`);
  }
  const { project, learnt } = await learnServer(bench, workload);
  try {
    for (const { subject, verified, reason, capabilities, user, steps, starts, seconds } of learnt) {
      const needed = capabilities?.needed.map(({ name }) => name) ?? [];
      const whom = user?.canStartAsIt === true ? "as the user that it ends as" : "as the same user";
      console.log(`    ${subject.split("#")[1]}: learn, ${starts} runs in ${seconds} s, starts it ${whom}`);
      console.log(`        capabilities ${needed.join(", ") || "none"}`);
      const broken = steps.filter(({ outcome }) => outcome === "breaks");
      for (const step of broken) console.log(`        without ${step.controls[0]}: ${step.reason}`);
      if (verified !== true) faults.push(`learn: ${reason}`);
    }
    if (faults.length > 0) return faults;
    await project.keepsServing();
    console.log("    learnt: it serves, and keeps what it stores");
    const open = await notHeld(bench, project);
    faults.push(...undocumented("prove", open, documentedProofs));
    const found = await findingsOf(bench, project);
    faults.push(...undocumented("audit", found, documentedFindings));
  } finally {
    await project.remove();
  }
  for (const each of capabilitiesIn(project)) {
    const why = await whyNotWithout(bench, workload, project, each);
    if (why === undefined) faults.push(`it works without ${each.join(" ")}`);
    else console.log(`    without ${each.join(" ")}: it fails`);
  }
  return faults;
}

/** Prints what is open, as `service control`. Gives those that no list explains. */
function undocumented(
  command: string,
  open: readonly string[],
  documented: ReadonlyMap<string, string>,
): readonly string[] {
  const names = open.map((line) => line.split(" ").slice(0, 2).join(" "));
  console.log(`    ${command} leaves open: ${names.join(", ") || "nothing"}`);
  return open
    .filter((line) => !documented.has(line.split(" ")[1] ?? ""))
    .map((line) => `${command}: ${line}`);
}
