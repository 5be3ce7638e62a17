import io
import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tests import TransactionCase
from odoo.tools.translate import trans_export

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[\d.]*[a-z]|%%|</?\w+|★")
TITLE = re.compile(r' title="([^"]*)"')
TAG = re.compile(r"<[^>]*>")


class TranslationCase(TransactionCase):
    """A colleague in Shanghai works in Chinese, down to the last message.

    After a change of terms, in a database with demo data and Chinese:
    ``odoo i18n export ADDON -l pot zh_CN``; then fill ``zh_CN.po``.
    """

    addon = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exported = io.BytesIO()
        trans_export(None, [cls.addon], exported, "po", cls.env)
        folder = Path(get_module_path(cls.addon)) / "i18n"
        cls.exported = cls._read(exported.getvalue().decode())
        cls.template = cls._read(folder / f"{cls.addon}.pot")
        cls.chinese = cls._read(folder / "zh_CN.po")

    @staticmethod
    def _read(source):
        return {entry.msgid: entry for entry in polib.pofile(str(source))}

    def test_template_holds_every_term(self):
        self.assertFalse(self.exported.keys() - self.template.keys())

    def test_template_holds_nothing_else(self):
        gone = self.template.keys() - self.exported.keys()
        self.assertFalse([term for term in gone if not self._is_demo(term)])

    def test_chinese_has_the_terms_of_the_template(self):
        self.assertEqual(self.chinese.keys(), self.template.keys())

    def test_every_term_has_chinese(self):
        self.assertFalse(
            [
                term
                for term, entry in self.chinese.items()
                if self._has_words(term) and (not entry.msgstr.strip() or entry.fuzzy)
            ]
        )

    def test_placeholders_are_the_same(self):
        for term, entry in self.chinese.items():
            if entry.msgstr:
                with self.subTest(term):
                    self.assertEqual(
                        sorted(PLACEHOLDER.findall(entry.msgstr)),
                        sorted(PLACEHOLDER.findall(term)),
                    )

    @staticmethod
    def _has_words(term):
        """Return whether there is something to translate: not in ``·``, nor in ``ID``,
        which Odoo's Chinese keeps."""
        text = " ".join([*TITLE.findall(term), TAG.sub("", term)])
        return term != "ID" and any(map(str.isalpha, text))

    def _is_demo(self, term):
        """Return whether ``term`` is of demo records that are not installed here."""
        return all(
            place.startswith("model:")
            and not self.env.ref(place.rpartition(":")[2], raise_if_not_found=False)
            for place, _line in self.template[term].occurrences
        )
