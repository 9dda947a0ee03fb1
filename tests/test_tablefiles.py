"""Payoff tables from files: every readable format with its names, and every refusal with its position."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pygambit
import pytest

from pokespiel.core.tablefiles import NamedTable, read_table
from pokespiel.payoffs.exports import _csv

RPS = np.array([[0, -1, 2], [1, 0, -1], [-2, 1, 0]], float)
NAMES = ("rock", "paper", "scissors")
PLAIN = "0,-1,2\n1,0,-1\n-2,1,0\n"
NAMED = ",rock,paper,scissors\nrock,0,-1,2\npaper,1,0,-1\nscissors,-2,1,0\n"


def read(folder: Path, content: str | bytes, name: str = "table.csv", **options) -> NamedTable:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, **options)


def refusal(folder: Path, content: str | bytes, name: str = "table.csv", **options) -> str:
    """The message about a file, without the path at its start."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011, the message is the result
        read(folder, content, name, **options)
    said = str(refused.value)
    assert said.startswith(str(folder / name))
    return said.removeprefix(str(folder / name)).lstrip(",: ")


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            PLAIN,
            PLAIN.rstrip("\n"),
            PLAIN.replace("\n", "\r\n"),
            PLAIN.replace("\n", "\r"),
            PLAIN.replace(",", ";"),
            PLAIN.replace(",", "\t"),
            PLAIN.replace(",", " "),
            PLAIN.replace(",", "   ").replace("\n", "  \n "),
            PLAIN.replace(",", "|"),
            PLAIN.replace(",", ", "),
            "sep=;\r\n" + PLAIN.replace(",", ";"),
            PLAIN.replace("\n", ",\n"),
            PLAIN.replace("\n", ",,\n") + ",,,,\n",
            "# what rock, paper and scissors earn, 2024\n" + PLAIN,
            "\n" + PLAIN.replace("\n", "\n\n"),
            "\ufeff" + PLAIN,
            PLAIN.replace("-", "\u2212"),
            PLAIN.replace("-", "\u2013"),
            '"0","-1","2"\n"1","0","-1"\n"-2","1","0"\n',
            "0.0,-1.0,2.0\n1e0,0,-1.\n-2.00E+00,+1,.0\n",
            "0/3,-1/1,4/2\n 3 / 3 ,0,-1\n-2,2/2,0\n",
            "0%,-100%,200 %\n100%,0,-1\n-2,1,0\n",
            "0.000000000000000000e+00 -1.0e+00 2.0e+00\n1.0e+00 0.0e+00 -1.0e+00\n-2.0e+00 1.0e+00 0.0e+00\n",
        ],
    )
    def test_plain_tables(self, tmp_path, text):
        table = read(tmp_path, text)
        np.testing.assert_array_equal(table.payoffs, [RPS, -RPS])
        assert table.names == (None, None)

    @pytest.mark.parametrize(
        "text",
        [
            NAMED,
            NAMED.replace(",", ";"),
            NAMED.replace(",", "\t"),
            NAMED.replace("\n,", "\n"),
            NAMED.replace("\n", ",\n"),
            "win rate of row against column" + NAMED,
            NAMED.removeprefix(","),  # as R writes tables
            NAMED.removeprefix(",").replace(",", " "),
            '"","rock","paper","scissors"\n"rock",0,-1,2\n"paper",1,0,-1\n"scissors",-2,1,0\n',
            "| | rock | paper | scissors |\n|---|---:|---:|---:|\n"
            "| rock | 0 | -1 | 2 |\n| paper | 1 | 0 | -1 |\n| scissors | -2 | 1 | 0 |\n",
        ],
    )
    def test_names_of_rows_and_columns(self, tmp_path, text):
        table = read(tmp_path, text)
        np.testing.assert_array_equal(table.payoffs, [RPS, -RPS])
        assert table.names == (NAMES, NAMES)

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("rock,paper,scissors\n" + PLAIN, (None, NAMES)),
            ("rock,paper,scissors,\n" + PLAIN.replace("\n", ",\n"), (None, NAMES)),
            ("rock,0,-1,2\npaper,1,0,-1\nscissors,-2,1,0\n", (NAMES, None)),
            (",0,1,2\n0,0,-1,2\n1,1,0,-1\n2,-2,1,0\n", (None, None)),  # pandas without names
            ("policy,10,20,30\n10,0,-1,2\n20,1,0,-1\n30,-2,1,0\n", (("10", "20", "30"),) * 2),
            ("agent,#1,#2,#3\n#1,0,-1,2\n#2,1,0,-1\n#3,-2,1,0\n", (("#1", "#2", "#3"),) * 2),
            ('"","a, b","c; d","e"\n"a, b",0,-1,2\n"c; d",1,0,-1\n"e",-2,1,0\n', (("a, b", "c; d", "e"),) * 2),
        ],
    )
    def test_other_names(self, tmp_path, text, names):
        table = read(tmp_path, text)
        np.testing.assert_array_equal(table.payoffs[0], RPS)
        assert table.names == names

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
    def test_encodings(self, tmp_path, encoding):
        table = read(tmp_path, "\tKäse\tBär\nKäse\t0\t1\nBär\t-1\t0\n".encode(encoding), "unicode.txt")
        assert table.names == (("Käse", "Bär"),) * 2

    def test_decimal_commas(self, tmp_path):
        expected = [[0.5, 0.25], [0.75, 1]]
        for text in ("0,5;0,25\n0,75;1\n", "0,5\t0,25\n0,75\t1\n", '"0,5","0,25"\n"0,75",1\n', "0,5 0,25\n0,75 1\n"):
            np.testing.assert_array_equal(read(tmp_path, text).payoffs[0], expected)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0,0;-1,0;2,0\n1,0;0,0;-1,0\n-2,0;1,0;0,0\n", RPS),
            (";rock;paper;scissors\nrock;0,0;-1,0;2,0\npaper;1,0;0,0;-1,0\nscissors;-2,0;1,0;0,0\n", RPS),
            ("sep=;\n0,0;-1,0;2,0\n1,0;0,0;-1,0\n-2,0;1,0;0,0\n", RPS),
            ("3,3;0,5\n5,0;1,1\n", [[3.3, 0.5], [5, 1.1]]),
            ("1,250;2\n3,500;-4,125\n", [[1.25, 2], [3.5, -4.125]]),
        ],
    )
    def test_between_semicolons_a_comma_is_decimal(self, tmp_path, text, expected):
        np.testing.assert_array_equal(read(tmp_path, text).payoffs[0], expected)

    def test_single_rows_columns_and_cells(self, tmp_path):
        assert read(tmp_path, "1,2,3\n").payoffs.shape == (2, 1, 3)
        assert read(tmp_path, "1\n2\n").payoffs.shape == (2, 2, 1)
        assert read(tmp_path, "5").payoffs.tolist() == [[[5]], [[-5]]]
        assert read(tmp_path, "rock,1,2\n").names == (("rock",), None)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "holds no table"),
            ("# nothing\n", "holds no table"),
            ("1,2\n3\n", "line 2 has 1 cell, line 1 has 2"),
            ("1,2\n3,4\n5,6,7\n", "line 3 has 3 cells, line 1 has 2"),
            ("1,2\n3,four\n", "line 2, column 2: expected a number, found 'four'"),
            ("0,1\nfoo,2\n", "line 2, column 1: expected a number, found 'foo'"),
            ("x,1,2\n1,0,3\n2,3,0\n", "line 1, column 1: expected a number, found 'x'"),
            (NAMED.replace("2", "1+2j"), "line 2, column 4: expected a number, found '1+2j'"),
            ("0,1,\n1,,2\n", "line 1, column 3: the payoff is missing"),
            (",a,b\na,,0.3\nb,0.7,\n", "line 2, column 2: the payoff is missing"),
            (",a,b\na,-,0.3\nb,0.7,-\n", "line 2, column 2: the payoff is missing (-)"),
            ("1,nan\n0,1\n", "line 1, column 2: the payoff is missing (nan)"),
            ("1\t\t2\n3\t4\t\n", "line 1, column 2: the payoff is missing"),
            ("1,inf\n0,1\n", "line 1, column 2: payoffs must be finite, found 'inf'"),
            ("1,1e400\n0,1\n", "line 1, column 2: '1e400' is too large"),
            ("1,1/0\n0,1\n", "line 1, column 2: '1/0' divides by zero"),
            ("#DIV/0!,1\n1,2\n", "line 1, column 1: expected a number, found '#DIV/0!'"),
            ("1_000,1\n1,2\n", "line 1, column 1: expected a number, found '1_000'"),
            ("0x10,1\n1,2\n", "line 1, column 1: expected a number, found '0x10'"),
            ("3,-3;0,5\n5,0;1,1\n", "line 1, column 1: expected a number, found '3,-3'"),
            ("3,3\t0,5\n5,0\t1,1\n", "'3,3' may be a number with a decimal comma or a pair of payoffs"),
            ("1,1|0,0\n0,0|1,1\n", "'1,1' may be a number with a decimal comma or a pair of payoffs"),
            ("0,5;1,-2\n1;2\n", "line 1, column 2: expected a number, found '1,-2'"),
            (",a,b,a\na,0,1,2\nb,1,0,2\na,2,1,0\n", "line 4, column 1: 'a' stands at line 2, column 1 already"),
            (",a,b,a\na,0,1,2\nb,1,0,2\nc,2,1,0\n", "line 1, column 4: 'a' stands at line 1, column 2 already"),
            ("a,b,a\n0,1,2\n", "line 1, column 3: 'a' stands at line 1, column 1 already"),
            ("a b a\na 0 1 2\nb 1 0 3\n", "line 1, column 4: 'a' stands at line 1, column 2 already"),
            ('"1,000","2,500"\n"3,000","4,000"\n', "'1,000' may have a decimal comma or separated thousands"),
            ("0,5;1.5\n1;2\n", "has a decimal comma in '0,5' and a decimal point in '1.5'"),
            ("0,1,2\n" + PLAIN, "line 1 may number the columns or be payoffs"),
            ("0,0.5,0.2\n1,0.1,0.3\n", "column 1 may number the rows or be payoffs"),
            ("Unnamed: 0,a,b\n0,0.5,0.2\n1,0.1,0.3\n", "column 1 may number the rows or be payoffs"),
            ("0,0.5,0.2,0.1,0.7\n1,0.1,0.3,0.2,0.5\n2,0.5,0.1,0.2,0.3\n", "column 1 may number the rows"),
            ("rock,1,paper\n0,1,2\n1,2,0\n", "line 1, column 2: '1' is a number among names"),
            ("a,,c\n0,1,2\n1,2,0\n", "line 1, column 2: a name is missing"),
            (",a,\na,0,1\nb,1,0\n", "line 1, column 3: a name is missing"),
            ("a,b,c\n", "line 1 holds names, but no payoffs follow"),
            ("row,column,payoff\nrock,paper,0\n", "line 2, column 2: expected a number, found 'paper'"),
            ("0 ;1 5\n", "line 1, column 2: expected a number, found '1 5'"),
            (bytes(range(256)), "is neither text nor a file of NumPy's"),
            (b"PK\x05\x06" + bytes(18), "is an archive without arrays, not an .npz file"),
        ],
    )
    def test_what_is_refused(self, tmp_path, text, said):
        assert refusal(tmp_path, text).startswith(said)

    def test_what_has_two_readings_is_refused(self, tmp_path):
        """Policies a and b with payoffs 1.5 and 2.5, or `a 1` and `b 2` with 5 each?"""
        assert refusal(tmp_path, "a 1,5\nb 2,5\n") == "can be read with commas or with blanks between cells"


