"""Judges replies by the rules of --stop-if, --fail-if, --retry-if and --ok-if."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jmespath import exceptions, functions, visitor  # pyright: ignore[reportMissingTypeStubs]

from .expression import Expression, parse_expression, shown
from .functions import Pattern, RuleFunctions
from .judgement import Judged, Judgement, Ruling
from .view import MOST_JSON, MOST_TEXT, ReplyView, TooLargeError

_SUCCESS = Judgement(Ruling.SUCCESS)
_BY_STATUS = Judgement(Ruling.BY_STATUS)
_OPTIONS = {
    "--stop-if": Ruling.STOP,
    "--fail-if": Ruling.FAIL,
    "--retry-if": Ruling.RETRY,
    "--ok-if": Ruling.SUCCESS,
}


@dataclass(frozen=True, slots=True)
class _Rule:
    ruling: Ruling
    name: str
    """As messages quote it, such as `rule --ok-if "body.ok"`."""
    expression: Expression


def check_rule(text: str, option: str) -> str:
    """The text of one rule once it is known to be readable; raises OptionError."""
    parse_expression(text, option)
    return text


class Rules:
    """All rules of a run, compiled; immutable, so that replies may be judged in any thread."""

    def __init__(self, rules: tuple[_Rule, ...]) -> None:
        """The rules in the order of their rank; `parse` makes them."""
        self._rules = rules
        self._ok = tuple(rule for rule in rules if rule.ruling is Ruling.SUCCESS)
        self._patterns: dict[str, Pattern] = {}
        for rule in rules:
            self._patterns |= rule.expression.patterns
        json = any("body" in rule.expression.parts for rule in rules)
        text = any("body_matches" in rule.expression.functions for rule in rules)
        self.reads = MOST_JSON if json else MOST_TEXT if text else 0
        """How many octets of a body they look at; 0 where they never do."""

    @classmethod
    def parse(
        cls, ok: tuple[str, ...], fail: tuple[str, ...], retry: tuple[str, ...], stop: tuple[str, ...]
    ) -> Rules | None:
        """The rules of the four options; None where there are none. Raises OptionError for one that cannot hold."""
        texts = {"--stop-if": stop, "--fail-if": fail, "--retry-if": retry, "--ok-if": ok}
        rules = tuple(
            _Rule(_OPTIONS[option], f"rule {option} {shown(text)}", parse_expression(text, option))
            for option, given in texts.items()
            for text in given
        )
        return cls(rules) if rules else None

    def judge(self, reply: Judged) -> Judgement:
        """What the rules say of a reply; never raises.

        The first that holds decides, --stop-if before --fail-if before --retry-if before --ok-if. Where there are
        --ok-if rules, one of them must hold for a success and the status alone makes none. A rule that cannot be
        evaluated matters only on a reply that would be a success without it.
        """
        bench = _Bench(reply, self._patterns)
        broken = broken_ok = ""
        for rule in self._rules:
            holds = bench.holds(rule.expression)
            if isinstance(holds, str):
                message = f"{rule.name} could not be evaluated: {holds}"
                if rule.ruling is Ruling.SUCCESS:
                    broken_ok = broken_ok or message
                else:
                    broken = broken or message
            elif holds and rule.ruling is not Ruling.SUCCESS:
                return Judgement(rule.ruling, f"{rule.name} holds")
            elif holds:
                return Judgement(Ruling.ERROR, broken) if broken else _SUCCESS
        if not 200 <= reply.status < 300:
            return _BY_STATUS
        if broken or broken_ok:
            return Judgement(Ruling.ERROR, broken or broken_ok)
        return Judgement(Ruling.FAIL, self._none_holds()) if self._ok else _BY_STATUS

    def _none_holds(self) -> str:
        return f"{self._ok[0].name} does not hold" if len(self._ok) == 1 else "no --ok-if rule holds"


class _Bench:
    """Evaluates rules on one reply."""

    def __init__(self, reply: Judged, patterns: dict[str, Pattern]) -> None:
        """Looks at nothing yet."""
        self._view = ReplyView(reply)
        self._seen: dict[str, object] = {
            "status": reply.status,
            "bytes": reply.size,
            "elapsed_ms": reply.elapsed_ms,
        }
        options = visitor.Options(custom_functions=RuleFunctions(self._view, patterns))
        self._interpreter = visitor.TreeInterpreter(options)

    def holds(self, expression: Expression) -> bool | str:
        """Whether a rule holds, or why it cannot be evaluated: in words that say nothing of the reply's content."""
        try:
            for part in expression.parts - self._seen.keys():
                self._seen[part] = self._view.fields if part == "headers" else self._view.body
            return _truth(self._interpreter.visit(expression.node, self._seen))  # pyright: ignore
        except exceptions.JMESPathTypeError as error:
            return _type_error(error)
        except TooLargeError:
            return f"the JSON body is larger than {MOST_JSON // 1024**2} MiB"
        except TimeoutError:
            return "its regular expression takes too long on this text"
        except RecursionError:
            return "the body is nested too deeply"
        except TypeError:
            return "it compares or searches values of types that do not go together"
        except (
            Exception
        ) as error:  # Foreign data in a foreign interpreter: whatever comes, it is this reply's failure.
            return f"{type(error).__name__} while it was evaluated"


def _truth(value: object) -> bool:
    """JMESPath's truth: false, null and what is empty are false; 0 is true."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _type_error(error: Any) -> str:
    """What jmespath's own message says, without the value that it repeats."""
    actual, expected = str(error.actual_type), [str(one) for one in error.expected_types]
    got, function = functions.TYPES_MAP.get(actual, actual), str(error.function_name)
    hint = "; 'x && …' leaves out what is not there" if got == "null" else ""
    return f"{function}() takes {' or '.join(expected)}, and got {got}{hint}"
