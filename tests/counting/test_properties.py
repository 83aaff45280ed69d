"""What holds for every province: order of arrival, sums, levels, and an independent count in SQL."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sohoa import registry
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.join_dossiers import merge_dossiers
from tests.counting_cases import DAY, LEAVES, decided, merged, provinces, table

COUNTS = ("numerator", "denominator", "declared", "received", "accepted", "waived", "finished")


@settings(max_examples=60, deadline=None)
@given(provinces(), st.randoms(use_true_random=False), st.integers(0, 8))
def test_order_and_splitting_of_batches_change_nothing(province, random, seen):
    """Batches one by one in any order, one of them twice, the register growing meanwhile: the same rows."""
    register, documents, reviews = province
    batches = sorted({row["batch"] for row in documents})
    random.shuffle(batches)
    rows = merge_dossiers(None, table("register", register[:seen]), decided([]))
    for batch in [*batches, *batches[:1]]:
        part = [row for row in documents if row["batch"] == batch]
        random.shuffle(part)
        rows = merge_dossiers(rows, table("register", register), decided(part, reviews))
    rows = merge_dossiers(rows, table("register", register), decided([]))
    expected = merged(register, documents, reviews)
    assert rows.equals(expected)
    assert progress_of_day(DAY, rows).equals(progress_of_day(DAY, expected))


@settings(max_examples=60, deadline=None)
@given(provinces())
def test_leaves_add_up_and_levels_are_in_order(province):
    """Over all leaves the counts are the province's, and denominator >= declared >= received >= accepted everywhere."""
    rows = progress_of_day(DAY, merged(*province)).to_pylist()
    for name in COUNTS:
        leaves = sum(row[name] for row in rows if row["unit_code"] in LEAVES)
        assert leaves == sum(row[name] for row in rows if row["unit_code"] == "20")
    for row in rows:
        assert row["denominator"] >= row["declared"] >= row["received"] >= row["accepted"] == row["numerator"]
        assert row["accepted"] >= row["waived"] >= 0
        assert row["denominator"] >= row["finished"]


@settings(max_examples=80, deadline=None)
@given(provinces())
def test_an_independent_count_agrees(province):
    """Plain SQL over the register and documents rows, with the unit map read from its file, gives the same rows."""
    register, documents, reviews = province
    counted = progress_of_day(DAY, merged(register, documents, reviews)).to_pylist()
    found = {(row["unit_code"], row["definition"], row["stage"]): tuple(row[n] for n in COUNTS) for row in counted}
    assert len(found) == len(counted)
    assert found == count_in_sql(
        register=table("register", register), documents=table("documents", documents), reviews=table("reviews", reviews)
    )


def count_in_sql(**tables: pa.Table) -> dict[tuple[str, str, str], tuple[int, ...]]:
    """(unit, definition, stage) -> the counts, by SQL that shares no code with the product."""
    for name, rows in tables.items():
        DATABASE.register(name, rows)
    return {tuple(row[:3]): tuple(int(value) for value in row[3:]) for row in DATABASE.execute(ORACLE).fetchall()}


def open_database() -> Any:
    database = duckdb.connect()
    data = registry.data_files.DATA
    for name in ("units", "agencies"):
        database.execute(f"create table {name} as from read_csv('{data / name}.csv', all_varchar = true)")
    return database


DATABASE = open_database()
ORACLE = f"""
with recursive
parents as (
    select code, parent from units
    where valid_from::date <= date '{DAY}' and coalesce(valid_to::date > date '{DAY}', true)
    union all
    select code, unit_code from agencies where kind <> 'commune'
),
above as (
    select code as leaf, code as unit from parents
    union all
    select leaf, parent from above join parents on parents.code = above.unit where parent is not null
),
newest as (
    select agency, document_id, arg_max(decision, decided_at) as decision from reviews group by all
),
judged as (
    select d.*, coalesce(decision, '') <> 'reject'
        and (verdict = 'accepted' or verdict = 'review' and coalesce(decision, '') = 'uphold') as good,
        coalesce(decision, '') = 'waive' as excused
    from documents d left join newest using (agency, document_id)
),
standing as (
    from judged d where not exists (from documents r where r.agency = d.agency and r.replaces = d.document_id)
),
found as (
    select r.*, status in (9, 10) as done, has_paper_result::int as results,
        c0, c1, c2, c3, r0, r1, r2, r3
    from register r left join (
        select dossier_key,
            count(*) filter (kind = 'component') c0, count(*) filter (kind = 'result') r0,
            count(*) filter (kind = 'component' and is_received) c1,
            count(*) filter (kind = 'result' and is_received) r1,
            count(*) filter (kind = 'component' and is_received and (excused or good)) c2,
            count(*) filter (kind = 'result' and is_received and (excused or good)) r2,
            count(*) filter (kind = 'component' and is_received and good) c3,
            count(*) filter (kind = 'result' and is_received and good) r3
        from standing group by all
    ) using (dossier_key)
),
levels as (
    select dossier_key, unit_code, components, results, done,
        status not in (1, 3, 7) and exemption is null and not is_void as counted,
        unnest(['declared', 'received', 'accepted', 'unaided']) as level,
        coalesce(unnest([c0, c1, c2, c3]), 0) as c, coalesce(unnest([r0, r1, r2, r3]), 0) as r
    from found
),
rates as (
    select *, 'dn_and' as definition, 'all' as stage, 1 as due,
        case when (c >= 1 or components = 0) and (r >= 1 or results = 0) then 1 else 0 end as reached from levels
    union all by name
    select *, 'dn_or' as definition, 'all' as stage, 1 as due,
        case when c + r >= 1 then 1 else 0 end as reached from levels
    union all by name
    select *, 'dn_store' as definition, 'all' as stage, components + results as due,
        least(components, c) + least(results, r) as reached from levels
    union all by name
    select *, 'by_stage' as definition, 'components' as stage, case when components > 0 then 1 else 0 end as due,
        case when components > 0 and c >= 1 then 1 else 0 end as reached from levels
    union all by name
    select *, 'by_stage' as definition, 'result' as stage, case when results = 1 and done then 1 else 0 end as due,
        case when results = 1 and done and r >= 1 then 1 else 0 end as reached from levels
)
select unit, definition, stage,
    coalesce(sum(reached) filter (counted and level = 'accepted'), 0),
    coalesce(sum(due) filter (counted and level = 'declared'), 0),
    coalesce(sum(reached) filter (counted and level = 'declared'), 0),
    coalesce(sum(reached) filter (counted and level = 'received'), 0),
    coalesce(sum(reached) filter (counted and level = 'accepted'), 0),
    coalesce(sum(reached) filter (counted and level = 'accepted'), 0)
        - coalesce(sum(reached) filter (counted and level = 'unaided'), 0),
    coalesce(sum(due) filter (counted and done and level = 'declared'), 0)
from rates join above on above.leaf = rates.unit_code
group by all
"""
