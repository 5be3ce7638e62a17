import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const openApp = () => [
    stepUtils.showAppsMenuItem(),
    {
        content: "open the app",
        trigger: ".o_app[data-menu-xmlid='internal_customer.internal_customer_menu']",
        run: "click",
    },
];

/** Open "Orders", then one of its entries. */
const openOrders = (entry) => [
    {
        content: "open the orders",
        trigger: "button[data-menu-xmlid='internal_customer.internal_request_menu']",
        run: "click",
    },
    {
        content: `choose ${entry}`,
        trigger: `.dropdown-item[data-menu-xmlid='internal_customer.internal_request_menu_${entry}']`,
        run: "click",
    },
    {
        content: "open the order",
        trigger: ".o_kanban_record:contains(Laptop for the trainee)",
        run: "click",
    },
];

const isNow = (state) => ({
    content: `the order is ${state} now`,
    trigger: `.o_statusbar_status .o_arrow_button_current:contains(${state})`,
});

registry.category("web_tour.tours").add("internal_customer_order", {
    url: "/odoo",
    steps: () => [
        ...openApp(),
        {
            content: "look at the services",
            trigger: "[data-menu-xmlid='internal_customer.internal_service_menu']",
            run: "click",
        },
        {
            content: "order one",
            trigger:
                ".o_kanban_record:contains(New Laptop (tour)) button:contains(Order)",
            run: "click",
        },
        {
            content: "read its rules",
            trigger: ".o_field_widget[name=constraint_note]:contains(After four years)",
        },
        {
            content: "say what is needed",
            trigger: ".o_field_widget[name=name] :is(input, textarea)",
            run: "edit Laptop for the trainee",
        },
        {
            content: "send it",
            trigger: "button[name=action_submit]",
            run: "click",
        },
        isNow("Ordered"),
        {
            content: "nothing to accept on the customer's side",
            trigger: ".o_form_view:not(:has(button[name=action_accept]))",
        },
    ],
});

registry.category("web_tour.tours").add("internal_customer_deliver", {
    url: "/odoo",
    steps: () => [
        ...openApp(),
        ...openOrders("to_us"),
        {
            content: "accept it",
            trigger: "button[name=action_accept]",
            run: "click",
        },
        isNow("Accepted"),
        {
            content: "start",
            trigger: "button[name=action_start]",
            run: "click",
        },
        isNow("In Work"),
        {
            content: "deliver with a word",
            trigger: ".o_form_statusbar button:contains(Deliver with a Note)",
            run: "click",
        },
        {
            content: "say it",
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit It lies at the reception.",
        },
        {
            content: "deliver",
            trigger: ".modal button[name=action_say]:contains(Deliver)",
            run: "click",
        },
        isNow("Delivered"),
    ],
});

registry.category("web_tour.tours").add("internal_customer_rate", {
    url: "/odoo",
    steps: () => [
        ...openApp(),
        ...openOrders("by_us"),
        {
            content: "read the note",
            trigger:
                ".o_field_widget[name=event_ids]:contains(It lies at the reception.)",
        },
        {
            content: "rate it with one tap",
            trigger: ".o_internal_rate button:contains(Good):contains(4)",
            run: "click",
        },
        isNow("Done"),
        {
            content: "nobody asks twice",
            trigger: ".o_form_view:not(:has(.o_internal_rate))",
        },
    ],
});
