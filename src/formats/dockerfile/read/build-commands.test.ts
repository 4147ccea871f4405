import { describe, expect, test } from "vitest";
import { isFileOrigin } from "../../../model/origin.ts";
import { readDockerfile } from "../read.ts";
import { setsBit } from "./facts.ts";

function commands(text: string, key: "sudoCommands" | "setuidCommands"): readonly string[] {
  const subject = readDockerfile(text, "Dockerfile").subjects[0];
  const image = subject?.kind === "image" ? subject.views[0] : undefined;
  return (image?.[key] ?? []).map((item) => (item.state === "set" ? item.value : `? ${item.reason}`));
}

/** The text that the first such command is located at. */
function place(text: string, key: "sudoCommands" | "setuidCommands"): string | undefined {
  const subject = readDockerfile(text, "Dockerfile").subjects[0];
  const image = subject?.kind === "image" ? subject.views[0] : undefined;
  const origin = image?.[key][0]?.origins[0];
  if (!origin || !isFileOrigin(origin)) return undefined;
  return text.split("\n")[origin.startLine - 1]?.slice(origin.startColumn - 1, origin.endColumn - 1);
}

describe("sudo", () => {
  test.each([
    ["RUN sudo apt-get update", ["sudo apt-get"]],
    ["RUN sudo -u app -E VAR=secret /usr/bin/make install", ["sudo /usr/bin/make"]],
    ["RUN apt-get update && sudo apt-get install -y x; true | sudo tee /etc/x", ["sudo apt-get", "sudo tee"]],
    ["RUN if true; then /usr/bin/sudo x; fi", ["sudo x"]],
    ["RUN echo $(sudo cat /x)", ["sudo cat"]],
    ["RUN echo pw | sudo -S \\\n  # why\n  true", ["sudo true"]],
    ["RUN <<EOF\nset -e\nsudo true\nEOF", ["sudo true"]],
    ["RUN bash <<EOF\nsudo true\nEOF", ["sudo true"]],
    ["RUN <<EOF\n#!/usr/bin/env bash\nsudo true\nEOF", ["sudo true"]],
    ["RUN find / -name x -exec sudo rm {} +", ["sudo rm"]],
    ["RUN env A=b nice -n 5 xargs -n1 sudo rm", ["sudo rm"]],
    ["RUN bash -lc 'cd / && sudo true'", ["sudo true"]],
    ['RUN ["sudo", "true"]', ["sudo true"]],
    ['RUN ["/bin/sh", "-c", "sudo true"]', ["sudo true"]],
    ['CMD ["sudo", "-E", "run"]', ["sudo run"]],
    ["ENTRYPOINT exec sudo run", ["sudo run"]],
    ["ONBUILD RUN sudo true", ["sudo true"]],
    ["FROM a AS x\nONBUILD RUN sudo true\nFROM x", ["sudo true"]],
    ["HEALTHCHECK CMD sudo true", ["sudo true"]],
    ["RUN --mount=type=cache,target=/c sudo true", ["sudo true"]],
    ['SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN sudo true', ["sudo true"]],
    ["RUN sudo true && sudo true\nFROM b", ["sudo true", "sudo true"]],
    // Names of it that run nothing.
    ["RUN apt-get install -y sudo && echo sudo rm", []],
    ["RUN apt-get install -y \\\n  curl \\\n  sudo \\\n  git", []],
    ["RUN echo 'x ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers && chmod 440 /etc/sudoers.d/x", []],
    ["RUN command -v sudo || which sudo; test -x /usr/bin/sudo; usermod -aG sudo x", []],
    ["RUN x # sudo true", []],
    ["# RUN sudo true\nRUN true", []],
    ["RUN cat <<EOF > /x.sh\nsudo true\nEOF", []],
    ["COPY <<EOF /x.sh\nsudo true\nEOF", []],
    ["RUN <<EOF\n#!/usr/bin/env python3\nsudo = 1\nEOF", []],
    ['SHELL ["powershell", "-Command"]\nRUN sudo x', []],
    ['SHELL ["cmd", "/S", "/C"]\nFROM b\nRUN true', []],
    ['FROM a AS x\nSHELL ["cmd", "/S", "/C"]\nFROM x\nRUN sudo x', []],
    ["ENV A='sudo true'", []],
  ])("%j", (text, expected) => {
    expect(commands(`FROM a\n${text}`, "sudoCommands")).toEqual(expected);
  });

  test("is located at its word, in a script within quotes too", () => {
    expect(place("FROM a\nRUN true && \\\n  sudo true", "sudoCommands")).toBe("sudo");
    expect(place("FROM a\nRUN bash -c 'a; sudo true'", "sudoCommands")).toBe("sudo");
    expect(place("FROM a\nRUN <<EOF\n a; sudo true\nEOF", "sudoCommands")).toBe("sudo");
    expect(place('FROM a\nCMD ["sh", "-c", "sudo true"]', "sudoCommands")).toBe("sudo");
    // Escapes shift its characters: the whole script is named.
    expect(place('FROM a\nCMD ["sh", "-c", "echo \\"x\\"; sudo true"]', "sudoCommands")).toContain(
      "sudo true",
    );
  });

  test("is never told with its arguments, which may be secret", () => {
    expect(commands("FROM a\nRUN sudo sh -c 'echo hunter2'", "sudoCommands")).toEqual(["sudo sh"]);
    expect(commands("FROM a\nRUN sudo A=hunter2", "sudoCommands")).toEqual(["sudo"]);
  });
});

