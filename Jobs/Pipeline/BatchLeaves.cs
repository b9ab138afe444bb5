using System.Buffers;
using Overnight.Core.Auditing;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Hashes a leaf per user of a batch from the very bytes that are copied into the tables. Events of all users are copied before results, so
/// their rows are kept until the user's result comes. Reused from batch to batch; not thread-safe.
/// </summary>
internal sealed class BatchLeaves
{
    private readonly LeafHasher _hasher = new();
    private readonly ArrayBufferWriter<byte> _events = new(512 * 1024);
    private readonly List<int> _ends = [];
    private readonly List<(Guid User, byte[] Hash)> _leaves = [];

    public void Clear()
    {
        _events.ResetWrittenCount();
        _ends.Clear();
        _leaves.Clear();
    }

    /// <param name="row">An event of the user whose events are copied now.</param>
    public void Event(ReadOnlySpan<byte> row) => _events.Write(row);

    /// <summary>Ends the events of a user; users are numbered from 0 in this order.</summary>
    public void EndEvents() => _ends.Add(_events.WrittenCount);

    /// <param name="number">Number of the user.</param>
    /// <param name="started">The payload of CALC_STARTED, which has the leaf's random bytes.</param>
    /// <param name="result">The row of the result; empty for a user that failed.</param>
    /// <param name="criteria">Hash of the criteria version; empty for a user that failed.</param>
    public void Leaf(int number, Guid user, ReadOnlySpan<byte> started, ReadOnlySpan<byte> result, ReadOnlySpan<byte> criteria)
    {
        EventCodec.ReadStarted(started, out var salt);
        var hash = new byte[HashTree.Length];
        _hasher.Begin(salt);
        _hasher.Rows(_events.WrittenSpan[(number == 0 ? 0 : _ends[number - 1]).._ends[number]]);
        _hasher.Rows(result);
        _hasher.End(criteria, hash);
        _leaves.Add((user, hash));
    }

    /// <summary>The leaves in the order of their users' ids, one after another.</summary>
    public byte[] ToArray()
    {
        _leaves.Sort(static (a, b) => a.User.CompareTo(b.User));
        var all = new byte[_leaves.Count * HashTree.Length];
        for (var i = 0; i < _leaves.Count; i++)
            _leaves[i].Hash.CopyTo(all, i * HashTree.Length);
        return all;
    }
}
