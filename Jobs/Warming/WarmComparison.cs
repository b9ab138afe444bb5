using System.Collections.Concurrent;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Warming;

/// <param name="Hits">Number of reads whose session and recommendations both came from the cache.</param>
/// <param name="Statements">Number of statements of the reads, and of the repairs after misses.</param>
internal sealed record WarmComparisonFigures(
    int Reads,
    int Hits,
    double SessionP95Ms,
    double RecommendationsP95Ms,
    double BothP95Ms,
    long Statements
);

/// <param name="Users">Number of users, for each of whom there are <see cref="WarmComparison.Visits"/> reads.</param>
/// <param name="WarmStatements">Number of statements of the warm itself.</param>
internal sealed record WarmComparisonReport(
    int Users,
    WarmComparisonFigures Without,
    WarmComparisonFigures With,
    long WarmStatements,
    TimeSpan WarmTook
);

/// <summary>
/// Measures the same reads, by the readers that the api uses, from a cache without their entries and from a warmed one. The process
/// must have a keyspace of its own (<see cref="CachingSetup.AddOwnKeyspace"/>), because entries are removed.
/// </summary>
internal sealed class WarmComparison(
    NpgsqlDataSource database,
    CacheStore store,
    Warmer warmer,
    SessionReader sessions,
    ResultReader results,
    ResultRepair repair,
    TimeProvider time
)
{
    /// <summary>Reads per user. Without warming, the second read finds the entry that was repaired after the first one missed.</summary>
    public const int Visits = 2;

    private const int ReadersAtOnce = 8;

    /// <summary>Lifetime of the sessions, for the case that the process is killed before it deletes them.</summary>
    private static readonly TimeSpan SessionLifetime = TimeSpan.FromMinutes(10);

    // The hash is random, so no token matches it. last_active_at is in the future, because a warm takes the most recently active first.
    private const string SignIn = """
        insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
        select encode(sha256(uuid_send(gen_random_uuid())), 'hex'), c.user_id, $2, $3, $3
        from current_results c join users u on u.id = c.user_id and u.deleted_at is null and u.banned_at is null order by c.user_id limit $1
        returning token_hash, user_id
        """;

    private readonly record struct Reader(string Hash, Guid User);

    private readonly record struct Read(Guid User, TimeSpan Session, TimeSpan Recommendations, bool SessionHit, bool RecommendationsHit);

    /// <param name="users">Largest number of users to read for.</param>
    /// <exception cref="CommandException">No user has a result, or the cache refuses entries.</exception>
    public async Task<WarmComparisonReport> RunAsync(int users, CancellationToken ct)
    {
        var people = await SignInAsync(users, ct);
        try
        {
            if (people.Count == 0)
                throw new CommandException("No user has a result that could be read. Run a night first: jobs run.");
            // The first round is discarded, because it includes JIT compilation and the opening of connections.
            await MeasureAsync(people, ct);
            return await MeasureAsync(people, ct);
        }
        finally
        {
            await ForgetAsync(people);
            await SignOutAsync(people);
        }
    }

    private async Task<WarmComparisonReport> MeasureAsync(IReadOnlyList<Reader> people, CancellationToken ct)
    {
        using StatementCounter statements = new();
        await ForgetAsync(people);
        var without = await ReadAllAsync(people, statements, ct);
        await ForgetAsync(people);
        var (begin, before) = (time.GetTimestamp(), statements.Count);
        foreach (var set in warmer.Find([WarmSetNames.Sessions, WarmSetNames.Recommendations]))
            await WarmAsync(set, people.Count, ct);
        var (took, warm) = (time.GetElapsedTime(begin), statements.Count - before);
        return new(people.Count, without, await ReadAllAsync(people, statements, ct), warm, took);
    }

    /// <summary>Warms the set directly, because the warmer would record this as a warm of the product's keyspace.</summary>
    private async Task WarmAsync(WarmSet set, int users, CancellationToken ct)
    {
        await foreach (var step in set.WarmAsync(new(users, null, null, time.GetUtcNow()), ct))
        {
            if (step.Failed > 0)
                throw new CommandException(
                    $"Of {set.Name} could not be warmed: {Plural.Of(step.Failed, "entry", "entries")}. {store.Refusal}"
                );
        }
    }

    private async Task<WarmComparisonFigures> ReadAllAsync(IReadOnlyList<Reader> people, StatementCounter statements, CancellationToken ct)
    {
        var before = statements.Count;
        ConcurrentBag<Read> all = [];
        for (var visit = 0; visit < Visits; visit++)
        {
            ConcurrentBag<Guid> missed = [];
            await Parallel.ForEachAsync(
                people,
                new ParallelOptions { MaxDegreeOfParallelism = ReadersAtOnce, CancellationToken = ct },
                async (reader, token) =>
                {
                    var read = await ReadAsync(reader, token);
                    all.Add(read);
                    if (!read.RecommendationsHit)
                        missed.Add(read.User);
                }
            );
            // The api repairs entries in the background after its answers; here the repairs are awaited.
            foreach (var user in missed)
            {
                if (await repair.RepairAsync(user, ct) is var outcome && outcome is RepairOutcome.Failed or RepairOutcome.Dropped)
                    throw new CommandException($"The cache did not take an entry back after a miss. {store.Refusal}");
            }
        }
        return new(
            all.Count,
            all.Count(read => read.SessionHit && read.RecommendationsHit),
            P95(all.Select(read => read.Session)),
            P95(all.Select(read => read.Recommendations)),
            P95(all.Select(read => read.Session + read.Recommendations)),
            statements.Count - before
        );
    }

    private async Task<Read> ReadAsync(Reader reader, CancellationToken ct)
    {
        var begin = time.GetTimestamp();
        var cached = await sessions.ReadAsync(reader.Hash);
        var session = (cached ?? await sessions.FindAsync(reader.Hash, isMissed: true, ct)).Session;
        var between = time.GetTimestamp();
        var answer = await results.Entries.GetAsync(reader.User, ct);
        var end = time.GetTimestamp();
        if (session?.UserId != reader.User || answer.Value is null)
            throw new CommandException($"The session or the recommendations of user {reader.User:D} are gone. Try again.");
        return new(
            reader.User,
            time.GetElapsedTime(begin, between),
            time.GetElapsedTime(between, end),
            cached is not null,
            answer.Source is EntrySource.Memory or EntrySource.Cache
        );
    }

    private async Task<IReadOnlyList<Reader>> SignInAsync(int users, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var command = database.CreateCommand(SignIn);
        foreach (object value in (object[])[(long)users, now, now + SessionLifetime])
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Reader> people = [];
        while (await reader.ReadAsync(ct))
            people.Add(new(reader.GetString(0), reader.GetGuid(1)));
        return people;
    }

    private async Task SignOutAsync(IReadOnlyList<Reader> people)
    {
        await using var command = database.CreateCommand("delete from sessions where token_hash = any($1)");
        command.Parameters.Add(new() { Value = people.Select(reader => reader.Hash).ToArray() });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Removes the users' entries from the cache, and the loaded results that this process shares among reads.</summary>
    private async Task ForgetAsync(IReadOnlyList<Reader> people)
    {
        await store.RemoveAsync([
            .. people.SelectMany(reader =>
                (string[])[CacheKeys.Session(reader.Hash), CacheKeys.Recommendations(reader.User), CacheKeys.Portfolio(reader.User)]
            ),
        ]);
        results.Entries.Forget(_ => true);
    }

    /// <returns>The 95th percentile in milliseconds.</returns>
    private static double P95(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToArray();
        return sorted[(int)Math.Ceiling(0.95 * sorted.Length) - 1].TotalMilliseconds;
    }
}
