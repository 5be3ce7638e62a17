"""Who orders what from whom in the demo company, and what comes of it."""

from typing import NamedTuple


class Habit(NamedTuple):
    """Orders that come again and again; people, hours, fates, names take turns.

    ``every`` so many weeks; ``hours`` are working hours from the order to the delivery,
    ``limit`` those allowed, and the date if one is ``promised``. ``fates`` has a sign
    for each order: its rating ``1`` to ``5``, ``.`` for no answer; it waits for the
    customer ``w``, a third party ``t``, the supplier ``s``; it is sent back ``r``, late
    ``l``, cancelled ``x``, declined ``d``.
    """

    service: str
    every: int
    when: str
    customers: str
    suppliers: str
    hours: str
    limit: float
    promised: bool
    fates: str
    names: tuple[str, ...]


# fmt: off
HABITS = (
    Habit(
        "reimbursement", 1, "Mon 14:10", "luis xiao.li sofia hugo", "bob",
        "6 9 4", 40, False, "545w3.25r54l5",
        ("Train to Hamburg", "Dinner with a vendor", "Hotel in Lyon", "Taxi receipts",
         "Tools bought on site"),
    ),
    Habit(
        "payment", 2, "Thu 10:00", "zhao.lei mei anna", "chen.fang bob",
        "10 14", 40, True, "54.4t5",
        ("Steel, second rate", "Carrier, last month", "Cleaning company"),
    ),
    Habit(
        "figures", 4, "Tue 11:20", "sofia hugo zhao.lei", "chen.fang",
        "12 16", 40, False, "45.",
        ("Cost of the month", "Budget against actual"),
    ),
    Habit(
        "payslip", 2, "Tue 09:30", "bob hugo luis xiao.li", "tom",
        "3 5 2", 8, False, "5554w5.5",
        ("Night shift is missing", "Which tax class?", "Overtime of last month"),
    ),
    Habit(
        "recruiting", 4, "Wed 11:00", "hugo mei zhao.lei", "marta",
        "130 170", 320, True, "545",
        ("Two fitters", "A driver with a truck licence", "A buyer for electronics"),
    ),
    Habit(
        "helpdesk", 1, "Wed 09:15", "xiao.li mei bob sofia tom", "omar",
        "2 4 1 7", 40, False, "55w5.545.554t",
        ("Printer says no", "Password forgotten", "Mailbox is full",
         "The projector does not see my laptop", "VPN from the hotel"),
    ),
    Habit(
        "laptop", 3, "Fri 10:30", "marta luis xiao.li", "omar",
        "24 30", 40, True, "545t",
        ("Laptop for a new colleague", "Phone for the fair"),
    ),
    Habit(
        "car", 1, "Thu 15:00", "sofia luis ingrid xiao.li", "anna",
        "15 12", 24, True, "555.55x5w55",
        ("Car to the airport", "Car to the plant", "Bus for twelve visitors",
         "Car to the trade fair"),
    ),
    Habit(
        # ninety-nine good ones and one bad (S9)
        "guest-room", 1, "Tue 14:20", "sofia marta zhao.lei hugo", "anna",
        "10 7 12", 40, False, "55455.551555.5545555.5545555",
        ("Room for a customer", "Room for a candidate", "Room for an auditor"),
    ),
    Habit(
        "supplies", 2, "Mon 10:40", "bob mei luis omar", "anna",
        "5 9", 40, False, "55.555",
        ("Paper and pens", "Green tea for the visitors", "Folders"),
    ),
    Habit(
        "parts", 1, "Tue 10:30", "xiao.li hugo omar", "zhao.lei",
        "30 44 58", 80, False, "4t53t42.5sr4d",
        ("Bearings", "Temperature sensors", "Cable, 200 m", "Gear motors",
         "Aluminium profiles"),
    ),
    Habit(
        "delivery", 2, "Fri 09:00", "sofia xiao.li hugo", "mei",
        "7 5", 16, True, "5545.5",
        ("Spare parts to the customer", "Samples to the fair", "Machine to the site"),
    ),
    Habit(
        "prototype", 2, "Mon 11:10", "xiao.li", "hugo",
        "26 34", 40, True, "43l5r4",
        ("Housing, third version", "Bracket", "Shaft with keyway"),
    ),
    Habit(
        "production-plan", 2, "Thu 13:30", "mei zhao.lei sofia", "hugo",
        "9 15", 40, False, "54.4",
        ("Plan of next month", "Plan with the new shift"),
    ),
    Habit(
        # both ways: Finance reimburses Sales, Sales owes Finance its figures (S6)
        "receivables", 1, "Mon 08:30", "chen.fang bob", "luis",
        "20 22", 24, True, "l34l2l5lll3",
        ("Receivables of the week",),
    ),
    Habit(
        "forecast", 4, "Wed 14:00", "hugo zhao.lei mei", "sofia",
        "20 30", 40, False, "3.4",
        ("Forecast of the quarter",),
    ),
    Habit(
        "inspection", 4, "Thu 08:40", "hugo zhao.lei", "ingrid",
        "11", 40, False, "54.",
        ("First sample", "Lot with scratches"),
    ),
    Habit(
        "test-report", 4, "Fri 14:15", "ingrid hugo", "xiao.li",
        "25", 40, False, "4.5",
        ("Endurance test", "Salt spray test"),
    ),
)

