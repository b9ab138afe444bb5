using System.Security.Cryptography;
using System.Text;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Tests.Proof;

/// <summary>
/// SPEC D6: the hashes, by values that were computed apart from this code. They are stored for years: none may ever change.
/// </summary>
public sealed class HashTests
{
    private static readonly Guid Run = new("019a0000-0000-7000-8000-000000000001"),
        User = new("019a0000-0000-7000-8000-00000000beef");
    private static readonly DateOnly Day = new(2026, 11, 20);
    private static readonly DateTimeOffset At = new(2026, 11, 20, 11, 31, 2, 345, TimeSpan.Zero);

    /// <summary>The leaves of RFC 6962's own tests (certificate-transparency, merkle_tree_test), as hexadecimal.</summary>
    private static readonly string[] Inputs =
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void D6_Root_IsThatOfRfc6962() =>
        Assert.Equal(Roots, Enumerable.Range(0, Roots.Length).Select(n => Hex(HashTree.Root(Leaves(n)))));

    [Fact]
    public void D6_OddNode_IsPromotedAndNotDoubled()
    {
        var three = Leaves(3);

        Assert.NotEqual(HashTree.Root([.. three, .. three.AsSpan(64)]), HashTree.Root(three));
        Assert.Throws<ArgumentException>(() => HashTree.Root(new byte[33]));
    }

    [Fact]
    public void D6_Path_OfEveryLeaf_LeadsToTheRootAndNoOtherLeafDoes()
    {
        for (var count = 1; count <= 40; count++)
        {
            var leaves = RandomNumberGenerator.GetBytes(count * HashTree.Length);
            var root = HashTree.Root(leaves);
            for (var index = 0; index < count; index++)
            {
                var path = HashTree.Path(leaves, index);
                Assert.Equal(root, HashTree.Climb(leaves.AsSpan(index * HashTree.Length, HashTree.Length), path));
                Assert.NotEqual(root, HashTree.Climb(RandomNumberGenerator.GetBytes(HashTree.Length), path));
            }
            Assert.Throws<ArgumentOutOfRangeException>(() => HashTree.Path(leaves, count));
        }
    }

    [Theory]
    [InlineData(true, "f0004164893228b0ae37be152f771a4c31bbaa6a990614a3b509d499ba01ea90")]
    [InlineData(false, "8ef88f88925a692cf463c2f3d5260ee6fa17ef7cef2326222dcd8649ce231a5f")]
    public void D6_Leaf_IsOverSaltRowsAndCriteria(bool isComputed, string hash)
    {
        byte[] salt = [.. Enumerable.Range(1, 16).Select(n => (byte)n)];
        CopyBuffer row = new(16);
        LeafHasher hasher = new();
        hasher.Begin(salt);
        foreach (
            var (type, payload) in new[]
            {
                (CalculationEvent.Started, new EventCodec().Started(5, salt)),
                (CalculationEvent.Completed, (byte[])[1, 2, 3]),
            }
        )
        {
            row.Only(HashedColumns.EventFields);
            HashedColumns.Event(row, Day, Run, User, type, At, payload);
            hasher.Rows(row.Row);
        }
        if (isComputed)
        {
            row.Only(HashedColumns.ResultFields);
            HashedColumns.Result(row, User, Day, Run, 5, 0, At, "{\"a\":1}"u8, "{}"u8);
            hasher.Rows(row.Row);
        }
        var leaf = new byte[HashTree.Length];
        hasher.End(isComputed ? SHA256.HashData("criteria"u8) : [], leaf);

        Assert.Equal(hash, Hex(leaf));
        Assert.Throws<ArgumentException>(() => hasher.Begin(new byte[15]));
    }

    [Fact]
    public void D6_Seal_IsOverAllItsColumns()
    {
        Seal seal = new(1, Run, "NYSE", Day, 2, SHA256.HashData("root"u8), SHA256.HashData("snapshot"u8), At, Seal.NoPrevious, []);

        Assert.Equal("5b54d7ab9a875b88607e62a902b7f595c314130d65eb426931c9bf4da4659c4a", Hex(seal.ComputeHash()));
    }

    [Fact]
    public void D6_CriteriaVersion_IsHashedAsARow()
    {
        CopyBuffer row = new(16);
        row.Only(HashedColumns.CriteriaFields);
        HashedColumns.Criteria(
            row,
            new("019a0000-0000-7000-8000-0000000000dd"),
            User,
            3,
            new(2026, 11, 1, 0, 0, 0, 0, 1, TimeSpan.Zero),
            Encoding.UTF8.GetBytes("[{\"id\":\"é\"}]")
        );

        Assert.Equal("979e467f681098b559c8ff0bb00809b4c30b1509d6ec5a80252dfc7f47a15cd0", Hex(RowHash.OfCriteria(row.Row)));
    }

    private static byte[] Leaves(int count) =>
        [.. Inputs.Take(count).SelectMany(input => SHA256.HashData([0, .. Convert.FromHexString(input)]))];

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
