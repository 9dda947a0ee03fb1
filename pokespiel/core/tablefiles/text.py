"""Tables as text, as spreadsheets, pandas, NumPy, R and people write them.

Cells are separated by commas, semicolons, tabs, bars or blanks, whichever makes the file a table. Policies may be named
in the first line, in the first column or in both. An empty corner means that there are names even if they are numbers;
a first line with one cell fewer than the others names the columns, as R writes it. Numbers may have a decimal comma;
between semicolons, which are used where the comma is decimal, a comma is never anything else. Blank lines, comments
(#), empty cells at the end of all lines and a line `sep=;` are ignored.

Files that can be read in two ways are rejected, as are cells without a number; the error gives line and column.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.core.tablefiles.content import (
    COMMA,
    MINUS,
    SPACES,
    Content,
    Names,
    checked_content,
    counts,
    is_number,
    is_value,
    read_number,
    repeated,
    shortened,
)

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "blanks"}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}%?")
PAIR = re.compile(r"[+-]?[0-9]+,[0-9]")
WORD = re.compile(r"[^\W\d_]{2}.*")
RULE = re.compile(r":?-{2,}:?")
"""The line under a header in Markdown."""


class _Unclear(ValueError):
    """A table that can be read in two ways."""


class Row(NamedTuple):
    line: int
    """Counted from 1."""
    cells: list[str]


def decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else the former Windows encoding."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if CONTROL.search(text):
        raise ValueError("is neither text nor a file of NumPy's: save the table as .csv, .npy, .npz, .json or .nfg")
    return text


def read_text(text: str) -> Content:
    """The one table that `text` holds; a `ValueError` with line and column if there is none or several are possible."""
    told = re.match(r"\"?sep=(.)\"?[ \t]*\r?\n", text)
    separators = [told[1]] if told else _separators(text)
    found: dict[str, Content] = {}
    refusals: dict[str, ValueError] = {}
    for separator in separators:
        try:
            found[separator] = parse_table(content_rows(text, separator, 1 if told else 0), commas=separator == ";")
        except ValueError as refusal:
            refusals[separator] = refusal
    unclear = [refusal for refusal in refusals.values() if isinstance(refusal, _Unclear)]
    if not found:
        raise unclear[0] if unclear else refusals[_likeliest(text, separators)]
    readings = {(content.names, content.values.tobytes()) for content in found.values()}
    if unclear or len(readings) > 1:
        several = [SEPARATORS[each] for each in separators if each in found or refusals[each] in unclear]
        raise ValueError(f"can be read with {' or with '.join(several)} between cells")
    return next(iter(found.values()))


def _separators(text: str) -> list[str]:
    """The possible separators; blanks only if there is no tab, because tabs may stand beside empty cells."""
    found = [each for each in SEPARATORS if each != " " and each in text]
    blanks = "\t" not in found and re.search(r"\S +\S", text)
    return [*found, " "] if blanks or not found else found


def _likeliest(text: str, separators: Sequence[str]) -> str:
    """The separator whose error is reported: the one that makes the most lines alike."""

    def alike(separator: str) -> int:
        widths = Counter(len(row.cells) for row in content_rows(text, separator, 0))
        return max((count for width, count in widths.items() if width > 1), default=0)

    return max(separators, key=alike)


def content_rows(text: str, separator: str, skip: int) -> list[Row]:
    """The rows that are neither blank nor comments, after `skip` lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    rows, line = [], 0
    try:
        for cells in reader:
            first, line = line + 1, reader.line_num
            cells = [cell.strip(SPACES + " \t\r\n") for cell in cells]
            ruled = separator == "|" and any(cells) and all(RULE.fullmatch(cell) for cell in cells if cell)
            if first > skip and cells not in ([], [""]) and not ruled:
                rows.append(Row(first, cells))
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    return _trimmed(_without_comments(rows))


