-- Province × portal × ministries × scans, dossier by dossier: every count of every unit and day.

CREATE TABLE portal_rows AS
SELECT
    dossier_of(MaHoSo) AS dossier, MaHoSo AS spelled, MaTTHC AS procedure, DonViXuLy AS agency,
    moment(NgayTiepNhan) AS received, moment(NgayHenTra) AS due, whole(TrangThaiHoSo) AS status,
    whole(HoSoCoThanhPhanSoHoa) AS flag, coalesce(DuongDanKetQua, '') AS link, moment(NgayDongBo) AS synced, dt, place
FROM raw_feed(getvariable('feeds') || '/portal')
WHERE dossier IS NOT NULL AND coalesce(status BETWEEN 1 AND 10, false) AND synced IS NOT NULL
    AND is_moment_or_empty(NgayTiepNhan) AND is_moment_or_empty(NgayHenTra);

CREATE TABLE portal AS
SELECT
    p.*, coalesce(office_unit(p.agency, p.day), '20') AS office,
    row_number() OVER (PARTITION BY dossier ORDER BY coalesce(p.spelled = r.spelled, false) DESC, synced DESC) = 1 AS kept
FROM (
    SELECT
        *, min(dt) OVER (PARTITION BY spelled) AS first_seen, coalesce(received::DATE, day_of(dossier)) AS day
    FROM portal_rows
    QUALIFY row_number() OVER (PARTITION BY spelled ORDER BY synced DESC, dt DESC, place DESC) = 1
) p
LEFT JOIN (SELECT dossier, spelled FROM register) r USING (dossier);

CREATE TABLE ministry AS
SELECT
    dossier_of(MaHoSo) AS dossier, coalesce(commune_meant(MaDonViHanhChinh, moment(NgayTiepNhan)::DATE), '20') AS commune, moment(NgayTiepNhan)::DATE AS day,
    regexp_extract(filename, 'ministry/([^/]+)/', 1) AS system,
    min(dt) OVER (PARTITION BY dossier) AS first_seen
FROM raw_feed(getvariable('feeds') || '/ministry/*')
WHERE dossier IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY system, dossier ORDER BY dt DESC, place DESC) = 1;

CREATE TABLE stored AS
SELECT 'landing/' || substr(file, length(getvariable('landing')) + 2) FROM glob(getvariable('landing') || '/**');

CREATE TABLE with_component AS
SELECT DISTINCT dossier FROM standing WHERE kind = 'component' AND accepted;

-- The portal's own word on each dossier beside the register's.
CREATE TABLE pairs AS
SELECT
    p.dossier, p.office AS p_office, p.day AS p_day, r.office AS r_office, r.day AS r_day,
    p.agency IS DISTINCT FROM r.agency
        AND (p.office <> r.office OR first_day(p.office, p.day) <> first_day(r.office, r.day)) AS other_unit,
    r.dossier IS NOT NULL AS known, coalesce(r.void, 0) AS void,
    p.status AS p_status, r.status AS r_status, r.paper, p.link, p.flag, p.due AS p_due, r.due AS r_due,
    CASE WHEN void = 0 THEN greatest(p.first_seen, r.first_seen) ELSE p.first_seen END AS seen,
    regexp_extract(p.procedure, '\d\.\d{6}') AS p_procedure, regexp_extract(r.procedure, '\d\.\d{6}') AS r_procedure,
    p.dossier IN (SELECT dossier FROM ministry) AS in_ministry, p.dossier IN (FROM with_component) AS has_component
FROM (FROM portal WHERE kept) p LEFT JOIN register r USING (dossier);

CREATE TABLE things AS
SELECT 'portal' AS category, office AS leaf, day, first_seen AS seen FROM portal
UNION ALL SELECT 'province', office, day, first_seen FROM register WHERE void = 0
UNION ALL SELECT 'R3', office, day, first_seen FROM portal WHERE NOT kept
UNION ALL SELECT 'R5', p_office, p_day, seen FROM pairs WHERE NOT known AND in_ministry
UNION ALL
SELECT CASE WHEN p_status IN (1, 3) THEN 'R1' ELSE 'R2' END, p_office, p_day, seen
FROM pairs WHERE (NOT known AND NOT in_ministry) OR void = 1
UNION ALL
SELECT 'R4', office, day, first_seen FROM register WHERE void = 0 AND dossier NOT IN (SELECT dossier FROM portal)
UNION ALL
SELECT 'R5_ministry', min(commune), min(day), min(first_seen) FROM ministry
WHERE dossier NOT IN (SELECT dossier FROM portal) AND dossier NOT IN (SELECT dossier FROM register)
GROUP BY dossier
UNION ALL
SELECT 'R0', coalesce(office_unit(agency, day_of(dossier)), '20'), day_of(dossier), scan_date FROM standing
WHERE kind <> 'backlog_result' AND is_received AND dossier NOT IN (SELECT dossier FROM register);

INSERT INTO things
SELECT CASE WHEN other_unit THEN 'R8_out' ELSE 'R7_out' END, r_office, r_day, seen
FROM pairs WHERE known AND void = 0 AND (p_office <> r_office OR p_day <> r_day)
UNION ALL
SELECT CASE WHEN other_unit THEN 'R8_in' ELSE 'R7_in' END, p_office, p_day, seen
FROM pairs WHERE known AND void = 0 AND (p_office <> r_office OR p_day <> r_day)
UNION ALL SELECT 'R6', r_office, r_day, seen FROM pairs WHERE known AND void = 0 AND p_status <> r_status
UNION ALL SELECT 'R9', r_office, r_day, seen FROM pairs WHERE known AND void = 0 AND p_procedure <> r_procedure
UNION ALL SELECT 'R10', r_office, r_day, seen FROM pairs WHERE known AND void = 0 AND (flag = 1) <> has_component
UNION ALL
SELECT 'R11', r_office, r_day, seen FROM pairs
WHERE known AND void = 0 AND r_status IN (9, 10) AND paper = 1
    AND NOT (regexp_matches(link, '^[a-z][a-z0-9+.-]*://[^/]+') AND link NOT LIKE 's3://%') AND regexp_replace(link, '^s3://', '') NOT IN (FROM stored)
UNION ALL SELECT 'R12', r_office, r_day, seen FROM pairs WHERE known AND void = 0 AND p_due IS DISTINCT FROM r_due;
