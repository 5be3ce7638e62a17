"""What follows from the figures: rules, results, and a pool split to the cent.

Pure. Numbers are taken as they are written (0.1 is one tenth), counted with as
fractions, and money is rounded once, half up. Every line says what led to it, a zero
too, so that the sum can be redone by hand. Rules: docs/rules.md#incentives
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

from .score import MIN_N, MIN_RESPONSE, VETO

Number = Decimal | Fraction | float | int

STEP, LINEAR, GATE, VETO_RULE = "step", "linear", "gate", "veto"
PAYING = (STEP, LINEAR)
KINDS = (*PAYING, GATE, VETO_RULE)

OPERATORS = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}

OF_ANSWERS = frozenset(
    {
        "response_rate",
        "good_rate",
        "good_rate_low",
        "satisfaction",
        "worst_score",
        "worst_count",
        "spread",
    }
)
"""Figures that say something only if enough customers answered."""

COUNTED = {
    "on_time_rate": ("met_count", "breached_count"),
    "promise_kept_rate": ("promise_count",),
    **dict.fromkeys(OF_ANSWERS, ("rating_count",)),
}
"""Of how many a figure is; of the closed requests where nothing is said here."""

FACTOR_DIGITS = 12
TEXT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a plan; ``check_rule`` says whether it makes sense.

    A gate compares the figure ``metric`` with ``value``. ``step`` and ``linear`` pay:
    ``tiers`` are (from, factor) with a factor of 1 for 100 %, the figure's factor is
    held between ``floor`` and ``cap`` (None: no bound) and counts by its ``weight``.
    """

    id: int
    kind: str
    metric: str = ""
    operator: str = ">="
    value: Number = 0
    weight: Number = 1
    tiers: tuple[tuple[Number, Number], ...] = ()
    floor: Number | None = None
    cap: Number | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Stored figures of one subject (``score.figures``; None or False: unknown).

    ``veto_score`` is the lowest score of the services on which a veto lies.
    """

    figures: Mapping[str, Number | None]
    veto_score: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the sum: what it was (``code``), why (``data``, ready for JSON).

    ``share``: of the pool; ``gate_passed``, ``gate_failed``, ``veto_clear``, ``veto``:
    conditions; ``figure``: a factor found in the tiers; ``too_few``, ``unknown``: a
    rule without enough data, or without its figure; ``result``, ``nothing``: the end,
    ``nothing`` with its ``reasons``. In ``data`` numbers are text, to 6 decimals.
    """

    rule: int | None
    code: str
    data: dict = field(default_factory=dict)
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """``amount`` is ``share`` × ``factor``; ``withheld``: a gate or a veto took it."""

    amount: Decimal
    share: Decimal
    factor: Decimal
    withheld: bool
    lines: tuple[Line, ...]


def check_rule(rule: Rule) -> None:
    """Refuse a rule that cannot be evaluated.

    :raises ValueError: one sentence that names what is wrong
    """
    if rule.kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {rule.kind!r}")
    if rule.kind == VETO_RULE:
        return
    if not rule.metric:
        raise ValueError("metric must name a figure")
    if rule.kind == GATE:
        if rule.operator not in OPERATORS:
            known = " ".join(OPERATORS)
            raise ValueError(f"operator must be one of {known}, got {rule.operator!r}")
        _exact(rule.value, "value")
        return
    _exact(rule.weight, "weight", least=0)
    if not rule.tiers:
        raise ValueError("tiers: at least one is needed")
    starts = [_exact(start, "tiers: from") for start, _factor in rule.tiers]
    for low, high in pairwise(starts):
        if low >= high:
            raise ValueError(f"tiers must rise, got {_text(high)} after {_text(low)}")
    for _start, factor in rule.tiers:
        _exact(factor, "tiers: factor", least=0)
    least = 0 if rule.floor is None else _exact(rule.floor, "floor", least=0)
    if rule.cap is not None:
        _exact(rule.cap, "cap", least=least)


def result(rules: Sequence[Rule], card: Card) -> tuple[Decimal, list[Line]]:
    """Return what part of its share a subject has earned (1 is all), line by line.

    The weighted mean of the paying rules' factors, 1 without such a rule, and 0 when a
    gate is not held or a veto stands. A rule without enough data counts as 0.

    :raises ValueError: a rule that ``check_rule`` refuses
    """
    factor, lines, _parts = _judge(rules, card)
    return _rounded(factor, FACTOR_DIGITS), lines


