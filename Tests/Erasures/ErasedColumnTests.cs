using System.Text.Json;
using Overnight.Core.Actions;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: rows that stay do not name the user any more.</summary>
public sealed class ErasedColumnTests(TestServers servers)
{
    private const string Email = "anna+overnight@erasure.example";

    // What no night writes for a user of a test. Each names the user, $1.
    private static readonly string[] Rows =
    [
        "update cache_truth set last_user = $1",
        "insert into feature_flags (environment, key, updated_by) values ('test', 'erasure', $1)",
        """
            insert into warm_progress (set_name, run_id, trigger, marker, reached, started_at, updated_at)
                values ('erasure', gen_random_uuid(), 'schedule', 'marker', 'after ' || $1::text, now(), now())
            """,
        """
            with tenant as (insert into tenants (id, name) values (gen_random_uuid(), 'erasure') returning id)
                insert into erp.opportunities (tenant_id, number, owner_id, customer_number, stage_code, amount) select id, 1, $1, 1, 'won', 1 from tenant
            """,
    ];

    /// <summary>Columns that name a user otherwise than by the id, or that other tests have.</summary>
    private static readonly string[] OfOtherTests =
    [
        "asset_postings.positions",
        "erasures.session_hashes",
        "erasures.user_id",
        "run_batches.first_user",
        "run_batches.last_user",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_ColumnsOfRowsThatStay_NameTheUserNoMore()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var details = JsonSerializer.Serialize(new { Message = $"Key (email)=({Email}) of {user} is there twice." });
        Assert.DoesNotContain(Email, details, StringComparison.Ordinal);
        await night.Night.ExecuteAsync(
            "alter table erp.opportunities drop constraint opportunities_customer, drop constraint opportunities_stage",
            Ct
        );
        await night.Night.ExecuteAsync("update users set email = $2 where id = $1", Ct, user, Email);
        await night.Night.ExecuteAsync("update overnight_job_runs set error_details = $1::text::json", Ct, details);
        foreach (var row in Rows)
            await night.Night.ExecuteAsync(row, Ct, user);
        var columns = PersonalDataInventory.Emptied.Except(OfOtherTests).ToList();
        foreach (var column in columns)
            Assert.True(await CountAsync(night, column, $"{user}") > 0, column);

        var erasure = night.Erasure();
        Assert.NotNull((await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct))!.CompletedAt);

        foreach (var column in columns)
            Assert.True(await CountAsync(night, column, $"{user}") == 0, column);
        Assert.Equal(0, await CountAsync(night, "overnight_job_runs.error_details", "erasure.example"));
        // Rows are emptied of the user, and stay.
        Assert.Equal(
            1,
            await night.Night.ScalarAsync<long>("select count(*) from erp.opportunities where number = 1 and owner_id is null", Ct)
        );
        Assert.Equal(
            "Key (email)=(erased) of erased is there twice.",
            await night.Night.ScalarAsync<string>("select error_details->>'Message' from overnight_job_runs limit 1", Ct)
        );
    }

    /// <summary>A run's summary has the detail of one of its failures, which may quote what the user wrote.</summary>
    [Fact]
    public async Task D5_ExampleOfAFailure_GoesWithItsUserAndNoOther()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var failed = await night.Night.ScalarAsync<Guid[]>("select array(select user_id from run_failures order by 1)", Ct);
        await night.Night.ExecuteAsync("update run_failures set detail = 'Class ' || md5(user_id::text) || ' \"and\" more'", Ct);
        await night.Night.ExecuteAsync(
            """
            update overnight_job_runs set error_details = json_build_object('failures', (select json_agg(
                json_build_object('stage', stage, 'reason', reason, 'users', 1, 'example', detail) order by user_id) from run_failures))
            where job_type = 'scoring'
            """,
            Ct
        );
        const string examples = """
            select array(select coalesce(f->>'example', '-') from overnight_job_runs, json_array_elements(error_details->'failures')
                with ordinality t (f, place) where job_type = 'scoring' order by place)
            """;
        var before = await night.Night.ScalarAsync<string[]>(examples, Ct);
        Assert.All(before, example => Assert.StartsWith("Class ", example, StringComparison.Ordinal));

        var erasure = night.Erasure();
        await erasure.GoOnAsync((await erasure.RequestAsync(failed[0], Actor.Command, Ct))!.Value, Ct);

        Assert.Equal(["-", before[1]], await night.Night.ScalarAsync<string[]>(examples, Ct));
    }

    private static Task<long> CountAsync(ErasureNight night, string column, string text)
    {
        var at = column.LastIndexOf('.');
        return night.Night.ScalarAsync<long>(
            $"select count(*) from {column[..at]} where strpos({column[(at + 1)..]}::text, $1) > 0",
            Ct,
            text
        );
    }
}
