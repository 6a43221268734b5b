"""Random objects of Python for tst_picklepython.

    roundtrip.py make SEED COUNT FILE     pickles them, each behind its length (4 bytes, little-endian)
    roundtrip.py check SEED COUNT FILE    reads for each of them two pickles: one has to load to an equal object, the
                                          other to one in which a single leaf differs
"""
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import pickle
import random
import struct
import sys
import types
import uuid


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Permission(enum.Flag):
    READ = 1
    WRITE = 2

    def __reduce_ex__(self, protocol):
        # The value, whichever Python it is: 3.11.2 pickles a call that joins the names of several.
        return self.__class__, (self._value_,)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 10


@dataclasses.dataclass
class Point:
    x: object
    y: object


@dataclasses.dataclass
class Slotted:
    __slots__ = ("left", "right")
    left: object
    right: object


class Node:
    """Has attributes, and may hold itself."""


class Text(str):
    pass


class Names(list):
    pass


class Table(dict):
    pass


Pair = collections.namedtuple("Pair", "first second")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.known = []
        self.has_slots = False

    def text(self):
        alphabet = "abc é'\"\\\n\0\x7f\x80\u2028😀\ud800\U0010ffff"
        return "".join(self.random.choice(alphabet) for _ in range(self.random.choice([0, 1, 3, 10, 300])))

    def bytes(self):
        return self.random.randbytes(self.random.choice([0, 1, 7, 256, 70000] if self.random.random() < 0.02 else [0, 1, 7, 300]))

    def integer(self):
        bits = self.random.choice([1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 3000])
        return self.random.getrandbits(bits) * self.random.choice([1, -1])

    def float(self):
        return self.random.choice(
            [0.0, -0.0, 1.5, 1e300, 5e-324, math.inf, -math.inf, math.nan, self.random.random(), self.random.gauss(0, 1e10)])

    def zone(self):
        return self.random.choice([
            None,
            datetime.timezone.utc,
            datetime.timezone(datetime.timedelta(hours=self.random.randint(-12, 14))),
            datetime.timezone(datetime.timedelta(minutes=330), "IST"),
        ])

    def moment(self):
        return datetime.datetime(
            self.random.randint(1, 9999), self.random.randint(1, 12), self.random.randint(1, 28), self.random.randint(0, 23),
            self.random.randint(0, 59), self.random.randint(0, 59), self.random.choice([0, self.random.randint(0, 999999)]),
            self.zone(), fold=self.random.randint(0, 1))

    def delta(self):
        return datetime.timedelta(
            self.random.randint(-1000, 1000), self.random.randint(0, 86399), self.random.choice([0, self.random.randint(0, 999999)]))

    def hashable(self, depth):
        kinds = [
            lambda: None, lambda: self.random.random() < 0.5, self.integer, self.float, self.text, self.bytes, self.moment,
            lambda: self.moment().date(), lambda: self.moment().timetz(), self.delta, lambda: decimal.Decimal(self.integer()).scaleb(-3),
            lambda: uuid.UUID(int=self.random.getrandbits(128)), lambda: fractions.Fraction(self.integer(), 7),
            lambda: self.random.choice(list(Colour)), lambda: Permission(3), lambda: Level.HIGH,
            lambda: complex(1, self.random.random()), lambda: range(self.random.randint(0, 9)),
            lambda: pathlib.PurePosixPath("/a") / "b", lambda: Text(self.text()), lambda: Colour, lambda: len,
            lambda: math.sqrt, lambda: datetime.datetime,
        ]
        if depth > 0:
            kinds += [
                lambda: tuple(self.hashable(depth - 1) for _ in range(self.random.randint(0, 5))),
                lambda: frozenset(self.hashable(depth - 1) for _ in range(self.random.randint(0, 4))),
                lambda: Pair(self.hashable(depth - 1), self.hashable(depth - 1)),
            ]
        return self.random.choice(kinds)()

    def object(self, depth):
        if self.known and self.random.random() < 0.08:
            return self.random.choice(self.known)
        if depth == 0 or self.random.random() < 0.4:
            return self.hashable(min(depth, 2))
        made = self.random.choice([
            self.list, self.dict, self.set, self.bytearray, self.tuple, self.point, self.slotted, self.node, self.ordered,
            self.default, self.counter, self.deque, self.names, self.table, self.namespace,
        ])(depth - 1)
        self.known.append(made)
        return made

    def some(self, depth):
        # Now and then more than fit into one batch of 1,000.
        count = 1200 if depth == 0 and self.random.random() < 0.005 else self.random.randint(0, 6)
        return [self.object(depth) for _ in range(count)]

    def entries(self, depth):
        return {self.hashable(1): value for value in self.some(depth)}

    def list(self, depth):
        made = []
        self.known.append(made)
        made.extend(self.some(depth))
        return made

    def dict(self, depth):
        made = {}
        self.known.append(made)
        made.update(self.entries(depth))
        return made

    def node(self, depth):
        made = Node()
        self.known.append(made)
        made.name = self.text()
        made.child = self.object(depth)
        if self.random.random() < 0.5:
            setattr(made, "more", self.object(depth))
        return made

    def set(self, depth):
        return {self.hashable(1) for _ in range(self.random.randint(0, 5))}

    def bytearray(self, depth):
        return bytearray(self.bytes())

    def tuple(self, depth):
        return tuple(self.some(depth))

    def point(self, depth):
        return Point(self.object(depth), self.object(depth))

    def slotted(self, depth):
        self.has_slots = True
        return Slotted(self.object(depth), self.object(depth))

    def ordered(self, depth):
        return collections.OrderedDict(self.entries(depth))

    def default(self, depth):
        return collections.defaultdict(self.random.choice([list, int, None]), self.entries(depth))

    def counter(self, depth):
        return collections.Counter(self.text())

    def deque(self, depth):
        return collections.deque(self.some(depth), self.random.choice([None, 10]))

    def names(self, depth):
        return Names(self.some(depth))

    def table(self, depth):
        return Table(self.entries(depth))

    def namespace(self, depth):
        return types.SimpleNamespace(a=self.object(depth), b=self.object(depth))


