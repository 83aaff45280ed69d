-- What each dossier that counts is at the end of getvariable('as_of'): finished or open, in time or late, unknown, or not received.

CREATE TABLE events AS
SELECT dossier, status, since, lag(status) OVER w AS before, lead(since) OVER w AS until
FROM (
    SELECT DISTINCT dossier_of(MaHoSo) AS dossier, whole(TrangThai) AS status, moment(ThoiDiem) AS since
    FROM raw_feed(getvariable('feeds') || '/status')
)
WHERE dossier IS NOT NULL AND status BETWEEN 1 AND 10 AND since < getvariable('as_of')::DATE + INTERVAL 1 DAY
WINDOW w AS (PARTITION BY dossier ORDER BY since);

CREATE TABLE courses AS
SELECT
    dossier, arg_max(status, since) AS last_status, max(since) AS last_at,
    count(*) FILTER (status = 5) AS waits,
    to_seconds(coalesce(sum(epoch(until) - epoch(since)) FILTER (status = 5), 0)) AS waited,
    min(since) FILTER (status = 9) AS done, min(since) FILTER (status = 10) AS returned,
    bool_or(status NOT IN (1, 3, 7)) AS was_received
FROM events
WHERE status IS DISTINCT FROM before OR status = 5
GROUP BY dossier;

CREATE TABLE lateness AS
WITH ended AS (
    SELECT
        r.dossier AS dossier_key, r.day, r.due, r.agency, r.office, c.waits, c.waited,
        c.last_status IN (3, 7, 8, 9, 10) AS is_finished,
        CASE
            WHEN c.last_status IN (9, 10) THEN coalesce(c.done, c.returned)
            WHEN c.last_status IN (3, 5, 7, 8) THEN c.last_at
            ELSE getvariable('as_of')::DATE + INTERVAL 1 DAY - INTERVAL 1 SECOND
        END AS ended,
        coalesce(c.was_received OR c.last_status = 3, false) AS has_deadline
    FROM register r LEFT JOIN courses c USING (dossier)
    WHERE r.void = 0 AND r.day <= getvariable('as_of')::DATE
)
SELECT
    dossier_key,
    (SELECT CASE kind WHEN 'department' THEN 'province' ELSE kind END FROM agencies a
        WHERE a.code = agency AND day >= a.first AND day < a.gone) AS level,
    office AS unit_code,
    first_day(office, day) AS valid_from,
    CASE
        WHEN NOT has_deadline THEN 'not_received'
        WHEN due IS NULL THEN 'unknown'
        WHEN ended - waited > due OR waits > 1 THEN if(is_finished, 'finished_late', 'open_overdue')
        ELSE if(is_finished, 'finished_in_time', 'open_in_time')
    END AS state
FROM ended;
