{
    "name": "Internal Customer: Helpdesk",
    "summary": "Tickets of colleagues are judged and rated like every order",
    "version": "19.0.1.0.0",
    "category": "Human Resources",
    "author": "Internal Customer Contributors",
    "license": "AGPL-3",
    "depends": ["internal_customer", "helpdesk_mgmt"],
    "data": [
        "data/helpdesk_ticket_stage_data.xml",
        "views/helpdesk_ticket_views.xml",
        "views/helpdesk_ticket_stage_views.xml",
        "views/helpdesk_ticket_team_views.xml",
    ],
    "demo": ["demo/helpdesk_ticket_demo.xml"],
    "assets": {
        "web.assets_tests": ["internal_customer_helpdesk_mgmt/static/tests/tours/**/*"],
    },
    "auto_install": True,
}
