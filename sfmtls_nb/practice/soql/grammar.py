"""SOQL's grammar, for lark: the text of a query becomes the tree of `syntax`.

Imported with the first query only: lark and its tables take longer to load than the practice org to start.
"""

from __future__ import annotations

from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from sfmtls_nb.practice.soql.syntax import (
    Case,
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
    Typeof,
    Value,
    error_at,
)

#: "SOQL statements can be up to 100,000 characters" (SOQL and SOSL limits).
_LONGEST: Final = 100_000

# AND and OR are never mixed without brackets, as in Salesforce; that is why there is no precedence.
_GRAMMAR: Final = r"""
start: select
select: SELECT items "FROM"i source [where] ["WITH"i mode] [grouping] [order] page
# Few optional parts in one rule: lark writes it out for each of their combinations.
source: path [NAME] parents ["USING"i "SCOPE"i "EVERYTHING"i]
parents: ("," path NAME)*
grouping: group [having]
        | having -> having_alone
page: [limit] [offset] ["FOR"i purpose] ["UPDATE"i statistics]

# Words without an effect in an org where everybody sees every field, and nothing is written.
mode: "SECURITY_ENFORCED"i | "USER_MODE"i | "SYSTEM_MODE"i
purpose: "VIEW"i | "REFERENCE"i | "UPDATE"i
statistics: statistic ("," statistic)*
statistic: "TRACKING"i | "VIEWSTAT"i

items: item ("," item)*
item: (path | call) [NAME] -> named_item
    | "(" select ")"       -> child_item
    | typeof               -> typeof_item
typeof: TYPEOF path case+ ["ELSE"i paths] "END"i
case: "WHEN"i NAME "THEN"i paths
paths: path ("," path)*

where: "WHERE"i condition
group: "GROUP"i "BY"i operands -> plain_group
     | "GROUP"i "BY"i (ROLLUP | CUBE) "(" paths ")" -> subtotals
operands: operand ("," operand)*
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
           | operand "IN"i values                                  -> within
           | operand "NOT"i "IN"i values                           -> without
           | operand (INCLUDES | EXCLUDES) values                  -> chosen
           | operand "IN"i "(" select ")"                          -> semi_join
           | operand "NOT"i "IN"i "(" select ")"                   -> anti_join
values: "(" value ("," value)* ")"

?operand: path | call
path: NAME ("." NAME)*
call: NAME "(" [argument ("," argument)*] ")"
?argument: path | call | text
text: (STRING | NUMBER) -> value
value: (STRING | NUMBER | DATE | DATETIME) | NAME [":" NUMBER]
number: NUMBER -> value

SELECT: "SELECT"i
TYPEOF: "TYPEOF"i
ROLLUP: "ROLLUP"i
CUBE: "CUBE"i
INCLUDES: "INCLUDES"i
EXCLUDES: "EXCLUDES"i
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

#: SOQL that this grammar does not know, by the word at which it stops.
_NOT_SIMULATED: Final = {
    **{scope: f"USING SCOPE {scope}" for scope in ("DELEGATED", "MINE", "MINEANDMYGROUPS", "MY_TERRITORY")},
    **{scope: f"USING SCOPE {scope}" for scope in ("MY_TEAM_TERRITORY", "SCOPINGRULE", "TEAM")},
    **{word: f"WITH {word}" for word in ("NETWORK", "NETWORKID", "PRICEBOOKID", "RECORDVISIBILITYCONTEXT")},
    "DATA": "WITH DATA CATEGORY",
}
#: Apex alone has it: "ALL ROWS not allowed in this context" is what its users see elsewhere.
_ALL_ROWS: Final = (
    "ALL ROWS not allowed in this context: it is for Apex, and not simulated. The calls queryAll (SOAP, REST, Bulk) find "
    "deleted records too."
)


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


@v_args(inline=True)
class _Tree(Transformer[Token, Select]):
    """Builds the tree while lark parses, so that depth costs no recursion."""

    def start(self, select: Select) -> Select:
        return select

    def select(self, word: Token, items: tuple[Item, ...], source: tuple[Any, ...], *clauses: Any) -> Select:
        where, _, grouping, order, (limit, offset) = clauses
        of, alias, parents = source
        groups, subtotals, having = grouping or ((), "", None)
        return Select(
            items, of, alias, parents, where, groups, subtotals, having, order or (), limit, offset, _place(word)
        )

    def source(self, path: FieldPath, alias: Token | None, parents: tuple[Any, ...]) -> tuple[Any, ...]:
        return path, str(alias) if alias else None, parents

    def grouping(self, group: tuple[tuple[Any, ...], str], having: Condition | None) -> tuple[Any, ...]:
        return *group, having

    def having_alone(self, having: Condition) -> tuple[Any, ...]:
        return (), "", having

    def page(self, limit: Value | None, offset: Value | None, *_: None) -> tuple[Value | None, Value | None]:
        return limit, offset

    def parents(self, *pairs: Any) -> tuple[tuple[str, FieldPath], ...]:
        return tuple((str(alias), path) for path, alias in zip(pairs[::2], pairs[1::2], strict=True))

    def mode(self, *_: None) -> None:
        """Return nothing for a clause without an effect."""

    purpose = statistic = statistics = mode

    def named_item(self, selected: FieldPath | FunctionCall, alias: Token | None) -> Item:
        return Item(selected, str(alias) if alias else None, _place(alias) if alias else selected.place)

    def child_item(self, select: Select) -> Item:
        return Item(select, None, select.place)

    def typeof_item(self, typeof: Typeof) -> Item:
        return Item(typeof, None, typeof.place)

    def typeof(self, word: Token, relationship: FieldPath, *rest: Any) -> Typeof:
        *cases, otherwise = rest
        return Typeof(relationship, tuple(cases), otherwise or (), _place(word))

    def case(self, name: Token, paths: tuple[FieldPath, ...]) -> Case:
        return Case(str(name), paths, _place(name))

    def plain_group(self, operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], str]:
        return operands, ""

    def subtotals(self, word: Token, fields: tuple[Any, ...]) -> tuple[tuple[Any, ...], str]:
        return fields, word.upper()

    def ordering(self, operand: FieldPath | FunctionCall, direction: Token | None, nulls: Token | None) -> Order:
        return Order(operand, getattr(direction, "type", "") == "DESC", getattr(nulls, "type", "") == "LAST")

    def path(self, *names: Token) -> FieldPath:
        return FieldPath(tuple(str(name) for name in names), _place(names[0]))

    def call(self, name: Token, *arguments: FieldPath | FunctionCall | Value | None) -> FunctionCall:
        return FunctionCall(name.upper(), tuple(each for each in arguments if each), _place(name))

    def value(self, token: Token, count: Token | None = None) -> Value:
        return Value(token.type, str(token), _place(token), str(count) if count else None)

    def compared(self, operand: FieldPath | FunctionCall, operator: Token, value: Value) -> Comparison:
        return Comparison(operand, "!=" if operator == "<>" else operator.upper(), (value,))

    def within(self, operand: FieldPath | FunctionCall, values: tuple[Value, ...]) -> Comparison:
        return Comparison(operand, "IN", values)

    def without(self, operand: FieldPath | FunctionCall, values: tuple[Value, ...]) -> Comparison:
        return Comparison(operand, "NOT IN", values)

    def chosen(self, operand: FieldPath | FunctionCall, operator: Token, values: tuple[Value, ...]) -> Comparison:
        return Comparison(operand, operator.upper(), values)

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

    order = operands = paths = values = items


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
    word = token.upper()
    if word in ("ALL", "ROWS"):
        return error_at(text, place, "MALFORMED_QUERY", _ALL_ROWS)
    message = f"unexpected token: '{token}'"
    if word in _NOT_SIMULATED:
        message += f". {_NOT_SIMULATED[word]} is SOQL, but not simulated by this practice org."
    return error_at(text, place, "MALFORMED_QUERY", message)
