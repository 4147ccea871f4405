import { describe } from "vitest";
import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { set } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageUnverifiedPackages } from "./image-unverified-packages.ts";

const build = (...lines: readonly string[]) => lines.map((line) => dockerfile(`FROM debian:12\n${line}\n`));
const layer = (text: string) => view(`history: ${text}`, image("configured", { history: [set(text)] }));

/** By the checkov rule that knows it, where one does: each spelling of one danger. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  CKV2_DOCKER_2: [
    "RUN curl -k https://x.example/a",
    "RUN curl -fsSLk https://x.example/a | tar xz",
    "RUN curl --insecure https://x.example/a -o a",
    'RUN ["curl", "-sk", "https://x.example/a"]',
    "RUN set -eux; if true; then sudo -E curl -kL https://x.example/a; fi",
    "RUN a=$(curl -ks https://x.example/v)",
    "RUN sh -c 'curl -k https://x.example/a'",
    "RUN <<EOF\ncurl -k https://x.example/a\nEOF",
    "RUN echo insecure >> ~/.curlrc",
  ],
  CKV2_DOCKER_3: [
    "RUN wget --no-check-certificate https://x.example/a",
    "RUN echo check_certificate=off >> /etc/wgetrc",
  ],
  CKV2_DOCKER_4: [
    "RUN pip install --trusted-host pypi.org a",
    "RUN python3 -m pip install --trusted-host=pypi.org a",
    "RUN pip config set global.trusted-host pypi.org",
  ],
  CKV2_DOCKER_5: ["ENV PYTHONHTTPSVERIFY=0", "RUN PYTHONHTTPSVERIFY=0 ./a.py", "ARG PYTHONHTTPSVERIFY=0"],
  CKV2_DOCKER_6: [
    "ENV NODE_TLS_REJECT_UNAUTHORIZED=0",
    "ENV NODE_TLS_REJECT_UNAUTHORIZED 0",
    'ENV NODE_TLS_REJECT_UNAUTHORIZED="0"',
    "RUN export NODE_TLS_REJECT_UNAUTHORIZED=0 && npm ci",
    "RUN NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci",
  ],
  CKV2_DOCKER_7: ["RUN apk add --allow-untrusted a.apk"],
  CKV2_DOCKER_8: ["RUN apt-get install -y --allow-unauthenticated a"],
  "in other spellings": [
    "RUN zypper --gpg-auto-import-keys refresh",
    "RUN zypper ar -G https://x.example/r r",
    "RUN go get -insecure x.example/a",
    "RUN go env -w GOINSECURE=x.example",
    "ENV GOFLAGS=-insecure",
    "ENV GONOSUMCHECK=1",
    "RUN cargo --config http.check-revoke=false build",
    "ENV CARGO_HTTP_CHECK_REVOKE=false",
    "RUN snap install --dangerous a.snap",
    "RUN deno run --unsafely-ignore-certificate-errors a.ts",
    "RUN skopeo copy --src-tls-verify=false docker://x.example/a dir:a",
    "RUN axel -k https://x.example/a",
    "RUN http --verify=no https://x.example/a",
    "RUN sed -i 's/^SigLevel.*/SigLevel = Never/' /etc/pacman.conf",
    "RUN poetry config certificates.x.cert false",
    "RUN gcloud config set auth/disable_ssl_validation True",
    "ENV PERL_LWP_SSL_VERIFY_HOSTNAME=0",
    "ENV ANSIBLE_HOST_KEY_CHECKING=False",
    "ENV COREPACK_INTEGRITY_KEYS=0",
    'SHELL ["pwsh", "-c"]\nRUN Install-Module A -SkipPublisherCheck',
    "RUN apt-get -oAPT::Get::AllowUnauthenticated=true install -y a",
    "RUN composer config -g disable-tls true",
    'ENV GIT_SSH_COMMAND="ssh -o StrictHostKeyChecking=no"',
    "ENV MAVEN_OPTS=-Dmaven.wagon.http.ssl.allowall=true",
    "RUN hg --insecure clone https://x.example/r",
    "RUN ssh -o StrictHostKeyChecking=no git@x.example",
    "RUN mvn -Dmaven.wagon.http.ssl.insecure=true package",
  ],
  CKV2_DOCKER_9: [
    "RUN yum -y install --nogpgcheck a",
    "RUN dnf install --nogpgcheck a",
    "RUN tdnf --nogpgcheck install a",
  ],
  CKV2_DOCKER_10: ["nodigest", "nosignature", "noverify", "nofiledigest"].map(
    (name) => `RUN rpm -i --${name} a.rpm`,
  ),
  CKV2_DOCKER_11: ["RUN apt-get -y --force-yes install a"],
  CKV2_DOCKER_12: ["ENV NPM_CONFIG_STRICT_SSL=false", "ENV npm_config_strict_ssl=false"],
  CKV2_DOCKER_13: [
    "RUN npm config set strict-ssl false",
    "RUN npm set strict-ssl=false",
    "RUN yarn config set strict-ssl false",
    "RUN npm ci --strict-ssl=false",
    "RUN npm ci --no-strict-ssl",
    "RUN echo strict-ssl=false >> .npmrc",
  ],
  CKV2_DOCKER_14: [
    "ENV GIT_SSL_NO_VERIFY=true",
    "RUN GIT_SSL_NO_VERIFY=1 git clone https://x.example/a",
    "RUN git config --global http.sslVerify false",
    "RUN git -c http.sslVerify=false clone https://x.example/a",
    "RUN git config --global http.https://x.example.sslVerify false",
  ],
  CKV2_DOCKER_15: [
    "RUN echo sslverify=false >> /etc/yum.conf",
    "RUN yum-config-manager --save --setopt=sslverify=0",
    "RUN dnf --setopt=sslverify=false install a",
    "RUN printf 'gpgcheck=0\\n' >> /etc/yum.repos.d/a.repo",
  ],
  CKV2_DOCKER_16: ["ENV PIP_TRUSTED_HOST=pypi.org", "RUN PIP_TRUSTED_HOST=x pip install a"],
  others: [
    "RUN echo 'deb [trusted=yes] https://x.example/ ./' > /etc/apt/sources.list.d/a.list",
    "RUN apt-get -o Acquire::https::Verify-Peer=false update",
    "RUN apt-get update -o Acquire::AllowInsecureRepositories=true",
    "RUN zypper --no-gpg-checks install a",
    "RUN aws --no-verify-ssl s3 cp s3://a/b .",
    "ENV GOSUMDB=off",
  ],
};

