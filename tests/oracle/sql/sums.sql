-- From leaf units to all units: the rows of progress_daily, and of every category of reconciliation.

-- (leaf, day) -> the leaf and every unit above it.
CREATE TABLE lines AS
WITH RECURSIVE leaves AS (
    SELECT leaf, day FROM shares
    UNION SELECT leaf, day FROM things
), above AS (
    SELECT leaf, day, leaf AS unit FROM leaves
    UNION
    SELECT leaf, day, coalesce(u.parent, a.unit_code)
    FROM above
    LEFT JOIN units u ON u.code = above.unit AND day >= u.first AND day < u.gone
    LEFT JOIN agencies a ON a.code = above.unit AND day >= a.first AND day < a.gone
    WHERE coalesce(u.parent, a.unit_code) IS NOT NULL
)
FROM above;

CREATE TABLE progress AS
SELECT
    lines.unit AS unit_code, shares.day AS dossier_date, definition, stage,
    (sum(reached) FILTER (level = 'accepted'))::BIGINT AS numerator,
    (sum(due) FILTER (level = 'declared'))::BIGINT AS denominator,
    (sum(reached) FILTER (level = 'declared'))::BIGINT AS declared,
    (sum(reached) FILTER (level = 'received'))::BIGINT AS received,
    (sum(reached) FILTER (level = 'accepted'))::BIGINT AS accepted,
    (sum(reached) FILTER (level = 'accepted') - sum(reached) FILTER (level = 'unaided'))::BIGINT AS waived,
    (coalesce(sum(due) FILTER (level = 'declared' AND done), 0))::BIGINT AS finished
FROM shares JOIN lines ON lines.leaf = shares.leaf AND lines.day = shares.day
GROUP BY ALL;

CREATE TABLE reconciliation AS
SELECT lines.unit AS unit_code, things.day AS dossier_date, category, count(*) AS entries,
    min(seen)::DATE AS oldest_first_seen,
    DATE '1970-01-01' + floor(avg(seen::DATE - DATE '1970-01-01'))::INT AS mean_first_seen
FROM things JOIN lines ON lines.leaf = things.leaf AND lines.day = things.day
GROUP BY ALL;

-- Results of the backlog that each agency has scanned so far, over what it has to digitise.
CREATE TABLE backlog AS
SELECT
    agency, coalesce(declared, 0) AS declared, coalesce(received, 0) AS received, coalesce(accepted, 0) AS accepted,
    coalesce(waived, 0) AS waived, denominator
FROM (
    SELECT
        agency, count(*) AS declared, count(*) FILTER (is_received) AS received, count(*) FILTER (accepted) AS accepted,
        count(*) FILTER (accepted AND NOT coalesce(unaided, false)) AS waived
    FROM standing WHERE kind = 'backlog_result' GROUP BY agency
)
FULL JOIN (
    SELECT MaDonVi AS agency, arg_max(SoKetQua::INT, filename) AS denominator
    FROM read_csv(getvariable('feeds') || '/backlog/*/*.csv', all_varchar = true, filename = true) GROUP BY agency
) USING (agency);
