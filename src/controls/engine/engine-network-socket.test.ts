import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
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
