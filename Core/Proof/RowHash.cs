using System.Security.Cryptography;

namespace Overnight.Core.Proof;

/// <summary>Hashes of single rows: SHA-256 of a byte that says what they are, then the row in the binary form of COPY.</summary>
/// <remarks>The bytes differ from those of leaves and nodes, so that no hash can be taken for one of another kind.</remarks>
internal static class RowHash
{
    private const byte SealKind = 2,
        SnapshotKind = 3,
        CriteriaKind = 4;

    /// <param name="row">The columns of a seal but its own hash, as <see cref="Seal.ComputeHash"/> orders them.</param>
    public static byte[] OfSeal(ReadOnlySpan<byte> row) => Of(SealKind, row);

    /// <param name="row"><see cref="HashedColumns.SnapshotColumns"/>.</param>
    public static byte[] OfSnapshot(ReadOnlySpan<byte> row) => Of(SnapshotKind, row);

    /// <summary>The same hash as the SQL function <c>criteria_hash</c>, which hashes a criteria version when it is written.</summary>
    /// <param name="row"><see cref="HashedColumns.CriteriaColumns"/>.</param>
    public static byte[] OfCriteria(ReadOnlySpan<byte> row) => Of(CriteriaKind, row);

    private static byte[] Of(byte kind, ReadOnlySpan<byte> row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([kind]);
        hash.AppendData(row);
        return hash.GetHashAndReset();
    }
}
