using System.Text;
using System.Text.Json.Nodes;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Pipeline;

/// <summary>
/// SPEC A13: runs of business dates whose market has opened. NYSE opens at 14:30 UTC on 2026-11-20, a Friday, and on the Monday.
/// </summary>
public sealed class PastDateTests(TestServers servers)
{
    private static readonly DateOnly Friday = new(2026, 11, 20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A13_PastNight_GivesItsBytesAgain_WhateverChangedSince()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 12, Ct, time: clock);
        var first = await night.RunAsync(Ct);
        var before = await ResultsAsync(night, first.Id);
        Assert.Equal((Friday, 12, null), (first.BusinessDate, before.Count, first.AsOf));
        clock.SetUtcNow(Utc("2026-11-23T13:00Z"));
        await ChangeEverythingAsync(night);

        var (again, started) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, again: true, Ct);
        Assert.True(started);
        await night.Participant.WorkAsync(again, Ct);

        var after = (await night.Runs.FindAsync(again.Id, Ct))!;
        Assert.Equal(
            ("completed", 2, Utc("2026-11-20T12:30Z"), first.SnapshotId),
            (after.Status, after.Revision, after.AsOf!.Value, after.SnapshotId)
        );
        Assert.Equal(before, await ResultsAsync(night, again.Id));
        await night.AssertExactlyOnceAsync(again.Id, 12, 0, Ct);
        Assert.Equal(
            $"{first.Id} 12",
            await night.ScalarAsync<string>(
                "select (metrics -> 'as_of' ->> 'snapshot_of') || ' ' || (metrics -> 'as_of' ->> 'portfolios_captured') from overnight_job_runs where id = $1",
                Ct,
                again.Id
            )
        );
        // A night to come sees the changes.
        Assert.NotEqual(before, await ResultsAsync(night, (await night.RunAsync(Ct)).Id));
    }

    [Fact]
    public async Task A13_UserWhomThatNightDidNotCompute_HasTodaysPortfolio_AndOneWhoSoldEverythingThatOfTheNight()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct, time: clock);
        var users = await night.ScalarAsync<Guid[]>("select array_agg(user_id order by user_id) from portfolios", Ct);
        await night.ExecuteAsync("update user_markets set market = 'LSE' where user_id = $1", Ct, users[0]);
        var first = await night.RunAsync(Ct);
        await night.ExecuteAsync("update user_markets set market = 'NYSE' where user_id = $1", Ct, users[0]);
        await night.ExecuteAsync("delete from holdings where user_id = $1", Ct, users[1]);
        clock.SetUtcNow(Utc("2026-11-23T13:00Z"));

        var (again, _) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, again: true, Ct);
        await night.Participant.WorkAsync(again, Ct);

        var (before, after) = (await ResultsAsync(night, first.Id), await ResultsAsync(night, again.Id));
        Assert.Equal((2, 3), (before.Count, after.Count));
        Assert.Equal((before[users[1]], before[users[2]]), (after[users[1]], after[users[2]]));
    }

    [Fact]
    public async Task A13_PastNight_ReplacesNoNewerResult_AndTellsNobody()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 4, Ct, time: clock);
        await night.RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T13:00Z"));
        var monday = await night.RunAsync(Ct);
        await night.ExecuteAsync("delete from notices", Ct);
        // Only of captured criteria, which are gone for one user.
        await night.ExecuteAsync(
            "alter table portfolios drop constraint portfolios_user_id_criteria_version_fkey; alter table criteria_versions disable trigger user",
            Ct
        );
        await night.ExecuteAsync("delete from criteria_versions where user_id = (select min(user_id::text)::uuid from portfolios)", Ct);

        var (again, _) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, again: true, Ct);
        await night.Participant.WorkAsync(again, Ct);

        Assert.Equal("partial", (await night.Runs.FindAsync(again.Id, Ct))!.Status);
        Assert.Equal(
            "criteria_erased",
            await night.ScalarAsync<string>("select string_agg(reason, ',') from run_failures where run_id = $1", Ct, again.Id)
        );
        Assert.Equal(4, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", Ct, monday.Id));
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from notices", Ct));
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from failing_users", Ct));
    }

    [Fact]
    public async Task A13_DateWithoutANight_UsesTheStoredValuesOfThen_AndAsksNoProvider()
    {
        TestClock clock = new(Utc("2026-11-23T13:00Z"));
        // Nothing listens there; asked, it would leave stale values.
        await using var night = await PipelineFixture.CreateAsync(
            servers,
            2,
            Ct,
            time: clock,
            settings: new Dictionary<string, string?>
            {
                ["Providers:Prices:Order"] = "stooq",
                ["Providers:Stooq:BaseUrl"] = "http://127.0.0.1:1",
                ["Providers:Stooq:Attempts"] = "1",
            }
        );
        await night.ExecuteAsync(
            "insert into prices select asset_id, '2026-11-19T00:00Z'::timestamptz, price / 2, source, '2026-11-19T06:00Z' from prices",
            Ct
        );
        await night.ExecuteAsync(
            "insert into exchange_rates select base, quote, '2026-11-19T00:00Z'::timestamptz, rate, source, '2026-11-19T06:00Z' from exchange_rates",
            Ct
        );

        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);

        Assert.Equal(
            "completed 2026-11-19 2026-11-19 then",
            await night.ScalarAsync<string>(
                """
                select concat_ws(' ', r.status, (s.prices_as_of at time zone 'UTC')::date, (s.rates_as_of at time zone 'UTC')::date, r.metrics -> 'as_of' ->> 'market_values')
                from overnight_job_runs r join market_snapshots s on s.id = r.snapshot_id where r.id = $1
                """,
                Ct,
                run.Id
            )
        );
    }

    [Fact]
    public async Task A13_ValueCorrectedOrStoredAfterTheDueTime_IsNotSeenByThatDate_AndIsByTheNextNight()
    {
        TestClock clock = new(Utc("2026-11-23T13:00Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, time: clock);
        await night.ExecuteAsync(
            """
            delete from prices where asset_id not in (select asset_id from holdings);
            delete from assets where id not in (select asset_id from holdings);
            create temp table told (as_of timestamptz, known_at timestamptz, factor int);
            insert into told values ('2026-11-19', '2026-11-19T22:00Z', 2), ('2026-11-19', '2026-11-20T12:31Z', 3), ('2026-11-20', '2026-11-20T12:31Z', 5);
            create temp table first_prices as select * from prices;
            create temp table first_rates as select * from exchange_rates;
            insert into prices select asset_id, told.as_of, price * factor, source, told.known_at from first_prices, told;
            insert into exchange_rates select base, quote, told.as_of, rate * factor, source, told.known_at from first_rates, told;
            insert into fundamentals (asset_id, as_of, pe_ratio, source, known_at)
                select asset_id, told.as_of, factor, source, told.known_at from first_prices, told;
            delete from prices where as_of > '2026-11-22'; delete from exchange_rates where as_of > '2026-11-22';
            delete from fundamentals where as_of > '2026-11-22'
            """,
            Ct
        );
        var asset = await night.ScalarAsync<Guid>("select min(asset_id::text)::uuid from prices", Ct);

        var (past, _) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(past, Ct);
        var monday = await night.RunAsync(Ct);

        var (then, now) = (await SnapshotAsync(night, past.Id), await SnapshotAsync(night, monday.Id));
        Assert.Equal((2m, 5m), (Fundamental(then), Fundamental(now)));
        Assert.Equal(2.5m, Price(now) / Price(then));
        Assert.Equal(2.5m, now.Rates[("USD", "JPY")] / then.Rates[("USD", "JPY")]);

        decimal? Price(MarketSnapshot snapshot) => snapshot.Assets.Single(one => one.Id == asset).Price;
        decimal? Fundamental(MarketSnapshot snapshot) => snapshot.Assets.Single(one => one.Id == asset).Fundamentals[(int)Metric.PeRatio];
    }

    private static async Task<MarketSnapshot> SnapshotAsync(PipelineFixture night, Guid run)
    {
        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        return await StoredSnapshot.ReadAsync(connection, (await night.Runs.FindAsync(run, Ct))!.SnapshotId!.Value, Ct);
    }

    [Fact]
    public async Task A13_DateWithoutANightAndValues_UsesTodays_AndSaysSo()
    {
        TestClock clock = new(Utc("2026-11-23T13:00Z"));
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, time: clock);

        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", Friday, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);

        Assert.Equal("completed", (await night.Runs.FindAsync(run.Id, Ct))!.Status);
        var asOf = (await new RunProgress(night.Database).ReadAsOfAsync(run.Id, Ct))!;
        Assert.Equal((Utc("2026-11-20T12:30Z"), null, 0, "today"), (asOf.Due, asOf.SnapshotOf, asOf.PortfoliosCaptured, asOf.MarketValues));
    }

    private static async Task ChangeEverythingAsync(PipelineFixture night)
    {
        await night.ExecuteAsync("update portfolios set contribution = coalesce(contribution, 0) + 777", Ct);
        await night.ExecuteAsync("update holdings set quantity = quantity + 3", Ct);
        await night.ExecuteAsync("update users set base_currency = case when base_currency = 'USD' then 'EUR' else 'USD' end", Ct);
        await night.ExecuteAsync("update asset_classes set name = name || ' (old)', target_max = 100", Ct);
        await night.ExecuteAsync(
            "insert into prices select asset_id, as_of, price * 2, source, known_at + interval '1 second' from prices",
            Ct
        );
        await night.ExecuteAsync(
            """
            insert into criteria_versions (user_id, version, id, rules) select user_id, version + 1, gen_random_uuid(), '[]' from criteria_versions;
            update portfolios set criteria_version = criteria_version + 1
            """,
            Ct
        );
    }

    /// <summary>The results by user, without what names the run and its moment.</summary>
    private static async Task<SortedDictionary<Guid, string>> ResultsAsync(PipelineFixture night, Guid run)
    {
        SortedDictionary<Guid, string> results = [];
        await using var command = night.Database.CreateCommand(
            "select user_id, recommendations, portfolio from calculation_results where run_id = $1"
        );
        command.Parameters.Add(new() { Value = run });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            results.Add(reader.GetGuid(0), Without(reader.GetFieldValue<byte[]>(1)) + Without(reader.GetFieldValue<byte[]>(2)));
        return results;
    }

    private static string Without(byte[] result)
    {
        var json = JsonNode.Parse(Encoding.UTF8.GetString(result))!.AsObject();
        json.Remove("generatedAt");
        json.Remove("checksum");
        if (json["run"] is JsonObject run)
        {
            run.Remove("revision");
            run.Remove("correlationId");
        }
        return json.ToJsonString();
    }
}
