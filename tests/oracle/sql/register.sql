-- The register's row in force of each dossier, and the leaf unit that the dossier belongs to.

CREATE TABLE register_rows AS
SELECT
    dossier_of(MaHoSo) AS dossier, MaHoSo AS spelled, MaTTHC AS procedure, DonViXuLy AS agency,
    nullif(MaDonViHanhChinh, '') AS commune, moment(NgayTiepNhan) AS received, moment(NgayHenTra) AS due,
    moment(NgayKetThucXuLy) AS ended, moment(NgayTra) AS returned, whole(TrangThaiHoSo) AS status,
    whole(SoThanhPhan) AS wanted, whole(CoKetQuaGiay) AS paper, nullif(MienSoHoa, '') AS exemption,
    whole(LoaiBo) AS void, moment(NgayCapNhat) AS updated, dt, place
FROM raw_feed(getvariable('feeds') || '/register')
WHERE dossier IS NOT NULL
    AND coalesce(status BETWEEN 1 AND 10, false) AND wanted IS NOT NULL
    AND paper IN (0, 1) AND void IN (0, 1) AND updated IS NOT NULL
    AND is_moment_or_empty(NgayTiepNhan) AND is_moment_or_empty(NgayHenTra)
    AND is_moment_or_empty(NgayKetThucXuLy) AND is_moment_or_empty(NgayTra)
    AND (commune IS NULL OR commune IN (SELECT code FROM units WHERE level = 'commune'))
    AND day_of(dossier) <= dt + 1;

CREATE TABLE register AS
WITH newest AS (
    SELECT *, min(dt) OVER (PARTITION BY dossier) AS first_seen, day_of(dossier) AS day
    FROM register_rows
    QUALIFY row_number() OVER (PARTITION BY dossier ORDER BY updated DESC, dt DESC, place DESC) = 1
)
SELECT newest.*, coalesce(office_unit(agency, day), '20') AS office, coalesce(commune_meant(commune, day), office_unit(agency, day)) AS unit
FROM newest;
