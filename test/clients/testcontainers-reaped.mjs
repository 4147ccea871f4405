import { GenericContainer, Network } from "testcontainers";

const network = await new Network().start();
await new GenericContainer(process.env.IMAGE).withCommand(["sleep", "1000"]).withNetwork(network).start();
console.log("started");
// Ends without a word to Ryuk, as a test run does that is cut short.
process.stdin.once("data", () => process.exit(0));
