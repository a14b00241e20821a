#!/usr/bin/python3
"""Keeps changing a tree, about as a busy server would.

    churn.py DIR RATE SECONDS SEED [--publish [--durable]]

Makes RATE changes a second for SECONDS (0: until killed) below DIR, with what SEED chooses: creates, writes, appends,
overwrites in place, renames over others, exchanges, deletes, makes, moves and removes directories, hard links,
symbolic links, chmod, truncate. Mostly files up to 16 KB, some of megabytes. With --publish also files in
DIR/published that are renamed into place and begin with the SHA-256 of their rest, for check_published.py; with --durable
those are synced before. Prints how many changes it made.
"""

import argparse
import ctypes
import hashlib
import os
import random
import sys
import time

AT_FDCWD = -100
RENAME_EXCHANGE = 2
PUBLISHED_NAMES = 60
MOST_FILES = 20000

libc = ctypes.CDLL(None, use_errno=True)


class Node:
    """A name in the tree. Its path is found upwards, so that moving a directory moves all below it."""

    __slots__ = ("name", "parent")

    def __init__(self, name, parent):
        self.name = name
        self.parent = parent

    def path(self):
        parts = []
        node = self
        while node is not None:
            parts.append(node.name)
            node = node.parent
        return "/".join(reversed(parts))

    def is_below(self, other):
        node = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    def depth(self):
        return 0 if self.parent is None else 1 + self.parent.depth()


