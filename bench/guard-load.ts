// Asks the same over and over, on its own connections: `tsx bench/guard-load.ts SOCKET PATH CONNECTIONS MILLISECONDS`
// prints how many answers came. A process of its own, so that its work is not the measurer's.
import { connect } from "node:net";
import { readUntilAnswered } from "./guard-client.ts";

const [socketPath = "", path = "", connections = "1", time = "1000"] = process.argv.slice(2);
const request = `GET ${path} HTTP/1.1\r\nHost: docker\r\n\r\n`;
const until = Date.now() + Number(time);
let answered = 0;

await Promise.all(
  Array.from(
    { length: Number(connections) },
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(socketPath);
        const done = readUntilAnswered(() => {
          answered += 1;
          if (Date.now() < until) {
            socket.write(request);
            return;
          }
          socket.destroy();
          resolve();
        });
        socket.on("data", done);
        socket.on("error", reject);
        socket.on("end", () => reject(new Error("the connection was closed")));
        socket.write(request);
      }),
  ),
);
console.log(answered);
