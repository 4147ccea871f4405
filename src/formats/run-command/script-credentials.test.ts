import { expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { audit } from "../../audit/audit.ts";

const secret = "Tr0ub4dor-x9";

/** What is said of credentials in the file. */
async function told(file: string, text: string): Promise<readonly string[]> {
  const done = await audit(auditRequest([file]), memoryDisk({ [file]: text }), async () => {});
  const findings = done.report.findings.filter(
    ({ control, verdict }) => control === "image-secret" && verdict === "fail",
  );
  expect(JSON.stringify(done.report)).not.toContain(secret);
  if (findings.length > 0) expect(done.secretValues.join(" ")).toContain(secret);
  return findings.map(({ message }) => message);
}

test.each([
  "export DB_PASSWORD=§",
  "DB_PASSWORD=§ docker compose up -d",
  'curl -H "Authorization: Bearer §" https://x.example',
  "sshpass -p § ssh root@host docker ps",
  "mysql -uroot -p§ -e 'select 1'",
  'docker exec db mysql -uroot -p§ -e "select 1"',
  "docker exec -e PGPASSWORD=§ db psql",
  "docker login -u bob -p § registry.example",
  "echo § | docker login -u bob --password-stdin",
  "printf § | docker secret create db -",
  "git clone https://bob:§@git.example/x.git",
  "cat > .env <<EOF\nDB_PASSWORD=§\nEOF",
])("a script's own line: %s", async (line) => {
  const written = `${line.replaceAll("§", secret)}\ndocker compose ps\n`;
  expect(await told("deploy.sh", `#!/bin/sh\n${written}`)).toHaveLength(1);
  const step = written.trimEnd().replaceAll("\n", "\n          ");
  const workflow = `on: push\njobs:\n  a:\n    steps:\n      - run: |\n          ${step}\n`;
  expect(await told(".github/workflows/a.yml", workflow)).toHaveLength(1);
});

test("a credential of a docker run line is told once, as its own", async () => {
  const text = `#!/bin/sh\nPW=${secret}\ndocker run -e DB_PASSWORD=$PW nginx\n`;
  expect(await told("run.sh", text)).toHaveLength(1);
});

test.each([
  'export DB_PASSWORD="$1"',
  "export DB_PASSWORD=$(pass show db)",
  "export DB_PASSWORD=changeme",
  "docker login -u bob --password-stdin < ~/token",
  "TOKEN_FILE=/run/secrets/token",
  "read -s -p 'Password: ' PASSWORD",
  "echo 'usage: deploy.sh TOKEN'",
])("%s is none", async (line) => {
  expect(await told("deploy.sh", `#!/bin/sh\n${line}\ndocker compose ps\n`)).toEqual([]);
});

test("a script without docker is not looked into, nor is a text for people", async () => {
  expect(await told("a.sh", `#!/bin/sh\nexport DB_PASSWORD=${secret}\n`)).toEqual([]);
  const readme = `# X\n\n\`\`\`sh\nexport DB_PASSWORD=${secret}\ndocker compose up\n\`\`\`\n`;
  expect(await told("README.md", readme)).toEqual([]);
});