describe("setuid bits", () => {
  test.each([
    ["RUN chmod u+s /bin/x", ["chmod u+s /bin/x"]],
    ["RUN chmod 4755 /bin/x && chmod 02755 /bin/y", ["chmod 4755 /bin/x", "chmod 02755 /bin/y"]],
    ["RUN chmod -R --verbose g+s /srv", ["chmod g+s /srv"]],
    ["RUN sudo chmod 6755 $X", ["chmod 6755"]],
    ["RUN find / -exec chmod u+s {} \\;", ["chmod u+s"]],
    ["RUN install -m 4755 a /usr/bin/a", ["install -m 4755 /usr/bin/a"]],
    ["RUN install -o root -Dm4755 a b; install --mode=u+s c d", ["install -m 4755 b", "install -m u+s d"]],
    ["RUN dpkg-statoverride --update --add root root 4755 /bin/x", ["dpkg-statoverride 4755 /bin/x"]],
    ["COPY --chmod=4755 a /bin/a", ["COPY --chmod=4755"]],
    ["ARG M=4755\nADD --chmod=$M a /bin/a", ["ADD --chmod=4755"]],
    ["ARG M\nADD --chmod=$M a /bin/a", ["? the build argument M has no default"]],
    // Taking bits away, looking for them, other modes.
    ["RUN find / -perm /6000 -type f -exec chmod a-s {} \\;", []],
    ["RUN chmod u-s,g-s /bin/x; chmod 0755 /bin/x; chmod 1777 /tmp; chmod +x /s; chmod 755 4755", []],
    ["RUN echo chmod u+s /bin/x", []],
    ["COPY --chmod=0755 a /bin/a", []],
    ["ONBUILD RUN chmod u+s /bin/x", []],
    // In a stage that the image is not built on.
    ["RUN chmod u+s /bin/x\nFROM b", []],
  ])("%j", (text, expected) => {
    expect(commands(`FROM a\n${text}`, "setuidCommands")).toEqual(expected);
  });

  test("are inherited through stages", () => {
    expect(commands("FROM a AS x\nRUN chmod u+s /x\nFROM x\nRUN true", "setuidCommands")).toHaveLength(1);
    expect(
      commands("FROM a AS x\nONBUILD RUN chmod u+s /x\nFROM x\nRUN true", "setuidCommands"),
    ).toHaveLength(1);
  });

  test("are located at the mode", () => {
    expect(place("FROM a\nRUN true; \\\n chmod 4755 /x", "setuidCommands")).toBe("4755");
    expect(place("FROM a\nCOPY --chmod=4755 /x /y", "setuidCommands")).toBe("4755");
  });

  test.each([
    [
      "4755",
      "04755",
      "2755",
      "6755",
      "7777",
      "+4000",
      "u+s",
      "g+s",
      "ug+s",
      "a+s",
      "+s",
      "u=rwxs",
      "u-x,g+s",
      "u+xs",
      "=s",
    ],
  ])("modes that set one", (...modes) => {
    expect(modes.filter((mode) => !setsBit(mode))).toEqual([]);
  });

  test.each([
    [
      "755",
      "0755",
      "1777",
      "00755",
      "u-s",
      "a-s",
      "o+s",
      "u=rwx",
      "+x",
      "-s",
      "u-s,g-s",
      "s",
      "users",
      "u+t",
    ],
  ])("modes that set none", (...modes) => {
    expect(modes.filter(setsBit)).toEqual([]);
  });
});