def _without_comments(rows: list[Row]) -> list[Row]:
    """Drop the lines that start with #, unless they look like the others, as a policy's `#1, 0.5, 0.3` does."""
    marked = [row.cells[0].startswith("#") for row in rows]
    widths = {len(row.cells) for row, comment in zip(rows, marked, strict=True) if not comment}

    def is_kept(row: Row) -> bool:
        return (
            len(row.cells) in (widths or {len(row.cells)}) and len(row.cells) > 1 and all(map(is_value, row.cells[1:]))
        )

    return [row for row, comment in zip(rows, marked, strict=True) if not comment or is_kept(row)]


def _trimmed(rows: list[Row]) -> list[Row]:
    """Drop empty rows at the end, and empty cells at the end of all rows, or of all but the first."""
    while rows and not any(rows[-1].cells):
        rows.pop()
    while rows and all(row.cells and not row.cells[-1] for row in rows[1:]) and len(rows[-1].cells) > 1:
        width = len(rows[-1].cells)
        if len(rows[0].cells) == width and rows[0].cells[-1]:
            break
        rows = [Row(row.line, row.cells[:-1] if len(row.cells) == width else row.cells) for row in rows]
    while rows and all(len(row.cells) > 1 and not row.cells[0] for row in rows):
        rows = [Row(row.line, row.cells[1:]) for row in rows]
    return rows


def parse_table(rows: list[Row], commas: bool = False) -> Content:
    """The numbers of `rows` and their names; with `commas`, commas in numbers are certainly decimal."""
    if not rows:
        raise ValueError("holds no table")
    short = len(rows) > 1 and len({len(row.cells) for row in rows[1:]}) == 1 and _is_short(rows)
    if not short:
        _check_widths(rows)
    top, side = (True, True) if short else _named(rows)
    body = rows[1:] if top else rows
    if not body or len(body[0].cells) == side:
        raise ValueError(f"line {rows[0].line} holds names, but no payoffs follow")
    values = np.array(_numbers(body, int(side), commas))
    _check_counts(rows, top, side)
    columns = tuple(rows[0].cells[int(side and not short) :]) if top else None
    _check_once([row.cells[0] for row in body] if side else [], [f"line {row.line}, column 1" for row in body])
    _check_once(
        columns or (), [f"line {rows[0].line}, column {index}" for index in range(1 + side, len(body[0].cells) + 1)]
    )
    return checked_content(
        values, False, (tuple(row.cells[0] for row in body) if side else None, _complete(columns, rows[0]))
    )


def _check_once(names: Sequence[str], places: Sequence[str]) -> None:
    """Reject a name that occurs twice."""
    if (again := repeated(names)) and names[again[0]]:
        raise ValueError(f"{places[again[1]]}: {names[again[0]]!r} stands at {places[again[0]]} already")


def _is_short(rows: list[Row]) -> bool:
    """Whether the first line is one cell shorter than the others and names all columns but the first."""
    header, width = rows[0].cells, len(rows[1].cells)
    unlike = not any(map(is_value, header)) or not any(is_value(row.cells[0]) for row in rows[1:])
    return len(header) == width - 1 and unlike


def _check_widths(rows: list[Row]) -> None:
    usual = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    like = next(row.line for row in rows if len(row.cells) == usual)
    for row in rows:
        if len(row.cells) != usual:
            raise ValueError(f"line {row.line} has {_cells(len(row.cells))}, line {like} has {usual}")


def _cells(number: int) -> str:
    return f"{number} cell{'s' * (number != 1)}"


def _named(rows: list[Row]) -> tuple[bool, bool]:
    """Whether the first line and the first column are names."""
    corner, *across = rows[0].cells
    down = [row.cells[0] for row in rows[1:]]
    if down and across and (not corner or _are_labels(corner, across, down)):
        return True, True
    side = not is_value(corner) and all(cell and not is_value(cell) for cell in down)
    if not across:
        return not is_value(corner), False
    names = [bool(cell) and not is_value(cell) for cell in across]
    if any(names) and not all(names) and 2 * sum(names) >= len(names):
        odd = names.index(False)
        what = f"{across[odd]!r} is a number among names" if across[odd] else "a name is missing"
        raise ValueError(
            f"line {rows[0].line}, column {odd + 2}: {what}; leave the first cell of the file empty if all are names"
        )
    return all(names) and not is_value(corner), side


