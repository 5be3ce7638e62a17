import { registry } from "@web/core/registry";

const badge = "[name=internal_request_promise]";

registry.category("web_tour.tours").add("internal_customer_s13_agent", {
    steps: () => [
        {
            content: "the list says what is left of the promise",
            trigger: `.o_data_row:contains(Printer on fire) ${badge} .badge:contains(left)`,
        },
        {
            content: "look at the board",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "so does the card; open it",
            trigger: `.o_kanban_record:contains(Printer on fire):has(.badge:contains(left))`,
            run: "click",
        },
        {
            content: "take it",
            trigger: ".o_statusbar_status button:contains(In Progress)",
            run: "click",
        },
        {
            content: "the order is in work, without a reload",
            trigger: ".o_field_widget[name=internal_request_stage_id]:contains(In Work)",
        },
        {
            content: "nothing to rate for who does the work",
            trigger: ".o_form_view:not(:has(button:contains(Rate)))",
        },
        {
            content: "wait for an answer",
            trigger: ".o_statusbar_status button:contains(Awaiting)",
            run: "click",
        },
        {
            content: "the promise waits too",
            trigger: `.o_field_widget${badge} .badge:contains(Waiting)`,
        },
        {
            content: "look at the order",
            trigger: ".oe_stat_button:contains(Internal Order)",
            run: "click",
        },
        {
            content: "it names its ticket: back to it",
            trigger: "button[name=action_open_document]:contains(Printer on fire)",
            run: "click",
        },
        {
            content: "this is the ticket",
            trigger: ".o_field_widget[name=internal_request_stage_id]:contains(Waiting)",
        },
    ],
});

registry.category("web_tour.tours").add("internal_customer_s13_customer", {
    steps: () => [
        {
            content: "the ticket asks how it was",
            trigger: ".o_statusbar_buttons button:contains(Rate)",
            run: "click",
        },
        {
            content: "one tap says it",
            trigger: ".o_internal_rate button:contains(Good):contains(4)",
            run: "click",
        },
        {
            content: "done",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done)",
        },
        {
            content: "back to the ticket",
            trigger: "button[name=action_open_document]:contains(Printer on fire)",
            run: "click",
        },
        {
            content: "nobody asks twice",
            trigger:
                ".o_form_view:has([name=internal_request_stage_id]:contains(Done)):not(:has(button:contains(Rate)))",
        },
    ],
});