def awards(
    pool: Number,
    weights: Mapping[int, Number],
    rules: Sequence[Rule],
    cards: Mapping[int, Card | None],
    digits: int,
) -> dict[int, Award]:
    """Return what a plan awards for one period.

    :param pool: money of the period
    :param weights: of the subjects, by their ids
    :param cards: by the same ids; none: nothing is known, nothing is earned
    :param digits: decimals of the currency
    :raises ValueError: pool or a weight is negative or no number, or a rule that
        ``check_rule`` refuses
    """
    subjects = sorted(weights)
    shares = split(pool, [weights[subject] for subject in subjects], digits)
    total = sum(_exact(weight, "weight") for weight in weights.values())
    return {
        subject: _award(
            Line(
                None,
                "share",
                {
                    "pool": _text(_exact(pool, "pool")),
                    "weight": _text(_exact(weights[subject], "weight")),
                    "weights": _text(total),
                },
                share,
            ),
            rules,
            cards.get(subject),
            digits,
        )
        for subject, share in zip(subjects, shares, strict=True)
    }


def _award(share: Line, rules: Sequence[Rule], card: Card | None, digits: int) -> Award:
    """Return the award of one subject from the ``share`` line."""
    if card:
        factor, lines, parts = _judge(rules, card)
    else:
        factor, parts = Fraction(0), {}
        lines = [_nothing("no_card")]
    amount = _rounded(Fraction(share.amount) * factor, digits)
    if factor and not amount:
        lines[-1] = _nothing("share")
    lines[-1] = replace(lines[-1], amount=amount)
    # Each paying rule's part of the award, so that the lines add up to it.
    amounts = split(amount, list(parts.values()), digits)
    for place, part in zip(parts, amounts, strict=True):
        lines[place] = replace(lines[place], amount=part)
    return Award(
        amount=amount,
        share=share.amount,
        factor=_rounded(factor, FACTOR_DIGITS),
        withheld=not {"gate", "veto"}.isdisjoint(lines[-1].data.get("reasons", ())),
        lines=(share, *lines),
    )


def split(pool: Number, weights: Sequence[Number], digits: int) -> list[Decimal]:
    """Divide ``pool`` by ``weights`` so that the parts add up to it exactly.

    Whole smallest units, rounded down; those left over go to the largest fractions, of
    equal ones to the larger weight, then to the earlier (Hamilton's method). Nothing
    is given if no weight is above 0.

    :param digits: decimals of the currency; a finer pool is rounded half up first
    :raises ValueError: pool or a weight is negative, or no number

    >>> [str(part) for part in split(100, [1, 1, 1], 2)]
    ['33.34', '33.33', '33.33']
    """
    units = _units(_exact(pool, "pool", least=0), digits)
    exact = [_exact(weight, "weight", least=0) for weight in weights]
    total = sum(exact)
    if not total:
        return [_money(0, digits) for _weight in exact]
    quotas = [units * weight / total for weight in exact]
    parts = [floor(quota) for quota in quotas]
    order = sorted(
        range(len(exact)),
        key=lambda place: (parts[place] - quotas[place], -exact[place], place),
    )
    for place in order[: units - sum(parts)]:
        parts[place] += 1
    return [_money(part, digits) for part in parts]


def prorate(amount: Number, days: int, total: int, digits: int) -> Decimal:
    """Return the part of ``amount`` for ``days`` of ``total`` days, rounded half up.

    :raises ValueError: not 0 <= days <= total, or total is 0; ``amount`` is no number

    >>> str(prorate(500, 50, 90, 2))
    '277.78'
    """
    if not 0 <= days <= total or not total:
        raise ValueError(f"days must be 0 to {total} of at least 1, got {days}")
    return _rounded(_exact(amount, "amount") * days / total, digits)


def _judge(
    rules: Sequence[Rule], card: Card
) -> tuple[Fraction, list[Line], dict[int, Fraction]]:
    """Return the factor, its lines, and weight × factor by place of a paying line."""
    for rule in rules:
        check_rule(rule)
    gates = [_gate(rule, card) for rule in rules if rule.kind == GATE]
    vetoes = [_veto(rule, card) for rule in rules if rule.kind == VETO_RULE]
    paying = [rule for rule in rules if rule.kind in PAYING]
    lines = gates + vetoes
    parts, total = {}, Fraction(0)
    for rule in paying:
        factor, line = _pay(rule, card)
        weight = _exact(rule.weight, "weight")
        total += weight
        parts[len(lines)] = weight * factor
        lines.append(line)

    reasons = []
    if any(line.code != "gate_passed" for line in gates):
        reasons.append("gate")
    if any(line.code == "veto" for line in vetoes):
        reasons.append("veto")
    earned = sum(parts.values()) / total if total else Fraction(not paying)
    if not earned:
        known = any(lines[place].code == "figure" for place in parts)
        reasons.append("weights" if not total else "figures" if known else "data")
    if reasons:
        return Fraction(0), [*lines, _nothing(*reasons)], parts
    end = Line(None, "result", {"factor": _text(earned), "weights": _text(total)})
    return earned, [*lines, end], parts


