import { dockerfile, testControl } from "../../../test/support/control-table.ts";
import { imagePlainHttp } from "./image-plain-http.ts";

const build = (...lines: readonly string[]) => lines.map((line) => dockerfile(`FROM debian:12\n${line}\n`));

testControl(imagePlainHttp, {
  fails: [
    ...build(
      "RUN curl http://x.example/a | sh",
      "RUN wget -qO- http://x.example/a | sudo bash",
      "RUN wget http://x.example/a.sh && chmod +x a.sh && ./a.sh",
      "RUN wget -O /tmp/a http://x.example/b; sh /tmp/a",
      "RUN curl -sLo /tmp/a.deb http://x.example/b.deb && dpkg -i /tmp/a.deb",
      "RUN curl http://x.example/a.deb > a.deb; dpkg -i a.deb",
      "RUN rpm -ivh http://x.example/a.rpm",
      "RUN pip install http://x.example/a.whl",
    ),
    dockerfile("FROM debian:12\nRUN curl -sL http://x.example/a.tgz | tar xz", { severity: "medium" }),
    dockerfile("FROM debian:12\nRUN curl -O http://x.example/a.tgz && tar xzf a.tgz", { severity: "medium" }),
    dockerfile("FROM debian:12\nADD http://x.example/a /a", { severity: "medium" }),
  ],
  passes: build(
    "RUN apk add --repository http://dl-cdn.alpinelinux.org/alpine/edge/main a",
    "RUN yum-config-manager --add-repo http://x.example/a.repo && yum install -y a",
    "RUN curl https://x.example/a | sh",
    "RUN wget http://x.example/data.json",
    "RUN curl -so a http://x.example/a && sha256sum -c a.sum && sh a",
    "RUN curl -f http://localhost/a | sh",
    "RUN sed -i s#http://a#http://b# /etc/apt/sources.list && apt-get update",
    "ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d http://x.example/a /a",
  ),
});