# fmt: on
NOTES = {
    "w": "A signature is missing: please bring it.",
    "t": "The vendor answers on Thursday.",
    "s": "One of us is ill: it takes a day longer.",
    "r": "Not what was ordered: please look again.",
    "d": "We have nobody for it this month.",
    "x": "No longer needed.",
    ("reimbursement", "w"): "The invoice is made out to you, not to the company.",
    ("reimbursement", "r"): "The amount is the net one, please add the tax.",
    ("parts", "t"): "The vendor ships on Thursday.",
    ("parts", "d"): "Above 5,000 without three offers.",
    ("prototype", "r"): "The bore is too wide by a tenth.",
    ("car", "w"): "How many are you, and when do you come back?",
}

COMMENTS = {
    ("guest-room", 1): "No slippers in the room: our guest walked barefoot.",
    ("guest-room", 4): "Warm welcome, cold breakfast.",
    ("reimbursement", 2): "Sent away twice for one stamp.",
    ("reimbursement", 3): "The money came, the explanation did not.",
    ("receivables", 2): "Promised for Wednesday, here on Friday. Again.",
    ("receivables", 5): "On time, and with a word on the three late payers.",
    ("helpdesk", 4): "Quick, but I had to call twice.",
    ("parts", 2): "The wrong thread.",
    ("prototype", 3): "Good part, a week late.",
    ("delivery", 5): "The driver called an hour before.",
    ("payslip", 5): "Explained so that I understood it.",
}


class Story(NamedTuple):
    """An order of these days.

    ``start`` is a number of working hours ago or the last such day and hour; the steps
    are spread from then to ``until`` working hours ago, the answer within an hour.
    """

    service: str
    requester: str
    supplier: str
    name: str
    start: float | str
    steps: tuple["Step", ...] = ()
    until: float = 0.5
    needed_in: float | None = None
    priority: str = "1"
    description: str = ""


class Step(NamedTuple):
    """``date`` is in working hours after the order, or the hour of tomorrow."""

    kind: str
    note: str = ""
    date: float | str | None = None
    cause: str = ""
    code: str = ""


SUBMIT, START, DELIVER = Step("submit"), Step("start"), Step("deliver")
ACCEPT = Step("accept")
RESUME = Step("resume")


def accept(date: float | str) -> Step:
    return Step("accept", "", date)


def wait(cause: str, note: str) -> Step:
    return Step("wait", note, None, cause)


