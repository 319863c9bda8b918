"""SOQL's grammar, for lark: the text of a query becomes the tree of `syntax`.

Imported with the first query only: lark and its tables take longer to load than the practice org to start.
"""

from __future__ import annotations

from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from sfmtls_nb.practice.soql.syntax import (
    Comparison,
    Condition,
    FieldPath,
    FunctionCall,
    Item,
    Junction,
    Not,
    Order,
    Place,
    Select,
    SemiJoin,
    SoqlError,
    Value,
    error_at,
)

#: "SOQL statements can be up to 100,000 characters" (SOQL and SOSL limits).
_LONGEST: Final = 100_000

# AND and OR are never mixed without brackets, as in Salesforce; that is why there is no precedence.
_GRAMMAR: Final = r"""
start: select
select: SELECT items "FROM"i path [NAME] [where] [group] [having] [order] [limit] [offset]

items: item ("," item)*
item: (path | call) [NAME] -> named_item
    | "(" select ")"       -> child_item

where: "WHERE"i condition
group: "GROUP"i "BY"i operand ("," operand)*
having: "HAVING"i condition
order: "ORDER"i "BY"i ordering ("," ordering)*
ordering: operand [ASC | DESC] ["NULLS"i (FIRST | LAST)]
limit: "LIMIT"i number
offset: "OFFSET"i number

?condition: unary | both | either
both: unary ("AND"i unary)+
either: unary ("OR"i unary)+
?unary: comparison | "NOT"i unary -> negation | "(" condition ")"
?comparison: operand OPERATOR value                                -> compared
           | operand LIKE value                                    -> compared
           | operand "IN"i "(" value ("," value)* ")"              -> within
           | operand "NOT"i "IN"i "(" value ("," value)* ")"       -> without
           | operand "IN"i "(" select ")"                          -> semi_join
           | operand "NOT"i "IN"i "(" select ")"                   -> anti_join

?operand: path | call
path: NAME ("." NAME)*
call: NAME "(" [path] ")"
value: (STRING | NUMBER | DATE | DATETIME) | NAME [":" NUMBER]
number: NUMBER -> value

SELECT: "SELECT"i
ASC: "ASC"i
DESC: "DESC"i
FIRST: "FIRST"i
LAST: "LAST"i
LIKE: "LIKE"i
OPERATOR: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
NAME: /[a-z_][a-z0-9_]*/i
STRING: /'(?:[^'\\]|\\.)*'/s
DATETIME.3: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})/i
DATE.2: /[0-9]{4}-[0-9]{2}-[0-9]{2}/
NUMBER: /[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?/i
%ignore /[ \t\r\n\f]+/
"""

#: Words of SOQL that this grammar does not know.
_NOT_SIMULATED: Final = frozenset(
    "ALL CUBE EXCLUDES FOR INCLUDES REFERENCE ROLLUP ROWS SCOPE SECURITY_ENFORCED TYPEOF UPDATE USING VIEW WHEN WITH".split()  # noqa: SIM905
)


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


@v_args(inline=True)
class _Tree(Transformer[Token, Select]):
    """Builds the tree while lark parses, so that depth costs no recursion."""

    def start(self, select: Select) -> Select:
        return select

    def select(self, word: Token, items: tuple[Item, ...], source: FieldPath, *clauses: Any) -> Select:
        alias, where, group, having, order, limit, offset = clauses
        name = str(alias) if alias else None
        return Select(items, source, name, where, group or (), having, order or (), limit, offset, _place(word))

    def named_item(self, selected: FieldPath | FunctionCall, alias: Token | None) -> Item:
        return Item(selected, str(alias) if alias else None, _place(alias) if alias else selected.place)

    def child_item(self, select: Select) -> Item:
        return Item(select, None, select.place)

    def ordering(self, operand: FieldPath | FunctionCall, direction: Token | None, nulls: Token | None) -> Order:
        return Order(operand, getattr(direction, "type", "") == "DESC", getattr(nulls, "type", "") == "LAST")

    def path(self, *names: Token) -> FieldPath:
        return FieldPath(tuple(str(name) for name in names), _place(names[0]))

    def call(self, name: Token, argument: FieldPath | None) -> FunctionCall:
        return FunctionCall(name.upper(), argument, _place(name))

    def value(self, token: Token, count: Token | None = None) -> Value:
        return Value(token.type, str(token), _place(token), str(count) if count else None)

    def compared(self, operand: FieldPath | FunctionCall, operator: Token, value: Value) -> Comparison:
        return Comparison(operand, "!=" if operator == "<>" else operator.upper(), (value,))

    def within(self, operand: FieldPath | FunctionCall, *values: Value) -> Comparison:
        return Comparison(operand, "IN", values)

    def without(self, operand: FieldPath | FunctionCall, *values: Value) -> Comparison:
        return Comparison(operand, "NOT IN", values)

    def semi_join(self, operand: FieldPath | FunctionCall, select: Select) -> SemiJoin:
        return SemiJoin(operand, False, select)

    def anti_join(self, operand: FieldPath | FunctionCall, select: Select) -> SemiJoin:
        return SemiJoin(operand, True, select)

    def negation(self, of: Condition) -> Not:
        return Not(of)

    def both(self, *parts: Condition) -> Junction:
        return Junction("AND", parts)

    def either(self, *parts: Condition) -> Junction:
        return Junction("OR", parts)

    def where(self, condition: Condition) -> Condition:
        return condition

    having = limit = offset = where

    def items(self, *parts: Any) -> tuple[Any, ...]:
        return parts

    group = order = items


_PARSER: Final = Lark(_GRAMMAR, parser="lalr", transformer=_Tree(), maybe_placeholders=True)


def parse(text: str) -> Select:
    """Parse the text of a query. Raises SoqlError with MALFORMED_QUERY."""
    if len(text) > _LONGEST:
        raise SoqlError("MALFORMED_QUERY", f"SOQL statements cannot be longer than {_LONGEST} characters.")
    try:
        # Any: lark does not know the type that the transformer returns.
        tree: Any = _PARSER.parse(text)
    except UnexpectedInput as error:
        raise _malformed(text, error) from None
    return tree  # type: ignore[no-any-return]


def _malformed(text: str, error: UnexpectedInput) -> SoqlError:
    place = Place(error.line, error.column)
    if isinstance(error, UnexpectedCharacters):
        return error_at(text, place, "MALFORMED_QUERY", f"unexpected character: '{error.char}'")
    token = error.token if isinstance(error, UnexpectedToken) else Token("$END", "")
    if token.type == "$END":
        lines = text.split("\n")
        return error_at(text, Place(len(lines), len(lines[-1]) + 1), "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    message = f"unexpected token: '{token}'"
    if token.upper() in _NOT_SIMULATED:
        message += ". It is SOQL, but not simulated by this practice org."
    return error_at(text, place, "MALFORMED_QUERY", message)
