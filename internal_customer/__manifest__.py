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
    ],
    "application": True,
}
