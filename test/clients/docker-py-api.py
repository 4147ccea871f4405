"""docker-py's whole interface, step by step; prints what came of each."""
import io
import json
import tarfile
import time

import docker
from docker import types

client = docker.from_env()
api = client.api
image = "busybox:test"
out = {}
now = int(time.time()) - 1


def step(name, do):
    try:
        out[name] = {"gave": plain(do())}
    except docker.errors.APIError as error:
        out[name] = {"failed": [type(error).__name__, str(error.status_code), error.explanation]}
    except Exception as error:  # what docker-py itself makes of an answer
        out[name] = {"failed": repr(error)}


def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return type(value).__name__


def archive(name, content):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as made:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        made.addfile(info, io.BytesIO(content))
    return data.getvalue()


safe = dict(
    pids_limit=100,
    security_opt=["no-new-privileges"],
    cgroupns="private",
    log_config=types.LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
)
loop = ["sh", "-c", "echo said; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]

step("info", lambda: sorted(client.info()))
step("df", lambda: sorted(client.df()))
step("login", lambda: client.login(username="a", password="b", registry="127.0.0.1:1"))
step("create of nothing", lambda: api.create_container("nowhere:1"))
step(
    "create",
    lambda: client.containers.create(
        image,
        loop,
        name="main",
        hostname="host",
        domainname="domain",
        user="0",
        working_dir="/tmp",
        environment=["A=1", "B"],
        labels={"a": "b"},
        stop_signal="SIGTERM",
        volumes=["data:/data", "/anonymous"],
        tmpfs={"/scratch": "size=1m"},
        extra_hosts={"other": "10.0.0.1"},
        dns=["10.0.0.2"],
        dns_search=["example.com"],
        mem_limit="256m",
        memswap_limit="512m",
        mem_reservation="64m",
        mem_swappiness=10,
        cpu_period=100000,
        cpu_quota=50000,
        cpu_shares=512,
        cpuset_cpus="0",
        blkio_weight=100,
        ulimits=[types.Ulimit(name="nofile", soft=1024, hard=2048)],
        shm_size="32m",
        init=True,
        read_only=False,
        oom_score_adj=100,
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
        healthcheck=types.Healthcheck(test=["CMD", "true"], interval=1000000000, retries=2),
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
        cap_drop=["NET_RAW"],
        ports={"80/tcp": ("127.0.0.1", None)},
        mounts=[types.Mount("/mounted", "data", type="volume", read_only=True)],
        network_mode="bridge",
        stdin_open=True,
        tty=False,
        detach=True,
        **safe,
    ).attrs["HostConfig"],
)
main = client.containers.get("main")
step("attributes", lambda: main.attrs["Config"])
step("start", main.start)
step("list", lambda: [each.name for each in client.containers.list(all=True, filters={"label": ["a=b"]}, sparse=True)])
step("sizes", lambda: [sorted(each) for each in api.containers(all=True, size=True, latest=True)])
step("top", lambda: main.top(ps_args="-o pid,comm")["Titles"])
step("diff", lambda: sorted(each["Path"] for each in main.diff()))
step("logs", lambda: main.logs(stdout=True, stderr=True, timestamps=False, tail=5))
step("logs streamed", lambda: b"".join(main.logs(stream=True, follow=False)))
step("stats", lambda: sorted(main.stats(stream=False)))
step("stats streamed", lambda: sorted(next(main.stats(stream=True, decode=True))))
step("exec", lambda: main.exec_run(["sh", "-c", "echo $C; id -u"], environment={"C": "c"}, workdir="/", user="0"))
step("exec streamed", lambda: b"".join(main.exec_run(["echo", "x"], stream=True).output))
step("exec demultiplexed", lambda: main.exec_run(["sh", "-c", "echo x; echo y >&2"], demux=True).output)
step("exec detached", lambda: main.exec_run(["true"], detach=True).output)
step("exec on a terminal", lambda: main.exec_run(["echo", "x"], tty=True).output)
step("exec of nothing", lambda: main.exec_run(["nonesuch"]))


def exec_low():
    made = api.exec_create("main", ["sleep", "1"], tty=True, stdin=True)
    stream = api.exec_start(made, socket=True, tty=True)
    api.exec_resize(made, height=30, width=100)
    stream.close()
    found = api.exec_inspect(made)
    return sorted(found), found["ProcessConfig"]


step("exec by its parts", exec_low)
step("resize", lambda: main.resize(24, 80))
step("update", lambda: main.update(mem_limit="300m", memswap_limit="600m", cpu_shares=256, restart_policy={"Name": "no"}))
step("updated", lambda: [client.containers.get("main").attrs["HostConfig"][each] for each in ("Memory", "MemorySwap", "CpuShares")])
step("rename", lambda: main.rename("renamed"))
step("rename back", lambda: main.rename("main"))
step("pause", main.pause)
step("exec while paused", lambda: main.exec_run(["true"]))
step("unpause", main.unpause)
step("kill", lambda: main.kill(signal="SIGWINCH"))
step("kill by number", lambda: main.kill(signal=28))
step("put", lambda: main.put_archive("/tmp", archive("put", b"abc")))
step("got", lambda: (lambda got: (len(b"".join(got[0])) > 0, sorted(got[1])))(main.get_archive("/tmp/put")))
step("get of nothing", lambda: main.get_archive("/nonesuch"))
step("put into nothing", lambda: main.put_archive("/nonesuch", archive("put", b"abc")))
step("export", lambda: len(b"".join(main.export())) > 1_000_000)
step("port", lambda: sorted((api.port("main", 80) or [{}])[0]))
step("commit", lambda: main.commit(repository="committed", tag="1", message="m", author="a", changes="ENV X=y", conf={"Labels": {"c": "d"}}).attrs["Config"])
step("restart", lambda: main.restart(timeout=1))

own = client.images.get(image)
step("image history", own.history)
step("image tag", lambda: own.tag("tagged", "1", force=True))
step("image save", lambda: len(b"".join(own.save(named=True))) > 1_000_000)
step("image load", lambda: [each.tags for each in client.images.load(b"".join(client.images.get("committed:1").save(named="committed:1")))])
step("image build", lambda: client.images.build(fileobj=io.BytesIO(b"FROM busybox:test\nARG A\nLABEL a=$A\n"), tag="built:1", buildargs={"A": "b"}, labels={"c": "d"}, rm=True, nocache=True)[0].labels)
step(
    "image build of a context",
    lambda: len(
        list(
            api.build(
                fileobj=io.BytesIO(archive("Dockerfile", b"FROM busybox:test\n")),
                custom_context=True,
                tag="built:2",
                rm=True,
                forcerm=True,
                pull=False,
                container_limits={"memory": 64 * 1024 * 1024, "cpushares": 512},
                shmsize=32 * 1024 * 1024,
                network_mode="none",
                target=None,
                squash=False,
                extra_hosts=None,
                platform=None,
                isolation=None,
                use_config_proxy=False,
                decode=True,
            )
        )
    )
    > 0,
)
step("image import", lambda: json.loads(api.import_image_from_data(archive("a", b"b"), repository="imported", tag="1"))["status"][:7])
step("image pull", lambda: client.images.pull("127.0.0.1:1/nonesuch", tag="1"))
step("image tag for a push", lambda: own.tag("127.0.0.1:1/pushed", "1"))
step("image push", lambda: "errorDetail" in client.images.push("127.0.0.1:1/pushed", tag="1", auth_config={"username": "a", "password": "b"}))
step("images", lambda: sorted(tag for each in client.images.list(all=True, filters={"dangling": False}) for tag in each.tags))
step("images by name", lambda: [each.tags for each in client.images.list(name="tagged")])
step("image remove", lambda: client.images.remove("tagged:1", force=True, noprune=False))
step("image of nothing", lambda: client.images.get("nonesuch"))
step("distribution", lambda: api.inspect_distribution("127.0.0.1:1/nonesuch"))

step("volume", lambda: client.volumes.create("own", driver="local", driver_opts={}, labels={"a": "b"}).attrs)
step("volumes", lambda: [each.name for each in client.volumes.list(filters={"name": "own"})])
step("volume in use", lambda: client.volumes.get("data").remove())
step("volume remove", lambda: client.volumes.get("own").remove(force=True))
step(
    "network",
    lambda: client.networks.create(
        "own",
        driver="bridge",
        options={"com.docker.network.bridge.enable_icc": "true"},
        ipam=types.IPAMConfig(pool_configs=[types.IPAMPool(subnet="172.31.201.0/24", gateway="172.31.201.1")]),
        check_duplicate=True,
        internal=True,
        labels={"a": "b"},
        enable_ipv6=False,
        attachable=False,
        scope="local",
    ).attrs,
)
step("networks", lambda: [each.name for each in client.networks.list(names=["own"], greedy=True)])
step("network connect", lambda: client.networks.get("own").connect(main, aliases=["alias"], ipv4_address="172.31.201.9", links=None))
step("network connected", lambda: client.networks.get("own").attrs["Containers"] and True)
step("network disconnect", lambda: client.networks.get("own").disconnect(main, force=True))
step("network remove", lambda: client.networks.get("own").remove())

step("events", lambda: [each["Action"] for each in client.events(since=now, until=int(time.time()) + 1, decode=True, filters={"container": main.id, "event": ["rename", "update"]})])

step("swarm before", lambda: client.swarm.attrs)
step("swarm init", lambda: len(client.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1:0", task_history_retention_limit=3, name="default")) > 0)
step("swarm", lambda: (client.swarm.reload(), sorted(client.swarm.attrs["Spec"]))[1])
step("swarm update", lambda: client.swarm.update(rotate_worker_token=True, task_history_retention_limit=4))
step("unlock key", lambda: client.swarm.get_unlock_key())
step("nodes", lambda: [sorted(each.attrs) for each in client.nodes.list(filters={"role": "manager"})])
step("node update", lambda: client.nodes.list()[0].update({"Availability": "active", "Role": "manager", "Labels": {"a": "b"}}))
step("secret", lambda: bool(client.secrets.create(name="s", data=b"x", labels={"a": "b"}).id))
step("secrets", lambda: [each.name for each in client.secrets.list(filters={"name": "s"})])
step("config", lambda: bool(client.configs.create(name="c", data=b"x", labels={"a": "b"}).id))
step("configs", lambda: [each.name for each in client.configs.list()])


def service():
    made = client.services.create(
        image,
        command=["sleep", "100"],
        name="svc",
        env=["A=b"],
        labels={"a": "b"},
        container_labels={"c": "d"},
        mode=types.ServiceMode("replicated", replicas=0),
        resources=types.Resources(cpu_limit=500000000, mem_limit=64 * 1024 * 1024),
        restart_policy=types.RestartPolicy(condition="on-failure", delay=1, max_attempts=2),
        update_config=types.UpdateConfig(parallelism=1, delay=1),
        endpoint_spec=types.EndpointSpec(mode="vip"),
        mounts=["data:/data:ro"],
        user="1000",
        workdir="/tmp",
        secrets=[types.SecretReference(client.secrets.list()[0].id, "s")],
        configs=[types.ConfigReference(client.configs.list()[0].id, "c")],
        constraints=["node.role==manager"],
        init=True,
        cap_drop=["NET_RAW"],
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
    )
    return made.attrs["Spec"]


step("service", service)
step("services", lambda: [each.name for each in client.services.list(filters={"name": "svc"}, status=True)])
step("service update", lambda: client.services.get("svc").update(labels={"e": "f"}, fetch_current_spec=True))
step("service scale", lambda: client.services.get("svc").scale(0))
step("service forced", lambda: client.services.get("svc").force_update())
step("service tasks", lambda: client.services.get("svc").tasks(filters={"desired-state": "running"}))
step("service logs", lambda: b"".join(client.services.get("svc").logs(stdout=True, stderr=True)))
step("service remove", lambda: client.services.get("svc").remove())
step("config remove", lambda: client.configs.list()[0].remove())
step("secret remove", lambda: client.secrets.list()[0].remove())
step("swarm leave", lambda: client.swarm.leave(force=True))
step("plugins", lambda: client.plugins.list())

step("stop", lambda: main.stop(timeout=2))
step("wait", lambda: main.wait(condition="not-running", timeout=10))
step("remove", lambda: main.remove(v=True, force=True, link=False))
step("remove of nothing", lambda: api.remove_container("nonesuch"))
step("run", lambda: client.containers.run(image, ["sh", "-c", "echo run; exit 3"], remove=True, stderr=True, network_mode="none", **safe))
step("run detached", lambda: client.containers.run(image, ["true"], detach=True, auto_remove=True, network_mode="none", **safe).name and True)
step("prune containers", lambda: sorted(client.containers.prune(filters={"until": "1h"})))
step("prune images", lambda: sorted(client.images.prune(filters={"dangling": True})))
step("prune builds", lambda: sorted(client.images.prune_builds()))
step("prune volumes", lambda: sorted(client.volumes.prune(filters={"label": "x"})))
step("prune networks", lambda: sorted(client.networks.prune()))
for name in ("committed:1", "built:1", "built:2", "imported:1", "127.0.0.1:1/pushed:1"):
    step("clean up " + name, lambda name=name: client.images.remove(name, force=True))
step("clean up data", lambda: client.volumes.get("data").remove(force=True))

print(json.dumps(out))
