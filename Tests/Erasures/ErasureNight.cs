using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Auditor;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Proof;
using StackExchange.Redis;

namespace Overnight.Tests.Erasures;

/// <summary>Nights of users who have texts of their own in every table that can have them, and a search for what is left of one.</summary>
internal sealed class ErasureNight(ProofNight proof) : IAsyncDisposable
{
    // A class and a criterion with names that nobody else has, and rows that no night writes.
    private const string Texts = """
        update users set display_name = 'Name ' || md5(id::text || 'n'), role = 'user';
        update asset_classes c set name = 'Class ' || md5(user_id::text || id::text);
        insert into criteria_versions (user_id, version, id, rules) select user_id, version + 1, gen_random_uuid(),
                regexp_replace(rules::text, '"name": *"', '"name":"Criterion ' || md5(user_id::text || 'c') || ' ', 'g')::json
            from criteria_versions where version = 1;
        update portfolios set criteria_version = criteria_version + 1;
        insert into sessions (token_hash, user_id, created_at, expires_at)
            select encode(sha256(convert_to(id::text, 'UTF8')), 'hex'), id, now(), now() + interval '1 day' from users;
        insert into user_passwords (user_id, password_hash, changed_at) select id, repeat(md5(id::text || 'p'), 3), now() from users
            on conflict (user_id) do update set password_hash = excluded.password_hash;
        insert into person_refs (id, user_id) select gen_random_uuid(), id from users on conflict do nothing;
        insert into failing_users (user_id, market, stage, reason, detail, inputs, run_id, since)
            select id, 'NYSE', 'score', 'other', 'of ' || md5(id::text || 'f'), '', gen_random_uuid(), now() from users on conflict do nothing;
        insert into feature_flag_changes (environment, key, version, changed_at, changed_by, before, after)
            select 'test', 'erasure', row_number() over (order by id), now(), id, '{}', '{}' from users
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ProofNight Proof => proof;
    public PipelineFixture Night => proof.Night;

    public static async Task<ErasureNight> CreateAsync(TestServers servers, int runs = 2)
    {
        ErasureNight night = new(await ProofNight.CreateAsync(servers, Ct));
        await night.Night.ExecuteAsync(Texts, Ct);
        for (var n = 1; n < runs; n++)
            night.Proof.Runs.Add(await night.Night.RunAsync(Ct, again: true));
        await night.Night.ExecuteAsync(
            """
            insert into result_reads (user_id, read_at, reader, run_id, business_date)
            select user_id, now(), 'admin', run_id, business_date from calculation_results
            """,
            Ct
        );
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.Night.CacheConnection);
        foreach (var user in await night.Night.ScalarAsync<Guid[]>("select array(select id from users)", Ct))
            await cache
                .GetDatabase()
                .StringSetAsync(
                    CacheKeys.Session(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{user}")))),
                    $"of {user}",
                    TimeSpan.FromMinutes(5)
                );
        return night;
    }

    /// <param name="over">Services with another cache, say; the night's own when left out.</param>
    public UserErasure Erasure(Action<string>? checkpoint = null, PipelineFixture? over = null)
    {
        var services = (over ?? Night).Services;
        return new(
            Night.Database,
            services.GetRequiredService<CacheInvalidation>(),
            new ResultInvalidation(Night.Database, services.GetRequiredService<CacheStore>()),
            services.GetRequiredService<CacheCircuit>(),
            TimeProvider.System,
            checkpoint
        );
    }

    /// <summary>The ids, addresses and names of a user, and the names that the user gave.</summary>
    public Task<string[]> TextsOfAsync(Guid user) =>
        Night.ScalarAsync<string[]>(
            """
            select array(select id::text from users where id = $1 union select email from users where id = $1
                union select display_name from users where id = $1 union select name from asset_classes where user_id = $1
                union select password_hash from user_passwords where user_id = $1 union select 'Criterion ' || md5($1::text || 'c')
                union select detail from failing_users where user_id = $1 and detail like 'of %'
                union select id::text from criteria_versions where user_id = $1)
            """,
            Ct,
            user
        );

    /// <summary>Looks for the texts in every table of every schema, and in every key and value of the cache.</summary>
    /// <returns>Where which is; empty when there is nothing left.</returns>
    public async Task<List<string>> FindAsync(IReadOnlyCollection<string> texts)
    {
        List<string> found = [];
        var wanted = texts.SelectMany(text => Forms(text).Select(form => (Text: text, Form: form))).ToList();
        foreach (
            var table in await Night.ScalarAsync<string[]>(
                """
                select array(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' order by 1)
                """,
                Ct
            )
        )
            Search(table, await Night.ScalarAsync<string>($"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t", Ct));
        using var cache = await ConnectionMultiplexer.ConnectAsync($"{Night.CacheConnection},allowAdmin=true");
        foreach (var key in cache.GetServers()[0].Keys(pattern: "*").ToList())
        {
            Search("the cache", $"{key}");
            if (await cache.GetDatabase().KeyTypeAsync(key) == RedisType.String)
                Search($"{key}", $"{await cache.GetDatabase().StringGetAsync(key)}");
        }
        return found;

        void Search(string where, string content) =>
            found.AddRange(
                wanted.Where(one => content.Contains(one.Form, StringComparison.OrdinalIgnoreCase)).Select(one => $"{one.Text} in {where}")
            );
    }

    /// <summary>What is stored of everybody else, and everything that hashes were made of.</summary>
    public Task<string> OthersAsync(IReadOnlyCollection<Guid> users) =>
        Night.ScalarAsync<string>(
            """
            select md5((select string_agg(t::text, '' order by user_id, run_id) from calculation_results t where user_id <> all ($1))
                || (select string_agg(t::text, '' order by user_id, run_id, type) from calculation_events t where user_id <> all ($1))
                || (select string_agg(t::text, '' order by user_id) from current_results t where user_id <> all ($1))
                || (select string_agg(t::text, '' order by user_id, version) from criteria_versions t where user_id <> all ($1))
                || (select string_agg(leaves::text || root::text, '' order by run_id, number) from run_batches)
                || (select string_agg(t::text, '' order by id) from market_snapshots t))
            """,
            Ct,
            users.ToArray()
        );

    public Task<AuditReport> AuditAsync() =>
        DatabaseAudit.RunAsync(Night.Database, new(TimeSpan.FromMinutes(5), Night.CacheConnection), Ct);

    public ValueTask DisposeAsync() => proof.DisposeAsync();

    /// <summary>As text, and as PostgreSQL shows bytes.</summary>
    private static IEnumerable<string> Forms(string text)
    {
        yield return text;
        yield return Convert.ToHexString(Encoding.UTF8.GetBytes(text));
        if (Guid.TryParse(text, out var id))
            yield return $"{id:N}";
    }
}
