import type { Container } from "../../model/container.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { asksPrivileged } from "../capabilities/privilege.ts";
import { type Control, manual } from "../control.ts";
import { judgeFact } from "../facts.ts";

export const customProfile: Control = {
  id: "custom-profile",
  title: "A custom security profile replaces Docker's",
  why: "A profile made for one program can be much stricter than Docker's default, which is ideal. It can also be looser. Kernels and images change, and only the author of the profile keeps it up to date. A seccomp profile passes if it allows nothing that Docker's own of today stops (AF_ALG sockets, for example); else the message names what it allows. AppArmor profiles and SELinux types are loaded on the host: what they allow cannot be seen here.",
  row: "2.7",
  severity: "info",
  guard: "deny",
  cis: [],
  attack: ["T1562.001"],
  cwe: [693],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/security/seccomp/",
    "https://docs.docker.com/engine/security/apparmor/",
    "https://man7.org/linux/man-pages/man8/selinux.8.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt apparmor=my-nginx nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt:\n      - label=type:svirt_apache_t\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --security-opt apparmor=docker-default nginx" },
      { syntax: "run", text: "docker run --security-opt label=level:s0:c100,c200 nginx" },
    ],
  },
  check: {
    container: (container) => {
      if (asksPrivileged(container)) return notApplicable("--privileged turns the profiles off");
      return combine([judgeSeccomp(container), judgeAppArmor(container), judgeSelinux(container)]);
    },
  },
  remedy: {
    container: () =>
      manual(
        "Compare the profile with Docker's default; keep it where it is stricter, and ignore this with a reason.",
      ),
  },
};

function judgeSeccomp({ seccomp }: Container): Verdict {
  return judgeFact(seccomp, (profile, origins) => {
    if (profile?.profile !== "custom" || profile.allowsAll) return pass();
    const name = profile.path ?? "given inline";
    if (profile.allowsAll === undefined)
      return unknown(`the seccomp profile ${name} could not be read`, origins);
    const { beyond = [] } = profile;
    const [some, more] = [beyond.slice(0, 6).join(", "), beyond.length - 6];
    const calls = more > 0 ? `${some} and ${more} more` : some;
    if (beyond.length === 0)
      return pass(`the seccomp profile ${name} allows nothing that Docker's own stops`);
    return fail(`uses a seccomp profile (${name}) that allows ${calls}, which Docker's own stops`, {
      origins,
      severity: "low",
      evidence: "seccomp",
      observed: `allows ${calls}`,
    });
  });
}

/** What inspect shows where nobody chose a profile is the engine's own name for its default. */
function judgeAppArmor({ apparmor }: Container): Verdict {
  return judgeFact(apparmor, (name = "", origins) =>
    ["", "docker-default", "unconfined"].includes(name)
      ? pass()
      : fail(`uses the AppArmor profile ${name}, loaded on the host: it may allow more than docker-default`, {
          origins,
          evidence: "apparmor",
          observed: name,
        }),
  );
}

/** A level alone sets the container apart from others, under the same rules. */
function judgeSelinux({ selinux }: Container): Verdict {
  return judgeFact(selinux, (label, origins) => {
    const chosen = [label?.user, label?.role, label?.type].filter((part) => part !== undefined);
    if (!label || label.disable || chosen.length === 0) return pass();
    return fail(`uses the SELinux label ${chosen.join(":")}: it may allow more than Docker's container_t`, {
      origins,
      evidence: "selinux",
      observed: chosen.join(":"),
    });
  });
}
