using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Dashboard;
using Overnight.Core.Sessions;
using Overnight.LocalServers;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>A session for every user with a result: in PostgreSQL, in the cache, and the tokens in a file that only we can read.</summary>
internal sealed class SessionSeed
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private readonly List<(string Hash, ActiveSession Session)> sessions = [];
    private readonly CachedSessionSigner signer;

    private SessionSeed(CachedSessionSigner signer) => this.signer = signer;

    public int Count => sessions.Count;

    public IReadOnlyList<string> Hashes => field ??= [.. sessions.Select(session => session.Hash)];

    /// <summary>Each session with what its user's dashboard is made of.</summary>
    public async IAsyncEnumerable<(string Hash, ActiveSession Session, byte[] Entry)> EntriesAsync(
        NpgsqlDataSource database,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        // Sessions were made in this order.
        await using var command = database.CreateCommand(
            "select c.user_id, r.recommendations from current_results c join calculation_results r using (user_id, business_date, run_id) order by c.user_id"
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        foreach (var (hash, session) in sessions)
        {
            if (!await reader.ReadAsync(ct) || reader.GetGuid(0) != session.UserId)
                throw new InvalidOperationException("Sessions and results are not of the same users.");
            yield return (hash, session, reader.GetFieldValue<byte[]>(1));
        }
    }

    /// <param name="plan">Where the tokens go, as the load generator reads them.</param>
    public static async Task<SessionSeed> CreateAsync(NpgsqlDataSource database, string plan, CancellationToken ct)
    {
        var now = TimeProvider.System.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + Lifetime).ToUnixTimeMilliseconds());
        SessionSeed seed = new(await new SessionSigningKeys(database, Options.Create(new UserSessionOptions())).GetAsync(ct));
        await using StreamWriter file = new(SecretFile.Create(plan));

        await using (var users = database.CreateCommand("select user_id from current_results order by user_id"))
        await using (var reader = await users.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                var (token, user) = (SessionToken.Create(), reader.GetGuid(0));
                if (!SessionToken.TryHash(token, out var hash))
                    throw new InvalidOperationException("A token just made can't be hashed.");
                seed.sessions.Add((hash, new(user, IsAdmin: false, TenantId: null, expires)));
                await file.WriteAsync($"{token} {user:D}\n");
            }
        }

        await using var connection = await database.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy sessions (token_hash, user_id, created_at, expires_at, last_active_at) from stdin (format binary)",
            ct
        );
        foreach (var (hash, session) in seed.sessions)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(hash, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(session.UserId, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(expires, NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, ct);
        }
        await copy.CompleteAsync(ct);
        return seed;
    }

    /// <summary>Puts all of them into the cache, as the product's entries with the product's TTL.</summary>
    public async Task WarmAsync(IDatabase cache)
    {
        // In windows, so that no reply waits behind a megabyte of commands for longer than the client is ready to.
        const int window = 1_000;
        foreach (var some in sessions.Chunk(window))
        {
            var now = TimeProvider.System.GetUtcNow();
            await Task.WhenAll(
                some.Select(session => signer.Write(session.Session, session.Hash, now, now)!.Value)
                    .Select(entry => cache.StringSetAsync(entry.Key, entry.Value, entry.Ttl))
            );
        }
    }

    /// <returns>What the dashboard answers for a stored entry of mean length, byte for byte.</returns>
    public static async Task<byte[]> MeanAnswerAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select recommendations from calculation_results, (select avg(octet_length(recommendations)) as mean from calculation_results) m
            order by abs(octet_length(recommendations) - mean) limit 1
            """
        );
        var entry = (byte[])(await command.ExecuteScalarAsync(ct))!;
        var head = new byte[DashboardHttpResult.LongestHead];
        var length = DashboardHttpResult.WriteHead(head, entry, fromCache: true, TimeProvider.System.GetUtcNow(), []);
        return [.. head.AsSpan(0, length), .. entry.AsSpan(1), (byte)'}'];
    }
}