def make(seed):
    maker = Maker(seed)
    value = maker.object(maker.random.randint(0, 4))
    # Protocols 0 and 1 take no slots,.
    return value, maker.random.randint(2 if maker.has_slots else 0, pickle.HIGHEST_PROTOCOL)


def canonical(value):
    """A text that is the same for equal values, whatever the order of what is in sets."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({sorted(map(canonical, value))})"
    if isinstance(value, tuple):
        return f"{type(value).__name__}({[canonical(item) for item in value]})"
    return f"{type(value).__name__}({value!r})"


class Comparison:
    """Compares what is in two objects, and which of their containers are one and the same. Counts leaves that differ."""

    def __init__(self):
        self.pairs = {}
        self.back = {}
        self.kept = []
        self.differences = 0

    def leaf(self, left, right):
        same = left == right or (left != left and right != right)
        if isinstance(left, float) and same:
            same = math.copysign(1, left) == math.copysign(1, right)
        if isinstance(left, (datetime.datetime, datetime.time)):
            same = same and left.fold == right.fold and left.tzinfo == right.tzinfo and left.tzname() == right.tzname()
        if not same:
            self.differences += 1
        return True

    def same_shape(self, left, right):
        if type(left) is not type(right):
            # What was None may have become anything.
            if left is None or right is None:
                self.differences += 1
                return True
            return False
        if isinstance(left, (list, dict, set, collections.deque, Node, Point, Slotted, types.SimpleNamespace)):
            if id(left) in self.pairs or id(right) in self.back:
                return self.pairs.get(id(left)) == id(right) and self.back.get(id(right)) == id(left)
            self.pairs[id(left)] = id(right)
            self.back[id(right)] = id(left)
            self.kept += [left, right]
        if isinstance(left, (tuple, list, collections.deque)):
            if getattr(left, "maxlen", None) != getattr(right, "maxlen", None):
                return False
            return len(left) == len(right) and all(self.same_shape(a, b) for a, b in zip(list(left), list(right)))
        if isinstance(left, dict):
            if getattr(left, "default_factory", None) is not getattr(right, "default_factory", None):
                return False
            return len(left) == len(right) and all(
                self.same_key(a, b) and self.same_shape(left[a], right[b]) for a, b in zip(list(left), list(right)))
        if isinstance(left, (set, frozenset)):
            # With a NaN in it a set differs from its copy.
            return canonical(left) == canonical(right)
        if isinstance(left, Slotted):
            return self.same_shape(left.left, right.left) and self.same_shape(left.right, right.right)
        if isinstance(left, (Node, Point, types.SimpleNamespace)):
            return list(vars(left)) == list(vars(right)) and all(
                self.same_shape(vars(left)[name], vars(right)[name]) for name in vars(left))
        return self.leaf(left, right)

    def same_key(self, left, right):
        before = self.differences
        return self.same_shape(left, right) and self.differences == before


def read(file):
    size = struct.unpack("<I", file.read(4))[0]
    return file.read(size)


def main():
    sys.setrecursionlimit(10000)
    task, seed, count, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if task == "make":
        with open(path, "wb") as file:
            for number in range(seed, seed + count):
                value, protocol = make(number)
                pickler = pickle._dumps if number % 3 == 0 else pickle.dumps
                data = pickler(value, protocol)
                file.write(struct.pack("<I", len(data)) + data)
        return 0
    with open(path, "rb") as file:
        for number in range(seed, seed + count):
            # Protocols below 4 lose the fold of a time: what counts is what Python itself gets back.
            value, protocol = make(number)
            value = pickle.loads(pickle.dumps(value, protocol))
            again, edited = read(file), read(file)
            for name, data, wanted in (("written anew", again, 0), ("edited", edited, 1)):
                if not data:
                    continue
                load = pickle._loads if number % 3 == 1 else pickle.loads
                comparison = Comparison()
                isomorphic = comparison.same_shape(value, load(data))
                if not isomorphic or comparison.differences > wanted:
                    print(f"object {number}, {name}: {comparison.differences} differences, same shape: {isomorphic}")
                    return 1
    return 0


if __name__ == "__main__":
    # The classes are found by this name wherever they are loaded.
    sys.modules["roundtrip"] = sys.modules["__main__"]
    for thing in list(globals().values()):
        if isinstance(thing, type) and thing.__module__ == "__main__":
            thing.__module__ = "roundtrip"
    sys.exit(main())
