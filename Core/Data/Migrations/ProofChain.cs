using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the hashes that prove stored results: of each criteria version, of each user's calculation in its batch, and the chain of seals.
/// Criteria versions are kept when their user is deleted, because results name them.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002000_ProofChain")]
public sealed class ProofChain : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(Criteria);
        migrationBuilder.Sql(Batches);
        migrationBuilder.Sql(Seals);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            drop table seals;
            drop function keep_seals();
            alter table run_batches drop column leaves, drop column root;
            drop trigger criteria_versions_hash on criteria_versions;
            drop function hash_criteria();
            -- Versions of users who were deleted since stay, so that the constraint holds for new rows alone.
            alter table criteria_versions drop column hash,
                add constraint criteria_versions_user_id_fkey foreign key (user_id) references users on delete cascade not valid;
            drop function criteria_hash(uuid, uuid, integer, timestamptz, json);
            """
        );
    }

    // The hash is that of Core/Proof/RowHash: a byte for the kind, then the row in the binary form of COPY.
    private const string Criteria = """
        create function criteria_hash(id uuid, owner uuid, version integer, created_at timestamptz, rules json) returns bytea
            language sql stable as $$
            select sha256('\x040005'::bytea || int4send(16) || uuid_send(id) || int4send(16) || uuid_send(owner) || int4send(4)
                || int4send(version) || int4send(8) || timestamptz_send(created_at) || int4send(octet_length(r.text)) || r.text)
            from (select convert_to(rules::text, 'UTF8') as text) r
        $$;
        comment on function criteria_hash is 'What the column hash of a criteria version must be.';

        create function hash_criteria() returns trigger language plpgsql as $$
            begin
                new.hash := criteria_hash(new.id, new.user_id, new.version, new.created_at, new.rules);
                return new;
            end $$;

        alter table criteria_versions add column hash bytea;
        alter table criteria_versions disable trigger criteria_versions_immutable;
        update criteria_versions set hash = criteria_hash(id, user_id, version, created_at, rules);
        alter table criteria_versions enable trigger criteria_versions_immutable;
        alter table criteria_versions alter column hash set not null, add constraint criteria_versions_hash check (octet_length(hash) = 32),
            drop constraint criteria_versions_user_id_fkey;
        create trigger criteria_versions_hash before insert on criteria_versions for each row execute function hash_criteria();
        comment on table criteria_versions is
            'Immutable: a changed criterion is a new version. rules is an array of {id, name, metric, operator, value, value2, points, '
            'requiredFundamentals}; json and not jsonb, so that its text stays as it was captured. No foreign key to users, on purpose: '
            'results that name a version outlive the account.';
        """;

    // Hashes do not compress, and trying to would cost more than their space.
    private const string Batches = """
        alter table run_batches
            add column leaves bytea check (octet_length(leaves) % 32 = 0),
            add column root bytea check (octet_length(root) = 32),
            alter column leaves set storage external;
        comment on column run_batches.leaves is
            'A hash of 32 bytes per user of the batch, computed or failed, in the order of their ids (Core/Proof/LeafHasher).';
        comment on column run_batches.root is
            'Root of the hash tree over leaves; null for a batch that was done before the chain began, and for one that was split.';
        """;

    private const string Seals = """
        create table seals (
            seq bigint primary key check (seq > 0),
            run_id uuid not null unique,
            market text not null,
            business_date date not null,
            revision integer not null,
            root bytea not null check (octet_length(root) = 32),
            snapshot_hash bytea not null check (octet_length(snapshot_hash) = 32),
            sealed_at timestamptz not null,
            previous bytea not null check (octet_length(previous) = 32),
            hash bytea not null check (octet_length(hash) = 32));
        comment on table seals is
            'The chain of ended runs, in the order in which they ended. root is that of the hash tree over the roots of the run''s batches; '
            'hash covers all other columns, previous among them. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE. No foreign '
            'key to runs, on purpose: seals outlive retention.';

        create function keep_seals() returns trigger language plpgsql as $$
            begin
                raise exception 'seals is append-only: % is refused', lower(tg_op) using errcode = 'integrity_constraint_violation';
            end $$;
        create trigger seals_append_only before update or delete on seals for each row execute function keep_seals();
        create trigger seals_no_truncate before truncate on seals for each statement execute function keep_seals();
        """;
}
