"""The ordinary life of an order, over odoorpc and JSON-2."""

from company import REQUEST, CompanyCase, in_hours, unique

POLICY = "internal.sla.policy"


class OrderCase(CompanyCase):
    service_values = {}

    def setUp(self):
        company = self.company
        self.sara, self.sue = company.person("sara"), company.person("sue")
        self.finn, self.fay = company.person("finn"), company.person("fay")
        self.service = company.service(**self.service_values)

    def see(self, order, *names):
        return self.company.read(REQUEST, order, *names)

    def act(self, who, method, order, **kwargs):
        return getattr(self, who).odoorpc(REQUEST, method, ids=[order], **kwargs)

    def walk(self, order, steps, protocol="odoorpc"):
        """Do ``(who, method, arguments, state then)`` one after the other."""
        for who, method, arguments, state in steps:
            call = getattr(getattr(self, who), protocol)
            [result] = call(REQUEST, method, ids=[order], **arguments)
            self.assertEqual((result["id"], result["state"]), (order, state), method)

    def stage(self, state):
        return self.company.ref(f"internal_customer.stage_{state}")


WHY = {"reason": "The form is not signed."}
ROADS = {
    "promised, delivered, confirmed": [
        ("finn", "action_accept", {"promised_at": in_hours(48)}, "accepted"),
        ("finn", "action_start", {}, "in_progress"),
        ("finn", "action_deliver", {"note": "On your desk."}, "delivered"),
        ("sara", "action_confirm", {}, "done"),
    ],
    "accepted without a date, waiting for the customer": [
        ("finn", "action_accept", {}, "accepted"),
        ("finn", "action_wait", {**WHY, "cause": "customer"}, "waiting"),
        ("finn", "action_resume", {}, "accepted"),
        ("finn", "action_deliver", {}, "delivered"),
        ("sue", "action_confirm", {}, "done"),
    ],
    "another date, and another": [
        ("finn", "action_counter", {"proposed_at": in_hours(90), **WHY}, "countered"),
        ("fay", "action_counter", {"proposed_at": in_hours(70), **WHY}, "countered"),
        ("sara", "action_accept_counter", {}, "accepted"),
    ],
    "sent back once": [
        ("finn", "action_deliver", {}, "delivered"),
        ("sara", "action_reject_delivery", WHY, "in_progress"),
        ("finn", "action_deliver", {}, "delivered"),
        ("sara", "action_rate", {"score": 4, "aspects": {"timely": 2}}, "done"),
    ],
    "declined": [("fay", "action_decline", {**WHY, "code": "rule"}, "declined")],
    "withdrawn by the requester's manager": [
        ("sue", "action_cancel", WHY, "cancelled")
    ],
}


