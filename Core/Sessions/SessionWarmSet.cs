using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Warming;

namespace Overnight.Core.Sessions;

/// <summary>
/// Warms the most recently active sessions, newest first, without expired and revoked ones and those of deleted or banned users. A session
/// is written only where no entry is, so that the mark of a revocation stays.
/// </summary>
public sealed class SessionWarmSet(
    NpgsqlDataSource database,
    SessionSigningKeys keys,
    WarmWriter entries,
    IOptions<WarmingOptions> options,
    IOptions<UserSessionOptions> sessions,
    TimeProvider time
) : WarmSet(Declare(options.Value.Sessions))
{
    public const string SetName = WarmSetNames.Sessions;

    private static readonly string Wanted =
        $"s.revoked_at is null and {SessionSql.EndsAt("$3")} > $1 and s.last_active_at >= $2 and not {SessionSql.Closed}";

    // Each batch has a query of its own, so that sessions are written shortly after they were read.
    private static readonly string Page = $"""
        select {SessionSql.Columns("$3")}, (extract(epoch from s.last_active_at) * 1000000)::bigint
        {SessionSql.From} where {Wanted} and ($4::timestamptz is null or (s.last_active_at, s.token_hash) < ($4, $5))
        order by s.last_active_at desc, s.token_hash desc limit $6
        """;

    private static readonly string Count = $"select count(*) from (select {SessionSql.From} where {Wanted} limit $4) wanted";

    private readonly SessionWarmOptions _options = options.Value.Sessions;

    private static WarmDeclaration Declare(SessionWarmOptions options) =>
        new(SetName, WarmPhase.Essential, "session:{token_hash}", CacheKeys.SessionTtl)
        {
            IsTtlExact = true,
            Limit = options.Count,
            Interval = options.Interval,
            IsWarmedAtStart = true,
            TimeLimit = options.TimeLimit,
        };

    public override async Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var command = database.CreateCommand(Count);
        var now = time.GetUtcNow();
        foreach (
            object value in (object[])[now, now - _options.Window, sessions.Value.UnusedLimit, (long)(request.Limit ?? _options.Count)]
        )
            command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var signer = await keys.GetAsync(ct);
        var (since, left, reached) = (request.Since - _options.Window, request.Limit ?? _options.Count, Parse(request.Reached));
        while (left > 0)
        {
            var readAt = time.GetUtcNow();
            List<CacheWrite> writes = [];
            var read = 0;
            var (activity, hash) = reached;
            await foreach (var (session, key, active) in ReadAsync(since, reached, Math.Min(left, _options.BatchSize), readAt, ct))
            {
                read++;
                (activity, hash) = (active, key);
                if (signer.Write(session, key, readAt, time.GetUtcNow()) is { } entry)
                    writes.Add(entry);
            }
            if (read == 0)
                yield break;
            var refused = (await entries.WriteAsync(writes, onlyAbsent: true, ct)).Count;
            (reached, left) = ((activity, hash), left - read);
            yield return new(writes.Count - refused, refused, string.Create(CultureInfo.InvariantCulture, $"{activity}/{hash}"));
        }
    }

    private async IAsyncEnumerable<(ActiveSession Session, string Hash, long Activity)> ReadAsync(
        DateTimeOffset since,
        (long? Activity, string Hash) reached,
        int count,
        DateTimeOffset now,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        await using var command = database.CreateCommand(Page);
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = since });
        command.Parameters.Add(new() { Value = sessions.Value.UnusedLimit });
        command.Parameters.Add(
            new()
            {
                Value = reached.Activity is { } activity
                    ? DateTimeOffset.UnixEpoch.AddTicks(activity * TimeSpan.TicksPerMicrosecond)
                    : DBNull.Value,
                NpgsqlDbType = NpgsqlDbType.TimestampTz,
            }
        );
        command.Parameters.Add(new() { Value = reached.Hash });
        command.Parameters.Add(new() { Value = count });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (hash, session) = SessionSql.Read(reader);
            yield return (session, hash, reader.GetInt64(SessionSql.ColumnCount));
        }
    }

    private static (long? Activity, string Hash) Parse(string? reached)
    {
        var at = reached?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return at > 0 && long.TryParse(reached.AsSpan(0, at), CultureInfo.InvariantCulture, out var activity)
            ? (activity, reached![(at + 1)..])
            : (null, "");
    }
}
