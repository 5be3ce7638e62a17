from odoo.tests import tagged

from odoo.addons.internal_customer.tests import translations


@tagged("post_install", "-at_install")
class TestI18n(translations.TranslationCase):
    addon = "internal_customer_purchase"