class TestRoads(OrderCase):
    """Each road is walked twice: by a script with odoorpc, by one with JSON-2."""

    def test_roads(self):
        for name, steps in ROADS.items():
            for protocol in ("odoorpc", "json2"):
                with self.subTest(name, protocol=protocol):
                    order = self.company.order(self.service)
                    self.walk(order, steps, protocol)

    def test_events_tell_the_road(self):
        order = self.company.order(self.service)
        self.walk(order, ROADS["sent back once"])
        domain = [["request_id", "=", order]]
        fields = ["kind", "user_id", "note", "cause"]
        events = self.sara.odoorpc(f"{REQUEST}.event", "search_read", domain, fields)
        self.assertEqual(
            [(e["kind"], e["user_id"][0], e["cause"]) for e in events],
            [
                ("submit", self.sara.user_id, False),
                ("deliver", self.finn.user_id, False),
                ("reject", self.sara.user_id, False),
                ("deliver", self.finn.user_id, False),
                ("confirm", self.sara.user_id, "score"),
            ],
        )
        self.assertEqual(events[2]["note"], WHY["reason"])
        self.assertEqual(self.see(order, "reopen_count"), 1)

    def test_impossible_steps_are_refused_in_words(self):
        order = self.company.order(self.service, needed_by=in_hours(24))
        refused = [
            ("finn", "action_accept", {"promised_at": in_hours(25)}, "needed earlier"),
            ("finn", "action_accept", {"promised_at": in_hours(-1)}, "promised_at"),
            ("finn", "action_resume", {}, "not possible"),
            ("finn", "action_decline", {"code": "rule"}, "reason"),
            ("finn", "action_decline", {**WHY, "code": "mood"}, "code"),
            ("finn", "action_wait", {"cause": "customer"}, "reason"),
            ("finn", "action_wait", {**WHY, "cause": "weather"}, "cause"),
            ("finn", "action_counter", {"proposed_at": in_hours(30)}, "reason"),
            ("finn", "action_counter", WHY, "proposed_at"),
            ("finn", "action_cancel", WHY, "only the customer"),
            ("sara", "action_start", {}, "only the supplier"),
            ("sara", "action_confirm", {}, "not possible"),
            ("sara", "action_rate", {"score": 5}, "not asked"),
            ("sara", "action_cancel", {"reason": "  "}, "reason"),
            ("sara", "action_submit", {}, "not possible"),
        ]
        before = self.see(order, "state", "write_date", "event_count")
        for who, method, arguments, words in refused:
            with self.subTest(method, **arguments):
                self.refused(self.act, who, method, order, words=words, **arguments)
        self.assertEqual(self.see(order, "state", "write_date", "event_count"), before)

    def test_waiting_stops_the_clock_for_the_customer_only(self):
        for cause, clock in (
            ("customer", "paused"),
            ("third_party", "running"),
            ("supplier", "running"),
        ):
            with self.subTest(cause):
                order = self.company.order(self.service)
                self.act("finn", "action_wait", order, cause=cause, **WHY)
                domain = [["request_id", "=", order], ["metric", "=", "resolution"]]
                args = ("internal.sla.clock", "search_read", domain)
                [row] = self.sara.odoorpc(*args, ["state", "deadline"])
                self.assertEqual(row["state"], clock)
                self.assertEqual(bool(row["deadline"]), clock == "running")

    def test_credit_goes_to_the_assignee_at_delivery(self):
        fred = self.company.person("fred").user_id
        for assigned, credit in ((None, self.finn.user_id), (fred, fred)):
            with self.subTest(assigned=assigned):
                order = self.company.order(self.service)
                self.act("finn", "action_accept", order)
                self.assertEqual(self.see(order, "user_id")[0], self.finn.user_id)
                if assigned:
                    self.act("finn", "write", order, vals={"user_id": assigned})
                self.act("finn", "action_deliver", order)
                self.assertEqual(self.see(order, "delivered_by_id")[0], credit)
                vals = {"user_id": self.fay.user_id}
                self.refused(self.act, "fay", "write", order, vals=vals)


