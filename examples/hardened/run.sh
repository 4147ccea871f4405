#!/bin/sh
# The watchdog of ../insecure needs to see one container, so it shares with that one, and holds nothing else.
docker run -d --name watchdog \
  --pid=container:app --network none \
  --user 10002:10002 --read-only --cap-drop ALL --security-opt no-new-privileges \
  --memory 64m --cpus 0.25 --pids-limit 50 --blkio-weight 300 \
  --log-driver local \
  watchdog:1.4.2
