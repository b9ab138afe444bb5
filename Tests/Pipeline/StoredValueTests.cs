using System.Globalization;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Doctor;
using Overnight.Core.Portfolios;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Health;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A5: whatever is stored of one user fails that user alone, and names it.</summary>
public sealed class StoredValueTests(TestServers servers)
{
    /// <summary>As a database that was filled before it had constraints, or that somebody altered.</summary>
    private const string Unconstrained = """
        alter table asset_classes drop constraint asset_classes_min_amount_range, drop constraint asset_classes_min_amount_check,
            drop constraint asset_classes_target_min_check, drop constraint asset_classes_target_max_check, drop constraint asset_classes_check,
            alter column min_amount type numeric, alter column target_min type numeric, alter column target_max type numeric;
        alter table portfolios drop constraint portfolios_contribution_range, drop constraint portfolios_contribution_check,
            alter column contribution type numeric;
        alter table holdings drop constraint holdings_quantity, alter column quantity type numeric;
        alter table users drop constraint users_base_currency_check;
        alter table criteria_versions drop constraint criteria_versions_rules_size
        """;

    /// <summary>Table, column, what is stored there as SQL, the reason, and the value as it is told.</summary>
    private static readonly (string Table, string Column, string Stored, string Reason, string Told)[] Unusable =
    [
        ("asset_classes", "min_amount", "922337203685477.5808", "out_of_range", "922337203685477.5808"),
        ("asset_classes", "min_amount", "999999999999999.9999", "out_of_range", "999999999999999.9999"),
        ("asset_classes", "min_amount", "'NaN'", "out_of_range", "NaN"),
        ("asset_classes", "min_amount", "'Infinity'", "out_of_range", "Infinity"),
        ("asset_classes", "min_amount", "-0.0001", "out_of_range", "-0.0001"),
        ("asset_classes", "min_amount", "('1' || repeat('0', 40000))::numeric", "out_of_range", "1e40000"),
        ("asset_classes", "target_max", "100.0001", "corrupt_data", "100.0001"),
        ("asset_classes", "target_min", "-1", "corrupt_data", "-1"),
        ("portfolios", "contribution", "922337203685477.5808", "out_of_range", "922337203685477.5808"),
        ("portfolios", "contribution", "'NaN'", "out_of_range", "NaN"),
        ("portfolios", "contribution", "1e5000", "out_of_range", "10000"),
        ("portfolios", "contribution", "-1", "out_of_range", "-1"),
        ("holdings", "quantity", "'NaN'", "corrupt_data", "NaN"),
        ("holdings", "quantity", "-0.00000001", "corrupt_data", "-0.00000001"),
        ("holdings", "quantity", "1e30", "corrupt_data", "1000000000000000000000000000000"),
        ("users", "base_currency", "'E\"'", "corrupt_data", "E\""),
    ];