class TestWinRates:
    RATES = np.array([[0.5, 0.4, 0.9], [0.6, 0.5, 0.2], [0.1, 0.8, 0.5]])

    def test_our_own_matrix_is_a_symmetric_constant_sum_game(self, tmp_path):
        table = read(tmp_path, _csv(NAMES, self.RATES), "interaction_matrix.csv", symmetric=True)
        np.testing.assert_allclose(table.payoffs, [self.RATES, 1 - self.RATES], atol=1e-15)
        assert table.names == (NAMES, NAMES)

    def test_our_own_json_holds_the_same(self, tmp_path):
        pairs = [
            {"policy1": NAMES[i], "policy2": NAMES[j], "policy1_winrate": self.RATES[i, j], "ties": 3}
            for i, j in ((0, 1), (0, 2), (1, 2))
        ]
        text = json.dumps({"population": NAMES, "matchups": pairs})
        table = read(tmp_path, text, "interaction_matrix.json", symmetric=True)
        np.testing.assert_allclose(table.payoffs[0], self.RATES, atol=1e-15)
        assert table.names == (NAMES, NAMES)
        short = json.dumps({"population": NAMES, "matchups": pairs[:2]})
        assert "index (1, 2): the payoff is missing" in refusal(tmp_path, short, "short.json")

    def test_a_header_alone_names_both_seats(self, tmp_path):
        assert read(tmp_path, "a,b\n0.5,0.3\n0.7,0.5\n", symmetric=True).names == (("a", "b"),) * 2

    def test_seats_of_a_symmetric_game_have_the_same_policies(self, tmp_path):
        said = refusal(tmp_path, ",b,a\na,0,1\nb,1,0\n", symmetric=True)
        assert said == "row 1 is 'a', column 1 'b', not the same"
        assert "as many rows as columns" in refusal(tmp_path, "1,2\n", symmetric=True)


