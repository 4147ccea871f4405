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
  ["docker exec -it \\\n  --privileged web sh", "privileged-exec"],
  ["setfacl -m u:bob:rw /var/run/docker.sock", "engine-socket-permissions"],
  ["sudo setfacl --modify group:dev:7 /run/docker.sock", "engine-socket-permissions"],
  ["setfacl -m o::rw /run/docker.sock", "engine-socket-permissions"],
  ["chown $USER:docker /var/run/docker.sock", "engine-socket-permissions"],
  ["chgrp dev /var/run/docker.sock", "engine-socket-permissions"],
  ["sudo usermod -aG docker $USER", "engine-socket-permissions"],
  ["usermod --append --groups=sudo,docker bob", "engine-socket-permissions"],
  ["useradd -m -G docker bob", "engine-socket-permissions"],
  ["gpasswd -a bob docker", "engine-socket-permissions"],
  ["adduser bob docker", "engine-socket-permissions"],
  ["groupmems -g docker -a bob", "engine-socket-permissions"],
  ['echo \'{"hosts": ["tcp://0.0.0.0:2375"]}\' | sudo tee /etc/docker/daemon.json', "engine-network-socket"],
  ['echo \'{"hosts": ["tcp://0.0.0.0:2375"]}\' > /etc/docker/daemon.json', "engine-network-socket"],
  ['printf \'{\\n"hosts": ["tcp://:2375"]}\\n\' >/etc/docker/daemon.json', "engine-network-socket"],
  ['tee /etc/docker/daemon.json <<< \'{"hosts": ["tcp://:2375"]}\'', "engine-network-socket"],
  [
    "sed -i 's|fd://|fd:// -H tcp://0.0.0.0:2375|' /lib/systemd/system/docker.service",
    "engine-network-socket",
  ],
  [
    "sed -i 's/fd:\\/\\//fd:\\/\\/ -H tcp:\\/\\/:2375/' /lib/systemd/system/docker.service",
    "engine-network-socket",
  ],
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
  "setfacl -m u:bob:r /var/run/docker.sock",
  "setfacl -x u:bob /var/run/docker.sock",
  "chown root:docker /var/run/docker.sock",
  "chgrp docker /var/run/docker.sock",
  "usermod -aG sudo bob",
  "groupadd docker",
  "gpasswd -d bob docker",
  "adduser --system docker",
  "echo '{\"icc\": false}' > /etc/docker/daemon.json",
  "cat /etc/docker/daemon.json",
  "sed -i 's|-H tcp://0.0.0.0:2375||' /lib/systemd/system/docker.service",
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

test("daemon.json in a here-document is judged line by line, in all that it says and does not say", () => {
  const script = `cat > /etc/docker/daemon.json <<EOF
{
  "hosts": ["tcp://0.0.0.0:2375"],
  "userns-remap": "$REMAP",
  "insecure-registries": ["$(hostname):5000"]
}
EOF
`;
  const { subjects, gaps } = readScript(script, "run.sh", "shell", memoryFiles());
  const [view] = subjects[0]?.views ?? [];
  if (view?.kind !== "engine") throw new Error("no engine");
  expect([subjects[0]?.id, gaps]).toEqual(["run.sh#daemon.json@1", []]);
  expect(view.listenAddresses).toMatchObject([
    { state: "set", origins: [{ startLine: 3, startColumn: 13 }] },
  ]);
  expect([view.usernsRemap.state, view.insecureRegistries[0]?.state]).toEqual(["unresolved", "unresolved"]);
  expect(view.liveRestore.state).toBe("unset");
});

test("a drop-in that a script writes is dockerd's command", () => {
  const script = `sudo tee /etc/systemd/system/docker.service.d/o.conf <<'EOF'
[Service]
ExecStart=
ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375
EOF
`;
  expect(failing(script)).toEqual(["engine-network-socket"]);
});

const written = (unit: string, path: string) => {
  const script = `#!/bin/sh\ncat > ${path} <<EOF\n${unit}\nEOF\n`;
  return readScript(script, "run.sh", "shell", memoryFiles());
};
const dropIn = "/etc/systemd/system/docker.service.d/o.conf";

test.each([
  ["$LINES", dropIn],
  ["[Service]\n${LINE}", dropIn],
  ["[Service]\nExecStart=\nExecStart=$DOCKERD -H tcp://0.0.0.0:2375", dropIn],
  ["[Service]\nExecStart=/opt/run-docker.sh", "/lib/systemd/system/docker.service"],
])("a unit that says %j may run a dockerd that was not read: a gap", (unit, path) => {
  const { subjects, gaps } = written(unit, path);
  expect(subjects).toEqual([]);
  expect(gaps).toMatchObject([{ location: { startLine: 2 } }]);
  expect(gaps[0]?.reason).toContain(`cat writes ${path} here: it is not known whether it runs dockerd`);
});

test.each([
  "[Service]\nLimitNOFILE=$LIMIT",
  "[Service]\nEnvironment=HTTP_PROXY=$PROXY\n",
  "[Service]\nExecStart=",
])("a drop-in that says %j starts nothing", (unit) => {
  expect(written(unit, dropIn)).toMatchObject({ subjects: [], gaps: [] });
});

test.each([
  ["-H $HOSTS", "listenAddresses"],
  ["-H tcp://$IP:2375", "listenAddresses"],
  ["-H=$HOSTS", "listenAddresses"],
  ["$OPTIONS", "liveRestore"],
  ["-$OPTIONS", "liveRestore"],
  ["--$FLAG=x", "liveRestore"],
  ["--${FLAG} x", "liveRestore"],
  ["--live-restore=$YES", "liveRestore"],
] as const)("dockerd %s of a unit that a script writes is not known", (options, fact) => {
  const { subjects, gaps } = written(`[Service]\nExecStart=/usr/bin/dockerd ${options}`, dropIn);
  const [view] = subjects[0]?.views ?? [];
  if (view?.kind !== "engine") throw new Error("no engine");
  const found = view[fact];
  expect([gaps, "state" in found ? found.state : found[0]?.state]).toEqual([[], "unresolved"]);
});

test.each([
  "sed -i '/live/d' /etc/docker/daemon.json",
  "jq .x a | sudo tee /etc/docker/daemon.json",
  "jq .x a > /etc/docker/daemon.json",
  "cat > /etc/docker/daemon.json <<EOF\n{ $MORE }\nEOF",
])("%s is a gap: what daemon.json then says was not read", (line) => {
  const { gaps } = readScript(`#!/bin/sh\n${line}\n`, "run.sh", "shell", memoryFiles());
  expect(gaps.map(({ location }) => location?.startLine)).toEqual([2]);
});

test("whom a script lets at the socket is one subject, with each line's place", () => {
  const text =
    "usermod -aG docker ada\necho\nchmod 666 /var/run/docker.sock\nsetfacl -m u:ci:rw /var/run/docker.sock\n";
  const [subject, ...others] = readScript(text, "run.sh", "shell", memoryFiles()).subjects;
  expect(others).toEqual([]);
  const [view] = subject?.views ?? [];
  const verdict = view && judge(engineSocketPermissions, view, bareContext("run-command"));
  const origins = verdict?.verdict === "fail" ? verdict.problems.flatMap((problem) => problem.origins) : [];
  const lines = origins.map((origin) => ("startLine" in origin ? origin.startLine : undefined));
  expect(lines).toEqual([1, 3, 4]);
});
