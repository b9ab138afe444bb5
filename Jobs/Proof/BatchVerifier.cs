using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Hashes what is stored of a batch's users and compares it with the batch's leaves. Leaves are in the order of user ids and name nobody,
/// so the two lists are aligned: a user whose leaf is not there was changed or put in, a leaf whose user is not there is missing.
/// </summary>
internal sealed class BatchVerifier(NpgsqlConnection connection, VerificationReport report)
{
    /// <summary>As bits of <see cref="StoredCalculation.Types"/>: the events of a computed user and of one that failed.</summary>
    private const int Computed = 0b11110,
        Failed = 0b10010;

    private readonly StoredCalculations _stored = new(connection);
    private readonly CopyReader _copy = new();
    private readonly LeafHasher _hasher = new();
    private readonly HashSet<Guid> _named = [];

    /// <returns>Rows of results and events that were seen.</returns>
    public async Task<(long Results, long Events)> VerifyAsync(VerifiedRun run, VerifiedBatch batch, CancellationToken ct)
    {
        await _stored.LoadAsync(run, batch.FirstUser, batch.LastUser, ct);
        var criteria = await CriteriaAsync(
            $"id = any ('{{{string.Join(',', _stored.All.Where(one => one.Criteria is not null).Select(one => one.Criteria))}}}'::uuid[])",
            ct
        );
        report.Calculations += _stored.All.Count;
        var leaves = batch.Leaves ?? [];
        Dictionary<string, int> places = [];
        for (var i = 0; i < leaves.Length / HashTree.Length; i++)
            places.TryAdd(Convert.ToHexString(leaves.AsSpan(i * HashTree.Length, HashTree.Length)), i);
        foreach (var (leaf, hash) in batch.Erased)
        {
            if (
                !(hash ?? [])
                    .AsSpan()
                    .SequenceEqual(
                        leaves.Length < (leaf + 1) * HashTree.Length ? [] : leaves.AsSpan(leaf * HashTree.Length, HashTree.Length)
                    )
            )
                report.Add(
                    FaultKind.AlteredErasure,
                    $"Batch {batch.Number} of {run}: leaf {leaf} is not the one that an erasure has kept."
                );
        }
        report.Erased += batch.Erased.Count;
        Align(run, batch, criteria, places, leaves.Length / HashTree.Length);
        return (_stored.ResultRows, _stored.EventRows);
    }

    /// <summary>Checks every criteria version, those that no result names included.</summary>
    public async Task VerifyCriteriaAsync(CancellationToken ct)
    {
        const int page = 2_000;
        var (user, version) = (Guid.Empty, 0);
        while (true)
        {
            var read = await CriteriaAsync($"(user_id, version) > ('{user:D}', {version}) order by user_id, version limit {page}", ct);
            if (read.Count < page)
                return;
            (user, version) = (read.Values.Last().User, read.Values.Last().Version);
        }
    }

    private void Align(
        VerifiedRun run,
        VerifiedBatch batch,
        Dictionary<Guid, CriteriaHashes> criteria,
        Dictionary<string, int> places,
        int leaves
    )
    {
        var found = _stored.All.Select(one => (One: one, Place: Place(one, criteria, places))).ToList();
        HashSet<int> taken = [.. found.Select(f => f.Place).OfType<int>()];
        foreach (var (leaf, _) in batch.Erased.Where(erased => !taken.Add(erased.Leaf)))
            report.Add(
                FaultKind.AlteredErasure,
                $"Batch {batch.Number} of {run}: leaf {leaf} is kept as that of an erased user, whose calculation is there."
            );
        var next = 0;
        List<StoredCalculation> pending = [];
        foreach (var (one, place) in found)
        {
            if (place is not { } number)
                pending.Add(one);
            else if (number < next)
                report.Add(
                    FaultKind.Swapped,
                    $"User {one.User} in batch {batch.Number} of {run}: its leaf is in the place of another user's."
                );
            else
            {
                Close(run, batch, criteria, pending, FreeTo(number));
                next = number + 1;
            }
        }
        Close(run, batch, criteria, pending, FreeTo(leaves));

        List<int> FreeTo(int end) => [.. Enumerable.Range(next, end - next).Where(number => !taken.Contains(number))];
    }

