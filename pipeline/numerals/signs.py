"""The characters that numerals are written with, what each is worth, and which neighbours change them."""

from __future__ import annotations

from decimal import Decimal

PLAIN = "零一二三四五六七八九"
DIGITS = {c: i for i, c in enumerate(PLAIN)} | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
DIGITS |= {"两": 2, "俩": 2, "仨": 3, "幺": 1, "○": 0}
NOUGHTS = frozenset("零〇○")
SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
TENS = {"廿": 20, "卅": 30}
BIG = {"万": 10_000, "亿": 100_000_000, "兆": 1_000_000_000_000}
SCALES = SMALL | BIG
HALF = "半"
ONE = "一"
HAN = "".join([*DIGITS, *SCALES, *TENS, HALF])
FORMAL = frozenset("壹贰叁肆伍陆柒捌玖拾佰仟")  # mostly parts of words where they stand alone: 队伍, 陆续, 收拾

MASKS = "xX×*＊_＿□ⅹⅩ╳﹡∗"  # what a digit is blanked out with
WHOLE_MASK = "某"  # blanks out a whole number
MASK = MASKS + WHOLE_MASK

MORE = frozenset("余多来几")  # between number and unit: 200余份
SOME = "几"  # of these the one that leaves the number open
LARGE = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}  # scales that may join a unit: 8|余万元
MONEY_SIGNS = frozenset("¥￥")
RANGE_SIGNS = frozenset("—–-~～－〜至到 ")
LIST_SIGNS = frozenset("、和与及或,，")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
BLANK = frozenset(" \u00a0\u3000")
POINT, TENTH, PART, OF, AND = "点", "成", "分", "之", "又"
PAIR = "两"  # 二两 weighs, 两户 counts
MINUS = frozenset("负-－−")
BELOW_ZERO = "零下"

MOST_DIGITS = 18  # longer runs of digits are no numbers of a report
LARGEST = Decimal(10) ** 20  # and larger numbers are misreadings
HUNDREDTH = Decimal("0.01")  # 三分之一 is 33.33 percent