class TestTwoFiles:
    def test_each_player_has_one(self, tmp_path):
        (tmp_path / "column.csv").write_text("up,0,2\ndown,7,6\n")
        table = read(tmp_path, "left,right\n0,7\n2,6\n", "row.csv", second=tmp_path / "column.csv")
        assert table.payoffs.tolist() == [[[0, 7], [2, 6]], [[0, 2], [7, 6]]]
        assert table.names == (("up", "down"), ("left", "right"))

    def test_they_must_fit(self, tmp_path):
        (tmp_path / "other.csv").write_text("a,b\n1,2\n")
        assert "differ in shape" in str(_error(read, tmp_path, PLAIN, second=tmp_path / "other.csv"))
        assert "name their columns differently" in str(
            _error(read, tmp_path, "a,c\n1,2\n", second=tmp_path / "other.csv")
        )
        np.save(tmp_path / "whole.npy", [RPS, -RPS])
        assert "give it alone" in str(_error(read, tmp_path, PLAIN, second=tmp_path / "whole.npy"))
        assert "leave out" in str(_error(read_table, tmp_path / "whole.npy", tmp_path / "other.csv"))


def _error(function, *arguments, **options) -> ValueError:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        function(*arguments, **options)
    return refused.value


def saved(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(*tables, **named) -> bytes:
    file = io.BytesIO()
    np.savez(file, *tables, **named)
    return file.getvalue()


class TestNumPy:
    @pytest.mark.parametrize(
        "content",
        [
            saved(RPS),
            saved(np.asfortranarray(RPS)),
            saved(RPS.astype(np.int8)),
            saved(RPS.astype(np.float16)),
            saved(np.stack([RPS, -RPS])),
            archive(RPS, -RPS),
            archive(table=RPS),
            archive(payoffs=RPS),
            archive(payoffs=np.stack([RPS, -RPS])),
            archive(u1=RPS, u2=-RPS),
        ],
    )
    def test_tables_and_payoffs(self, tmp_path, content):
        table = read(tmp_path, content, "table.bin")
        np.testing.assert_array_equal(table.payoffs, [RPS, -RPS])
        assert table.names == (None, None)

    def test_more_or_fewer_players(self, tmp_path):
        payoffs = np.random.default_rng(0).normal(size=(3, 2, 4, 3))
        np.testing.assert_array_equal(read(tmp_path, saved(payoffs), "three.npy").payoffs, payoffs)
        np.testing.assert_array_equal(read(tmp_path, archive(*payoffs), "three.npz").payoffs, payoffs)
        np.testing.assert_array_equal(read(tmp_path, archive(payoffs=RPS[:1]), "one.npz").payoffs, RPS[:1])

    def test_names(self, tmp_path):
        assert read(tmp_path, archive(table=RPS, names=np.array(NAMES)), "a.npz").names == (NAMES, NAMES)
        content = archive(RPS[:2], -RPS[:2], names_0=np.array(["a", "b"]), names_1=np.array(NAMES))
        assert read(tmp_path, content, "b.npz").names == (("a", "b"), NAMES)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (saved(np.array([["a", "b"], ["c", "d"]])), "holds text, not real numbers"),
            (saved(RPS + 0j), "holds complex numbers, not real numbers"),
            (saved(np.array([[None, 1], [2, 3]])), "holds Python objects, not real numbers"),
            (saved(np.zeros((2, 2), [("a", float), ("b", int)])), "holds records with the fields a, b"),
            (saved(np.array(["2024-01-01"], "M8[D]")), "holds dates, not real numbers"),
            (saved(RPS[0]), "expected a table [n, m] or payoffs [P, n_1, ..., n_P], found shape (3,)"),
            (saved(np.float64(3)), "expected a table [n, m] or payoffs [P, n_1, ..., n_P], found shape ()"),
            (saved(RPS[:1]), "shape (1, 3) is a table of one row or the payoffs of one player"),
            (saved(np.stack([RPS, RPS], -1)), "expected a table [n, m] or payoffs [P, n_1, ..., n_P], found shape (3"),
            (saved(np.zeros((2, 0, 3))), "a player has no policy"),
            (saved([[0, np.nan], [1, 2]]), "index (0, 1): the payoff is missing (nan)"),
            (saved([[0, np.inf], [1, 2]]), "index (0, 1): payoffs must be finite (inf)"),
            (saved(RPS)[:100], "is truncated or not an .npy array"),
            (archive(row=RPS, column=-RPS), "holds the arrays row (3, 3), column (3, 3): expected `payoffs`"),
            (archive(RPS, -RPS, RPS), "holds the arrays arr_0 (3, 3)"),
            (archive(RPS + 0j, -RPS), "holds complex numbers"),
            (archive(payoffs=RPS[None]), "expected a table [n, m] or payoffs"),
            (archive(table=RPS, names=np.array(["a", "b", "a"])), "policies 0 and 2 of player 0 are both named 'a'"),
            (archive(table=RPS, names=np.array(NAMES[:2])), "2 names for the 3 policies of player 0"),
            (archive(RPS, -RPS)[:200], "is a broken .npz file"),
            (archive(RPS).replace(b"NUMPY", b"NUMBY"), "is a broken .npz file"),
            (
                archive(RPS).replace(b"PK\x01\x02-\x03-", b"PK\x01\x02-\x03\xff"),
                "is a broken .npz file: zip file version",
            ),
            (saved(RPS).replace(b"(3, 3)", b"(3, 3("), "is truncated or not an .npy array"),
        ],
    )
    def test_what_is_refused(self, tmp_path, content, said):
        assert refusal(tmp_path, content, "table.npy").startswith(said)

    def test_the_players_on_the_last_axis_are_told_how_to_move(self, tmp_path):
        assert "np.moveaxis(payoffs, -1, 0)" in refusal(tmp_path, saved(np.stack([RPS, RPS], -1)))

    def test_a_workbook_is_told_from_an_archive(self, tmp_path):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as workbook:
            workbook.writestr("xl/workbook.xml", "<workbook/>")
        assert refusal(tmp_path, file.getvalue(), "table.bin") == "is a workbook: save the sheet as CSV"
        for content in (file.getvalue()[:60], archive(RPS)[:-30]):
            assert refusal(tmp_path, content, "table.xlsx") == "is a broken workbook: save the sheet as CSV"
        with zipfile.ZipFile(other := io.BytesIO(), "w") as archived:
            archived.writestr("readme.txt", "hello")
        assert refusal(tmp_path, other.getvalue(), "a.zip") == "is an archive without arrays, not an .npz file"


