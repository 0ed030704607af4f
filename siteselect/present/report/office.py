"""The report as DOCX: real styles, right to left in every paragraph, run and table."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from siteselect.present.drawn.paper import FONT
from siteselect.present.export import FIXED_DATE
from siteselect.present.report.content import (
    Block,
    Bullets,
    Facts,
    Heading,
    Note,
    Paragraph,
    Picture,
    Report,
    Table,
    clean,
    marked,
    pieces,
)

if TYPE_CHECKING:
    from docx.document import Document

_HEAD_FILL, _NOTE_FILL = "EEF2F5", "FFF6E0"
_WIDTH_CM, _TWIPS = 17.4, 567
_NEXT = "<w:keepNext/>"
_EDGE = 'w:val="single" w:sz="4" w:space="0" w:color="C3CAD2"'
_MARGINS = '<w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/>'
# Shown where the first is not installed.
_ALTERNATIVE = "Tahoma"
# Half points; the bold ones.
_STYLES = {"Normal": 18, "Title": 34, "Subtitle": 22, "Heading 1": 30, "Heading 2": 23,
           "List Bullet": 18, "Caption": 17, "Header": 16, "Footer": 16}  # fmt: skip
_BOLD = ("Title", "Heading 1", "Heading 2")
# What must follow a property, where it stands: Word takes them in this order alone.
_AFTER = {
    "bidi": ("adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc",
             "textAlignment", "outlineLvl", "rPr", "docGrid", "rtlGutter"),
    "bCs": ("i", "iCs", "color", "spacing", "kern", "sz", "szCs", "lang"),
    "iCs": ("color", "spacing", "kern", "sz", "szCs", "lang"),
    "szCs": ("lang",),
    "lang": (),
}  # fmt: skip
_XMLNS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def render(report: Report, folder: Path) -> bytes:
    """A report as DOCX, the same bytes for the same report.

    Parameters
    ----------
    report : Report
    folder : pathlib.Path
        Where its pictures stand, as PNG.

    Returns
    -------
    bytes
    """
    import docx

    page = docx.Document()
    writer = _Writer(page, mirrored=report.language == "fa", folder=folder)
    writer.begin(report)
    for block in report.blocks:
        writer.put(block)
    raw = io.BytesIO()
    page.save(raw)
    return _fixed(raw.getvalue())


def _fixed(content: bytes) -> bytes:
    """The same archive with every time in it the same."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, FIXED_DATE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            part = old.read(name)
            if name == "word/fontTable.xml":
                font = f'<w:font w:name="{FONT}"><w:altName w:val="{_ALTERNATIVE}"/></w:font>'
                part = part.replace(b"</w:fonts>", f"{font}</w:fonts>".encode())
            new.writestr(entry, part)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Writer:
    """A document being written, in one direction.

    Paragraphs and tables are written as XML: cell by cell the library takes ten times as long.
    """

    page: "Document"
    mirrored: bool
    folder: Path

    def begin(self, report: Report) -> None:
        """Paper, styles, properties, head and foot, and the title."""
        from docx.shared import Cm

        section = self.page.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm((21 - _WIDTH_CM) / 2)
        section.top_margin = section.bottom_margin = Cm(1.9)
        if self.mirrored:
            _child(section._sectPr, "bidi")
        for name in _STYLES:
            self._style(name)
        properties = self.page.core_properties
        properties.title, properties.author = clean(report.title)[:255], "siteselect"
        properties.language = "fa-IR" if self.mirrored else "en-GB"
        properties.created = properties.modified = FIXED_DATE
        properties.last_modified_by, properties.comments = "siteselect", ""
        self._instead(section.header.paragraphs[0], self._line(report.running, "Header"))
        field = "".join(
            f"<w:r><w:rPr>{self._rtl()}</w:rPr>{part}</w:r>"
            for part in ('<w:fldChar w:fldCharType="begin"/>', "<w:instrText>PAGE</w:instrText>",
                         '<w:fldChar w:fldCharType="end"/>')
        )  # fmt: skip
        self._instead(section.footer.paragraphs[0], self._whole("Footer", field, jc="center"))
        self._add(self._line(report.title, "Title"))
        self._add(self._line(report.subtitle, "Subtitle"))

    def put(self, block: Block) -> None:
        """One part of the content."""
        ways: dict[type, Callable[[Any], None]] = {
            Heading: lambda part: self._add(self._heading(part)),
            Paragraph: lambda part: self._add(self._line(part.text)),
            Note: lambda part: self._add(self._line(part.text, fill=_NOTE_FILL, before=_NEXT)),
            Bullets: self._bullets,
            Facts: self._facts, Table: self._table, Picture: self._picture,
        }  # fmt: skip
        ways[type(block)](block)

    def _style(self, name: str) -> None:
        from docx.oxml.ns import qn
        from docx.shared import Pt, RGBColor

        style: Any = self.page.styles[name]
        bold, size = name in _BOLD, _STYLES[name]
        style.font.size, style.font.name = Pt(size / 2), FONT
        style.font.color.rgb = RGBColor(0x1B, 0x24, 0x30)
        style.font.italic, style.font.bold = False, bold
        letters = style.element.get_or_add_rPr()
        fonts = letters.find(qn("w:rFonts"))
        for key in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
            fonts.attrib.pop(qn(f"w:{key}"), None)
        for key in ("ascii", "hAnsi", "cs"):
            fonts.set(qn(f"w:{key}"), FONT)
        for tag, value in (("bCs", str(int(bold))), ("iCs", "0"), ("szCs", str(size))):
            _child(letters, tag).set(qn("w:val"), value)
        if name == "Normal":
            language = _child(letters, "lang")
            language.set(qn("w:val"), "en-GB")
            language.set(qn("w:bidi"), "fa-IR")
        style.paragraph_format.space_after = Pt(4)
        if self.mirrored:
            _child(style.element.get_or_add_pPr(), "bidi")

    def _rtl(self, *, latin: bool = False) -> str:
        return "<w:rtl/>" if self.mirrored and not latin else ""

    def _runs(self, text: str, *, bold: bool = False, size: int = 0) -> str:
        """A line in runs, each in its own direction."""
        heavy = "<w:b/><w:bCs/>" if bold else ""
        tall = f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>' if size else ""
        said = marked(clean(text)) if self.mirrored else clean(text)
        return "".join(
            f"<w:r><w:rPr>{heavy}{tall}{self._rtl(latin=latin)}</w:rPr>"
            f'<w:t xml:space="preserve">{escape(part)}</w:t></w:r>'
            for part, latin in pieces(said)
        )

    def _foreign(self, text: str) -> bool:
        """Whether a line in a Persian document is of Latin letters alone: it runs from the left."""
        return self.mirrored and [latin for _, latin in pieces(clean(text))] == [True]

    def _whole(
        self,
        style: str,
        runs: str,
        *,
        before: str = "",
        fill: str = "",
        jc: str = "",
        foreign: bool = False,
    ) -> str:
        """A paragraph: what stands in its properties comes in the order that Word wants."""
        turned = '<w:bidi w:val="0"/>' if foreign else "<w:bidi/>"
        parts = [
            f'<w:pStyle w:val="{style}"/>' if style else "",
            before,
            f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else "",
            turned if self.mirrored else "",
            '<w:spacing w:after="20"/>' if style == "" else "",
            f'<w:jc w:val="{jc}"/>' if jc else "",
        ]
        return f"<w:p><w:pPr>{''.join(parts)}</w:pPr>{runs}</w:p>"

    def _line(self, text: str, style: str = "Normal", *, fill: str = "", before: str = "") -> str:
        foreign = self._foreign(text)
        jc = "right" if foreign else ""
        runs = self._runs(text)
        return self._whole(style, runs, before=before, fill=fill, jc=jc, foreign=foreign)

    def _heading(self, part: Heading) -> str:
        # Smaller parts flow: the reader's own letters may be wider than ours.
        fresh = "<w:pageBreakBefore/>" if part.fresh and part.level == 1 else ""
        return self._line(part.text, f"Heading{part.level}", before=fresh)

    def _bullets(self, part: Bullets) -> None:
        for item in part.items:
            self._add(self._line(item, "ListBullet"))

    def _facts(self, part: Facts) -> None:
        wide = any(len(said) > 60 for _, said in part.rows)
        across = 1 if wide else 2
        cells = [cell for pair in part.rows for cell in pair]
        cells += [""] * (-len(cells) % (2 * across))
        rows = [cells[i : i + 2 * across] for i in range(0, len(cells), 2 * across)]
        self._grid((1.4, 4.0) if wide else (1.35, 1.6) * 2, rows)

    def _table(self, part: Table) -> None:
        if part.title:
            runs = self._runs(part.title, bold=True)
            self._add(self._whole("Normal", runs, before=_NEXT))
        self._grid(part.widths, [part.heads, *part.rows], numeric=part.numeric, headed=True)

    def _grid(
        self,
        widths: Sequence[float],
        rows: Sequence[Sequence[str]],
        *,
        numeric: Sequence[int] = (),
        headed: bool = False,
    ) -> None:
        sizes = [round(_WIDTH_CM * _TWIPS * width / sum(widths)) for width in widths]
        mark = "<w:bidiVisual/>" if self.mirrored else ""
        edges = "".join(f"<w:{edge} {_EDGE}/>" for edge in ("bottom", "insideH") if headed)
        columns = "".join(f'<w:gridCol w:w="{size}"/>' for size in sizes)
        lines = "".join(self._rows(sizes, rows, numeric=numeric, headed=headed))
        self._add(
            f'<w:tbl><w:tblPr>{mark}<w:tblW w:w="{sum(sizes)}" w:type="dxa"/>'
            f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
            f"<w:tblCellMar>{_MARGINS}</w:tblCellMar></w:tblPr>"
            f"<w:tblGrid>{columns}</w:tblGrid>{lines}</w:tbl>"
        )
        # Two tables without a paragraph between them would be one; this one is next to nothing.
        self._add(
            '<w:p><w:pPr><w:spacing w:after="0"/><w:rPr><w:sz w:val="10"/></w:rPr></w:pPr></w:p>'
        )

    def _rows(
        self,
        sizes: Sequence[int],
        rows: Sequence[Sequence[str]],
        *,
        numeric: Sequence[int],
        headed: bool,
    ) -> Iterator[str]:
        for y, row in enumerate(rows):
            head = headed and y == 0
            fill = f'<w:shd w:val="clear" w:color="auto" w:fill="{_HEAD_FILL}"/>' if head else ""
            cells = []
            for x, (size, said) in enumerate(zip(sizes, row, strict=True)):
                # Right is the end of a line, whichever way it runs: Word turns the two.
                runs, foreign = (
                    self._runs(said, bold=head, size=16 if headed else 0),
                    self._foreign(said),
                )
                jc = "right" if (x in numeric) != foreign else ""
                before = "" if headed else _NEXT  # facts stay with the table that they introduce
                line = self._whole("", runs, before=before, jc=jc, foreign=foreign)
                cells.append(
                    f'<w:tc><w:tcPr><w:tcW w:w="{size}" w:type="dxa"/>{fill}</w:tcPr>{line}</w:tc>'
                )
            top = "<w:tblHeader/>" if head else ""
            yield f"<w:tr><w:trPr><w:cantSplit/>{top}</w:trPr>{''.join(cells)}</w:tr>"

    def _picture(self, part: Picture) -> None:
        from docx.shared import Cm

        paragraph = self.page.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        path = self.folder / f"{part.file}.png"
        shape = paragraph.add_run().add_picture(str(path), width=Cm(_WIDTH_CM))
        shape._inline.docPr.set("descr", clean(part.alt))
        self._add(self._line(part.caption, "Caption"))

    def _add(self, xml: str) -> None:
        """Something at the end of the document, before its last section."""
        self.page.element.body.sectPr.addprevious(_parsed(xml))

    @staticmethod
    def _instead(paragraph: Any, xml: str) -> None:
        old = paragraph._p
        old.addprevious(_parsed(xml))
        old.getparent().remove(old)


def _parsed(xml: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(xml.replace(">", f" {_XMLNS}>", 1))


def _child(parent: Any, tag: str) -> Any:
    """The child of this tag, made where the format wants it if there is none."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    found = parent.find(qn(f"w:{tag}"))
    if found is None:
        found = OxmlElement(f"w:{tag}")
        parent.insert_element_before(found, *(f"w:{name}" for name in _AFTER[tag]))
    return found
