using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Explanations;

namespace Overnight.Api.Explanations;

/// <summary>What came of a search; <paramref name="First"/> is null where it is not done in time.</summary>
/// <param name="IsBusy">Whether it was not begun, because another search of the same user is under way.</param>
internal readonly record struct SearchAnswer(CounterfactualsDocument? First, bool IsBusy = false);

/// <summary>
/// Searches for what would have made a holding first, beside the threads of requests: few at once, of each user one at a time, each for a
/// limited time. A search goes on when nobody waits for it any more. What was captured never changes, so what was found is remembered,
/// until its user is erased.
/// </summary>
internal sealed class ExplanationSearches(IOptions<ExplanationOptions> options, TimeProvider time) : IChangeHandler, IDisposable
{
    private const int MostRemembered = 1_000;

    /// <summary>Short, for the message that a user was erased may be lost.</summary>
    private static readonly TimeSpan RememberedFor = TimeSpan.FromHours(1);

    private readonly MemoryCache _found = new(new MemoryCacheOptions { SizeLimit = MostRemembered });
    private readonly ConcurrentDictionary<Guid, (Question Asked, Lazy<Task<CounterfactualsDocument?>> Search)> _underWay = new();
    private readonly CancellationTokenSource _stopped = new();
    private int _changes;

    /// <summary>Taken for each search; also by tests, to keep searches waiting.</summary>
    internal SemaphoreSlim Turns { get; } = new(options.Value.SearchesAtOnce);

    /// <summary>Searches that were begun, or wait for their turn.</summary>
    internal int UnderWay => _underWay.Count;

    /// <summary>Searches of which the outcome is in memory.</summary>
    internal int Remembered => _found.Count;

    /// <summary>The longest search, and the longest wait for its turn.</summary>
    public TimeSpan Limit => options.Value.SearchTimeout;

    /// <summary>How long a page waits for a search.</summary>
    public TimeSpan PageWait => options.Value.PageWait;

    /// <param name="holding">Index into the portfolio's holdings.</param>
    /// <param name="asker">Who asks: the user of the session, or empty for the admin key.</param>
    /// <param name="patience">How long the caller waits for it.</param>
    public async Task<SearchAnswer> FindAsync(CapturedCalculation result, int holding, Guid asker, TimeSpan patience, CancellationToken ct)
    {
        Question question = new(result.RunId, result.UserId, holding);
        if (_found.TryGetValue(question, out CounterfactualsDocument? known))
            return new(known);
        var (asked, search) = _underWay.GetOrAdd(
            asker,
            static (asker, given) => (given.question, new(() => given.self.SearchAsync(given.result, given.question, asker))),
            (self: this, result, question)
        );
        if (asked != question)
            return new(null, IsBusy: true);
        try
        {
            return new(await search.Value.WaitAsync(patience, time, ct));
        }
        catch (TimeoutException)
        {
            // The explanation itself is there; only this part of it is not.
            return default;
        }
    }

    /// <summary>
    /// Forgets what was found for one user, who may be erased. A message of several users is of a batch, which changes nothing that was
    /// captured before.
    /// </summary>
    public void ResultsChanged(Guid firstUser, Guid lastUser)
    {
        if (firstUser != lastUser)
            return;
        Interlocked.Increment(ref _changes);
        foreach (var question in _found.Keys.OfType<Question>().Where(question => question.User == firstUser))
            _found.Remove(question);
    }

    /// <returns>Null when it took too long.</returns>
    private async Task<CounterfactualsDocument?> SearchAsync(CapturedCalculation result, Question question, Guid asker)
    {
        var changes = Volatile.Read(ref _changes);
        try
        {
            using (var wait = Limited())
                await Turns.WaitAsync(wait.Token);
            try
            {
                using var limit = Limited();
                var first = await Task.Run(() => CounterfactualsDocument.Find(result, question.Holding, limit.Token), limit.Token);
                _found.Set(question, first, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = RememberedFor });
                // The user may have been erased during the search.
                if (Volatile.Read(ref _changes) != changes)
                    _found.Remove(question);
                return first;
            }
            finally
            {
                Turns.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // Its limit, or the end of the process.
            return null;
        }
        finally
        {
            _underWay.TryRemove(asker, out _);
        }
    }

    private LimitedToken Limited() => new(Limit, time, _stopped.Token);

    public void Dispose()
    {
        // The container has it twice, by its own type and as a handler of changes.
        if (_stopped.IsCancellationRequested)
            return;
        _stopped.Cancel();
        _stopped.Dispose();
        _found.Dispose();
        Turns.Dispose();
    }

    private readonly record struct Question(Guid Run, Guid User, int Holding);

    /// <summary>A token that is cancelled after a time, or with another one.</summary>
    private sealed class LimitedToken : IDisposable
    {
        private readonly CancellationTokenSource _limit,
            _either;

        public LimitedToken(TimeSpan limit, TimeProvider time, CancellationToken other)
        {
            _limit = new(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, other);
        }

        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            _limit.Dispose();
        }
    }
}
