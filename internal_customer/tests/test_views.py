"""What the web client asks for: every filter works, no list costs more when longer."""

from ast import literal_eval

from lxml import etree

from odoo.tests import tagged

from .common import InternalCustomerCase

ACTIONS = (
    "internal_request_action_to_us",
    "internal_request_action_by_us",
    "internal_request_action",
    "internal_service_action",
    "internal_service_action_configuration",
    "internal_rating_action",
    "internal_scorecard_action",
    "internal_incentive_award_action",
    "internal_incentive_plan_action",
    "internal_sla_policy_action",
    "internal_request_stage_action",
    "internal_period_action",
)


@tagged("post_install", "-at_install")
class TestViews(InternalCustomerCase):
    def setUp(self):
        super().setUp()
        self.admin = self.env.ref("base.user_admin")

    def views(self, name, user):
        """Return the model, as ``user``, and the archs of the action's views."""
        action = self.env.ref(f"internal_customer.{name}")
        model = self.env[action.res_model].with_user(user)
        wanted = [(False, kind) for kind in action.view_mode.split(",")]
        found = model.get_views([*wanted, (False, "search")])["views"]
        return model, {
            kind: etree.fromstring(view["arch"]) for kind, view in found.items()
        }

    def read_rows(self, model, arch, domain):
        """Read what the client reads for a list or a kanban."""
        names = {
            node.get("name")
            for node in arch.iter("field")
            if not node.xpath("ancestor::field")
        }
        specification = {
            name: {"fields": {"display_name": {}}}
            if model._fields[name].relational
            else {}
            for name in names
        }
        return model.web_search_read(domain, specification)["records"]

    def test_filters_and_groups(self):
        self.place(2)
        for name in ACTIONS:
            model, archs = self.views(name, self.admin)
            for node in archs["search"].iter("filter"):
                with self.subTest(action=name, filter=node.get("name")):
                    if domain := node.get("domain"):
                        model.search(literal_eval(domain.replace("uid", "1")))
                    if group := literal_eval(node.get("context") or "{}").get(
                        "group_by"
                    ):
                        model.formatted_read_group([], [group], ["__count"])

    def test_lists_do_not_cost_more_when_longer(self):
        def cost(domain):
            return {
                kind: self.count_queries(
                    lambda kind=kind: self.read_rows(model, archs[kind], domain)
                )
                for kind in ("list", "kanban")
            }

        model, archs = self.views("internal_request_action", self.clerk)
        few = self.place(20)
        many = self.place(200)
        few.with_user(self.clerk).action_accept()
        many.with_user(self.clerk).action_accept()
        cost([("id", "in", few.ids)])  # what is read once and kept
        self.assertEqual(cost([("id", "in", many.ids)]), cost([("id", "in", few.ids)]))

    def test_words_reach_the_order(self):
        """The dialogs call the actions of the order, and nothing else."""

        def say(user, request, kind, **values):
            self.env["internal.request.word"].with_user(user).create(
                {"request_id": request.id, "kind": kind, **values}
            ).action_say()

        clerk, seller = self.clerk, self.seller
        one, two, three = self.place(3)
        say(clerk, one, "counter", moment="2090-01-02 09:00:00", reason="Stock")
        say(seller, one, "cancel", reason="Too late for me")
        say(clerk, two, "decline", reason="Not now", code="capacity")
        say(clerk, three, "accept", moment="2090-01-02 09:00:00")
        say(clerk, three, "wait", reason="Which colour?", cause="customer")
        say(clerk, three, "deliver", note="On your desk")
        say(seller, three, "reject", reason="It is broken")
        say(clerk, three, "deliver")
        say(seller, three, "rate", score="2", comment="Twice", pressed=True)
        self.assertEqual((one | two).mapped("state"), ["cancelled", "declined"])
        self.assertEqual(
            three.event_ids.mapped("kind"),
            ["submit", "accept", "wait", "deliver", "reject", "deliver"],
        )
        self.assertEqual(
            three.event_ids.mapped("note")[2:5],
            ["Which colour?", "On your desk", "It is broken"],
        )
        answer = three.rating_ids.filtered(lambda rating: rating.state == "answered")
        self.assertRecordValues(
            answer, [{"score": 2, "comment": "Twice", "pressed": True}]
        )
