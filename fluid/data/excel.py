"""Read an Excel workbook row by row: numbers stay numbers, dates and errors become text."""

import datetime
import warnings
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice, repeat
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from fluid.data.columns_found import find_columns, plain_name
from fluid.data.file_form import FileForm
from fluid.data.rows import Cursor, RawRow, broken, explain_faults
from fluid.data.table_rows import BLANK, Asked, Record, table_rows
from fluid.errors import InputError

AT_ONCE = 256
EXACT = 2**53
FAULTS = (zipfile.BadZipFile, KeyError, ParseError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError)
NO_RESULT = "a formula without a result in column {!r} (open the workbook in Excel and save it)"
Cells = list[Any]


def read_excel(path: Path, smiles_column: str, label_columns: Sequence[str], form: FileForm) -> Iterator[RawRow]:
    """Yield every row of the one sheet that is not empty, or of the declared one; the first row that is not empty is the header.

    Raises:
        InputError: A column is missing, more than one sheet has cells, or the workbook cannot be read.
    """
    wanted, cursor = (smiles_column, *label_columns), Cursor()
    with explain_faults(path, cursor), _opened(path, results=True) as book, ExitStack() as stack:
        sheet = _choose_sheet(book, form.sheet, path)
        if sheet is None:
            return
        written = stack.enter_context(closing(_formula_rows(path, sheet.title, cursor)))
        rows = zip(_rows(sheet, path, cursor), written, strict=False)
        header = next(([_text(cell) for cell in cells] for cells, _ in rows if _is_filled(cells)), [])
        if not header:
            return
        asked = Asked(wanted, find_columns(header, wanted, path, form))
        yield from table_rows(([_record(cells, formulas, asked)] for cells, formulas in rows), asked, cursor)


def header_of_sheet(path: Path, form: FileForm) -> list[str]:
    """Return the columns of the one sheet that is not empty, or of the declared one.

    Raises:
        InputError: More than one sheet has cells, or the workbook cannot be read.
    """
    with _opened(path, results=True) as book:
        sheet = _choose_sheet(book, form.sheet, path)
        rows = () if sheet is None else _rows(sheet, path, Cursor())
        return next(([_text(cell) for cell in cells] for cells in rows if _is_filled(cells)), [])


@contextmanager
def _opened(path: Path, results: bool) -> Iterator[Any]:
    """Open a workbook with the results of its formulas, or the formulas themselves."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():  # of styles and other things that are no cells
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=results, keep_links=False)
    except FAULTS as error:
        raise broken(path, Cursor(), error, "the workbook") from None
    try:
        yield book
    finally:
        book.close()


def _formula_rows(path: Path, title: str, cursor: Cursor) -> Generator[Cells, None, None]:
    """Yield the rows of a sheet with formulas in place of their results; empty rows without end if the workbook has no formula."""
    if not has_formulas(path):
        yield from repeat(Cells())
    with _opened(path, results=False) as book:
        yield from _rows(book[title], path, cursor)


def has_formulas(path: Path) -> bool:
    """Return whether a cell of a workbook is computed."""
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_holds_formula(archive, name) for name in sheets)


def _holds_formula(archive: zipfile.ZipFile, name: str) -> bool:
    last = b""
    with archive.open(name) as stream:
        while piece := stream.read(1 << 16):
            if b"<f>" in last + piece or b"<f " in last + piece:
                return True
            last = piece[-2:]
    return False


def _rows(sheet: Any, path: Path, cursor: Cursor) -> Iterator[Cells]:
    """Yield the cells of all rows; the size that is written in the sheet, which many programs get wrong, is not believed."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            with warnings.catch_warnings():  # of dates that are none
                warnings.simplefilter("ignore")
                some = list(islice(rows, AT_ONCE))
        except FAULTS as error:
            raise broken(path, cursor, error, f"sheet {sheet.title!r}") from None
        if not some:
            return
        yield from ([_plain(cell) for cell in cells] for cells in some)


def _plain(cell: Any) -> Any:
    """Return a cell as text, number, truth value or None; a whole number is one however it is stored."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return cell if cell is None or isinstance(cell, str | bool | int | float) else str(cell)


def _text(cell: Any) -> str:
    return "" if cell is None else plain_name(str(cell))


def _is_filled(cells: Iterable[Any]) -> bool:
    return any(cell is not None and str(cell).strip() for cell in cells)


def _record(cells: Cells, formulas: Cells, asked: Asked) -> Record:
    """Return a row; an asked cell whose formula has no result is its problem."""
    for name, place in zip(asked.names, asked.places, strict=True):
        if place < len(formulas) and formulas[place] is not None and (place >= len(cells) or cells[place] is None):
            return Record(cells, NO_RESULT.format(name))
    return Record(cells, "" if _is_filled(cells) else BLANK)


def _choose_sheet(book: Any, name: str, path: Path) -> Any:
    """Return the declared sheet, or the only one that is not empty; None if all are.

    Raises:
        InputError: There is no such sheet, or there are several.
    """
    titles = ", ".join(repr(sheet.title) for sheet in book.worksheets)
    if name:
        same = [sheet for sheet in book.worksheets if sheet.title.strip() == name.strip()]
        if not same:
            raise InputError(f"there is no sheet {name!r}", where=str(path), expected=f"one of {titles} as intake.file.sheet")
        return same[0]
    filled = [sheet for sheet in book.worksheets if any(_is_filled(cells) for cells in _rows(sheet, path, Cursor()))]
    if len(filled) > 1:
        titles = ", ".join(repr(sheet.title) for sheet in filled)
        remedy = "Say which: intake.file.sheet=NAME"
        raise InputError(f"{len(filled)} sheets are not empty: {titles}", where=str(path), expected="one", remedy=remedy)
    return filled[0] if filled else None