class Churn:
    def __init__(self, root, published, seed, publishing, durable):
        self.durable = durable
        self.random = random.Random(seed)
        self.top = Node(root, None)
        self.directories = [self.top]
        self.files = []
        self.links = []
        self.made = 0
        self.published = published
        operations = [
            (self.create, 30), (self.overwrite, 14), (self.append, 14), (self.replace, 8), (self.rename, 8),
            (self.exchange, 2), (self.delete, 11), (self.make_directory, 3), (self.move_directory, 1),
            (self.remove_directory, 2), (self.hard_link, 2), (self.symbolic_link, 2), (self.chmod, 2),
            (self.truncate, 2), (self.large, 0.1),
        ]
        if publishing:
            os.makedirs(self.published, exist_ok=True)
            operations.append((self.publish, 12))
        self.operations = [operation for operation, _ in operations]
        self.weights = [weight for _, weight in operations]

    def step(self):
        # What an operation needs may not be there yet.
        while not self.random.choices(self.operations, self.weights)[0]():
            pass
        self.made += 1

    # -- names

    def fresh(self, kind):
        return "%s%d" % (kind, self.made)

    def some_directory(self):
        return self.random.choice(self.directories)

    def add(self, nodes, name, parent):
        node = Node(name, parent)
        nodes.append(node)
        return node

    def forget(self, nodes, index):
        nodes[index] = nodes[-1]
        nodes.pop()

    def move(self, node, name, parent):
        node.name, node.parent = name, parent

    def some_file(self):
        return self.random.choice(self.files) if self.files else None

    # -- files

    def content(self):
        return self.random.randbytes(self.random.choice((0, 100, 1000, 4096, 5000, 16000)))

    def create(self):
        if len(self.files) >= MOST_FILES:
            return False
        parent, name = self.some_directory(), self.fresh("f")
        with open(parent.path() + "/" + name, "xb") as file:
            file.write(self.content())
        self.add(self.files, name, parent)
        return True

    def large(self):
        node = self.some_file()
        if node is None:
            return False
        with open(node.path(), "r+b") as file:
            file.write(self.random.randbytes(self.random.randrange(1 << 20, 4 << 20)))
        return True

    def overwrite(self):
        node = self.some_file()
        if node is None:
            return False
        with open(node.path(), "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            # Several writes, so that a reader in between would see a mix.
            for _ in range(self.random.randrange(1, 4)):
                file.seek(self.random.randrange(size + 1))
                file.write(self.random.randbytes(self.random.randrange(1, 300)))
                file.flush()
        return True

    def append(self):
        node = self.some_file()
        if node is None:
            return False
        with open(node.path(), "ab") as file:
            file.write(b"appended line %d\n" % self.made * self.random.randrange(1, 20))
        return True

    def truncate(self):
        node = self.some_file()
        if node is None:
            return False
        os.truncate(node.path(), self.random.randrange(20000))
        return True

    def replace(self):
        """As editors save: a new file is renamed over the old."""
        node = self.some_file()
        if node is None:
            return False
        temporary = node.path() + ".new"
        with open(temporary, "wb") as file:
            file.write(self.content())
        os.rename(temporary, node.path())
        return True

    def rename(self):
        node = self.some_file()
        if node is None:
            return False
        parent, name = self.some_directory(), self.fresh("r")
        os.rename(node.path(), parent.path() + "/" + name)
        self.move(node, name, parent)
        return True

    def exchange(self):
        if len(self.files) < 2:
            return False
        one, other = self.random.sample(self.files, 2)
        result = libc.renameat2(
            AT_FDCWD, os.fsencode(one.path()), AT_FDCWD, os.fsencode(other.path()), RENAME_EXCHANGE)
        if result != 0:
            raise OSError(ctypes.get_errno(), "exchange of %s and %s" % (one.path(), other.path()))
        return True

    def delete(self):
        nodes = self.links if self.links and self.random.random() < 0.1 else self.files
        if not nodes:
            return False
        index = self.random.randrange(len(nodes))
        os.unlink(nodes[index].path())
        self.forget(nodes, index)
        return True

    def chmod(self):
        node = self.random.choice(self.files or self.directories[1:] or [None])
        if node is None:
            return False
        os.chmod(node.path(), self.random.choice((0o600, 0o644, 0o755, 0o640)))
        return True

    def hard_link(self):
        node = self.some_file()
        if node is None:
            return False
        parent, name = self.some_directory(), self.fresh("h")
        os.link(node.path(), parent.path() + "/" + name)
        self.add(self.files, name, parent)
        return True

    def symbolic_link(self):
        parent, name = self.some_directory(), self.fresh("s")
        os.symlink("../" * self.random.randrange(3) + self.fresh("f"), parent.path() + "/" + name)
        self.add(self.links, name, parent)
        return True

    # -- directories

    def make_directory(self):
        parent, name = self.some_directory(), self.fresh("d")
        if parent.depth() > 12 or len(self.directories) > 400:
            return False
        os.mkdir(parent.path() + "/" + name)
        node = self.add(self.directories, name, parent)
        # What is put into a fresh directory at once is what watchers miss.
        inside = self.fresh("f") + "i"
        with open(node.path() + "/" + inside, "xb") as file:
            file.write(self.content())
        self.add(self.files, inside, node)
        return True

    def move_directory(self):
        if len(self.directories) < 3:
            return False
        node, parent = self.random.choice(self.directories[1:]), self.some_directory()
        if parent.is_below(node) or parent.depth() > 12:
            return False
        name = self.fresh("m")
        os.rename(node.path(), parent.path() + "/" + name)
        self.move(node, name, parent)
        return True

    def remove_directory(self):
        """Empties a directory without directories of its own, and removes it."""
        if len(self.directories) < 5:
            return False
        index = self.random.randrange(1, len(self.directories))
        node = self.directories[index]
        if any(other.parent is node for other in self.directories):
            return False
        for nodes in (self.files, self.links):
            for inside in [i for i in range(len(nodes) - 1, -1, -1) if nodes[i].parent is node]:
                os.unlink(nodes[inside].path())
                self.forget(nodes, inside)
        os.rmdir(node.path())
        self.forget(self.directories, index)
        return True

    # -- published files

    def publish(self):
        size = self.random.choice((10, 1000, 8000, 30000, 200000))
        body = self.random.randbytes(size if self.random.random() < 0.99 else 3 << 20)
        temporary = os.path.join(self.published, "unfinished-%d-%d" % (os.getpid(), self.made))
        with open(temporary, "wb") as file:
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n")
            file.flush()
            file.write(body)
            if self.durable:
                file.flush()
                os.fsync(file.fileno())
        os.rename(temporary, os.path.join(self.published, "p%d" % self.random.randrange(PUBLISHED_NAMES)))
        return True


def main():
    parser = argparse.ArgumentParser(description="Keeps changing a tree.")
    parser.add_argument("directory")
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("seed", type=int)
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--durable", action="store_true")
    options = parser.parse_args()
    # A directory of its own, so that several can run in one tree and one can follow another.
    top = os.path.join(options.directory, "churn-%d-%d" % (options.seed, os.getpid()))
    os.makedirs(top)
    churn = Churn(top, os.path.join(options.directory, "published"), options.seed, options.publish,
                  options.durable)
    parent = os.getppid()
    start = time.monotonic()
    # Nobody wants a churn that outlives the test that started it.
    while os.getppid() == parent:
        elapsed = time.monotonic() - start
        if options.seconds and elapsed >= options.seconds:
            break
        if churn.made >= elapsed * options.rate:
            time.sleep(0.001)
        else:
            churn.step()
    print("%d changes in %.1f s" % (churn.made, time.monotonic() - start), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