class TestJSON:
    @pytest.mark.parametrize(
        ("held", "names"),
        [
            (RPS.tolist(), (None, None)),
            ([RPS.tolist(), (-RPS).tolist()], (None, None)),
            ([["0", "-1/1", "2"], ["1", 0, "\u22121"], [-2, 1, 0]], (None, None)),
            ({"payoffs": RPS.tolist()}, (None, None)),
            ({"payoffs": RPS.tolist(), "names": NAMES}, (NAMES, NAMES)),
            ({"payoffs": RPS.tolist(), "names": [None, NAMES]}, (None, NAMES)),
            ({"payoffs": RPS.tolist(), "names": [list("abc"), NAMES]}, (tuple("abc"), NAMES)),
            ({"payoffs": [RPS.tolist(), (-RPS).tolist()], "names": NAMES}, (NAMES, NAMES)),
            ({"payoffs": [RPS.tolist(), (-RPS).tolist()], "names": [NAMES, list("abc")]}, (NAMES, tuple("abc"))),
            ({"columns": NAMES, "index": list("abc"), "data": RPS.tolist()}, (tuple("abc"), NAMES)),
            ({"columns": [0, 1, 2], "index": [0, 1, 2], "data": RPS.tolist()}, (None, None)),
            ([dict(zip(NAMES, row, strict=True)) for row in RPS.tolist()], (None, NAMES)),
            ([{"policy": n} | dict(zip(NAMES, r, strict=True)) for n, r in zip(NAMES, RPS, strict=True)], (NAMES,) * 2),
            (
                [{"i": a, "j": b, "u": RPS[i, j]} for i, a in enumerate(NAMES) for j, b in enumerate(NAMES)],
                (NAMES,) * 2,
            ),
        ],
    )
    def test_what_is_read(self, tmp_path, held, names):
        table = read(tmp_path, json.dumps(held), "table.json")
        np.testing.assert_array_equal(table.payoffs, [RPS, -RPS])
        assert table.names == names

    def test_players_have_names_too(self, tmp_path):
        for payoffs in ([[[1, 2]], [[3, 4]]], [[0, 1], [-1, 0]]):
            table = read(tmp_path, json.dumps({"payoffs": payoffs, "players": ["Ann", "Bob"]}), "table.json")
            assert (table.player(0), table.player(1)) == ("player 0 (Ann)", "player 1 (Bob)")
        assert read(tmp_path, json.dumps({"payoffs": [[1, 2, 3]]}), "one.json").payoffs.tolist() == [[1, 2, 3]]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "line 1, column 1: Expecting value"),
            ("[[0, 1],\n [1, 0],]", "line 2, column 9: Expecting value"),
            ("[[0, NaN], [1, 0]]", "holds NaN"),
            ("[[0, null], [1, 0]]", "[0][1]: the payoff is missing"),
            ("[[0, true], [1, 0]]", "[0][1]: expected a number, found true or false"),
            ('[[0, "one"], [1, 0]]', "[0][1]: expected a number, found 'one'"),
            ("[[0, 1], [2]]", "[1] has shape (1,), [0] has (2,)"),
            (f"[[0, 1{'0' * 400}]]", "[0][1]: '1000"),
            ("3", "holds a number, not a table"),
            ('{"rock": {"rock": 0, "paper": 1}}', "holds a mapping of 'rock', which does not tell rows from columns"),
            ('{"rock": [0, 1], "paper": [1, 0]}', "holds a mapping of 'rock', 'paper', which does not tell rows"),
            ('{"payoffs": [[[1]], [[2]]], "names": [["a"]]}', "names: 1 lists for 2 players"),
            (
                '{"payoffs": [[0, 1], [1, 0]], "names": {"row": ["a"]}}',
                "names: expected a list of names, found a mapping",
            ),
            ('{"payoffs": [[0, 1], [1, 0]], "players": ["a", "b", "c"]}', "players: 3 names for 2 players"),
            ('{"payoffs": [[0, 1], [1, 0]], "names": ["a", "a"]}', "policies 0 and 1 of player 0 are both named 'a'"),
            ('{"columns": ["a", "b"], "index": ["c", "c"], "data": [[0, 1], [1, 0]]}', "policies 0 and 1 of player 0"),
            ('[{"a": 1, "a": 2}, {"a": 1, "b": 3}]', "holds 'a' twice in one mapping"),
            ('[{"a": 1, "b": 2}, {"a": 1}]', "[1]: expected a mapping with the keys 'a', 'b' of the first"),
            ('[{"i": "a", "j": "a", "u": 1}, {"i": "a", "j": "a", "u": 2}]', "[1]: 'a' against 'a' stands twice"),
            ('[{"i": "a", "j": "a", "u": 1}, {"i": "b", "j": "c", "u": 2}]', "'a' against 'c' is missing"),
        ],
    )
    def test_what_is_refused(self, tmp_path, text, said):
        assert refusal(tmp_path, text, "table.json").startswith(said)