for (const [rule, lines] of Object.entries(spellings)) {
  describe(rule, () => testControl(imageUnverifiedPackages, { fails: build(...lines), passes: [] }));
}

testControl(imageUnverifiedPackages, {
  fails: [
    dockerfile("FROM debian:12 AS a\nRUN curl -k https://x.example/a\nFROM debian:12", {
      message: /curl -k/,
    }),
    layer("/bin/sh -c apt-get install -y --allow-unauthenticated a"),
    layer("RUN |1 V=1 /bin/sh -c curl -kL https://x.example/$V # buildkit"),
  ],
  passes: build(
    "RUN curl -fsSL -o /tmp/k https://x.example/k",
    "RUN curl -ok https://x.example/k",
    "RUN tar -k -xf a; grep -k x",
    "RUN curl -k https://localhost/health",
    "RUN echo 'never use curl -k'",
    "ENV NODE_TLS_REJECT_UNAUTHORIZED=1",
    "RUN git config --global http.sslVerify true",
    "RUN npm config set strict-ssl true",
    "RUN echo gpgcheck=1 >> /etc/yum.conf; echo repo_gpgcheck=0 >> /etc/yum.conf",
    "ENV NPM_CONFIG_STRICT_SSL=true",
  ),
  unknown: [view("an image without a history", image("configured"))],
});
