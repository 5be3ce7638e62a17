import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("internal_customer_s14_buyer", {
    steps: () => [
        {
            content: "the card says what is left of the promise",
            trigger: ".o_kanban_record:has(.badge:contains(left)):contains(Bolts Ltd)",
            run: "click",
        },
        {
            content: "who needs it stands on the order",
            trigger: ".o_field_widget[name=internal_department_id]:contains(Engineering)",
        },
        {
            content: "it is in work",
            trigger: ".o_field_widget[name=internal_request_stage_id]:contains(In Work)",
        },
    ],
});

registry.category("web_tour.tours").add("internal_customer_s14_customer", {
    steps: () => [
        {
            content: "what was bought is there",
            trigger: ".o_kanban_record:contains(Bolt)",
            run: "click",
        },
        {
            content: "no way to a purchase that is not his to see",
            trigger: ".o_form_view:not(:has(button[name=action_open_document]))",
        },
        {
            content: "one tap says how it was",
            trigger: ".o_internal_rate button:contains(Very good)",
            run: "click",
        },
        {
            content: "nobody asks twice",
            trigger: ".o_form_view:not(:has(.o_internal_rate))",
        },
    ],
});
