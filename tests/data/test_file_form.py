import pytest

from fluid.data.file_form import FileForm
from fluid.errors import ConfigError


def test_nothing_is_declared_by_default():
    assert FileForm() == FileForm("", "", "", "")


@pytest.mark.parametrize(
    ("name", "character"), [("tab", "\t"), (r"\t", "\t"), ("\t", "\t"), ("semicolon", ";"), (";", ";"), ("space", " ")]
)
def test_a_delimiter_is_its_character_however_it_is_written(name, character):
    assert FileForm(delimiter=name).delimiter == character
    assert FileForm(delimiter=name) == FileForm(delimiter=character)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "cp1252", "latin-1", "utf-16", "mac-roman", "shift_jis"])
def test_encodings_that_are_known(encoding):
    assert FileForm(encoding=encoding).encoding == encoding


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encoding": "utf9"}, r"^intake\.file\.encoding is 'utf9'; expected an encoding such as utf-8, cp1252 or utf-16\.$"),
        ({"encoding": "hex"}, "intake.file.encoding is 'hex'"),
        ({"encoding": "a\0b"}, "intake.file.encoding"),
        ({"delimiter": ";;"}, "intake.file.delimiter is ';;'; expected one character, or its name: tab, comma, semicolon, pipe, space"),
        ({"delimiter": '"'}, "intake.file.delimiter"),
        ({"delimiter": "\n"}, "intake.file.delimiter"),
        ({"delimiter": "a"}, "intake.file.delimiter"),
        ({"decimal": ";"}, r"intake\.file\.decimal is ';'; expected '\.' or ','"),
    ],
)
def test_forms_that_cannot_be(values, message):
    with pytest.raises(ConfigError, match=message):
        FileForm(**values)