class TestPlaceOrder(OrderCase):
    def place(self, values, protocol="odoorpc"):
        return getattr(self.sara, protocol)(REQUEST, "place_order", values=values)

    def test_every_key(self):
        company = self.company
        department = company.department("Sales")
        for protocol in ("odoorpc", "json2"):
            for customer in (
                department,
                company.read("hr.department", department, "name"),
            ):
                with self.subTest(protocol, customer=customer):
                    values = {
                        "service": company.read(
                            "internal.service", self.service, "code"
                        ),
                        "name": "A refund",
                        "description": "Taxi, 24 euros.",
                        "needed_by": "2099-03-02T09:00:00+01:00",
                        "priority": "3",
                        "customer": customer,
                        "external_ref": unique("X-"),
                    }
                    first = self.place(values, protocol)
                    again = self.place(values, protocol)
                    self.assertEqual(first["state"], "submitted")
                    self.assertEqual(
                        (first["created"], again["created"]), (True, False)
                    )
                    self.assertEqual(again, {**first, "created": False})
                    order = self.see(
                        first["id"], "needed_by", "priority", "requester_id", "number"
                    )
                    self.assertEqual(order["needed_by"], "2099-03-02 08:00:00")
                    self.assertEqual(order["priority"], "3")
                    self.assertEqual(order["requester_id"][0], self.sara.user_id)
                    self.assertEqual(order["number"], first["number"])

    def test_several_at_once_keep_their_order(self):
        reference = unique("X-")
        one = {"service": self.service, "name": "One", "external_ref": reference}
        placed = self.place([one, {**one, "external_ref": False}, one])
        self.assertEqual(placed[0], placed[2])
        self.assertNotEqual(placed[0]["id"], placed[1]["id"])

    def test_one_bad_order_of_several_places_none(self):
        name = unique("Lonely ")
        good = {"service": self.service, "name": name}
        for bad in (
            {**good, "colour": "red"},
            {"service": self.service},
            {"name": name},
        ):
            with self.subTest(bad):
                self.refused(self.place, [good, bad])
        domain = [["name", "=", name]]
        self.assertFalse(self.company.call(REQUEST, "search", domain))

    def test_whoever_has_no_employee_is_told_whom_to_ask(self):
        nobody = self.company.hire("nobody")
        values = {"service": self.service, "name": "x"}
        self.refused(nobody.odoorpc, REQUEST, "place_order", values, words="ask HR")

    def test_a_copy_is_a_draft_of_the_one_who_copies(self):
        order = self.company.order(self.service, external_ref=unique("X-"))
        self.act("finn", "action_accept", order)
        copy = self.act("sara", "copy", order)
        [copy] = copy if isinstance(copy, list) else [copy]
        fields = ["state", "user_id", "external_ref", "requester_id", "accepted_at"]
        [values] = self.sara.odoorpc(REQUEST, "read", fields, ids=[copy])
        self.assertEqual(values["requester_id"][0], self.sara.user_id)
        self.assertEqual(values["state"], "draft")
        self.assertFalse(
            values["user_id"] or values["external_ref"] or values["accepted_at"]
        )


class TestRating(OrderCase):
    def delivered(self, service=None, who="sara"):
        order = self.company.order(service or self.service, who)
        self.act("finn", "action_deliver", order)
        return order

    def test_three_or_more_accepts(self):
        for score, state in (
            (1, "delivered"),
            (2, "delivered"),
            (3, "done"),
            (5, "done"),
        ):
            with self.subTest(score):
                order = self.delivered()
                [result] = self.act("sara", "action_rate", order, score=score)
                self.assertEqual(result["state"], state)
                self.assertEqual(result["rating_state"], "answered")

    def test_two_levels_are_one_and_five(self):
        service = self.company.service(rating_scale="two")
        for score in (0, 1, 2, 3, 4, 5, 6, True, "5", 5.0, None):
            with self.subTest(score):
                order = self.delivered(service)
                if type(score) is int and score in (1, 5):
                    self.act("sara", "action_rate", order, score=score)
                else:
                    self.refused(self.act, "sara", "action_rate", order, score=score)

    def test_who_is_not_asked(self):
        """Own department; who serves himself, even if another gets the credit."""
        finn, sara = self.finn.user_id, self.sara.user_id
        shared = self.company.service(user_ids=[[6, 0, [finn, sara]]])
        cases = {
            "own department": (self.service, "fred", "finn", False),
            "serves himself": (shared, "sara", "sara", False),
            "hands it over": (shared, "sara", "sara", finn),
        }
        for name, (service, requester, deliverer, credit) in cases.items():
            with self.subTest(name):
                order = self.company.order(service, requester)
                if credit:
                    self.act("sara", "write", order, vals={"user_id": credit})
                self.act(deliverer, "action_deliver", order)
                self.assertEqual(self.see(order, "rating_state"), "none")
                rate = self.company.person(requester).odoorpc
                self.refused(rate, REQUEST, "action_rate", ids=[order], score=5)

    def test_the_one_asked_is_the_requester(self):
        order = self.delivered()
        for who in ("sue", "finn", "fay"):
            with self.subTest(who):
                self.refused(self.act, who, "action_rate", order, score=5)
        self.assertEqual(self.see(order, "rating_state"), "asked")


