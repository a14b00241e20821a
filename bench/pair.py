"""A primary and a standby as real processes on loopback, for the measuring scripts beside this file.

Everything lies in one temporary directory, which is unmounted and removed at the end, also after a failure."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
CONFIGURATION = """cluster: try
nodes:
  alpha: {address: "127.0.0.1:%d"}
  beta: {address: "127.0.0.1:%d"}
primary: alpha
mirrors:
  data: {path: "%s"}
state: "%s"
%s
"""


def need(*programs):
    """Ends with a message where a program is missing; nothing is installed."""
    missing = [p for p in programs if not shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        sys.exit("missing: " + ", ".join(missing))


class Scratch:
    """A temporary directory with a filesystem of its own for each side: ext4 on a loop device, or tmpfs."""

    def __init__(self, base, kind, megabytes, options=()):
        self.path = tempfile.mkdtemp(prefix="hotspare-bench-", dir=base)
        self.mounts = []
        self.kind = kind
        self.megabytes = megabytes
        self.options = options
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        atexit.register(self.close)

    def filesystem(self, name):
        point = os.path.join(self.path, name)
        os.mkdir(point)
        if self.kind == "ext4":
            image = point + ".img"
            subprocess.run(["truncate", "-s", "%dM" % self.megabytes, image], check=True)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-i", "4096", *self.options, image], check=True)
            subprocess.run(["mount", "-o", "loop", image, point], check=True)
        else:
            size = "size=%dm,nr_inodes=2m" % self.megabytes
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", point], check=True)
        self.mounts.append(point)
        return point

    def close(self):
        for point in reversed(self.mounts):
            if subprocess.run(["umount", point], stderr=subprocess.DEVNULL).returncode != 0:
                subprocess.run(["umount", "-l", point])
        self.mounts = []
        shutil.rmtree(self.path, ignore_errors=True)


def program(home):
    """The command to run: HOTSPARE, or a copy of this repository's, so that a later build does not disturb it."""
    if "HOTSPARE" in os.environ:
        return os.environ["HOTSPARE"]
    script = os.path.join(os.path.dirname(HERE), "hotspare")
    subprocess.run([script, "--version"], check=True, stdout=subprocess.DEVNULL)
    copy = os.path.join(home, "program")
    os.mkdir(copy)
    shutil.copy(os.path.join(os.path.dirname(script), "agent/target/run/hotspare.jar"), copy)
    return shutil.copy(script, copy)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Agent:
    """One `hotspare run`."""

    def __init__(self, program, name, home, tree, ports, extra):
        self.program = program
        self.name = name
        self.tree = tree
        self.state = os.path.join(home, "state")
        self.file = os.path.join(home, "hotspare.yaml")
        self.log = os.path.join(home, "log")
        self.process = None
        self.extra = extra
        self.configure(ports)

    def configure(self, ports):
        """Says where the two nodes listen; from the next start on."""
        with open(self.file, "w") as f:
            f.write(CONFIGURATION % (*ports, self.tree, self.state, self.extra))

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [self.program, "run", "--config", self.file, "--node", self.name], stderr=log, stdout=log)
        log.close()

    def stop(self):
        process, self.process = self.process, None
        if process:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def ask(self, request):
        """Asks over the local socket; None while nobody answers there."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(600)
                s.connect(os.path.join(self.state, "agent.sock"))
                s.sendall((json.dumps(request) + "\n").encode())
                lines = s.makefile().read().splitlines()
        except (ConnectionError, FileNotFoundError):
            return None
        return json.loads(lines[-1]) if lines else None

    def mirror(self):
        """What `hotspare status --json` says of the mirror; None while the agent does not answer."""
        answer = self.ask({"command": "status"})
        return answer["status"]["mirrors"][0] if answer and answer["status"]["mirrors"] else None

    def cpu_seconds(self):
        """(user, system) so far."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def threads(self):
        """[(processor seconds, name)] of those that used most; those of one name together."""
        found = {}
        for task in os.listdir("/proc/%d/task" % self.process.pid):
            try:
                with open("/proc/%d/task/%s/stat" % (self.process.pid, task)) as f:
                    name, fields = f.read().split("(", 1)[1].rsplit(")", 1)
            except FileNotFoundError:
                continue
            fields = fields.split()
            found[name] = found.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
        return sorted(((spent, name) for name, spent in found.items() if spent > 0), reverse=True)

    def resident_megabytes(self, peak=False):
        wanted = "VmHWM:" if peak else "VmRSS:"
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith(wanted):
                    return int(line.split()[1]) / 1024
        return 0.0


class Relay:
    """A network between two nodes: passes connections on to a port, counts what crosses, and can be cut."""

    def __init__(self, target):
        self.target = target
        self.bytes = 0
        self.open = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            here, _ = self.listening.accept()
            try:
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                here.close()
                continue
            self.open += [here, there]
            threading.Thread(target=self._pass, args=(here, there), daemon=True).start()
            threading.Thread(target=self._pass, args=(there, here), daemon=True).start()

    def _pass(self, come, go):
        try:
            while data := come.recv(65536):
                go.sendall(data)
                self.bytes += len(data)
        except OSError:
            pass
        for s in (come, go):
            s.close()

    def drop(self):
        cut, self.open = self.open, []
        for s in cut:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Pair:
    """Both agents, members of one cluster, not running."""

    def __init__(self, home, alpha_tree, beta_tree, extra=""):
        self.program = program(home)
        self._certify(home)
        self.ports = ports = free_ports(2)
        trial = os.path.join(home, "hotspare-try")
        self.alpha = Agent(self.program, "alpha", os.path.join(trial, "alpha"), alpha_tree, ports, extra)
        self.beta = Agent(self.program, "beta", os.path.join(trial, "beta"), beta_tree, ports, extra)
        self.forget()
        atexit.register(self.stop)

    def _certify(self, home):
        """`hotspare try` makes a cluster of two nodes; only its certificates are kept."""
        trial = subprocess.Popen(
            [self.program, "try"], cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            joined = os.path.join(home, "hotspare-try", "beta", "state", "agent.sock")
            until(lambda: os.path.exists(joined), 180, "hotspare try has made its cluster")
        finally:
            trial.terminate()
            trial.wait(60)

    def start(self):
        self.alpha.start()
        self.beta.start()

    def stop(self):
        self.beta.stop()
        self.alpha.stop()

    def forget(self):
        """As if it had never run: the next start is a first copy, if the standby's tree is emptied too."""
        for agent in (self.alpha, self.beta):
            shutil.rmtree(os.path.join(agent.state, "mirrors"), ignore_errors=True)

    def await_copied(self, seconds):
        """Until everything is durable on the standby."""

        def durable():
            answer = self.alpha.ask({"command": "wait", "timeoutMillis": 1000 * seconds})
            return answer and answer.get("wait", {}).get("durable")

        until(durable, seconds, "the standby has everything")


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError("not within %d s: %s" % (seconds, what))
        time.sleep(0.01)
