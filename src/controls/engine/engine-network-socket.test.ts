import { expect, test } from "vitest";
import {
  daemonJson,
  dockerd,
  dockerfile,
  run,
  testControl,
  view,
} from "../../../test/support/control-table.ts";
import { engineFromDaemonJson, engineFromDockerd } from "../../../test/support/subjects.ts";
import { type Engine, engine } from "../../model/engine.ts";
import { set, setItems } from "../../model/fact.ts";
import { applyPatches } from "../../model/patch.ts";
import { bareContext } from "../control.ts";
import { engineNetworkSocket } from "./engine-network-socket.ts";

testControl(engineNetworkSocket, {
  fails: [
    dockerd("dockerd -H tcp://0.0.0.0:2375", { message: /tcp:\/\/0\.0\.0\.0:2375 without TLS/ }),
    dockerd("dockerd -H tcp://127.0.0.1:2375"),
    dockerd("dockerd -H :2375 -H unix:///var/run/docker.sock"),
    dockerd("dockerd --host=tcp://[::1]:2375"),
    dockerd("dockerd --tls -H tcp://0.0.0.0:2376", { message: /without client certificates/ }),
    dockerd("dockerd --tlsverify --tlscacert ca.pem --tlscert c.pem --tlskey k.pem -H tcp://0.0.0.0:2376", {
      severity: "low",
      message: /client certificates/,
    }),
    daemonJson('{ "hosts": ["fd://", "tcp://10.0.0.1:2375"] }'),
    daemonJson('{ "tlsverify": true, "hosts": ["tcp://0.0.0.0:2376"] }', { severity: "low" }),
    run("docker run alpine/socat tcp-listen:2375,fork,reuseaddr unix-connect:/var/run/docker.sock", {
      message: /hands the Engine's socket on at tcp:\/\/0\.0\.0\.0:2375/,
    }),
    run("docker run docker:28-dind --host tcp://0.0.0.0:4000"),
    run("docker run registry.example/docker:dind -H=tcp://:2375"),
    dockerfile("FROM alpine\nCMD socat TCP-LISTEN:1234,bind=127.0.0.1 UNIX-CONNECT:/run/docker.sock"),
    view(
      "a listening socket found on the host",
      engine("configured", { listenAddresses: [set({ address: "tcp://[::]:2375", tls: "none" })] }),
    ),
  ],
  passes: [
    daemonJson("{}"),
    daemonJson('{ "hosts": ["unix:///var/run/docker.sock"] }'),
    dockerd("dockerd -H fd:// --containerd=/run/containerd/containerd.sock"),
    dockerd("dockerd --tlsverify -H unix:///var/run/docker.sock"),
  ],
  unknown: [dockerd("dockerd -H $DOCKER_LISTEN")],
});

test.each<[string, Engine, readonly string[]]>([
  [
    "all on the network",
    engineFromDaemonJson('{ "hosts": ["tcp://0.0.0.0:2375", "tcp://[::]:2375"] }'),
    ["unix:///var/run/docker.sock"],
  ],
  [
    "TLS without an address",
    engineFromDockerd("dockerd --tlsverify --tlscacert ca.pem"),
    ["unix:///var/run/docker.sock"],
  ],
  ["one of two", engineFromDaemonJson('{ "hosts": ["fd://", "tcp://0.0.0.0:2375"] }'), ["fd://"]],
])("a socket is left to listen on: %s", (_, view, left) => {
  const remedy = engineNetworkSocket.remedy.engine?.(view, bareContext("daemon-json"));
  const after = applyPatches(view, remedy?.patches ?? []);
  expect(setItems(after.listenAddresses).map(({ value }) => value.address)).toEqual(left);
});
