"""What a program that uses docker-py usually does; prints what came of it."""
import io
import json
import socket
import tarfile
import time

import docker

client = docker.from_env()
out = {}
image = "busybox:test"
since = int(time.time()) - 1

out["ping"] = client.ping()
out["api"] = client.version()["ApiVersion"]
out["driver"] = client.info()["Driver"]
out["run"] = client.containers.run(image, ["echo", "hi"], remove=True).decode()

volume = client.volumes.create("py-volume", labels={"a": "b"})
network = client.networks.create("py-network", check_duplicate=True)
container = client.containers.create(
    image,
    ["sleep", "100"],
    name="py",
    environment={"A": "1"},
    volumes={"py-volume": {"bind": "/data", "mode": "rw"}},
    network="py-network",
    mem_limit="64m",
    cpu_shares=512,
    shm_size="32m",
    ulimits=[docker.types.Ulimit(name="nofile", soft=1024, hard=2048)],
    labels=["made"],
    healthcheck={"test": ["CMD", "true"], "interval": 1000000000},
)
try:
    container.start()
    result = container.exec_run(["sh", "-c", "echo within"], environment={"B": "2"})
    out["exec"] = [result.exit_code, result.output.decode()]
    streamed = container.exec_run(["sh", "-c", "echo a; echo b >&2"], demux=True)
    out["demux"] = [part.decode() for part in streamed.output]
    container.update(mem_limit="128m", memswap_limit="256m")
    container.reload()
    out["memory"] = container.attrs["HostConfig"]["Memory"]
    out["volume"] = volume.attrs["Labels"]
    out["top"] = len(container.top()["Processes"])
    out["stats"] = "memory_stats" in container.stats(stream=False)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("put")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    out["put"] = container.put_archive("/tmp", data.getvalue())
    stream, stat = container.get_archive("/tmp/put")
    out["got"] = stat["size"]
    for _ in stream:
        pass
    network.disconnect(container)
    network.connect(container, aliases=["other"])
    container.rename("py-renamed")
    container.pause()
    container.unpause()
    out["list"] = [each.name for each in client.containers.list(filters={"label": "made"})]
    container.restart(timeout=0)
    container.kill()
    out["wait"] = container.wait()["StatusCode"]
    out["commitless"] = client.images.get(image).tag("py-tagged", "1")
    out["tags"] = sorted(tag for each in client.images.list() for tag in each.tags)
    client.images.remove("py-tagged:1")
    out["history"] = len(client.images.get(image).history())
    out["events"] = sorted({event["Type"] for event in client.events(since=since, until=int(time.time()) + 1, decode=True)})
finally:
    container.remove(force=True, v=True)
    network.remove()
    volume.remove()

# The low-level client, with an attached socket.
api = client.api
made = api.create_container(
    image, ["cat"], stdin_open=True, host_config=api.create_host_config(restart_policy={"Name": "no"})
)
try:
    attached = api.attach_socket(made, params={"stdin": 1, "stdout": 1, "stream": 1})
    api.start(made)
    attached._sock.sendall(b"in and out")
    attached._sock.shutdown(socket.SHUT_WR)
    heard = b""
    while True:
        piece = attached._sock.recv(4096)
        if not piece:
            break
        heard += piece
    at = 0
    text = b""
    while at + 8 <= len(heard):
        size = int.from_bytes(heard[at + 4 : at + 8], "big")
        text += heard[at + 8 : at + 8 + size]
        at += 8 + size
    out["heard"] = text.decode()
finally:
    api.remove_container(made, force=True)

print(json.dumps(out))
