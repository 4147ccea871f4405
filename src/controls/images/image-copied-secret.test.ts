import { dockerfile, testControl } from "../../../test/support/control-table.ts";
import { imageCopiedSecret } from "./image-copied-secret.ts";

const run = (line: string) => dockerfile(`FROM debian:12\nRUN ${line}\n`);

testControl(imageCopiedSecret, {
  fails: [
    "--mount=type=bind,source=id_rsa,target=/k cp /k /root/.ssh/id_rsa",
    "--mount=type=bind,src=.,target=/src cp -a /src/.env /app/",
    "--mount=type=bind,target=/src install -m 600 /src/keys/server.key /etc/ssl/private/",
    "--mount=target=. cp .npmrc /root/.npmrc && npm ci",
    "--mount=type=secret,id=npm,target=/root/.s cp /root/.s /root/.npmrc",
    "--mount=type=secret,id=npm cat /run/secrets/npm > /root/.npmrc && npm ci",
  ].map(run),
  passes: [
    "--mount=type=bind,source=package.json,target=/p/package.json cp /p/package.json .",
    "--mount=type=secret,id=npm npm ci --userconfig /run/secrets/npm",
    "--mount=type=secret,id=npm cp /run/secrets/npm /root/.npmrc && npm ci && rm /root/.npmrc",
    "--mount=type=bind,from=build,source=/out/x.key,target=/k cp /k /x",
    "--mount=type=bind,source=id_rsa,target=/k ssh -i /k git@x.example",
  ].map(run),
});
