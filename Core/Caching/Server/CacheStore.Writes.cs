using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Writes: one where nothing or something known is, thousands, and marks that must arrive.</summary>
public sealed partial class CacheStore
{
    /// <summary>Commands sent together: enough to keep a server busy, few enough to keep its queue short.</summary>
    private const int Window = 512;

    /// <summary>Bytes beyond which an entry is counted and told (SPEC B3).</summary>
    private const int LargeEntry = 1024 * 1024;

    /// <summary>Between two tries of what waits.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Writes an entry where none is, or in the place of exactly <paramref name="replacing"/>: what somebody else wrote
    /// meanwhile stays. So a write that arrives late does no harm, and needs nothing behind it.
    /// </summary>
    /// <returns>False when something else is there, or the cache is away.</returns>
    public async ValueTask<bool> AddAsync(CacheWrite entry, byte[]? replacing = null)
    {
        if (_pending.Contains(entry.Key))
            return false;
        var (answered, added) = await AskAsync(
            database =>
            {
                if (replacing is null)
                    return database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, When.NotExists);
                // SER301: the compare-and-set of one command needs Redis 8.4; WATCH is understood by every server.
#pragma warning disable SER301
                var transaction = database.CreateTransaction();
                transaction.AddCondition(Condition.StringEqual(entry.Key, replacing));
                _ = transaction.StringSetAsync(entry.Key, entry.Value, entry.Ttl);
#pragma warning restore SER301
                return transaction.ExecuteAsync();
            },
            isWrite: true
        );
        if (added || !answered)
            _telemetry.Statistics.Wrote(1, done: added);
        return added;
    }

    /// <summary>Writes entries by the thousand. When it ends without a failure, every answer is there.</summary>
    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason is not refused.</param>
    /// <returns>Those that the server refused, each for itself.</returns>
    /// <exception cref="CacheAwayException">The cache is away; some of them may have been written.</exception>
    public async Task<CacheRefusals> WriteAsync(IReadOnlyList<CacheWrite> entries, bool onlyAbsent = false)
    {
        ArgumentNullException.ThrowIfNull(entries);
        CacheRefusals refused = new();
        for (var from = 0; from < entries.Count; from += Window)
            await WriteAsync(entries, from, Math.Min(Window, entries.Count - from), onlyAbsent, refused);
        return refused;
    }

    /// <returns>How many of them were there; null when the cache is away, and entries then live until their TTL.</returns>
    public async ValueTask<long?> RemoveAsync(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var removed = 0L;
        foreach (var some in keys.Chunk(Window))
        {
            var (answered, gone) = await AskAsync(
                database => Task.WhenAll(Array.ConvertAll(some, key => database.KeyDeleteAsync(key))),
                isWrite: true
            );
            if (!answered)
                return null;
            removed += gone!.Count(was => was);
        }
        return removed;
    }

    /// <summary>
    /// Writes marks over entries that must not be believed any more. What the server does not take is tried again until it
    /// does, and this process does not read these entries meanwhile.
    /// </summary>
    /// <returns>Whether the server took all of them now.</returns>
    public async ValueTask<bool> ForgetAsync(IReadOnlyList<CacheWrite> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        _pending.Add(marks);
        return await TellAsync(marks);
    }

    private async Task WriteAsync(IReadOnlyList<CacheWrite> entries, int from, int count, bool onlyAbsent, CacheRefusals refused)
    {
        if (!_circuit.TryEnter())
            throw new CacheAwayException("It did not answer a moment ago.");
        var batch = _database.CreateBatch();
        var when = onlyAbsent ? When.NotExists : When.Always;
        var sent = new Task[count];
        for (var i = 0; i < count; i++)
        {
            var entry = entries[from + i];
            if (entry.Value.Length > LargeEntry)
            {
                _telemetry.Large();
                Log.Large(_logger, entry.Key, entry.Value.Length);
            }
            sent[i] = batch.StringSetAsync(entry.Key, entry.Value, entry.Ttl, when);
        }
        var before = refused.Count;
        Exception? away = null;
        try
        {
            batch.Execute();
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // Told below; what was sent is answered, or fails as well.
            away = exception;
        }
        await Task.WhenAll(sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var i = 0; i < count; i++)
        {
            switch (sent[i].Exception?.InnerException)
            {
                case null when sent[i].IsCompletedSuccessfully:
                    break;
                case RedisServerException refusal:
                    refused.Add(from + i, refusal.Message);
                    break;
                case var failure:
                    away ??= failure ?? new OperationCanceledException();
                    break;
            }
        }
        if (away is not null)
        {
            // What was not confirmed may still arrive, over a newer entry. It is deleted behind it, on the same connection: a miss is
            // never wrong.
            if (!onlyAbsent)
                DeleteBehind(entries, from, count);
            Failed(away);
            _telemetry.Statistics.Wrote(count, done: false);
            throw new CacheAwayException(away.Message, away);
        }
        _circuit.Succeeded();
        var now = refused.Count - before;
        _telemetry.Statistics.Wrote(count - now, done: true);
        _telemetry.Statistics.Wrote(now, done: false);
        if (now < count)
            _writes.Taken();
        else
            Refused(refused.First!);
    }

    private void DeleteBehind(IReadOnlyList<CacheWrite> entries, int from, int count)
    {
        try
        {
            for (var i = from; i < from + count; i++)
                _database.KeyDelete(entries[i].Key, CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // No connection to send it on, so nothing of the write is on its way either.
        }
    }

    /// <summary>Tells the server marks that wait; those it takes wait no longer.</summary>
    private async Task<bool> TellAsync(IReadOnlyList<CacheWrite> marks)
    {
        var told = false;
        try
        {
            var refused = await WriteAsync(marks);
            _pending.Remove(marks, refused);
            told = refused.Count == 0;
        }
        catch (CacheAwayException)
        {
            // They wait.
        }
        if (!told)
            RetrySoon();
        return told;
    }

    private async Task RetryAsync()
    {
        if (!_pending.IsEmpty)
            await TellAsync(_pending.Some(Window));
        else if (Refusal is not null)
            // Nobody else may write for a while.
            await AskAsync(database => database.StringSetAsync(CacheKeys.WriteProbe, 1, RetryInterval), isWrite: true);
        if (!_pending.IsEmpty || Refusal is not null)
            RetrySoon();
    }

    private void Refused(string reason)
    {
        if (_writes.Refused(reason))
            RetrySoon();
    }

    private void RetrySoon() => _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);

    private static partial class Log
    {
        [LoggerMessage(
            205,
            LogLevel.Warning,
            "The entry {Key} has {Bytes} bytes: one that large keeps a server from answering others while it is sent."
        )]
        public static partial void Large(ILogger logger, string key, int bytes);
    }
}
