import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Says in words where too few answered; says nothing where enough did. */
export class EnoughData extends Component {
    static template = "internal_customer.EnoughData";
    static props = { ...standardFieldProps };

    get enough() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("internal_enough_data", {
    component: EnoughData,
    displayName: _t("Enough answers"),
    supportedTypes: ["boolean"],
});