def _gate(rule: Rule, card: Card) -> Line:
    value, code, data = _figure(rule, card)
    wanted = _exact(rule.value, "value")
    data |= {"operator": rule.operator, "comparison": _text(wanted)}
    if code == "figure":
        held = OPERATORS[rule.operator](value, wanted)
        code = "gate_passed" if held else "gate_failed"
    return Line(rule.id, code, data)


def _veto(rule: Rule, card: Card) -> Line:
    struck = card.veto_score is not None and card.veto_score <= VETO
    data = {"kind": rule.kind, "score": card.veto_score, "limit": VETO}
    return Line(rule.id, "veto" if struck else "veto_clear", data)


def _pay(rule: Rule, card: Card) -> tuple[Fraction, Line]:
    """Return the factor of a paying rule, before its weight, and its line."""
    value, code, data = _figure(rule, card)
    factor = Fraction(0)
    if code == "figure":
        factor, place = _tier(rule, value)
        data |= place
        if rule.floor is not None:
            factor = max(factor, _exact(rule.floor, "floor"))
            data["floor"] = _text(_exact(rule.floor, "floor"))
        if rule.cap is not None:
            factor = min(factor, _exact(rule.cap, "cap"))
            data["cap"] = _text(_exact(rule.cap, "cap"))
    data |= {"factor": _text(factor), "weight": _text(_exact(rule.weight, "weight"))}
    return factor, Line(rule.id, code, data)


def _figure(rule: Rule, card: Card) -> tuple[Fraction | None, str, dict]:
    """Return the figure, whether it may be used, and what there is to say of it."""
    names = COUNTED.get(rule.metric, ("request_count",))
    n = sum(card.figures.get(name) or 0 for name in names)
    data = {
        "kind": rule.kind,
        "metric": rule.metric,
        "value": None,
        "n": n,
        "minimum": MIN_N,
    }
    enough = n >= MIN_N
    if rule.metric in OF_ANSWERS:
        answered = _exact(card.figures.get("response_rate") or 0, "response_rate")
        least = _exact(MIN_RESPONSE, "response_rate")
        enough = enough and answered >= least
        data |= {"response": _text(answered), "minimum_response": _text(least)}
    stored = card.figures.get(rule.metric)
    if stored is None or stored is False:
        return None, "unknown", data
    value = _exact(stored, rule.metric)
    data["value"] = _text(value)
    return value, "figure" if enough else "too_few", data


def _tier(rule: Rule, value: Fraction) -> tuple[Fraction, dict]:
    """Return the factor of ``value``, and between which tiers it lies.

    ``position`` is how far ``value`` has come from the tier below to the one above.
    """
    below = above = position = None
    for start, factor in rule.tiers:
        tier = (_exact(start, "from"), _exact(factor, "factor"))
        if value < tier[0]:
            above = tier
            break
        below = tier
    earned = below[1] if below else Fraction(0)
    if below and above:
        position = (value - below[0]) / (above[0] - below[0])
        if rule.kind == LINEAR:
            earned += position * (above[1] - below[1])
    return earned, {
        "below": below and {"from": _text(below[0]), "factor": _text(below[1])},
        "above": above and {"from": _text(above[0]), "factor": _text(above[1])},
        "position": None if position is None else _text(position),
        "tier_factor": _text(earned),
    }


def _nothing(*reasons: str) -> Line:
    """Return the last line of a zero.

    Reasons are ``gate``, ``veto``, ``data`` (no paying rule has enough), ``figures``
    (they earn nothing), ``weights`` (all 0), ``share`` (too small) and ``no_card``.
    """
    return Line(None, "nothing", {"factor": "0", "reasons": list(reasons)})


def _exact(number: Number, name: str, least: Number | None = None) -> Fraction:
    """Return ``number`` as it is written.

    :raises ValueError: it is no finite number, or below ``least``; says its ``name``
    """
    try:
        exact = Fraction(str(number))
    except ValueError as error:
        raise ValueError(f"{name} must be a finite number, got {number}") from error
    if least is not None and exact < least:
        raise ValueError(
            f"{name} must be {_text(Fraction(least))} or more, got {number}"
        )
    return exact


def _units(value: Fraction, digits: int) -> int:
    return floor(value * 10**digits + Fraction(1, 2))


def _money(units: int, digits: int) -> Decimal:
    return Decimal(f"{units}E-{digits}")


def _rounded(value: Fraction, digits: int) -> Decimal:
    """Return ``value`` rounded half up."""
    return _money(_units(value, digits), digits)


def _text(value: Fraction) -> str:
    """Return ``value`` as plain decimal text of at most 6 decimals."""
    return f"{_rounded(value, TEXT_DIGITS):f}".rstrip("0").rstrip(".")
