-- What each dossier adds to every rate, by its leaf unit and day.

CREATE TABLE documents AS
SELECT * FROM read_parquet(getvariable('warehouse') || '/documents/*/*.parquet');

CREATE TABLE decisions AS
SELECT agency, document_id, decision
FROM read_parquet(getvariable('warehouse') || '/reviews/*/*.parquet')
QUALIFY row_number() OVER (PARTITION BY agency, document_id ORDER BY decided_at DESC) = 1;

CREATE TABLE standing AS
SELECT
    dossier_of(d.dossier_code) AS dossier, d.agency, d.kind, d.is_received, d.scan_date,
    d.is_received AND (d.verdict = 'accepted' OR (d.verdict = 'review' AND decision = 'uphold')) AS unaided,
    d.is_received AND decision = 'waive' OR unaided AS accepted
FROM documents d
LEFT JOIN decisions USING (agency, document_id)
WHERE NOT EXISTS (FROM documents r WHERE r.agency = d.agency AND r.replaces = d.document_id);

CREATE TABLE scanned AS
SELECT
    dossier, kind, count(*) AS declared, count(*) FILTER (is_received) AS received,
    count(*) FILTER (accepted) AS accepted, count(*) FILTER (unaided) AS unaided
FROM standing
WHERE kind IN ('component', 'result')
GROUP BY dossier, kind;

CREATE TABLE counted AS
SELECT
    dossier, unit AS leaf, day, wanted, paper, status IN (9, 10) AS done,
    status NOT IN (1, 3, 7) AND exemption IS NULL AND void = 0 AS counts
FROM register;

CREATE TABLE leveled AS
SELECT
    counted.*, level,
    coalesce(CASE level WHEN 'declared' THEN c.declared WHEN 'received' THEN c.received
        WHEN 'accepted' THEN c.accepted ELSE c.unaided END, 0) AS c,
    coalesce(CASE level WHEN 'declared' THEN r.declared WHEN 'received' THEN r.received
        WHEN 'accepted' THEN r.accepted ELSE r.unaided END, 0) AS r
FROM counted
CROSS JOIN (VALUES ('declared'), ('received'), ('accepted'), ('unaided')) AS levels(level)
LEFT JOIN scanned c ON c.dossier = counted.dossier AND c.kind = 'component'
LEFT JOIN scanned r ON r.dossier = counted.dossier AND r.kind = 'result';

CREATE TABLE shares AS
SELECT leaf, day, level, done, definition, stage, reached, due
FROM leveled,
LATERAL (VALUES
    ('dn_and', 'all', ((c > 0 OR wanted = 0) AND (r > 0 OR paper = 0))::INT, 1),
    ('dn_or', 'all', (c > 0 OR r > 0)::INT, 1),
    ('dn_store', 'all', least(wanted, c) + least(paper, r), wanted + paper),
    ('by_stage', 'components', (wanted > 0 AND c > 0)::INT, (wanted > 0)::INT),
    ('by_stage', 'result', (paper = 1 AND done AND r > 0)::INT, (paper = 1 AND done)::INT)
) AS parts(definition, stage, reached, due)
WHERE counts
UNION ALL BY NAME
SELECT leaf, day, level, done, definition, stage, 0 AS reached, 0 AS due
FROM leveled, LATERAL (VALUES ('dn_and', 'all'), ('dn_or', 'all'), ('dn_store', 'all'), ('by_stage', 'components'),
    ('by_stage', 'result')) AS rates(definition, stage)
WHERE NOT counts;
