"""The clinic group the world is about: its service lines, places, channels and campaigns, as fixed tables.

Facts and assumed magnitudes only (docs/world.md says which is which); nothing is drawn or computed per lead here.
Indexes into these tuples are what the other modules pass around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ServiceLine:
    """`share` of leads, `season` month of their peak, shares needing a referral and booking for themselves, median
    wait for an appointment, `pace` of intake (1: usual), share of no-shows, and what it adds to the odds of qualifying.
    """

    id: str
    name: str
    share: float
    season: int
    topics: tuple[str, ...]
    referral_needed: float
    self_booking: float
    wait_days: float
    pace: float
    no_show: float
    qualify: float


SERVICE_LINES = (
    ServiceLine("orthopaedics", "Orthopaedics", 0.28, 1, ("knee_pain", "hip_pain", "shoulder_pain"),
                0.45, 0.25, 11, 1.0, 0.12, 0.10),
    ServiceLine("cardiology", "Cardiology", 0.17, 2, ("heart_health", "blood_pressure"),
                0.60, 0.12, 15, 1.2, 0.14, 0.00),
    ServiceLine("diabetes_education", "Diabetes education", 0.08, 11, ("glucose_control", "nutrition"),
                0.50, 0.20, 10, 1.3, 0.22, -0.05),
    ServiceLine("physical_therapy", "Physical therapy", 0.20, 4, ("back_pain", "sports_injury"),
                0.20, 0.45, 6, 0.8, 0.15, 0.25),
    ServiceLine("behavioural_health", "Behavioural health", 0.13, 10, ("anxiety", "sleep"),
                0.10, 0.15, 21, 1.6, 0.24, -0.25),
    ServiceLine("dermatology", "Dermatology", 0.14, 6, ("skin_check", "acne"),
                0.15, 0.50, 24, 0.7, 0.17, 0.15),
)  # fmt: skip
LINE_IDS = tuple(line.id for line in SERVICE_LINES)
# What intake goes through in a screening, service line by service line, in this order.
CHECKLISTS = (
    ("confirm_service_need", "confirm_payer", "offer_times"),  # orthopaedics
    ("rule_out_emergency", "confirm_referral", "offer_times"),  # cardiology
    ("confirm_goal", "confirm_referral"),  # diabetes_education
    ("confirm_injury", "offer_times"),  # physical_therapy
    ("confirm_safety", "confirm_language", "offer_times"),  # behavioural_health
    ("confirm_service_need", "offer_times"),  # dermatology
)


@dataclass(frozen=True)
class Location:
    """A place of care: `calendar` indexes CALENDARS, `areas` are the first three characters of postal codes."""

    id: str
    name: str
    state: str
    calendar: int
    areas: tuple[str, ...]
    share: float
    area_codes: tuple[int, ...]


@dataclass(frozen=True)
class Calendar:
    """Weekly opening hours: iso weekday → spans of local (opens, closes) minutes of the day."""

    id: str
    timezone: str
    weekdays: tuple[tuple[int, int], ...]
    saturday: tuple[tuple[int, int], ...]
    holidays: tuple[str, ...]
    short_days: tuple[str, ...] = ()

    def spans(self, iso_weekday: int) -> tuple[tuple[int, int], ...]:
        """Opening spans of that weekday, in minutes after local midnight."""
        if iso_weekday <= 5:
            return self.weekdays
        return self.saturday if iso_weekday == 6 else ()


_US_HOLIDAYS = (
    "2024-09-02", "2024-11-28", "2024-12-25",
    "2025-01-01", "2025-05-26", "2025-07-04", "2025-09-01", "2025-11-27", "2025-12-25",
    "2026-01-01", "2026-05-25", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25",
    "2027-01-01", "2027-05-31", "2027-07-05",
)  # fmt: skip
_EVES = ("2024-12-24", "2024-12-31", "2025-12-24", "2025-12-31", "2026-12-24", "2026-12-31")

CALENDARS = (
    Calendar("cal_central", "America/Chicago", ((480, 1080),), ((540, 780),), _US_HOLIDAYS, _EVES),
    Calendar("cal_eastern", "America/New_York", ((480, 1080),), (), _US_HOLIDAYS, _EVES),
    Calendar("cal_mountain", "America/Denver", ((450, 720), (780, 1050)), (), _US_HOLIDAYS, _EVES),
    Calendar("cal_arizona", "America/Phoenix", ((420, 1020),), ((480, 720),), _US_HOLIDAYS),
    Calendar("cal_intake_line", "America/Chicago", ((420, 1260),), ((480, 1440),), ("2025-12-25",)),
)
SHORT_DAY = (480, 720)

LOCATIONS = (
    Location("loc_austin", "Austin", "TX", 0, ("787", "786"), 0.24, (512, 737)),
    Location("loc_dallas", "Dallas", "TX", 0, ("752", "750"), 0.22, (214, 469, 972)),
    Location("loc_atlanta", "Atlanta", "GA", 1, ("303", "300"), 0.20, (404, 678, 770)),
    Location("loc_macon", "Macon", "GA", 1, ("312", "310"), 0.06, (478,)),
    Location("loc_denver", "Denver", "CO", 2, ("802", "800"), 0.16, (303, 720)),
    Location("loc_phoenix", "Phoenix", "AZ", 3, ("850", "852"), 0.12, (480, 602, 623)),
)
SERVED_STATES = ("TX", "GA", "CO", "AZ")
AWAY = (("NY", "100", 212), ("IL", "606", 312), ("CA", "941", 415), ("FL", "331", 305), ("OK", "731", 405))

CHANNELS = (
    "paid_search",
    "paid_social",
    "organic_search",
    "email",
    "webinar",
    "education_session",
    "physician_referral",
    "direct",
)
PAID_SEARCH, PAID_SOCIAL, ORGANIC, EMAIL, WEBINAR, EDUCATION, REFERRAL, DIRECT = range(8)
PLATFORMS = ("google", "meta", "organic", "email", "webinar", "events", "referral", "direct")
# Channel shares of new leads, one row per service line.
CHANNEL_SHARES = np.array(
    [
        [0.33, 0.14, 0.23, 0.08, 0.05, 0.02, 0.06, 0.09],
        [0.28, 0.09, 0.23, 0.08, 0.07, 0.05, 0.12, 0.08],
        [0.14, 0.08, 0.17, 0.14, 0.10, 0.20, 0.12, 0.05],
        [0.30, 0.16, 0.25, 0.06, 0.02, 0.02, 0.09, 0.10],
        [0.28, 0.20, 0.26, 0.07, 0.04, 0.00, 0.05, 0.10],
        [0.33, 0.24, 0.22, 0.06, 0.00, 0.00, 0.04, 0.11],
    ]
)
# What a channel truly adds to a lead's intent (log-odds scale).
CHANNEL_EFFECT = np.array([0.10, -0.55, 0.05, -0.10, 0.20, 0.30, 0.75, 0.15])

SIGNALS = (
    "service_page_view",
    "content_download",
    "pricing_view",
    "event_registered",
    "event_attended",
    "email_click",
    "appointment_request",
    "form_submit",
    "phone_call",
    "referral_received",
    "support_request",
    "page_view",
)
(
    PAGE_VIEW, DOWNLOAD, PRICING, REGISTERED, ATTENDED, EMAIL_CLICK,
    APPOINTMENT_REQUEST, FORM_SUBMIT, PHONE_CALL, REFERRAL_RECEIVED, SUPPORT_REQUEST, OTHER_PAGE,
) = range(12)  # fmt: skip
# Points of the clinic's own, undated rule, by which its CRM labels MQLs: points for one touch, and how many count.
HOUSE_POINTS = np.array([3, 12, 8, 10, 20, 5, 35, 10, 30, 35, 10, 0])
HOUSE_AT_MOST = np.array([4, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 0])
HOUSE_THRESHOLD = 30

PAYERS = ("commercial", "medicare", "medicaid", "self_pay", "unknown")
URGENCIES = ("routine", "soon", "urgent")
AGE_BANDS = ("18-34", "35-49", "50-64", "65-74", "75+")
LANGUAGES = ("en", "es", "vi", "zh")
PURPOSES = ("care", "job", "vendor", "test")


@dataclass(frozen=True)
class Campaign:
    """`line` is -1 where a campaign serves all lines; `budget` is USD a day in a world of 20,000 leads in 18 months."""

    id: str
    name: str
    channel: int
    line: int
    budget: float


def _campaigns() -> tuple[Campaign, ...]:
    """Every campaign: search, e-mail for each line; social, webinars and sessions for those that run them."""
    made = [Campaign("g_brand", "Search brand", PAID_SEARCH, -1, 60.0)]
    for index, line in enumerate(SERVICE_LINES):
        made.append(Campaign(f"g_{line.id}", f"Search {line.name}", PAID_SEARCH, index, 1300.0 * line.share))
        made.append(Campaign(f"e_{line.id}", f"Nurture {line.name}", EMAIL, index, 6.0))
        made.append(Campaign(f"m_{line.id}", f"Social {line.name}", PAID_SOCIAL, index, 700.0 * line.share))
    made.extend(
        Campaign(f"w_{LINE_IDS[i]}", f"Webinar {SERVICE_LINES[i].name}", WEBINAR, i, 25.0) for i in (0, 1, 2, 3, 4)
    )
    made.extend(
        Campaign(f"s_{LINE_IDS[i]}", f"Sessions {SERVICE_LINES[i].name}", EDUCATION, i, 40.0) for i in (0, 1, 2, 3)
    )
    return tuple(made)


CAMPAIGNS = _campaigns()


def campaign_table() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Index of the campaign for each channel × service line, -1 where there is none."""
    table = np.full((len(CHANNELS), len(SERVICE_LINES)), -1, dtype=np.int64)
    for index, campaign in enumerate(CAMPAIGNS):
        if campaign.line >= 0:
            table[campaign.channel, campaign.line] = index
    return table