class TestDragging(OrderCase):
    """A card that is dragged does what its button does, or says which button."""

    def test_drag(self):
        roads = {
            "its whole way": [
                ("finn", "accepted", "accepted"),
                ("finn", "in_progress", "in_progress"),
                ("finn", "delivered", "delivered"),
                ("sara", "done", "done"),
            ],
            "straight to the end": [("finn", "delivered", "delivered")],
        }
        for name, steps in roads.items():
            with self.subTest(name):
                order = self.company.order(self.service)
                for who, stage, state in steps:
                    vals = {"stage_id": self.stage(stage)}
                    self.act(who, "write", order, vals=vals)
                    self.assertEqual(self.see(order, "state"), state)
                self.assertEqual(
                    self.see(order, "event_count"), len(steps) + 1, "one event a drag"
                )

    def test_drag_back_from_waiting_resumes(self):
        order = self.company.order(self.service)
        self.act("finn", "action_accept", order)
        self.act("finn", "action_wait", order, **WHY)
        self.refused(
            self.act, "finn", "write", order, vals={"stage_id": self.stage("submitted")}
        )
        self.act("finn", "write", order, vals={"stage_id": self.stage("accepted")})
        self.assertEqual(self.see(order, "state"), "accepted")

    def test_a_drag_that_needs_words_names_the_button(self):
        for who, stage, button in (
            ("finn", "waiting", "Waiting"),
            ("finn", "countered", "Other date offered"),
            ("finn", "declined", "Declined"),
            ("sara", "cancelled", "Cancelled"),
        ):
            with self.subTest(stage):
                order = self.company.order(self.service)
                vals = {"stage_id": self.stage(stage)}
                said = self.refused(self.act, who, "write", order, vals=vals)
                self.assertIn(f"«{button}»", said)
                self.assertEqual(self.see(order, "state"), "submitted")


class TestMondayAfternoon(OrderCase):
    """Finance takes receipts on Monday, 13:00 to 17:00; Sales comes on Tuesday."""

    def history(self, at, **values):
        company = self.company
        policy = {"name": unique("8 h "), "hours": 8.0, "company_id": company.id}
        service = company.service(**values)
        company.create(POLICY, {**policy, "service_ids": [[6, 0, [service]]]})
        row = company.done(service, "2026-03-03")
        return service, {**row, "events": [{"kind": "submit", "at": at}]}

    def test_the_clock_starts_next_monday(self):
        monday = self.company.calendar([("0", 13, 17)])
        _service, row = self.history(
            "2026-03-03T10:00:00+01:00", intake_calendar_id=monday
        )
        [order] = self.company.load(row)
        values = self.see(order, "intake_at", "deadline", "in_window", "submitted_at")
        self.assertEqual(values["submitted_at"], "2026-03-03 09:00:00")
        self.assertEqual(values["intake_at"], "2026-03-09 12:00:00")
        self.assertEqual(values["deadline"], "2026-03-10 11:00:00")
        self.assertFalse(values["in_window"])

    def test_inside_the_window_it_starts_at_once(self):
        monday = self.company.calendar([("0", 13, 17)])
        _service, row = self.history(
            "2026-03-02T13:00:00+01:00", intake_calendar_id=monday
        )
        [order] = self.company.load(row)
        values = self.see(order, "intake_at", "in_window")
        self.assertEqual(values["intake_at"], "2026-03-02 12:00:00")
        self.assertTrue(values["in_window"])

    def test_short_notice_moves_the_deadline_not_the_intake(self):
        service, row = self.history("2026-03-02T09:00:00+01:00", lead_time_hours=16.0)
        draft = {
            "service_id": service,
            "name": "At once",
            "external_ref": row["external_ref"],
            "needed_by": "2026-03-02T18:00:00+01:00",
        }
        self.sara.odoorpc(REQUEST, "create", draft)
        [order] = self.company.load(row)
        values = self.see(order, "intake_at", "deadline", "on_notice")
        self.assertEqual(values["intake_at"], "2026-03-02 08:00:00")
        self.assertEqual(values["deadline"], "2026-03-03 17:00:00")
        self.assertFalse(values["on_notice"])
