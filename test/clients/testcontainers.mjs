import { GenericContainer, Network, Wait } from "testcontainers";

const network = await new Network().start();
const server = await new GenericContainer(process.env.IMAGE)
  // Said again and again: the library looks only at lines from after the start that it noticed.
  .withCommand([
    "sh",
    "-c",
    "cat /etc/greeting; (while true; do echo ready; sleep 1; done) & exec httpd -f -p 8080 -h /etc",
  ])
  .withNetwork(network)
  .withNetworkAliases("server")
  .withEnvironment({ A: "b" })
  .withLabels({ c: "d" })
  .withCopyContentToContainer([{ content: "hello\n", target: "/etc/greeting" }])
  .withResourcesQuota({ memory: 0.0625 })
  .withTmpFs({ "/scratch": "rw" })
  // Its log says ready before the server listens.
  .withHealthCheck({
    test: ["CMD-SHELL", "wget -qO /dev/null http://127.0.0.1:8080/greeting"],
    interval: 1000,
    retries: 60,
  })
  .withWaitStrategy(Wait.forAll([Wait.forLogMessage("ready"), Wait.forHealthCheck()]))
  .start();
const client = await new GenericContainer(process.env.IMAGE)
  .withCommand(["sleep", "1000"])
  .withNetwork(network)
  .withWaitStrategy(Wait.forSuccessfulCommand("true"))
  .start();
const page = await client.exec(["wget", "-qO-", "http://server:8080/greeting"]);
const env = await server.exec("echo $A", {}).catch(() => server.exec(["sh", "-c", "echo $A"]));
await server.copyContentToContainer([{ content: "more", target: "/scratch-more" }]);
const more = await server.exec(["cat", "/scratch-more"]);
await server.restart({ timeout: 0 });
const built = await GenericContainer.fromDockerfile(process.env.CONTEXT)
  .withBuildArgs({ A: "b" })
  .build("tc-built:1", { deleteOnExit: false });
const run = await built.withWaitStrategy(Wait.forLogMessage("built with b")).start();
await run.stop();
await client.stop();
await server.stop({ timeout: 0 });
await network.stop();
console.log(JSON.stringify({ page: page.output, code: page.exitCode, env: env.exitCode, more: more.output }));