    /// <summary>Reports what is wrong between two users whose leaves are right.</summary>
    /// <param name="missing">Numbers of the leaves between them that no stored calculation matches.</param>
    private void Close(
        VerifiedRun run,
        VerifiedBatch batch,
        Dictionary<Guid, CriteriaHashes> criteria,
        List<StoredCalculation> pending,
        List<int> missing
    )
    {
        // As many users as there are free leaves count as changed; whole calculations beyond that count as put in.
        var surplus = pending.Count - missing.Count;
        foreach (var one in pending)
        {
            var (kind, what) = Judge(one, criteria, surplus > 0);
            if (kind == FaultKind.Invented)
                surplus--;
            report.Add(kind, $"User {one.User} in batch {batch.Number} of {run}: {what}");
        }
        foreach (var leaf in missing.Skip(pending.Count))
            report.Add(
                FaultKind.Missing,
                $"Batch {batch.Number} of {run}: result and events of a user are missing, by leaf {leaf} of the batch."
            );
        pending.Clear();
    }

    private static (string Kind, string What) Judge(StoredCalculation one, Dictionary<Guid, CriteriaHashes> criteria, bool isSurplus) =>
        one switch
        {
            { Types: 0 } => (FaultKind.Invented, "a result is stored without any event."),
            { Types: Computed, Result: null } => (FaultKind.Missing, "the events tell of a result, which is not there."),
            { Types: Failed, Result: not null } => (FaultKind.Invented, "a result is stored, though the events tell of a failure."),
            { Types: not Computed and not Failed } => (
                FaultKind.LostEvent,
                $"there are the events {string.Join(", ", Enumerable.Range(0, 16).Where(n => (one.Types >> n & 1) != 0))} alone."
            ),
            { Criteria: { } id } when !criteria.ContainsKey(id) => (
                FaultKind.AlteredCriteria,
                $"criteria version {id}, which the inputs name, is not there."
            ),
            _ when isSurplus => (FaultKind.Invented, "result and events are stored, and the batch has no leaf of them."),
            _ => (FaultKind.Changed, "result, events or criteria version are not as they were written."),
        };

    /// <returns>Number of the user's leaf in the batch; null when there is none like it.</returns>
    private int? Place(StoredCalculation one, Dictionary<Guid, CriteriaHashes> criteria, Dictionary<string, int> places)
    {
        if (one.Salt is null)
            return null;
        if (one.Criteria is not { } id)
            return Find([]);
        // Tries the stored hash of the criteria version, then the hash of its present text: a leaf that fits either shows that the
        // calculation is unchanged.
        return criteria.TryGetValue(id, out var hashes) ? Find(hashes.Stored) ?? Find(hashes.Now) : null;

        int? Find(ReadOnlySpan<byte> hash)
        {
            Span<byte> leaf = stackalloc byte[HashTree.Length];
            _hasher.Begin(one.Salt);
            _hasher.Rows(_stored.EventsOf(one));
            _hasher.Rows(_stored.ResultOf(one));
            _hasher.End(hash, leaf);
            return places.TryGetValue(Convert.ToHexString(leaf), out var place) ? place : null;
        }
    }

    private async Task<Dictionary<Guid, CriteriaHashes>> CriteriaAsync(string where, CancellationToken ct)
    {
        Dictionary<Guid, CriteriaHashes> criteria = [];
        await _copy.LoadAsync(connection, $"select hash, {HashedColumns.CriteriaColumns} from criteria_versions where {where}", ct);
        CopyBuffer row = new(4 * 1024);
        while (_copy.NextRow())
        {
            var stored = _copy.Bytes().ToArray();
            row.Only(HashedColumns.CriteriaFields);
            var (id, user, version) = (_copy.Guid(), _copy.Guid(), _copy.Integer());
            row.Id(id);
            row.Id(user);
            row.Integer(version);
            row.Bytes(_copy.Bytes());
            row.Bytes(_copy.Bytes());
            var now = RowHash.OfCriteria(row.Row);
            criteria[id] = new(user, version, stored, now);
            if (!now.AsSpan().SequenceEqual(stored) && _named.Add(id))
                report.Add(
                    FaultKind.AlteredCriteria,
                    $"Criteria version {version} of user {user} ({id}) was changed after it was written."
                );
        }
        return criteria;
    }

    private readonly record struct CriteriaHashes(Guid User, int Version, byte[] Stored, byte[] Now);
}
