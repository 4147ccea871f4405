import { expect, test } from "vitest";
import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { imageFromDockerfile } from "../../../test/support/subjects.ts";
import { image } from "../../model/image.ts";
import { bareContext } from "../control.ts";
import { imageCopiedSecret } from "./image-copied-secret.ts";
import { imageInsecureBuild } from "./image-insecure-build.ts";
import { imagePipedScript } from "./image-piped-script.ts";
import { imageRemoteAdd } from "./image-remote-add.ts";
import { imageSecret } from "./image-secret.ts";
import { imageWorldWritable } from "./image-world-writable.ts";

const build = (line: string, expected = {}) => dockerfile(`FROM debian:12\n${line}\n`, expected);
const made = [view("an image of the Engine's", image("configured"))];

testControl(imagePipedScript, {
  fails: [
    build("RUN curl -fsSL https://x.example | bash", { message: /\(curl \| bash\)/ }),
    build("RUN apt-get update \\\n && wget -O - https://x.example | sudo -E /bin/sh -"),
    build("RUN bash <(curl -s https://x.example)"),
    build('RUN sh -c "$(curl -fsSL https://x.example)"'),
    build("RUN <<EOF\ncurl https://x.example | python3\nEOF"),
  ],
  passes: [
    build("RUN curl -fsSL https://x.example/key | gpg --dearmor -o /k"),
    build("RUN curl -fsSL https://x.example/a.tar.gz | tar xz"),
    build("RUN curl https://x.example; ls | sh"),
  ],
  notApplicable: made,
});

testControl(imageWorldWritable, {
  fails: [
    build("RUN chmod 0777 /app", { message: /chmod 0777 \/app/ }),
    build("RUN mkdir /a && chmod -R a+rwx /a"),
    build("RUN chmod 0777 -R /var/lib/mpd", { message: /^runs chmod 0777 \/var\/lib\/mpd:/ }),
    build("RUN chmod ugo+w /a"),
    build("COPY --chmod=666 a /a", { message: /^copies with --chmod=666:/ }),
  ],
  passes: [
    build("RUN chmod 755 /app"),
    build("RUN chmod 1777 /tmp"),
    build("RUN chmod u+w /a"),
    build("RUN chmod a+x /a"),
    build("COPY --chmod=644 a /a"),
  ],
});

testControl(imageRemoteAdd, {
  fails: [
    build("ADD https://user:hunter2@x.example/a /a", { message: /from x\.example with ADD/ }),
    build('ADD ["https://x.example/a b", "/a"]'),
  ],
  passes: [
    build("ADD --checksum=sha256:ab https://x.example/a /a"),
    build("ADD a.tar.gz /a"),
    build("COPY a /a"),
    build("ADD https://x.example/r.git#0123456789012345678901234567890123456789 /a"),
  ],
});

test.each([
  [
    "COPY conf/.env /app/",
    "list .env in .dockerignore, and give its variables when the container runs: `docker run --env-file conf/.env`",
  ],
  ["COPY server.key /k", "`docker build --secret id=server_key,src=server.key`"],
])("the advice on %s names the file and the command", (line, words) => {
  const view = imageFromDockerfile(`FROM debian:12\n${line}\n`);
  expect(imageCopiedSecret.remedy.image?.(view, bareContext("dockerfile")).summary).toContain(words);
});

testControl(imageCopiedSecret, {
  fails: [
    build("COPY id_ed25519 /root/.ssh/", { message: /copies id_ed25519/ }),
    build("COPY --chown=1000 config/.env.production /app/.env"),
    build("ADD certs/server.key /etc/ssl/"),
    build('COPY ["a", ".npmrc", "/app/"]'),
    build("COPY .aws /root/.aws"),
  ],
  passes: [
    build("COPY id_ed25519.pub /k"),
    build("COPY .env.example /app/.env"),
    build("COPY . /app"),
    build("COPY src/env.ts /app/"),
    build("COPY ca.pem /etc/ssl/"),
    dockerfile("FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /server.key /k\n"),
  ],
});

testControl(imageInsecureBuild, {
  fails: [
    build("RUN --mount=type=cache,target=/c --security=insecure make"),
    build("RUN --network=host make", { message: /network of the machine/ }),
  ],
  passes: [build("RUN --network=none make"), build("RUN echo --security=insecure")],
});

testControl(imageSecret, {
  fails: [
    build("ARG NPM_TOKEN\nRUN npm config set token=$NPM_TOKEN", { severity: "medium", message: /to RUN/ }),
    build("ARG NPM_TOKEN\nRUN make", { severity: "info" }),
  ],
  passes: [],
});
