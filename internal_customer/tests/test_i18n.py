from odoo.tests import tagged

from . import translations


@tagged("post_install", "-at_install")
class TestI18n(translations.TranslationCase):
    addon = "internal_customer"
