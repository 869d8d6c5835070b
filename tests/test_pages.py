"""Web pages: the report without the site around it, tags as a browser shows them, and encodings that pages claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.read import page, read_source

MENU = "".join(
    f'<li><a href="/{i}">{w}</a></li>' for i, w in enumerate(["首页", "政务公开", "办事服务", "政民互动", "专题"])
)
NEWS = "".join(f'<li><a href="/n{i}">某镇新建大棚{i}个带动{i}户</a><span>2019-0{i}-11</span></li>' for i in range(1, 9))
FOOT = "<p>主办：某县办公室 电话：0999-1234567 备案号05001234</p><a href=1>网站地图</a><a href=2>联系我们</a>"
INFO = "<div>发布时间：2019-12-25 浏览次数：1328次 【字体：<a href=1>大</a> <a href=2>中</a>】</div>"
PARAS = "<p>　　一、基本情况</p><p>全村有<b>320</b>户，1250人。</p><p>建成大棚35个；&nbsp;养羊30只。</p>"
LINES = ["红柳村工作总结", "一、基本情况", "全村有320户，1250人。", "建成大棚35个； 养羊30只。"]


def site(middle: str, *, title: str = "红柳村工作总结_某县人民政府") -> str:
    """A page of a county's site around `middle`."""
    return (
        f"<html><head><title>{title}</title><script>var x='<p>99户。</p>'</script><style>p{{}}</style></head><body>"
        f'<div class="topbar"><ul>{MENU}</ul></div>'
        f"<div>当前位置：<a href=1>首页</a>&gt;<a href=2>总结</a></div>{middle}"
        f'<div class="right"><h3>相关新闻</h3><ul>{NEWS}</ul></div><div id="footer">{FOOT}</div></body></html>'
    )


PAGES = {
    "heading in the text": (site(f"<div><h1>红柳村工作总结</h1>{INFO}<div class=c>{PARAS}</div></div>"), LINES),
    "heading by its class": (site(f"<div><div class=tit>红柳村工作总结</div>{INFO}<div>{PARAS}</div></div>"), LINES),
    "heading of the window only": (site(f"<div>{INFO}<div>{PARAS}</div></div>"), LINES),
    "article": (
        site(f"<main><article><h1>红柳村工作总结</h1>{PARAS}</article><aside><p>另有99户。</p></aside></main>"),
        LINES,
    ),
    "laid out by tables": (
        site(
            f"<table><tr><td><table><tr><td>{NEWS}</td></tr></table></td><td><table>"
            f"<tr><td class=title>红柳村工作总结</td></tr><tr><td>{INFO}</td></tr>"
            "<tr><td>　　一、基本情况<br>全村有320户，1250人。<br/>建成大棚35个；&nbsp;养羊30只。</td></tr></table>"
            "</td></tr></table>"
        ),
        LINES,
    ),
    "only figures": (
        site("<div><h1>红柳村工作总结</h1><table><tr><td>一组<td>12户<tr><td>二组<td>7户</table></div>"),
        ["红柳村工作总结", "一组\t12户", "二组\t7户"],
    ),
    "a menu under the text": (
        site(
            f"<div><h1>红柳村工作总结</h1>{PARAS}<div><a href=1>某镇带动7户</a>|<a href=2>某镇带动9户</a></div></div>"
        ),
        LINES,
    ),
    "links in a sentence": (
        site(f"<div><h1>红柳村工作总结</h1><p>见<a href=1>通知</a>和<a href=2>办法</a>，涉及35户。</p>{PARAS}</div>"),
        [LINES[0], "见通知和办法，涉及35户。", *LINES[1:]],
    ),
    "no site around it": (
        "<html><body><div>红柳村工作总结</div>" + PARAS + "<p>2019年12月<p>附：名单",
        [*LINES, "2019年12月", "附：名单"],
    ),
    "saved by Word": (
        f'<html xmlns:o="x"><body><div class=WordSection1><p><b>红柳村工作总结</b><o:p></o:p></p>{PARAS}</div></body>',
        LINES,
    ),
}


