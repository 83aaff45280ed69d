-- The rates of days before getvariable('before') by the units of getvariable('map_day'): carried forward to successors.

CREATE TABLE carried AS
WITH RECURSIVE steps AS (
    SELECT leaf, day, u.code, u.gone, u.code IS NULL AS is_office
    FROM (SELECT DISTINCT leaf, day FROM shares WHERE day < getvariable('before')::DATE)
    LEFT JOIN units u ON u.code = leaf AND day >= u.first AND day < u.gone
    UNION ALL
    SELECT steps.leaf, steps.day, u.code, u.gone, false
    FROM steps
    JOIN successors s ON s.old_code = steps.code AND s.since = steps.gone
    JOIN units u ON u.code = s.new_code AND u.first = s.since
    WHERE NOT is_office AND steps.gone <= getvariable('map_day')::DATE
)
SELECT leaf, day, CASE WHEN is_office THEN leaf ELSE code END AS code
FROM steps
WHERE is_office OR gone > getvariable('map_day')::DATE;

CREATE TABLE lines_on_map AS
WITH RECURSIVE above AS (
    SELECT DISTINCT code, code AS unit FROM carried
    UNION
    SELECT above.code, coalesce(u.parent, a.unit_code, CASE WHEN u.code IS NULL THEN '20' END)
    FROM above
    LEFT JOIN units u
        ON u.code = above.unit AND getvariable('map_day')::DATE >= u.first AND getvariable('map_day')::DATE < u.gone
    LEFT JOIN agencies a
        ON a.code = above.unit AND getvariable('map_day')::DATE >= a.first AND getvariable('map_day')::DATE < a.gone
    WHERE above.unit <> '20'
)
FROM above;

CREATE TABLE progress_on_map AS
SELECT
    lines_on_map.unit AS unit_code, dossier_date, definition, stage,
    sum(COLUMNS(['numerator', 'denominator', 'declared', 'received', 'accepted', 'waived', 'finished']))::BIGINT
FROM progress
JOIN carried ON carried.leaf = progress.unit_code AND carried.day = progress.dossier_date
JOIN lines_on_map ON lines_on_map.code = carried.code
GROUP BY ALL;
