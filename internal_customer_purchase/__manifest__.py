{
    "name": "Internal Customer: Purchase",
    "summary": "Who needs a purchase is told when it is there, and rates Purchasing",
    "version": "19.0.1.0.0",
    "category": "Human Resources",
    "author": "Internal Customer Contributors",
    "license": "LGPL-3",
    "depends": ["internal_customer", "purchase"],
    "data": [
        "views/purchase_order_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/purchase_order_demo.xml"],
    "assets": {
        "web.assets_tests": ["internal_customer_purchase/static/tests/tours/**/*"],
    },
    "auto_install": True,
}
