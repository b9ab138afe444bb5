using Microsoft.Extensions.DependencyInjection;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A13: what a night would change, without changing anything.</summary>
public sealed class DryRunTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A13_DryRun_FindsWhatWouldDiffer_TheLargestFirst()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 30, Ct, time: clock);
        await night.ExecuteAsync("update portfolios set contribution = 1000", Ct);
        var first = await night.RunAsync(Ct);
        var dry = night.Services.GetRequiredService<DryRun>();
        var same = await dry.RunAsync("NYSE", null, Ct);
        Assert.Equal((30, 0, 0, 0, 2), (same.Computed, same.Failed, same.Differing, same.WithoutCurrent, same.Run.Revision));

        // One user's amounts are in another currency; of eleven others a tenth of the money is not there any more.
        var users = await night.ScalarAsync<Guid[]>("select array_agg(user_id order by user_id) from portfolios", Ct);
        await night.ExecuteAsync("update portfolios set contribution = 900 where user_id = any ($1)", Ct, users[1..12]);
        await night.ExecuteAsync(
            "update users set base_currency = case base_currency when 'USD' then 'EUR' else 'USD' end where id = $1",
            Ct,
            users[0]
        );
        await night.ExecuteAsync("delete from current_results where user_id = $1", Ct, users[20]);
        await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", Ct, users[21]);
        var report = await dry.RunAsync("NYSE", null, Ct);

        Assert.Equal((29, 1, 12, 1), (report.Computed, report.Failed, report.Differing, report.WithoutCurrent));
        Assert.Equal(10, report.Largest.Count);
        Assert.Equal(new DryRunDifference(users[0], 1), report.Largest[0]);
        // The night itself differs by as much.
        var shares = await SharesAsync(night, first.Id, (await night.RunAsync(Ct, again: true)).Id);
        Assert.All(report.Largest.Skip(1), one => Assert.Equal(shares[one.UserId], $"{one.Share:F6}"));
        shares.Remove(users[0]);
        Assert.Equal(
            shares.Values.OrderDescending(StringComparer.Ordinal).Take(9),
            report.Largest.Skip(1).Select(one => $"{one.Share:F6}")
        );
    }

    /// <summary>Half the differences of amounts between two runs, over a contribution of 1,000, by user.</summary>
    private static async Task<Dictionary<Guid, string>> SharesAsync(PipelineFixture night, Guid before, Guid after)
    {
        Dictionary<Guid, string> shares = [];
        await using var command = night.Database.CreateCommand(
            """
            with amounts as (
                select user_id, one ->> 'assetId' as asset, (one ->> 'amount')::numeric * case when run_id = $1 then -1 else 1 end as amount
                from calculation_results, json_array_elements(convert_from(recommendations, 'UTF8')::json -> 'recommendations') one
                where run_id in ($1, $2) and user_id in (select user_id from calculation_results where run_id = $2)),
            by_asset as (select user_id, abs(sum(amount)) as difference from amounts group by user_id, asset)
            select user_id, round(sum(difference) / 2 / 1000, 6)::text from by_asset group by user_id
            """
        );
        foreach (var id in (Guid[])[before, after])
            command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            shares.Add(reader.GetGuid(0), reader.GetString(1));
        return shares;
    }

    [Fact]
    public async Task A13_DryRun_ChangesNoRow()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 12, Ct);
        await night.RunAsync(Ct);
        await night.ExecuteAsync("update portfolios set contribution = 1234", Ct);
        var before = await DigestAsync(night);

        var done = await JobsCommand.RunAsync(servers, night.DatabaseConnection, Ct, "run", "--dry-run");

        Assert.Equal((0, ""), (done.ExitCode, done.Error));
        Assert.Contains("12 users computed, 0 failed.", done.Output, StringComparison.Ordinal);
        Assert.Contains("12 results would differ from the current ones; without a current one: 0.", done.Output, StringComparison.Ordinal);
        Assert.Contains(" % of the contribution", done.Output, StringComparison.Ordinal);
        Assert.Equal(before, await DigestAsync(night));
    }

    [Fact]
    public async Task A13_DryRunOfAPastNight_IsAsItWas()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct, time: clock);
        await night.RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T13:00Z"));
        await night.ExecuteAsync("update holdings set quantity = quantity + 3", Ct);
        await night.ExecuteAsync(
            "insert into prices select asset_id, as_of, price * 2, source, known_at + interval '1 second' from prices",
            Ct
        );

        var past = await night.Services.GetRequiredService<DryRun>().RunAsync("NYSE", new(2026, 11, 20), Ct);
        var next = await night.Services.GetRequiredService<DryRun>().RunAsync("NYSE", null, Ct);

        Assert.Equal((5, 0), (past.Computed, past.Differing));
        Assert.Equal((5, 5), (next.Computed, next.Differing));
    }

    /// <summary>Every row of every table.</summary>
    internal static Task<string> DigestAsync(PipelineFixture night) =>
        night.ScalarAsync<string>(
            """
            select string_agg(format('%s %s', c.oid::regclass, (xpath('/row/d/text()', query_to_xml(format(
                'select count(*) || '' '' || coalesce(md5(string_agg(t::text, '''' order by t::text)), '''') as d from %s t',
                c.oid::regclass), false, true, '')))[1]),
                e'\n' order by c.oid::regclass::text)
            from pg_class c where c.relnamespace in ('public'::regnamespace, 'erp'::regnamespace) and c.relkind in ('r', 'p')
            """,
            Ct
        );
}
