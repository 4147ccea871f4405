import { expect, test } from "vitest";
import { judge } from "../../../test/support/control-table.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { appliesAt } from "../../audit/views.ts";
import { privilegedExec } from "../../controls/capabilities/privileged-exec.ts";
import { bareContext } from "../../controls/control.ts";
import { engineNetworkSocket } from "../../controls/engine/engine-network-socket.ts";
import { engineSocketPermissions } from "../../controls/engine/engine-socket-permissions.ts";
import type { ScriptHost } from "./script-host.ts";
import { readScript } from "./scripts.ts";

/** The controls that fail on what a script does. */
function failing(text: string, host: ScriptHost = "shell"): readonly string[] {
  return readScript(text, "run.sh", host, memoryFiles()).subjects.flatMap((subject) =>
    [privilegedExec, engineNetworkSocket, engineSocketPermissions].flatMap((control) => {
      const [view] = subject.views;
      if (!view || !appliesAt(control, subject.kind, view.level)) return [];
      return judge(control, view, bareContext("run-command")).verdict === "fail" ? [control.id] : [];
    }),
  );
}

test.each([
  ["docker exec --privileged web sh", "privileged-exec"],
  ["sudo docker exec -it --privileged -u root web sh -c 'id'", "privileged-exec"],
  ["docker container exec -u 0 --privileged=true web id", "privileged-exec"],
  ["docker compose exec --privileged web sh", "privileged-exec"],
  ["for c in a b; do docker exec --privileged $c id; done", "privileged-exec"],
  ["chmod 666 /var/run/docker.sock", "engine-socket-permissions"],
  ["sudo chmod 777 /run/docker.sock", "engine-socket-permissions"],
  ["sudo chmod -R a+rw /var/run/docker.sock", "engine-socket-permissions"],
  ["chmod o+w /var/run/docker.sock", "engine-socket-permissions"],
  ["if true; then bash -c 'chmod 0666 /var/run/docker.sock'; fi", "engine-socket-permissions"],
  ["dockerd -H tcp://0.0.0.0:2375 &", "engine-network-socket"],
  ["nohup dockerd --host=tcp://0.0.0.0:2375 --host=unix:///var/run/docker.sock", "engine-network-socket"],
  ["sudo dockerd -Htcp://:2375 --tls", "engine-network-socket"],
  ["socat TCP-LISTEN:2375,reuseaddr,fork UNIX-CONNECT:/var/run/docker.sock &", "engine-network-socket"],
  ["sudo socat -d tcp4-l:2375,bind=127.0.0.1 unix:/run/docker.sock", "engine-network-socket"],
])("%s", (line, control) => {
  expect(failing(`#!/bin/sh\nset -e\n${line}\n`)).toEqual([control]);
  expect(failing(`a:\n\t${line.replaceAll("$", "$$$$")}\n`, "makefile")).toEqual([control]);
});

test.each([
  "docker exec web sh",
  "docker exec web cmd --privileged",
  "chmod 660 /var/run/docker.sock",
  "chmod g+rw /var/run/docker.sock",
  "chmod 666 /tmp/x",
  "ls -l /var/run/docker.sock",
  "dockerd -H unix:///var/run/docker.sock",
  "dockerd",
  "socat UNIX-LISTEN:/tmp/docker.sock,fork TCP:host:2375",
  "socat UNIX-LISTEN:/tmp/x.sock,fork UNIX-CONNECT:/var/run/docker.sock",
  "echo 'chmod 666 /var/run/docker.sock'",
  "# chmod 666 /var/run/docker.sock",
])("%s is fine", (line) => {
  expect(failing(`#!/bin/sh\n${line}\n`)).toEqual([]);
});

test("in a text for people it is not judged", () => {
  expect(failing("# Never\n\n```sh\nchmod 666 /var/run/docker.sock\n```\n", "markdown")).toEqual([]);
});
