#!/bin/sh
# The watchdog somebody pasted from a forum.
docker run -d --name watchdog \
  --privileged \
  --pid=host --net=host \
  -v /var/run/docker.sock:/var/run/docker.sock \
  -v /proc:/host/proc \
  --security-opt apparmor:unconfined \
  watchdog
