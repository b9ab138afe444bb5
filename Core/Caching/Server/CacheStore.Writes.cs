using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Writes: conditional writes of one entry, bulk writes, and invalidation marks, which are retried until they arrive.</summary>
public sealed partial class CacheStore
{
    /// <summary>Commands sent together: enough to keep a server busy, few enough to keep its queue short.</summary>
    private const int Window = 512;

    /// <summary>Bytes from which on an entry is counted and logged.</summary>
    private const int LargeEntry = 1024 * 1024;

    /// <summary>Time between two tries of a write that waits.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Writes an entry where none is, or in the place of exactly <paramref name="replacing"/>. An entry that was written meanwhile
    /// stays, so a write that arrives late does no harm.
    /// </summary>
    /// <returns>False when another entry is there, or the cache can't be reached.</returns>
    public async ValueTask<bool> AddAsync(CacheWrite entry, byte[]? replacing = null)
    {
        if (_pending.Contains(entry.Key))
            return false;
        var (answered, added) = await AskAsync(
            database =>
            {
                if (replacing is null)
                    return database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, When.NotExists);
                // SER301: the one-command compare-and-set needs Redis 8.4; WATCH works on every server.
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

    /// <summary>Writes entries in bulk. When it returns, the server has answered for every entry.</summary>
    /// <param name="entries">The entries; one that exists already is replaced.</param>
    /// <param name="onlyAbsent">Keeps entries that exist; they do not count as refused.</param>
    /// <returns>The entries that the server refused, each with its index.</returns>
    /// <exception cref="CacheAwayException">The cache can't be reached; some of the entries may have been written.</exception>
    public async Task<RejectedWrites> WriteAsync(IReadOnlyList<CacheWrite> entries, bool onlyAbsent = false)
    {
        ArgumentNullException.ThrowIfNull(entries);
        RejectedWrites refused = new();
        for (var from = 0; from < entries.Count; from += Window)
            await WriteAsync(entries, from, Math.Min(Window, entries.Count - from), onlyAbsent, refused);
        return refused;
    }

    /// <returns>How many of the entries existed; null when the cache can't be reached, in which case they live until their TTL.</returns>
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
    /// Writes invalidation marks over entries that must not be used any more. Marks that the server does not accept are retried until it
    /// does, and this process does not read the entries meanwhile.
    /// </summary>
    /// <returns>Whether the server has all of them now.</returns>
    public async ValueTask<bool> ForgetAsync(IReadOnlyList<CacheWrite> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        _pending.Add(marks);
        return await TellAsync(marks);
    }

    private async Task WriteAsync(IReadOnlyList<CacheWrite> entries, int from, int count, bool onlyAbsent, RejectedWrites refused)
    {
        if (!_circuit.TryEnter())
            throw new CacheAwayException("The cache did not answer a moment ago and is not asked until its break is over.");
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
            // Thrown below, after the answers to the commands that were sent.
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
            // A write that was not confirmed may still arrive, over a newer entry. A delete on the same connection follows it, because
            // a miss is never wrong.
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
            // Without a connection to send the delete on, the write is not on its way either.
        }
    }

    /// <summary>Writes the marks; those that the server accepts are no longer pending.</summary>
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
            // The marks stay pending.
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
            // No other write may come for a while, so a probe finds out when the server accepts writes again.
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
            "The cache entry {Key} has {Bytes} bytes. The server answers no other request while it sends an entry that large."
        )]
        public static partial void Large(ILogger logger, string key, int bytes);
    }
}
