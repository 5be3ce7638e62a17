from odoo import api, fields, models
from odoo.tools import format_amount, format_date

RATES = frozenset(
    {
        "on_time_rate",
        "promise_kept_rate",
        "response_rate",
        "good_rate",
        "good_rate_low",
        "reopen_rate",
    }
)


class InternalIncentiveAwardLine(models.Model):
    """One step of an award's sum: kept as data, told in the reader's language."""

    _name = "internal.incentive.award.line"
    _description = "Line of an Award"
    _inherit = ["internal.validated"]
    _order = "award_id, sequence, id"
    _rec_names_search = ["award_id"]

    award_id = fields.Many2one(
        "internal.incentive.award", required=True, index=True, ondelete="restrict"
    )
    sequence = fields.Integer()
    rule_id = fields.Many2one(
        "internal.incentive.rule", index="btree_not_null", ondelete="restrict"
    )
    code = fields.Char(required=True)
    data = fields.Json()
    currency_id = fields.Many2one(related="award_id.currency_id")
    amount = fields.Monetary()
    text = fields.Text("Explanation", compute="_compute_text")

    @api.depends("code", "data", "amount")
    @api.depends_context("lang")
    def _compute_text(self):
        for line in self:
            line.text = self._say(
                line.code, line.data or {}, line.currency_id, line.amount
            )

    def _as_dict(self):
        return {
            "sequence": self.sequence,
            "rule": self.sudo().rule_id.display_name or False,
            "code": self.code,
            "text": self.text,
            "amount": self.amount,
            "data": self.data or {},
        }

    @api.model
    def _say(self, code, data, currency, amount):
        """Return one sentence for a line of the engine."""

        def money(value):
            return format_amount(self.env, float(value or 0), currency)

        if "pool" in data:
            data = {**data, "pool": money(data["pool"])}
        if "operator" in data:
            rules = self.env["internal.incentive.rule"]
            signs = dict(rules._fields["operator"]._description_selection(self.env))
            data = {**data, "operator": signs[data["operator"]]}
        return getattr(self, f"_say_{code}")(data, money(amount))

    def _say_share(self, data, money):
        return self.env._(
            "Share of the pool %(pool)s: weight %(weight)s of %(weights)s, that is"
            " %(money)s.",
            money=money,
            **data,
        )

    def _say_figure(self, data, money):
        below, above = data.get("below"), data.get("above")
        figure = self._say_what(data)
        paid = self._percent(data["factor"])
        if not below:
            return self.env._(
                "%(figure)s: pays %(paid)s, below the first point %(above)s."
                " Weight %(weight)s.",
                figure=figure,
                paid=paid,
                above=self._value(data["metric"], above["from"]),
                weight=data["weight"],
            )
        if data["kind"] == "linear" and above:
            return self.env._(
                "%(figure)s: pays %(paid)s, %(position)s of the way from %(below)s to"
                " %(above)s. Weight %(weight)s.",
                figure=figure,
                paid=paid,
                position=self._percent(data["position"]),
                below=self._value(data["metric"], below["from"]),
                above=self._value(data["metric"], above["from"]),
                weight=data["weight"],
            )
        return self.env._(
            "%(figure)s: pays %(paid)s, from the point %(below)s on."
            " Weight %(weight)s.",
            figure=figure,
            paid=paid,
            below=self._value(data["metric"], below["from"]),
            weight=data["weight"],
        )

    def _say_too_few(self, data, _money):
        if data["kind"] == "gate":
            return self.env._(
                "Gate: %(figure)s says too little, so it is not held.",
                figure=self._say_what(data),
            )
        if data["n"] < data["minimum"]:
            return self.env._(
                "%(figure)s: too few, at least %(minimum)s are needed. Pays nothing.",
                figure=self._say_what(data),
                minimum=data["minimum"],
            )
        return self.env._(
            "%(figure)s: only %(response)s of those asked answered, at least"
            " %(least)s are needed. Pays nothing.",
            figure=self._say_what(data),
            response=self._percent(data["response"]),
            least=self._percent(data["minimum_response"]),
        )

    def _say_unknown(self, data, _money):
        if data["kind"] == "gate":
            return self.env._(
                "Gate: nothing is known of %s, so it is not held.",
                self._metric(data["metric"]),
            )
        return self.env._(
            "%s: nothing is known of it in this period. Pays nothing.",
            self._metric(data["metric"]),
        )

    def _say_gate_passed(self, data, _money):
        return self.env._(
            "Gate: %(figure)s, needed %(operator)s %(comparison)s: passed.",
            figure=self._say_what(data),
            operator=data["operator"],
            comparison=self._value(data["metric"], data["comparison"]),
        )

    def _say_gate_failed(self, data, _money):
        return self.env._(
            "Gate: %(figure)s, needed %(operator)s %(comparison)s: not held, so nothing"
            " is paid.",
            figure=self._say_what(data),
            operator=data["operator"],
            comparison=self._value(data["metric"], data["comparison"]),
        )

    def _say_veto_clear(self, data, _money):
        return self.env._(
            "Veto: no rating of %s or less on a service with a veto.", data["limit"]
        )

    def _say_veto(self, data, _money):
        if "at" not in data:
            return self.env._(
                "Veto: a rating of %(score)s stands; %(limit)s or less blocks the"
                " award.",
                score=data["score"],
                limit=data["limit"],
            )
        return self.env._(
            "Veto: the rating of %(score)s on %(day)s (%(service)s, order %(request)s)"
            " stands; %(limit)s or less blocks the award.",
            score=data["score"],
            limit=data["limit"],
            day=format_date(self.env, data["at"]),
            service=data["service"],
            request=data["request"],
        )

    def _say_result(self, data, money):
        return self.env._(
            "Pays %(money)s: %(factor)s of the share.",
            money=money,
            factor=self._percent(data["factor"]),
        )

    def _say_nothing(self, data, money):
        why = {
            "gate": self.env._("a gate is not held"),
            "veto": self.env._("one bad moment vetoes it"),
            "data": self.env._("too little is known"),
            "figures": self.env._("the figures are below the first point"),
            "weights": self.env._("all rules weigh nothing"),
            "share": self.env._("the share is smaller than the smallest coin"),
            "no_card": self.env._("it supplied nothing in this period"),
        }
        return self.env._(
            "Pays %(money)s: %(why)s.",
            money=money,
            why=[why[reason] for reason in data["reasons"]],
        )

    def _say_what(self, data):
        if data.get("value") is None:
            return self.env._("%s unknown", self._metric(data["metric"]))
        return self.env._(
            "%(metric)s %(value)s of %(n)s",
            metric=self._metric(data["metric"]),
            value=self._value(data["metric"], data["value"]),
            n=data["n"],
        )

    def _metric(self, name):
        return (
            self.env["internal.scorecard"]._fields[name]._description_string(self.env)
        )

    def _value(self, metric, number):
        return self._percent(number) if metric in RATES else number

    def _percent(self, number):
        text = f"{float(number) * 100:.2f}".rstrip("0").rstrip(".")
        return self.env._("%(number)s %%", number=text)