@pytest.mark.parametrize(("html", "lines"), PAGES.values(), ids=PAGES)
def test_the_report_comes_out_of_the_site_around_it(html: str, lines: list[str]) -> None:
    assert page.text_of(html.encode(), "a.html")[0].splitlines() == lines


TAGS = {
    "unseen": (
        "<p>甲<script>乙</script><span style='DISPLAY: none'>丙</span><span hidden>丁</span><!-- 戊 --></p>".replace(
            "DISPLAY", "display"
        ),
        ["甲"],
    ),
    "headers of pages": ("<div title=header><p>内部资料 第9户</div><p>有35户", ["有35户"]),
    "deleted": ("<p>有<del>99</del><ins>35</ins>户", ["有35户"]),
    "a reading above": ("<p><ruby>统<rp>(</rp><rt>tǒng</rt><rp>)</rp></ruby>一", ["统一"]),
    "blanks": ("<p>甲\n   乙</p><pre>丙\n  丁</pre>", ["甲 乙", "丙", "丁"]),
    "blocks in blocks": ("<div>甲<div>乙<span>丙</span></div>丁</div>", ["甲", "乙丙", "丁"]),
    "an ordered list": (
        "<ol><li>甲<li>乙</ol><ol start=3><li>丙<li value=7>丁<li>戊</ol>",
        ["1.\t甲", "2.\t乙", "3.\t丙", "7.\t丁", "8.\t戊"],
    ),
    "an ordered list of letters": ("<ol type=a><li>甲<li>乙</ol>", ["a. 甲", "b. 乙"]),
    "an ordered list in Chinese": (
        "<ol style='list-style-type: simp-chinese-informal'><li>甲<li><p>乙</p></ol>",
        ["一、甲", "二、乙"],
    ),
    "a list without order": ("<ul><li>甲<li>乙</ul>", ["甲", "乙"]),
    "a list in a list": ("<ol><li>甲<ol><li>乙</ol><li>丙</ol>", ["1.\t甲", "1.\t乙", "2.\t丙"]),
    "a table": (
        "<table><caption>表</caption><tr><th>组<th>户<tbody><tr><td>一<br>组<td>5",
        ["表", "组\t户", "一组\t5"],
    ),
    "digits in a cell stay apart": ("<table><tr><td>2018<br>35<td>户", ["2018 35\t户"]),
    "entities": ("<p>&lt;甲&gt;&#20065;&ldquo;乙&rdquo;", ["<甲>乡“乙”"]),
}


@pytest.mark.parametrize(("html", "lines"), TAGS.values(), ids=TAGS)
def test_how_tags_are_read(html: str, lines: list[str]) -> None:
    assert page.text_of(f"<html><body>{html}".encode(), "a.html")[0].splitlines() == lines


GBK_PAGE = f"<html><head><meta http-equiv=Content-Type content='text/html; charset=%s'></head><body>{PARAS * 3}"
CHARSETS = [
    ("utf-8", "utf-8", "utf-8"),
    ("utf-8", "gb2312", "utf-8"),
    ("gb18030", "gb2312", "gb18030"),
    ("gb18030", "utf-8", "gb18030"),
    ("gb18030", "big5", "gb18030"),
    ("gb18030", "nonsense", "gb18030"),
    ("utf-16", "utf-8", "utf-16"),
]


@pytest.mark.parametrize(("real", "declared", "found"), CHARSETS, ids=[f"{r} declared {d}" for r, d, _ in CHARSETS])
def test_a_page_is_read_in_its_encoding_whatever_it_says(tmp_path: Path, real: str, declared: str, found: str) -> None:
    (tmp_path / "a.html").write_bytes((GBK_PAGE % declared).encode(real))
    raw = read_source(tmp_path / "a.html", "a.html")
    assert raw.text.splitlines() == LINES[1:] * 3
    assert raw.encoding == found


def test_utf_8_that_could_be_gbk_is_utf_8(tmp_path: Path) -> None:
    data = "<html><meta charset=gb2312><p>农村人口35人，".encode()
    assert data.decode("gb18030"), "every pair of bytes is a character of GBK too"
    (tmp_path / "a.html").write_bytes(data)
    assert read_source(tmp_path / "a.html", "a.html").text == "农村人口35人，\n"
