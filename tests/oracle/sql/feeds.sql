-- Raw rows of the feeds as text, with the day and the order in which they came; codes and moments read from text.

CREATE MACRO moment(t) AS
    CASE WHEN regexp_full_match(t, '\d{14}') THEN try_strptime(t, '%Y%m%d%H%M%S')::TIMESTAMP END;

CREATE MACRO is_moment_or_empty(t) AS coalesce(t, '') = '' OR moment(t) IS NOT NULL;

CREATE MACRO whole(t) AS CASE WHEN regexp_full_match(t, '\d{1,9}(\.0+)?') THEN regexp_replace(t, '\.0+$', '')::INT END;

CREATE MACRO groups_of(code) AS
    CASE
        WHEN regexp_full_match(code, '\d{3}\.\d{2}\.\d{2}\.H37-\d{6}-0*\d{1,5}')
            THEN list_reverse(string_split(code, '.')[1:3])
        WHEN regexp_full_match(code, 'H37(\.\d{2,3}){0,3}-\d{6}-0*\d{1,5}')
            THEN string_split(string_split(code, '-')[1], '.')[2:]
    END;

CREATE MACRO dossier_of(code) AS
    CASE WHEN groups_of(code) IS NOT NULL AND try_strptime(string_split(code, '-')[2], '%y%m%d') IS NOT NULL THEN
        array_to_string(list_concat(['H37'], list_filter(groups_of(code), lambda g: trim(g, '0') <> '')), '.')
        || '-' || string_split(code, '-')[2] || '-' || string_split(code, '-')[3]::INT
    END;

CREATE MACRO day_of(dossier) AS strptime(string_split(dossier, '-')[2], '%y%m%d')::DATE;

-- Lines are numbered as they are read: a window over each file would number them as its threads come to them.
CREATE MACRO raw_feed(folder) AS TABLE
    SELECT
        * EXCLUDE (n),
        regexp_extract(filename, 'dt=(\d{4}-\d{2}-\d{2})', 1)::DATE AS dt,
        n - min(n) OVER (PARTITION BY filename) AS place
    FROM (
        SELECT *, row_number() OVER () AS n
        FROM read_csv(folder || '/*/*.csv', all_varchar = true, filename = true)
        UNION ALL BY NAME
        SELECT *, row_number() OVER () AS n FROM read_parquet(folder || '/*/*.parquet', filename = true)
    );

CREATE TABLE units AS
SELECT code, valid_from::DATE AS first, coalesce(valid_to::DATE, DATE '9999-12-31') AS gone, level, parent
FROM read_csv(getvariable('registry') || '/units.csv', all_varchar = true);

CREATE TABLE agencies AS
SELECT code, kind, unit_code, valid_from::DATE AS first, coalesce(valid_to::DATE, DATE '9999-12-31') AS gone
FROM read_csv(getvariable('registry') || '/agencies.csv', all_varchar = true);

CREATE TABLE successors AS
SELECT valid_from::DATE AS since, old_code, new_code
FROM read_csv(getvariable('registry') || '/successors.csv', all_varchar = true)
WHERE is_default = '1';

-- What became of each commune: itself, then its successors one after the other.
CREATE TABLE chains AS
WITH RECURSIVE steps AS (
    SELECT code AS was, first AS was_first, code, first, gone FROM units WHERE level = 'commune'
    UNION ALL
    SELECT was, was_first, u.code, u.first, u.gone
    FROM steps
    JOIN successors s ON s.old_code = steps.code AND s.since = steps.gone
    JOIN units u ON u.code = s.new_code AND u.first = s.since AND u.level = 'commune'
)
FROM steps;

-- The commune that a code means on a day: who bears it, else what the last one that bore it became.
CREATE MACRO commune_meant(commune_code, on_day) AS (
    SELECT arg_max(code, was_first) FROM chains WHERE was = commune_code AND on_day >= first AND on_day < gone
);

-- The first day of the unit or office that bears a code on a day: with it the code names one.
CREATE MACRO first_day(bearer_code, on_day) AS coalesce(
    (SELECT u.first FROM units u WHERE u.code = bearer_code AND on_day >= u.first AND on_day < u.gone),
    (SELECT a.first FROM agencies a WHERE a.code = bearer_code AND on_day >= a.first AND on_day < a.gone)
);

-- The office of each agency on each day of its life, where it stands: one leaf unit.
CREATE MACRO office_unit(agency_code, on_day) AS (
    SELECT CASE a.kind WHEN 'commune' THEN u.code ELSE a.code END
    FROM agencies a
    LEFT JOIN units u ON u.code = a.unit_code AND on_day >= u.first AND on_day < u.gone AND u.level = 'commune'
    WHERE a.code = agency_code AND on_day >= a.first AND on_day < a.gone
);
