import { dockerfile, testControl } from "../../../test/support/control-table.ts";
import { imageAccount } from "./image-account.ts";

const build = (...lines: readonly string[]) =>
  lines.map((line) => dockerfile(`FROM debian:12\nRUN ${line}\n`));

testControl(imageAccount, {
  fails: [
    ...[
      "echo 'app ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers",
      "echo '%w ALL=(ALL:ALL) NOPASSWD:ALL' > /etc/sudoers.d/w",
      "echo 'permit nopass :wheel' > /etc/doas.conf",
    ].map((line) => dockerfile(`FROM debian:12\nRUN ${line}\n`, { severity: "medium" })),
    dockerfile("FROM debian:12\nCOPY <<EOF /etc/sudoers.d/app\napp ALL=(ALL) NOPASSWD:ALL\nEOF\n", {
      severity: "medium",
    }),
    ...build(
      "echo root:hunter2 | chpasswd",
      "echo 'root:hunter2' | sudo /usr/sbin/chpasswd -e",
      "chpasswd <<< root:hunter2",
      "useradd -m app && (echo app:app | chpasswd)",
      "passwd -d root",
      "passwd --delete root",
      "echo hunter2 | passwd --stdin root",
      "echo -e 'hunter2\\nhunter2' | passwd root",
      "echo -e 'hunter2\\nhunter2' | adduser app",
      "sed -i 's|root:x:|root::|' /etc/passwd",
      "printf 'a\\na\\n' | sudo smbpasswd -a app",
      "useradd -p hunter2 app",
      "usermod --password=hunter2 app",
      "sed -i 's/#PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config",
      "<<EOF\necho root:a | chpasswd\nEOF",
    ),
  ],
  passes: build(
    "useradd --system --uid 1000 app",
    "passwd -l root",
    "cat /etc/passwd | grep app && passwd -l app",
    "adduser -D -H app",
    "usermod -p '!' root",
    "echo 'app ALL=(ALL) ALL' >> /etc/sudoers",
    "echo PermitRootLogin no >> /etc/ssh/sshd_config",
    "echo chpasswd",
    "useradd -d /p app",
  ),
});