def _are_labels(corner: str, across: list[str], down: list[str]) -> bool:
    """Whether the numbers beside a word in the corner name the same policies by row and by column."""
    return across == down and len(set(down)) == len(down) > 1 and bool(WORD.fullmatch(corner)) and not is_value(corner)


def _check_counts(rows: list[Row], top: bool, side: bool) -> None:
    """Reject numbers that may be a program's numbering of rows or columns as well as payoffs."""
    body = [Row(row.line, row.cells[int(side) :]) for row in (rows[1:] if top else rows)]
    lines = [row.cells for row in body]
    if not top and _may_count(lines):
        raise _Unclear(
            f"line {body[0].line} may number the columns or be payoffs: delete it, or write the payoffs in it with a"
            f" point, {lines[0][0]}.0"
        )
    if not side and _may_count([list(column) for column in zip(*lines, strict=True)]):
        raise _Unclear(
            f"column 1 may number the rows or be payoffs: delete it, or write the payoffs in it with a point,"
            f" {lines[0][0]}.0" + (", or leave its name empty" if top else "")
        )


def _may_count(lines: list[list[str]]) -> bool:
    """Whether the first of `lines` counts 0, 1, 2, ... and may be names.

    A table that is square with that line is read as payoffs, unless all its other numbers have a fractional part.
    """
    first, *others = lines
    if len(first) < 2 or not others or not counts(first):
        return False
    apart = not any(re.fullmatch(r"[+-]?[0-9]+", cell.translate(MINUS)) for line in others for cell in line)
    if len(lines) == len(first):
        return apart and len(first) > 2
    return apart or len(first) > 2 or len(others) == len(first)


def _complete(names: Names | None, row: Row) -> Names | None:
    if names is not None and not all(names):
        column = len(row.cells) - len(names) + names.index("") + 1
        raise ValueError(f"line {row.line}, column {column}: a name is missing")
    return names


def _numbers(body: list[Row], side: int, commas: bool) -> list[list[float]]:
    cells = [cell.translate(MINUS) for row in body for cell in row.cells[side:]]
    with_comma = [cell for cell in cells if COMMA.fullmatch(cell)]
    if with_comma:
        _check_commas(cells, with_comma, commas)
    return [[_number(row, column) for column in range(side, len(row.cells))] for row in body]


def _check_commas(cells: list[str], with_comma: list[str], sure: bool) -> None:
    """Reject commas that may be something other than decimal ones, unless `sure` says that they are decimal."""
    example = shortened(with_comma[0])
    if not sure and all(map(THOUSANDS.fullmatch, with_comma)):
        raise _Unclear(f"{example} may have a decimal comma or separated thousands: write a decimal point")
    if not sure and len(with_comma) == len(cells) and all(map(PAIR.fullmatch, with_comma)) and not _are_rates(cells):
        raise _Unclear(
            f"{example} may be a number with a decimal comma or a pair of payoffs: write decimal points, or each"
            " player's payoffs into a file of its own"
        )
    mixed = [cell for cell in cells if "." in cell and is_number(cell)]
    if mixed:
        raise ValueError(f"has a decimal comma in {example} and a decimal point in {shortened(mixed[0])}")


def _are_rates(cells: list[str]) -> bool:
    """Whether the numbers are from 0 to 1 and, with their commas, more than pairs of zeros and ones."""
    return all(0 <= read_number(cell.replace(",", ".")) <= 1 for cell in cells) and not all(
        cell[-1] in "01" for cell in cells
    )


def _number(row: Row, column: int) -> float:
    cell = row.cells[column]
    try:
        return read_number(cell.replace(",", ".") if COMMA.fullmatch(cell.translate(MINUS)) else cell)
    except ValueError as error:
        raise ValueError(f"line {row.line}, column {column + 1}: {error}") from None
