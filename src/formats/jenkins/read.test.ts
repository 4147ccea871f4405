import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readJenkins } from "./read.ts";

test("sh steps are shell: what they run, and what they do to an Engine", () => {
  const text = `pipeline {
  agent any
  stages {
    stage('a') { steps {
      sh 'docker run --privileged alpine:3'
      sh "docker run -v /:/host \${env.IMAGE}"
      sh(script: 'chmod 666 /var/run/docker.sock', returnStdout: true)
      sh '''
        echo "$HOME"
        docker exec --privileged web id
      '''
      sh """
        docker run --name \${NAME} --pid=host -e A=\\$HOME busybox:1
      """
      echo 'docker run --privileged no'
    } }
  }
}
`;
  const { subjects, gaps } = readJenkins(text, "Jenkinsfile", memoryFiles({}));
  expect(gaps).toEqual([]);
  expect(subjects.map(({ kind, name, location }) => [kind, name, location?.startLine])).toEqual([
    ["container", "alpine", 5],
    ["container", "run@6", 6],
    ["container", "busybox", 13],
    ["engine", "docker.sock", 7],
    ["exec", "web/exec", 10],
  ]);
});