# fmt: off
STORIES = (
    Story(  # S5, refused
        "recruiting", "sofia", "marta", "MBA of a US school, within ten days", 190,
        (
            SUBMIT,
            Step("decline", "In ten days nobody can hire that. Let us look at the job"
                 " together.", code="impossible"),
        ),
        until=180, needed_in=80,
    ),
    Story(  # S3
        "recruiting", "xiao.li", "marta", "Five systems engineers", 150,
        (SUBMIT, accept(320), START, wait("third_party", "Two have given notice, their"
         " employers let them go in six weeks.")),
        description="As in the job description, in place thirty days before the"
        " project starts.",
    ),
    Story(  # S14
        "parts", "xiao.li", "zhao.lei", "Twelve pressure sensors", 52,
        (SUBMIT, accept(60), START, wait("third_party", "The vendor ships Thursday."),
         RESUME, DELIVER),
    ),
    Story(
        "parts", "hugo", "zhao.lei", "Gear motors for line 2", 40,
        (SUBMIT, accept(70), START, wait("third_party", "Three offers are asked for.")),
    ),
    Story(
        "prototype", "xiao.li", "hugo", "Housing, fourth version", 44,
        (SUBMIT, accept(40), START, DELIVER, Step("reject", "The lid does not close.")),
        until=3,
    ),
    Story(  # S1
        "reimbursement", "xiao.li", "bob", "Receipt for a sensor, no invoice",
        "Mon 13:40",
        (SUBMIT, accept(60), START, wait("supplier", "I ask for the exception myself:"
         " you need not come again.")),
        description="Bought at the electronics market. The stall writes no invoices.",
    ),
    Story(  # S4
        "reimbursement", "luis", "bob", "Taxi and hotel in Lyon", "Tue 10:12",
        (SUBMIT,),
        description="I was on the road on Monday.",
    ),
    Story(  # S6
        "receivables", "chen.fang", "luis", "Receivables over ninety days",
        "Mon 09:05", (SUBMIT, accept(24), START),
    ),
    Story(  # S2
        "car", "luis", "anna", "Four cars in the board week", 14,
        (SUBMIT, accept(48)), needed_in=56,
        description="Two customers visit the plant on that day.",
    ),
    Story(
        "car", "sofia", "anna", "Car for this afternoon", 5,
        (SUBMIT, Step("counter", "The board has all six cars today.", 20)), needed_in=6,
    ),
    Story(  # S5, countered
        "recruiting", "sofia", "marta", "Five years in IT and an MBA", 12,
        (SUBMIT, Step("counter", "Forty working days; two candidates by then.", 320)),
        needed_in=80,
    ),
    Story(  # S7
        "payment", "sofia", "chen.fang", "Cheque for the stand at the fair, today", 7,
        (SUBMIT, Step("counter", "The contract is six weeks old: in three days.", 24),
         Step("accept_counter"), START),
        needed_in=4, priority="2",
    ),
    Story(  # S8
        "guest-room", "sofia", "anna", "Wake-up call at five", 3,
        (SUBMIT, accept("05:00")),
        description="My guest has a plane to catch.",
    ),
    Story(  # S13
        "helpdesk", "xiao.li", "omar", "Laptop does not wake up", 6,
        (SUBMIT, ACCEPT, START, DELIVER), until=2.5, priority="3",
    ),
    Story("helpdesk", "admin", "omar", "Second screen stays dark", 9,
          (SUBMIT, ACCEPT, START, DELIVER), until=1),
    Story("helpdesk", "mei", "admin", "Scanner at gate 2 is offline", 5,
          (SUBMIT, ACCEPT, START)),
    Story("helpdesk", "luis", "admin", "VPN from the hotel drops", 2, (SUBMIT,)),
    Story("payslip", "bob", "tom", "A day of leave too little", 7,
          (SUBMIT, ACCEPT, DELIVER), until=2),
    Story("delivery", "sofia", "mei", "Demo machine to the customer", 15,
          (SUBMIT, accept(16), START, DELIVER), until=1.5),
    Story("guest-room", "marta", "anna", "Room for two candidates", 16,
          (SUBMIT, ACCEPT, START, DELIVER), until=4),
    Story("receivables", "bob", "luis", "One customer, in detail", 20,
          (SUBMIT, ACCEPT, START, DELIVER), until=6),
    Story("laptop", "marta", "omar", "Five laptops for five engineers", 18,
          (SUBMIT, accept(60), START, wait("customer", "Which keyboards: French?"))),
    Story("supplies", "chen.fang", "anna", "Stamp ink", 4, (SUBMIT,), until=4),
    Story("car", "admin", "anna", "Car to the notary", 2, (SUBMIT,), until=2,
          needed_in=30),
    Story("parts", "omar", "zhao.lei", "Rack screws", 3, (SUBMIT,), until=3),
    Story("figures", "hugo", "chen.fang", "What does an hour of line 2 cost?", 8,
          (SUBMIT, accept(30))),
    Story("inspection", "zhao.lei", "ingrid", "Steel with rust spots", 10,
          (SUBMIT, accept(8), START)),  # late
    Story("forecast", "mei", "sofia", "Pallets in the next three months", 26,
          (SUBMIT, ACCEPT, START)),
    Story("parts", "xiao.li", "zhao.lei", "Thermal camera, one week", 1),  # a draft
)
# fmt: on