SELTEN = np.array([[[1, 1], [0, 0], [0, 2]], [[1, 1], [2, 3], [2, 0]]], float)
"""Of Gambit's documentation: Selten (IJGT, 75), Figure 2."""
PAYOFFS = 'NFG 1 R "Selten (IJGT, 75), Figure 2"\n{ "Player 1" "Player 2" } { 3 2 }\n\n1 1 0 2 0 2 1 1 0 3 2 0\n'
OUTCOMES = """NFG 1 R "Selten (IJGT, 75), Figure 2" { "Player 1" "Player 2" }

{ { "1" "2" "3" } { "left" "right" } }
"in outcomes"
{
{ "" 1, 1 } { "" 0, 2 } { "" 0, 2 } { "" 1, 1 } { "" 0, 3 } { "" 2, 0 }
}
1 2 3 4 5 6
"""


class TestGambit:
    def test_both_forms_of_gambits_documentation(self, tmp_path):
        for text, names in ((PAYOFFS, (None, None)), (OUTCOMES, (("1", "2", "3"), ("left", "right")))):
            table = read(tmp_path, text, "selten.nfg")
            np.testing.assert_array_equal(table.payoffs, SELTEN)
            assert table.names == names
            assert table.players == ("Player 1", "Player 2")

    @pytest.mark.parametrize("sizes", [(3, 2), (2, 3, 2), (4,)])
    def test_what_gambit_writes(self, tmp_path, sizes):
        payoffs = np.random.default_rng(0).integers(-9, 10, size=(len(sizes), *sizes)) / 4
        game = pygambit.StrategicGame.from_arrays(*payoffs)
        np.testing.assert_array_equal(read(tmp_path, game.to_nfg(), "game.nfg").payoffs, payoffs)

    def test_fractions_empty_outcomes_and_quoted_quotes(self, tmp_path):
        text = r'NFG 1 D "a \"title\"" { "A" "B" } { { "a" "b" } { "c" } } { { "x" 1/2, -1.5e1 } } 0 1'
        assert read(tmp_path, text).payoffs.tolist() == [[[0], [0.5]], [[0], [-15]]]
        assert read(tmp_path, text.replace('"a" "b" }', '"" "" }')).names == (None, ("c",))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                'NFG 1 R "t" { "A" "B" } { 2 2 }\n1 2 3',
                "expected 2 payoffs for each of 4 joint choices, found 3 in all",
            ),
            ('NFG 1 R "t" { "A" "B" } { 1 2 }\n1 2 3 4\n5', "line 3, column 1: expected the end after 2 joint choices"),
            ('NFG 1 R "t" { "A" "B" } { 1 2 }\n1 2 x 4', "line 2, column 5: expected a number, found 'x'"),
            ('NFG 1 R "t" { "A" "B" "C" } { 2 2 }\n1', "line 1, column 29: expected strategies of 3 players"),
            ('NFG 2 R "t" { "A" }', "line 1, column 5: expected 1, found '2'"),
            ("NFG 1 R t", "line 1, column 9: expected the title in quotes, found 't'"),
            ('NFG 1 R "t" { "A" } { 0 }', "line 1, column 23: expected a number of strategies of at least 1"),
            (OUTCOMES.replace("6\n", "7\n"), "line 8, column 11: expected an outcome's number from 0 to 6, found '7'"),
            ("NFG", "ends where 1 was expected"),
            ('NFG 1 R "t" { "A" "B" } { { "a" "b" } { "c', "line 1, column 42: expected a strategy's name in quotes"),
            ('NFG 1 R "t" { "A" "B" } { { "a" "a" } { "c" } } 1 2 3 4', "policies 0 and 1 of player 0 are both named"),
            ('EFG 2 R "t" { "A" }', "is an extensive game, not a table: load it as the game efg_game"),
        ],
    )
    def test_what_is_refused(self, tmp_path, text, said):
        assert refusal(tmp_path, text, "game.nfg").startswith(said)


def test_missing_files_and_folders_are_named(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(OSError, match=str(path)):
            read_table(path)
