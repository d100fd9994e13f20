"""The questions that the tie-out asks the database, each for one Stripe account."""

from sqlalchemy import text

from app.core.payout_tables import ROLES

_ROLES = " ".join(
    f"WHEN '{category}' THEN ARRAY[{', '.join(repr(role) for role in roles)}]"
    for category, roles in {**ROLES, "payout": ("je",), "payout_reversal": ("je",)}.items()
)
LINKED = f"""
    LEFT JOIN LATERAL (
        SELECT l.netsuite_type, l.netsuite_id, l.current FROM links l
        WHERE l.stripe_id = m.name AND l.account = m.account AND l.role = ANY (CASE m.category {_ROLES} END)
        ORDER BY l.current DESC, l.id DESC LIMIT 1) k ON true
    LEFT JOIN booked b ON b.record = k.netsuite_id"""  # noqa: S608

VALUED = text(
    """
    CREATE TEMP TABLE valued ON COMMIT DROP AS
    WITH own AS (
        SELECT DISTINCT ON (l.netsuite_id) l.netsuite_id, l.account, l.role, l.stripe_id, l.facts ->> 'payout' AS payout
        FROM links l WHERE l.role IN ('pay', 'cs', 'cdep', 'crf', 'cr', 'dep', 'je')
        ORDER BY l.netsuite_id, l.current DESC, l.id DESC)
    SELECT p.record, p.type, p.number, p.day, p.account AS place, o.role, o.stripe_id AS name, o.payout,
        w.currency = p.currency AS same, w.currency, p.currency AS paid, p.amount,
        CASE WHEN w.currency = p.currency THEN p.amount WHEN w.currency = :base THEN p.base END AS value
    FROM postings p
    LEFT JOIN own o ON o.netsuite_id = p.record
    LEFT JOIN payouts q ON q.id = o.payout
    LEFT JOIN LATERAL (SELECT m.currency FROM movements m WHERE m.name = o.stripe_id LIMIT 1) m ON true
    CROSS JOIN LATERAL (SELECT coalesce(q.currency, m.currency,
        CASE WHEN p.currency = ANY (:currencies) THEN p.currency ELSE :base END) AS currency) w
    WHERE p.account = ANY (:money)
        AND (o.account = :account OR (o.account IS NULL AND p.account = ANY (:owned)))
        AND (p.account = ANY (:clearing) OR o.role IN ('dep', 'je') OR m.currency IS NOT NULL)
    """
)
BOOKED = text(
    """
    CREATE TEMP TABLE booked ON COMMIT DROP AS
    SELECT record, sum(value) AS value, bool_and(same) AS same FROM valued GROUP BY record
    """
)
KEYED = text("CREATE UNIQUE INDEX ON booked (record)")
NETSUITE = text("SELECT currency, sum(value) AS value FROM valued GROUP BY currency")
UNVALUED = text("SELECT record, type, number, place FROM valued WHERE value IS NULL ORDER BY day LIMIT 20")
STRAYS = text(
    """
    SELECT record, type, number, day, place, currency, sum(value) AS value FROM valued
    WHERE role IS NULL AND value IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0 ORDER BY day
    """
)
NOT_OF_STRIPE = text(
    """
    SELECT v.record, v.type, v.number, v.name, v.currency, sum(v.value) AS value FROM valued v
    WHERE v.role IN ('pay', 'cs', 'cdep', 'crf', 'cr') AND v.value IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM movements m WHERE m.name = v.name) GROUP BY 1, 2, 3, 4, 5 HAVING sum(v.value) <> 0
    """
)
OPEN = text(
    f"""
    SELECT m.id, m.currency, m.amount, m.fee, m.net, m.type, m.category, m.source, m.name, m.created_at,
        k.netsuite_type, k.netsuite_id, k.current, b.value, b.same, q.status,
        m.category = 'refund_failure' AND EXISTS (
            SELECT 1 FROM movements r JOIN payouts s ON s.id = r.payout AND s.settled
            WHERE r.name = m.name AND r.amount < 0) AS given_back,
        coalesce(z.failed, false) AS failed
    FROM movements m
    LEFT JOIN payouts p ON p.id = m.payout
    LEFT JOIN payouts q ON q.id = m.source
    LEFT JOIN LATERAL (SELECT true AS failed FROM movements f
        WHERE f.name = m.name AND f.category = 'refund_failure' LIMIT 1) z ON m.category = 'refund'
    {LINKED}
    WHERE m.account = :account AND p.settled IS NOT TRUE
        AND NOT (m.category = 'payout' AND q.settled IS TRUE AND q.automatic)
    ORDER BY m.created_at, m.id
    """  # noqa: S608
)
UNEVEN = text(
    f"""
    SELECT g.payout, p.currency, sum(g.value) AS value FROM (
        SELECT payout, sum(value) AS value FROM (
            SELECT DISTINCT ON (m.name, m.category) coalesce(p.paid_by, p.id) AS payout,
                CASE WHEN NOT k.current OR m.category = 'refund_failure'
                    THEN m.amount / power(10::numeric, :decimals) ELSE coalesce(b.value, 0) END AS value
            FROM movements m JOIN payouts p ON p.id = m.payout AND p.settled {LINKED}
            WHERE m.account = :account AND m.currency = :currency AND k.netsuite_id IS NOT NULL) each
        GROUP BY payout
        UNION ALL
        SELECT v.payout, sum(v.value) FROM valued v WHERE v.role = 'dep' GROUP BY v.payout) g
    JOIN payouts p ON p.id = g.payout AND p.settled AND p.currency = :currency
    GROUP BY g.payout, p.currency HAVING sum(g.value) <> 0 ORDER BY g.payout
    """  # noqa: S608
)
"""By payout that NetSuite has: what its records and its deposit leave in the accounts, which is to be nothing."""
RATES = text(
    """
    SELECT payout, currency, sum(value) AS value FROM (
        SELECT payout, currency, place, paid, sum(value) AS value FROM (
            SELECT DISTINCT v.record, v.place, v.currency, v.paid, v.amount, v.value,
                coalesce(p.paid_by, p.id) AS payout
            FROM movements m JOIN payouts p ON p.id = m.payout AND p.settled JOIN valued v ON v.name = m.name
            WHERE m.account = :account AND v.role NOT IN ('dep', 'je') AND NOT v.same
            UNION ALL
            SELECT v.record, v.place, v.currency, v.paid, v.amount, v.value, v.payout
            FROM valued v WHERE v.role = 'dep' AND NOT v.same) each
        GROUP BY 1, 2, 3, 4 HAVING sum(amount) = 0 AND sum(value) <> 0) left_over
    GROUP BY payout, currency
    """
)
"""What is in an account no longer, but was put there and taken out of it at two rates."""
CHANGED = text(
    f"""
    SELECT m.id, m.amount, m.name, k.netsuite_type, k.netsuite_id, b.value, b.same
    FROM movements m JOIN payouts p ON p.id = m.payout {LINKED}
    WHERE coalesce(p.paid_by, p.id) = ANY (:payouts) AND m.account = :account AND k.current
        AND m.category NOT IN ('payout', 'payout_reversal', 'refund_failure')
        AND (b.value IS NULL OR (b.same AND b.value <> m.amount / power(10::numeric, :decimals)))
    ORDER BY m.created_at LIMIT 50
    """  # noqa: S608
)
ADOPTED = text(
    """
    SELECT l.netsuite_id FROM links l
    WHERE l.account = :account AND l.current AND l.role IN ('pay', 'cs', 'cdep', 'crf', 'cr')
        AND EXISTS (SELECT 1 FROM movements m WHERE m.name = l.stripe_id)
        AND NOT EXISTS (SELECT 1 FROM postings p WHERE p.record = l.netsuite_id AND p.external_id = l.external_id)
    ORDER BY l.id DESC LIMIT 2000
    """
)
DEPOSITED = text(
    """
    UPDATE payouts q SET deposited = d.deposited, read_at = :now FROM (
        SELECT l.facts ->> 'payout' AS payout,
            coalesce(sum(p.amount) FILTER (WHERE p.account = ANY (:bank) AND p.currency = :currency), 0)
                * power(10::numeric, :decimals) AS deposited
        FROM links l LEFT JOIN postings p ON p.record = l.netsuite_id
        WHERE l.account = :account AND l.role IN ('dep', 'je') AND l.facts ? 'payout' GROUP BY 1) d
    WHERE q.id = d.payout AND q.account = :account AND q.currency = :currency
    """
)
ARRIVED = text(
    """
    SELECT currency, coalesce(sum(amount), 0) AS arrived, coalesce(sum(deposited), 0) AS bank FROM payouts
    WHERE account = :account AND ((status = 'paid') OR deposited IS NOT NULL) GROUP BY currency
    """
)
RUNS = text(
    """
    SELECT DISTINCT ON (subject) subject, id, state, flow, summary FROM runs
    WHERE account = :account AND subject = ANY (:subjects) AND flow <> 'exchange_rates_to_netsuite'
    ORDER BY subject, (state IN ('held', 'dead')) DESC, id DESC
    """
)
