"""Clean text, and each kind of damage done to it the way that websites do it: on the bytes of GBK.

Nothing here is taken from a report. `Damaged` says what a site shows of a clean text and which characters were hit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC

from pipeline.numerals import to_chinese


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VERBS = _words(
    """
    加强 完善 推进 落实 强化 提升 突出 健全 抓好 巩固 拓展 深化 优化 规范 创新 发展 壮大 改善 保障 实施 开展
    组织 建立 严格 扩大 培育 促进 做好 坚持 整合 盘活 丰富 激发 推广 聚焦 夯实 全面推进 积极发展 切实加强
    持续改善 进一步完善 扎实做好 稳步推进 不断提高 着力解决 大力培育 认真落实 深入开展
    """
)
OBJECTS = _words(
    """
    组织领导 党建引领 基层组织建设 责任意识 队伍建设 产业发展 特色种植 养殖产业 集体经济 基础设施 公共服务
    人居环境 村容村貌 农田水利 道路硬化 饮水安全 住房保障 教育扶贫 健康扶贫 医疗保障 就业帮扶 技能培训
    劳务输出 驻村帮扶 动态管理 动态监测 资金管理 项目管理 监督检查 考核机制 工作机制 宣传引导 政策宣传
    矛盾纠纷调解 安全生产 防汛抗旱 森林防火 疫情防控 社会治安 环境卫生整治 厕所改造 垃圾分类 危房改造
    易地搬迁 兜底保障 残疾人服务 养老服务 留守儿童关爱 文化活动 移风易俗 乡风文明 内生动力 脱贫成果 粮食生产
    土地流转 品牌建设 电商销售 农产品加工 乡村旅游 合作社建设 数据核查 档案管理 信访工作 统计调查
    """
)
CLAUSES = _words(
    """
    群众的收入明显增加 村里的面貌发生了很大变化 各项工作取得了新的成绩 干部作风有了明显转变
    问题得到了及时解决 大家的积极性不断提高 为来年的工作打下了基础 形成了齐抓共管的局面 受到了村民的欢迎
    确保了各项任务按时完成 产业规模逐步扩大 村民参与的热情很高
    """
)
# What a modern text holds besides: brackets, letters, foreign words, drawn boxes, questions, readings of rare names.
ODDITIES = _words(
    """
    （GDP） (GDP) （A级） (c、d级) (2019) （见附件1） (résumé) （café） 【重点】 《办法》 “两不愁” Wi-Fi
    App iPhone naïve Müller São 5G+ VIP？ ？ ?! ┌──┐ │表│ └──┘ ┼ ═══ ▲ ■ ㎡ ℃ № ① ㈠ Ⅲ α
    β Ж か ㄅ ＋ ％ 100% 3.5% C++ (b) (ok?) （是否?） 为什么?(原因) PM2.5 (naïf) (à) /月 ～ —— …… · × ÷
    ± → (é) 〇 々 ⿰ ︰ ～ (ABCDE) （ISO9001） @ # & * _ [注] {甲} <乙> ~
    """
)


def _rng(seed: int | str) -> random.Random:
    return random.Random(f"damage {seed}")


def headings(count: int, seed: int | str = 0) -> Iterator[str]:
    """Simplified headings such as 加强组织领导, some of two or three parts."""
    rng = _rng(seed)
    for _ in range(count):
        parts = [rng.choice(VERBS) + rng.choice(OBJECTS) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        yield rng.choice(("，", ",", "、")).join(parts)


def sentences(count: int, seed: int | str = 0) -> Iterator[str]:
    """Simplified sentences, some with numbers."""
    rng = _rng(seed)
    for _ in range(count):
        parts = [rng.choice(VERBS) + rng.choice(OBJECTS) for _ in range(rng.choice((1, 2, 3)))]
        if rng.random() < 0.3:
            parts.append(f"新建{rng.choice(OBJECTS)}项目{rng.randint(2, 60)}个")
        yield "，".join([*parts, rng.choice(CLAUSES)]) + "。"


def modern_sentences(count: int, seed: int | str = 0) -> Iterator[str]:
    """Clean simplified sentences with oddities at their start, at their end, and within."""
    rng = _rng(seed)
    for sentence in sentences(count, seed):
        text = sentence
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.choice((0, len(text), rng.randrange(len(text)), rng.randrange(len(text))))
            text = text[:at] + rng.choice(ODDITIES) + text[at:]
        yield text


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")


def traditional(text: str) -> str:
    """`text` in traditional characters that GBK has."""
    converted = _converter().convert(text)
    return "".join(t if t.encode("gbk", "ignore") else s for s, t in zip(text, converted, strict=True))


# Readings as sites write them.
GLOSSES: Mapping[str, str] = dict(
    part.split(":")
    for part in _words(
        """
    統:tǒng 關:guān 現:xiàn 內:nèi 產:chǎn 發:fā 領:lǐng 調:diào 農:nóng 結:jié 轉:zhuǎn 優:yōu 戰:zhàn
    養:yǎng 續:xù 業:yè 據:jù 規:guī 經:jīng 質:zhì 創:chuàng 鄉:xiāng 衛:wèi 態:tài 區:qū 穩:wěn 監:jiān
    協:xié 權:quán 網:wǎng 環:huán 聯:lián 數:shù 設:shè 實:shí 務:wù 應:yīng 時:shí 總:zǒng 術:shù 機:jī
    導:dǎo 動:dòng 專:zhuān 學:xué 縣:xiàn 級:jí 額:é 兒:ér 變:biàn 個:gè 員:yuán 進:jìn 達:dá 為:wéi 對:duì
    點:diǎn 號:hào 陽:yáng 長:cháng 場:chǎng 歷:lì 檢:jiǎn 標:biāo 讓:ràng 傳:chuán 間:jiān 問:wèn 題:tí
    東:dōng 愛:ài 帶:dài 樂:lè 參:cān 類:lèi 獎:jiǎng 戶:hù 勞:láo 補:bǔ 貼:tiē 貧:pín 訪:fǎng
    """
    )
)


@dataclass(frozen=True)
class Damaged:
    """What a site shows of `clean`; `hit` are the places of the characters that were hit, in `clean`."""

    clean: str
    shown: str
    hit: range


def shown(data: bytes, *, lone: str = "?", swallow: bool = True, empty: str = "") -> str:
    """What a site shows of bytes of GBK.

    `lone` stands for a byte that makes no pair, and with `swallow` for the ASCII byte behind it too (but no digit);
    `empty` for a cell of GBK without a character.
    """
    out, at = "", 0
    while at < len(data):
        byte, after = data[at], data[at + 1 : at + 2]
        if byte < 0x80:
            out, at = out + chr(byte), at + 1
        elif byte in (0x80, 0xFF):  # can never open a pair
            out, at = out + lone, at + 1
        elif not after or not (0x40 <= after[0] <= 0xFE and after[0] != 0x7F):
            out, at = out + lone, at + 1 + (swallow and bool(after) and not after.isdigit() and after != b"\n")
        else:
            char = data[at : at + 2].decode("gbk", "ignore")
            out, at = out + (char if len(char) == 1 else empty), at + 2
    return out


def gloss(clean: str, *, wide: bool = False) -> Damaged:
    """Every character of GLOSSES with its reading behind it."""
    left, right = "（）" if wide else "()"
    damaged = "".join(c + (f"{left}{GLOSSES[c]}{right}" if c in GLOSSES else "") for c in clean)
    return Damaged(clean, damaged, range(len(clean)))


def byte_shift(number: int, clean: str, *, lone: str = "", swallow: bool = False, empty: str = "") -> Damaged:
    """A line （number）clean whose first byte has an alien byte before it."""
    line = f"（{to_chinese(number)}）{clean}"
    data = b"\xa1" + line.encode("gbk")
    return Damaged(line, shown(data, lone=lone, swallow=swallow, empty=empty), range(_in_step(line.encode("gbk"))))


def _in_step(data: bytes) -> int:
    """How many characters at the head of `data` are out of step: up to the first that ends with an ASCII byte."""
    at = count = 0
    while at < len(data):
        if data[at] < 0x80:
            return count
        count += 1
        if data[at + 1] <= 0x80:
            return count
        at += 2
    return count


def places(clean: str, glosses: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Where two characters hold the bytes of one that sites gloss: the place of the second, and the reading."""
    for at in range(1, len(clean)):
        first, second = clean[at - 1].encode("gbk"), clean[at].encode("gbk")
        if len(first) == len(second) == 2:
            char = (first[1:] + second[:1]).decode("gbk", "ignore")
            if len(char) == 1 and char in glosses:
                yield at, glosses[char]


def inline_shift(clean: str, at: int, reading: str, *, lone: str = "?", swallow: bool = True) -> Damaged:
    """A reading put behind the last byte of the character before `at` and the first of the one at `at`."""
    before, after = clean[:at].encode("gbk"), clean[at:].encode("gbk")
    data = before + after[:1] + f"({reading})".encode("gbk") + after[1:]
    return Damaged(clean, shown(data, lone=lone, swallow=swallow), range(at, at + _in_step(after)))