    [Fact]
    public async Task A5_ValuesThatNoCalculationCanUse_FailTheirUsersAtLoadAndNobodyElse()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 80, ct);
        await night.ExecuteAsync(Unconstrained, ct);
        List<Guid> users = [];
        foreach (var (table, column, stored, _, _) in Unusable)
        {
            users.Add(await UserAsync(night, 3 * users.Count + 7, ct));
            await night.ExecuteAsync(
                $"update {table} set {column} = {stored} where {(table == "users" ? "id" : "user_id")} = $1",
                ct,
                users[^1]
            );
        }

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 80, users.Count, ct);
        foreach (var (user, (_, column, _, reason, told)) in users.Zip(Unusable))
        {
            var failure = await night.ScalarAsync<string>(
                "select stage || '/' || reason || ': ' || detail from run_failures where run_id = $1 and user_id = $2",
                ct,
                run.Id,
                user
            );
            Assert.StartsWith($"load/{reason}: ", failure, StringComparison.Ordinal);
            Assert.Contains(column, failure, StringComparison.Ordinal);
            Assert.Contains($"not {told}", failure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A5_LargestAmounts_AreCalculated()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 20, ct);
        var user = await UserAsync(night, 3, ct);
        await night.ExecuteAsync("update asset_classes set min_amount = 922337203685477.5807 where user_id = $1", ct, user);
        await night.ExecuteAsync("update portfolios set contribution = 922337203685477.5807 where user_id = $1", ct, user);

        var run = await night.RunAsync(ct);
        Assert.Equal(
            "",
            await night.ScalarAsync<string>("select coalesce(string_agg(stage || ': ' || reason, ', '), '') from run_failures", ct)
        );
        Assert.Equal("completed", run.Status);
        Assert.Contains(
            "\"totalInvestable\":\"922337203685477.5807\"",
            await night.ScalarAsync<string>(
                "select convert_from(recommendations, 'UTF8') from calculation_results where user_id = $1",
                ct,
                user
            ),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("calculation_results", "22P02", "write", 4)]
    [InlineData("calculation_events", "54000", "write", 0)]
    [InlineData("run_failures", "23514", "write", 9)]
    public async Task A5_FailureThatNoCheckForesaw_NamesItsUserAndNobodyElse(string table, string state, string stage, int number)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 60, ct);
        var user = await UserAsync(night, number, ct);
        if (table == "run_failures")
            await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", ct, user);
        // Refuses what a batch writes of the user, and not what is written of it alone when it is named.
        await night.ExecuteAsync(
            $"""
            create function refuse_user() returns trigger language plpgsql as $$ begin
                if new.user_id = '{user}' and {(
                table == "run_failures" ? "new.reason <> 'unexpected'"
                : table == "calculation_events" ? "new.type = 3"
                : "true"
            )} then
                    raise exception 'refused' using errcode = '{state}';
                end if;
                return new;
            end $$
            """,
            ct
        );
        await night.ExecuteAsync($"create trigger refuse_user before insert on {table} for each row execute function refuse_user()", ct);

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 60, 1, ct);
        Assert.Equal(
            $"{user} {stage}/unexpected",
            await night.ScalarAsync<string>(
                "select user_id || ' ' || stage || '/' || reason from run_failures where run_id = $1 and detail like '%refused%'",
                ct,
                run.Id
            )
        );
    }

    [Fact]
    public async Task A5_RowsFromBeforeTheConstraints_AreKeptByTheMigrationAndNamedByTheDoctor()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 5, ct);
        var user = await UserAsync(night, 2, ct);
        await using var context = OvernightContext.Open(night.Database);
        var migrator = context.GetService<IMigrator>();
        await migrator.MigrateAsync("20261122000700_SignIn", ct);
        await night.ExecuteAsync("update portfolios set contribution = 930000000000000 where user_id = $1", ct, user);

        await migrator.MigrateAsync(cancellationToken: ct);

        await WorkerTests.BeatAsync(new(night.Database, TimeProvider.System), TimeProvider.System);
        DoctorReport doctor = new(night.Database, new(night.Services.GetRequiredService<CacheStore>), TimeProvider.System);
        var finding = Assert.Single(await doctor.FindAsync(ct));
        Assert.Contains($"user_id {user}, contribution 930000000000000.0000", finding.What, StringComparison.Ordinal);
        Assert.Contains(
            "alter table portfolios validate constraint portfolios_contribution_range",
            finding.Advice,
            StringComparison.Ordinal
        );
        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            night.ExecuteAsync("update portfolios set contribution = 930000000000000 where user_id <> $1", ct, user)
        );
        Assert.Equal("portfolios_contribution_range", refused.ConstraintName);
    }

    [Theory]
    [InlineData("0", 0ul)]
    [InlineData("0.00005", 1ul)]
    [InlineData("0.00004999", 0ul)]
    [InlineData("-0.00005", 1ul)]
    [InlineData("12.34565", 123457ul)]
    [InlineData("10000", 100_000_000ul)]
    [InlineData("1844674407370954.0000", 18_446_744_073_709_540_000ul)]
    [InlineData("0.000000000000000000000000000001", 0ul)]
    public async Task NumericField_InTenThousandths_IsRoundedHalfAwayFromZero(string number, ulong units)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var source = NpgsqlDataSource.Create(await servers.CreateEmptyDatabaseAsync(ct));
        await using var connection = await source.OpenConnectionAsync(ct);
        CopyReader copy = new();
        await copy.LoadAsync(connection, $"select {number}::numeric", ct);
        Assert.True(copy.NextRow());
        var field = copy.Bytes();

        Assert.True(NumericField.TryUnits(field, 1, out var read, out var negative));
        Assert.Equal((units, number[0] == '-'), (read, negative));
        Assert.Equal(
            decimal.Parse(number, CultureInfo.InvariantCulture),
            decimal.Parse(NumericField.Text(field), CultureInfo.InvariantCulture)
        );
    }

    [Fact]
    public void FailureText_OfAnything_IsUnicodeOnOneLineAndShort()
    {
        Assert.Equal("a b \ufffd", FailureText.Of("a\nb\0\ud83d"));
        var text = FailureText.Of(string.Concat(Enumerable.Repeat("\U0001F600", 400)));
        Assert.InRange(text.Length, FailureText.MostLength - 2, FailureText.MostLength);
        Assert.EndsWith("\U0001F600..", text, StringComparison.Ordinal);
        Assert.Equal(Decimal4.MaxValue.ToString(), FailureText.Of(Decimal4.MaxValue.ToString()));
    }

    private static Task<Guid> UserAsync(PipelineFixture night, int number, CancellationToken ct) =>
        night.ScalarAsync<Guid>("select user_id from portfolios order by 1 offset $1 limit 1", ct, number);
}
