{
    "name": "Internal Customer",
    "summary": "Departments serve each other as customers: orders, promises, ratings",
    "version": "19.0.1.0.0",
    "category": "Human Resources",
    "author": "Internal Customer Contributors",
    "license": "LGPL-3",
    "depends": ["hr"],
    "data": [
        "security/internal_customer_security.xml",
        "security/ir.model.access.csv",
        "data/internal_customer_data.xml",
        "wizard/internal_request_word_views.xml",
        "views/internal_request_views.xml",
        "views/internal_service_views.xml",
        "views/internal_request_stage_views.xml",
        "views/internal_sla_policy_views.xml",
        "views/internal_rating_views.xml",
        "views/internal_customer_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "internal_customer/static/src/**/*",
        ],
        "web.assets_tests": [
            "internal_customer/static/tests/tours/**/*",
        ],
    },
    "application": True,
}
