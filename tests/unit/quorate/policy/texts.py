"""Random policy texts: within the profile and mostly Cedar, and strings of pieces that the guard must tell apart."""

import string

from quorate.policy import ACTIONS
from quorate.policy.actions import GROUPS

ATTRIBUTES = ["state", "purpose", "org", "owner", "attesters", "participants", "study", "number", "active", "absent"]
TEXTS = ['"RUNNING"', '"research"', '"dp"', '"Größe"', '"a\\"b"', '"\\u{1F600}"', '""']
ENTITIES = ['Org::"AlderMSP"', 'Org::"NobodyMSP"', 'Role::"agent"', 'Study::"one"', 'Consortium::"quorate"']
TIMES = ['datetime("2027-01-15T08:00:00Z")', 'datetime("1969-12-31")', "context.now"]
SPANS = ['duration("1h")', 'duration("-1d2h3m4s5ms")', 'duration("9223372036854775807ms")']
DECIMALS = ['decimal("1.5")', 'decimal("-0.0001")', 'decimal("922337203685477.5807")', 'decimal("x")']
ADDRESSES = ['ip("10.0.0.1")', 'ip("10.0.0.0/8")', 'ip("::1")', 'ip("10.0.0.256")']
PIECES = [
    *('"', "\\", "//", "/*", "*/", "\n", "\r", "\t", " ", "?", '@id("a")', '@id("b")', "@id", "@", ";", ";", "::"),
    *("permit", "forbid", "principal", "resource", "when", "unless", "==", "in", "!", "-", ".", "a", "1", ",", "%"),
    *("{", "}", "(", ")", "[", "]", "action", 'Action::"x"', 'Round::"x"', 'N::Action::"x"', "toDate", "toTime", "é"),
    *('decimal("+1.0")', 'decimal("1.0")', 'duration("1ms")', 'duration("1")', "unknown", "\x7f", "\x00", "(", ")"),
    *('@id("p") permit (principal, action, resource);', '@id("q") forbid (principal, action, resource) when { true };'),
]


def deepest():
    """Return policies that reach as deep as the guard lets them, without brackets and within."""
    conditions = {
        "and": "true" + " && true" * 240,
        "or": "false" + " || false" * 239 + " || true",
        "sum": "240 == 1" + " + 1" * 238,
        "product": "1 == 1" + " * 1" * 239,
        "minus": "1 == 1" + " - -1" * 158,
        "if": "if true then true else " * 95 + "true",
        "condition of if": "if " * 95 + "true" + " then true else true" * 95,
        "index": "context" + '["now"]' * 158 + " == 1",
        "contains": "context.now" + ".contains(1)" * 94,
        "brackets": "(" * 15 + "true" + ")" * 15,
        "records": "{a: " * 15 + "1" + "}" * 15 + " == 1",
        "like": 'resource.state like "' + "*R" * 20_000 + '"',
    }
    every = "(principal, action, resource)"
    for condition in conditions.values():
        for effect in ("permit", "forbid"):
            yield f'@id("p") permit {every}; @id("q") {effect} {every} when {{ {condition} }};'


def pieces(source):
    """Return a random string of the guard's own concerns."""
    return "".join(source.choice(PIECES) for _ in range(source.randint(0, 40)))


def mutated(source, text):
    """Return a text with a few characters changed, removed or doubled."""
    characters = list(text)
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(characters))
        change = source.choice([source.choice(string.printable), "", characters[place] * 2, source.choice(PIECES)])
        characters[place] = change
    return "".join(characters)


def policy_text(source):
    """Return a random policy set."""
    names = source.sample([f"p{number}" for number in range(40)], source.randint(1, 6))
    return "\n".join(_policy(source, name) for name in names)


def _policy(source, name):
    effect = source.choice(["permit", "permit", "forbid"])
    clauses = " ".join(
        f"{source.choice(['when', 'unless'])} {{ {_condition(source, 3)} }}" for _ in range(source.choice([0, 1, 1, 2]))
    )
    return f'@id("{name}") {effect} ({_principal(source)}, {_action(source)}, {_resource(source)}) {clauses};'


def _principal(source):
    return source.choice(
        ["principal", "principal", 'principal in Role::"agent"', 'principal is Member in Org::"AlderMSP"']
    )


def _action(source):
    actions = [f'Action::"{name}"' for name in source.sample([*ACTIONS, *GROUPS], 2)]
    return source.choice(["action", "action", f"action == {actions[0]}", f"action in [{', '.join(actions)}]"])


def _resource(source):
    return source.choice(
        ["resource", "resource", "resource is Round", 'resource in Study::"one"', "resource is Dataset"]
    )


def _condition(source, depth):
    if depth == 0:
        return source.choice(["true", f"resource has {source.choice(ATTRIBUTES)}", "principal.org.active"])
    a, b = (_condition(source, depth - 1) for _ in range(2))
    return source.choice(
        [
            f"({a} && {b})",
            f"({a} || {b})",
            f"!({a})",
            f"(if {a} then {b} else {_condition(source, 0)})",
            f"{_value(source, 1)} == {_value(source, 1)}",
            f"{_value(source, 1)} != {_value(source, 1)}",
            f"{_number(source, 2)} {source.choice(['<', '<=', '>', '>='])} {_number(source, 2)}",
            f"{source.choice(TIMES)} < {source.choice(TIMES)}.offset({source.choice(SPANS)})",
            f"{source.choice(TIMES)}.durationSince({source.choice(TIMES)}).toHours() > {_number(source, 1)}",
            f"{source.choice(DECIMALS)}.lessThan({source.choice(DECIMALS)})",
            f"{source.choice(ADDRESSES)}.isInRange({source.choice(ADDRESSES)})",
            f"{_value(source, 1)}.contains({_value(source, 1)})",
            f"{_set(source)}.{source.choice(['containsAll', 'containsAny'])}({_set(source)})",
            f"{_set(source)}.isEmpty()",
            f'{_value(source, 1)} like "{source.choice(["*", "RUN*", "a*", "r*h", "*ö*"])}"',
            f"principal in {source.choice([*ENTITIES, 'resource', 'principal.org'])}",
            f"resource is {source.choice(['Study', 'Round', 'Member'])}",
            f"context has study && context.study.{source.choice(ATTRIBUTES)} == {_value(source, 0)}",
        ]
    )


def _value(source, depth):
    simple = [source.choice(TEXTS), source.choice(ENTITIES), f"resource.{source.choice(ATTRIBUTES)}", "principal.org"]
    if depth == 0:
        return source.choice(simple)
    return source.choice(
        [*simple, _number(source, 1), _set(source), f'{{"a": {_value(source, 0)}, b: {_number(source, 0)}}}', "true"]
    )


def _set(source):
    listed = f"[{', '.join(_value(source, 0) for _ in range(source.randint(0, 3)))}]"
    return source.choice([listed, "resource.participants", "resource.attesters", 'Consortium::"quorate".members'])


def _number(source, depth):
    if depth == 0:
        # In brackets, since one engine does not read -1.contains(…), which no policy can then say.
        return source.choice(["0", "1", "(-1)", "9223372036854775807", "(-9223372036854775807 - 1)", "resource.number"])
    left, right = (_number(source, depth - 1) for _ in range(2))
    return source.choice([left, f"({left} {source.choice('+-*')} {right})", f"-({left})"])
