using System.Collections;
using System.Threading.Channels;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Import;

namespace Overnight.Jobs.Demo;

/// <summary>
/// Fills the database with demo users over the assets that are there, or over a synthetic market when there are none. One
/// transaction; users that are there stay as they are, so that seeding the same number again adds nothing.
/// </summary>
internal sealed class DemoSeeder(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>Users made and copied at a time; no more than a few such chunks are in memory.</summary>
    private const int ChunkSize = 2_000;

    /// <summary>With this many new users or more, checking foreign keys once at the end is cheaper than row by row.</summary>
    private const int ManyUsers = 5_000;

    /// <exception cref="CommandException">The options are out of bounds, or the assets that are there have no prices.</exception>
    public async Task<DemoSummary> SeedAsync(DemoSeedParameters options, IProgress<DemoProgress>? progress, CancellationToken ct)
    {
        Check(options);
        var started = time.GetTimestamp();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // A second seeding waits, and then finds the users of the first.
        await connection.ExecuteAsync(DatabaseConnection.WaitForLocks, ct);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('overnight.demo'))", ct);
        await connection.ExecuteAsync("set local maintenance_work_mem = '256MB'", ct);

        var synthetic = await DemoMarketLoader.AddSyntheticIfEmptyAsync(connection, time.GetUtcNow(), ct);
        var market = await DemoMarketLoader.LoadAsync(connection, time.GetUtcNow(), ct);
        if (market.Priced.Length == 0)
        {
            throw new CommandException(
                "No asset has a price in a currency that can be exchanged, so no demo user could be computed. Import companies with prices, or rates of their currencies, first."
            );
        }
        var missing = await MissingAsync(connection, options, ct);
        await DemoCopy.AddAdminAsync(connection, options.Seed, ct);

        long holdings = 0,
            criteria = 0;
        if (missing.Count > 0)
        {
            // The check at the end reads all rows, so it does not pay for a few new users beside millions.
            var constraints =
                missing.Count >= ManyUsers && missing.Count >= (options.Users - missing.Count) / 10
                    ? await ForeignKeys.DropAsync(connection, DemoCopy.BigTables, ct)
                    : null;
            (holdings, criteria) = await CopyAsync(connection, options, market, missing, progress, ct);
            if (constraints is not null)
            {
                progress?.Report(new("checking", missing.Count, missing.Count));
                // The check is a join, which PostgreSQL plans badly without statistics.
                await connection.ExecuteAsync(DemoCopy.Analyze, ct);
                await ForeignKeys.RestoreAsync(connection, constraints, ct);
            }
        }
        await transaction.CommitAsync(ct);
        if (missing.Count is > 0 and < ManyUsers)
            await connection.ExecuteAsync(DemoCopy.Analyze, ct);
        return new(options.Users, missing.Count, holdings, criteria, market.Assets.Length, synthetic, time.GetElapsedTime(started));
    }

    private static void Check(DemoSeedParameters options)
    {
        Require("--users", options.Users, 1, DemoSeedParameters.MaxUsers);
        if (options.Holdings is { } holdings)
            Require("--holdings", holdings, 1, DemoSeedParameters.MaxHoldings);
        if (options.Criteria is { } criteria)
            Require("--criteria", criteria, 1, DemoSeedParameters.MaxCriteria);

        static void Require(string name, int value, int low, int high)
        {
            if (value < low || value > high)
                throw new CommandException($"{name} must be from {low} to {high}, not {value}.");
        }
    }

    /// <summary>Numbers whose user is not there: neither by id, nor, after a seeding with another seed, by e-mail.</summary>
    private static async Task<List<int>> MissingAsync(NpgsqlConnection connection, DemoSeedParameters options, CancellationToken ct)
    {
        BitArray there = new(options.Users + 1);
        await using NpgsqlCommand command = new("select id, case when email like '%@demo.example' then email end from users", connection)
        {
            CommandTimeout = 0,
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (DemoIds.TryNumber(options.Seed, reader.GetGuid(0), out var number) && number <= options.Users)
                there[number] = true;
            if (!await reader.IsDBNullAsync(1, ct) && DemoAccounts.TryNumber(reader.GetString(1), out number) && number <= options.Users)
                there[number] = true;
        }
        List<int> missing = [];
        for (var number = 1; number <= options.Users; number++)
        {
            if (!there[number])
                missing.Add(number);
        }
        return missing;
    }

    /// <summary>Criteria outlive their user: whoever was deleted and is seeded again has them still.</summary>
    private static async Task<HashSet<Guid>> KeptCriteriaAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        HashSet<Guid> kept = [];
        await using NpgsqlCommand command = new(
            "select c.user_id from criteria_versions c where not exists (select from users u where u.id = c.user_id)",
            connection
        )
        {
            CommandTimeout = 0,
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            kept.Add(reader.GetGuid(0));
        return kept;
    }

    /// <summary>Users are made on one core while the ones before them are copied on another.</summary>
    private static async Task<(long Holdings, long Criteria)> CopyAsync(
        NpgsqlConnection connection,
        DemoSeedParameters options,
        DemoMarket market,
        List<int> numbers,
        IProgress<DemoProgress>? progress,
        CancellationToken ct
    )
    {
        var kept = await KeptCriteriaAsync(connection, ct);
        var chunks = Channel.CreateBounded<DemoUser[]>(2);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var making = Task.Run(() => MakeAsync(options, market, numbers, chunks.Writer, stop.Token), CancellationToken.None);
        var (users, holdings, criteria) = (0, 0L, 0L);
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(ct))
            {
                await DemoCopy.CopyAsync(connection, chunk, kept, ct);
                users += chunk.Length;
                holdings += chunk.Sum(u => (long)u.Holdings.Length);
                criteria += chunk.Sum(u => (long)u.CriteriaCount);
                progress?.Report(new("copying", users, numbers.Count));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await making;
        }
        return (holdings, criteria);
    }

    private static async Task MakeAsync(
        DemoSeedParameters options,
        DemoMarket market,
        List<int> numbers,
        ChannelWriter<DemoUser[]> chunks,
        CancellationToken ct
    )
    {
        Exception? failure = null;
        try
        {
            DemoGenerator generator = new(options, market);
            foreach (var chunk in numbers.Chunk(ChunkSize))
                await chunks.WriteAsync(Array.ConvertAll(chunk, generator.Make), ct);
        }
        catch (Exception exception)
        {
            // The channel throws it in the reader, which fails the command.
            failure = exception;
        }
        chunks.Complete(failure);
    }
}
